-- What donors wrote, by who may read it and when the gift came: the list of messages and the desk find theirs without reading all gifts.
-- Gifts without words do not touch it.
CREATE INDEX donation_message_idx ON donation (message_state, confirmed_us, id) WHERE message IS NOT NULL;

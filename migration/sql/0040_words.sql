-- What donors wrote for the wall is a message, or the name a gift is signed with: both wait for a person where the check says so. Gifts
-- without words do not touch the index.
DROP INDEX donation_message_idx;
CREATE INDEX donation_message_idx ON donation (message_state, confirmed_us, id) WHERE message_state <> 'none';

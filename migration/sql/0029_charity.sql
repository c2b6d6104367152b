-- A certificate counts once a second person has compared it with the paper. What was registered before two were asked for stays as good as
-- it was; who was the second stays unsaid.
ALTER TABLE certificate ADD COLUMN author_for_id UUID CONSTRAINT certificate_author_for_fkey REFERENCES staff (id);
ALTER TABLE certificate ADD COLUMN confirmer_id UUID CONSTRAINT certificate_confirmer_fkey REFERENCES staff (id)
    CONSTRAINT certificate_own_check CHECK (confirmer_id IS NULL OR confirmer_id <> author_id);
ALTER TABLE certificate ADD COLUMN confirmer_for_id UUID CONSTRAINT certificate_acting_fkey REFERENCES staff (id)
    CONSTRAINT certificate_acting_check CHECK (confirmer_for_id IS NULL OR confirmer_for_id <> author_id);
ALTER TABLE certificate ADD COLUMN confirmed_us BIGINT;
UPDATE certificate SET confirmed_us = created_us;

-- In whose name the first of two persons wrote something down, if with a lent role: what is done in somebody's name counts as theirs, and
-- they are not the second person.
ALTER TABLE payout_settlement ADD COLUMN author_for_id UUID CONSTRAINT payout_settlement_author_for_fkey REFERENCES staff (id);
ALTER TABLE payee ADD COLUMN account_changed_for UUID CONSTRAINT payee_changed_for_fkey REFERENCES staff (id);
ALTER TABLE donation ADD COLUMN author_for_id UUID CONSTRAINT donation_author_for_fkey REFERENCES staff (id);
ALTER TABLE gift_list ADD COLUMN author_for_id UUID CONSTRAINT gift_list_author_for_fkey REFERENCES staff (id);
ALTER TABLE bank_claim ADD COLUMN author_for_id UUID CONSTRAINT bank_claim_author_for_fkey REFERENCES staff (id);
ALTER TABLE bank_balance ADD COLUMN author_for_id UUID CONSTRAINT bank_balance_author_for_fkey REFERENCES staff (id);
ALTER TABLE refund ADD COLUMN requester_for_id UUID CONSTRAINT refund_requester_for_fkey REFERENCES staff (id);
ALTER TABLE refund ADD COLUMN outcome_author_for_id UUID CONSTRAINT refund_outcome_author_for_fkey REFERENCES staff (id);
ALTER TABLE refund ADD COLUMN cover_author_for_id UUID CONSTRAINT refund_cover_author_for_fkey REFERENCES staff (id);
ALTER TABLE transfer ADD COLUMN author_for_id UUID CONSTRAINT transfer_author_for_fkey REFERENCES staff (id);
ALTER TABLE transfer ADD COLUMN outcome_author_for_id UUID CONSTRAINT transfer_outcome_author_for_fkey REFERENCES staff (id);
ALTER TABLE resolution ADD COLUMN author_for_id UUID CONSTRAINT resolution_author_for_fkey REFERENCES staff (id);
ALTER TABLE profile_change ADD COLUMN author_for_id UUID CONSTRAINT profile_change_author_for_fkey REFERENCES staff (id);

-- How often something was told of a programme's loans: what was read of them before it changed counts no more.
ALTER TABLE loan_programme ADD COLUMN told_count BIGINT NOT NULL DEFAULT 0;
-- The payment by which a foundation paid a claimed subsidy with its own money: a grant of a campaign that says so.
ALTER TABLE loan_subsidy ADD COLUMN payout_id UUID REFERENCES payout (id);
CREATE INDEX loan_subsidy_payout_idx ON loan_subsidy (payout_id) WHERE payout_id IS NOT NULL;

-- In whose name a campaign, a change of it or a decision about it was written, if with a lent role: what is done in somebody's name counts
-- as theirs, and they do not approve it.
ALTER TABLE campaign ADD COLUMN author_for_id UUID CONSTRAINT campaign_author_for_fkey REFERENCES staff (id);
ALTER TABLE campaign_change ADD COLUMN author_for_id UUID CONSTRAINT campaign_change_author_for_fkey REFERENCES staff (id);
ALTER TABLE campaign_decision ADD COLUMN author_for_id UUID CONSTRAINT campaign_decision_author_for_fkey REFERENCES staff (id);

-- One filing, one campaign. A house where two campaigns bear one number is told so here, and one of the two is wrong.
CREATE UNIQUE INDEX campaign_filing_number_key ON campaign (filing_number) WHERE filing_number IS NOT NULL;

-- In whose name a line was accepted and taken back, if with a lent role.
ALTER TABLE bank_match ADD COLUMN actor_for TEXT;
ALTER TABLE bank_match ADD COLUMN untied_for TEXT;

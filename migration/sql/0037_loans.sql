-- Loans that run.
-- What was written off is a loss (损失), also what was written off before it was reckoned so.
UPDATE loan_standing SET class = 'loss' WHERE ended = 'written_off' AND class <> 'loss';
UPDATE loan_contract SET class = 'loss' WHERE state = 'written_off' AND class <> 'loss';

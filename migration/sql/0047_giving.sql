-- Giving: money in suspense that can neither be a gift to its campaign nor go back goes to the general fund, by two persons; and money that came
-- in another currency is a break of its own.

-- One way at a time out of a break. A return that failed leaves room for another way.
DROP INDEX resolution_open_key;
CREATE UNIQUE INDEX resolution_open_key ON resolution (break_id) WHERE state IN ('proposed', 'approved', 'processing', 'done');

-- Whether a payment stands in suspense: asked of each that is settled.
CREATE INDEX discrepancy_suspense_idx ON discrepancy (item) WHERE suspense;

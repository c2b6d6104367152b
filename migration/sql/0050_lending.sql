-- What two persons settled of a loan's difference holds while the bank's files repeat it. gone_us: when a file first said as the books do, or
-- told another difference; what is told otherwise after that is a break of its own. cleared_because says why a difference is none any more.
ALTER TABLE discrepancy ADD COLUMN gone_us BIGINT CONSTRAINT discrepancy_gone_check CHECK (gone_us IS NULL OR state = 'resolved');
ALTER TABLE discrepancy ADD COLUMN cleared_because TEXT CONSTRAINT discrepancy_because_check CHECK (cleared_because IS NULL OR state = 'cleared');

DROP INDEX discrepancy_item_key;
CREATE UNIQUE INDEX discrepancy_item_key ON discrepancy (book_id, class, item, suspense, amount_fen, COALESCE(expected_fen, -9000000000000000))
    WHERE state <> 'cleared' AND gone_us IS NULL;

-- A programme's loans are read in the order they lie in. Nobody asks for a class, and an index of it is written anew with every standing.
DROP INDEX loan_standing_class_idx;
CREATE INDEX loan_standing_programme_idx ON loan_standing (programme_id);

-- A difference that was decided, and that a later bill says otherwise, is a difference again; and two books may each have one about the
-- same number.
DROP INDEX discrepancy_item_key;
CREATE UNIQUE INDEX discrepancy_item_key ON discrepancy (book_id, class, item, suspense, amount_fen, COALESCE(expected_fen, -9000000000000000))
    WHERE state <> 'cleared';

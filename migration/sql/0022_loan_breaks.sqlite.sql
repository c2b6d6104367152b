-- What a bank's file says otherwise of a loan has classes of its own, and names the contract. SQLite changes no constraint of a table: it
-- is made anew, and what refers to it finds every row again.
PRAGMA defer_foreign_keys = ON;

CREATE TEMP TABLE kept_discrepancy AS SELECT * FROM discrepancy;
DROP TABLE discrepancy;
CREATE TABLE discrepancy (
    id BLOB NOT NULL,
    class TEXT NOT NULL,
    item TEXT NOT NULL,
    state TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    expected_fen INTEGER,
    book_id BLOB NOT NULL,
    donation_id BLOB,
    detail TEXT NOT NULL,
    proposal TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    suspense INTEGER NOT NULL,
    day TEXT NOT NULL,
    owner TEXT NOT NULL,
    settled_us INTEGER,
    cleared_us INTEGER,
    contract_id BLOB,
    CONSTRAINT discrepancy_pkey PRIMARY KEY (id),
    CONSTRAINT discrepancy_class_check CHECK (class IN ('missing_here', 'missing_there', 'amount', 'fee', 'status', 'duplicate_here', 'duplicate_there', 'refund_missing_here',
        'refund_missing_there', 'refund_amount', 'settlement_amount', 'paid_after_close', 'paid_twice', 'unknown_line', 'loan_amount', 'loan_split',
        'loan_rounding', 'loan_balance', 'loan_arrears', 'loan_class', 'loan_total', 'loan_date', 'loan_missing_here', 'loan_missing_there',
        'loan_duplicate_there', 'loan_unknown_line')),
    CONSTRAINT discrepancy_state_check CHECK (state IN ('open', 'resolved', 'cleared')),
    CONSTRAINT discrepancy_cleared_check CHECK ((state = 'cleared') = (cleared_us IS NOT NULL) AND NOT (suspense AND state = 'cleared')),
    CONSTRAINT discrepancy_owner_check CHECK (owner IN ('cashier', 'bookkeeper')),
    CONSTRAINT discrepancy_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT discrepancy_contract_fkey FOREIGN KEY (contract_id) REFERENCES loan_contract (id)
) STRICT;
INSERT INTO discrepancy (id, class, item, state, amount_fen, expected_fen, book_id, donation_id, detail, proposal, created_us, suspense, day,
    owner, settled_us, cleared_us)
SELECT id, class, item, state, amount_fen, expected_fen, book_id, donation_id, detail, proposal, created_us, suspense, day, owner,
    settled_us, cleared_us FROM kept_discrepancy;
DROP TABLE kept_discrepancy;

CREATE UNIQUE INDEX discrepancy_item_key ON discrepancy (class, item, suspense) WHERE state <> 'cleared';
CREATE INDEX discrepancy_open_idx ON discrepancy (created_us, id);
CREATE INDEX discrepancy_day_idx ON discrepancy (book_id, day);
CREATE INDEX discrepancy_contract_idx ON discrepancy (contract_id) WHERE contract_id IS NOT NULL;

CREATE TRIGGER discrepancy_resolved BEFORE UPDATE OF state ON discrepancy WHEN NEW.state = 'resolved' AND OLD.state <> 'resolved' BEGIN
    SELECT RAISE(ABORT, 'discrepancy_undecided') WHERE NOT EXISTS (SELECT 1 FROM resolution WHERE break_id = NEW.id AND state = 'done');
END;
CREATE TRIGGER discrepancy_over BEFORE UPDATE OF state ON discrepancy WHEN OLD.state <> 'open' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'discrepancy_over'); END;
CREATE TRIGGER discrepancy_fixed BEFORE UPDATE OF id, class, item, amount_fen, book_id, donation_id, created_us, suspense, day, contract_id
ON discrepancy BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;
CREATE TRIGGER discrepancy_no_delete BEFORE DELETE ON discrepancy BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;

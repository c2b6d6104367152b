-- SQLite changes no constraint of a table: breaks and transfers are made anew. What refers to them is looked at when the migration
-- commits, and finds every row again.
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
    -- Whether its money stands in 2209 待查款; otherwise it is a difference that was found by comparing, and books nothing.
    suspense INTEGER NOT NULL,
    -- The day whose bills show it.
    day TEXT NOT NULL,
    -- Whose desk it lies on.
    owner TEXT NOT NULL,
    -- When its row of the fund-flow bill was found.
    settled_us INTEGER,
    cleared_us INTEGER,
    CONSTRAINT discrepancy_pkey PRIMARY KEY (id),
    CONSTRAINT discrepancy_class_check CHECK (class IN ('missing_here', 'missing_there', 'amount', 'fee', 'status', 'duplicate_here',
        'duplicate_there', 'refund_missing_here', 'refund_missing_there', 'refund_amount', 'settlement_amount', 'paid_after_close',
        'paid_twice', 'unknown_line')),
    CONSTRAINT discrepancy_state_check CHECK (state IN ('open', 'resolved', 'cleared')),
    CONSTRAINT discrepancy_cleared_check CHECK ((state = 'cleared') = (cleared_us IS NOT NULL) AND NOT (suspense AND state = 'cleared')),
    CONSTRAINT discrepancy_owner_check CHECK (owner IN ('cashier', 'bookkeeper')),
    CONSTRAINT discrepancy_book_fkey FOREIGN KEY (book_id) REFERENCES book (id)
) STRICT;
INSERT INTO discrepancy (id, class, item, state, amount_fen, expected_fen, book_id, donation_id, detail, proposal, created_us, suspense, day, owner)
SELECT id, class, item, state, amount_fen, expected_fen, book_id, donation_id, detail, proposal, created_us, 1,
    COALESCE((SELECT e.event_date FROM entry e WHERE e.reference = 'suspense:' || item), date(created_us / 1000000 + 28800, 'unixepoch')),
    'cashier'
FROM kept_discrepancy;
DROP TABLE kept_discrepancy;

-- The same difference is written once; what a later bill has cleared up is history, and may be found again.
CREATE UNIQUE INDEX discrepancy_item_key ON discrepancy (class, item) WHERE state <> 'cleared';
CREATE INDEX discrepancy_open_idx ON discrepancy (created_us, id);
CREATE INDEX discrepancy_day_idx ON discrepancy (book_id, day);

-- Money in suspense is over when a decision about it is carried out, and not before.
CREATE TRIGGER discrepancy_resolved BEFORE UPDATE OF state ON discrepancy WHEN NEW.state = 'resolved' AND OLD.state <> 'resolved' BEGIN
    SELECT RAISE(ABORT, 'discrepancy_undecided') WHERE NOT EXISTS (SELECT 1 FROM resolution WHERE break_id = NEW.id AND state = 'done');
END;
CREATE TRIGGER discrepancy_over BEFORE UPDATE OF state ON discrepancy WHEN OLD.state <> 'open' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'discrepancy_over'); END;
CREATE TRIGGER discrepancy_fixed BEFORE UPDATE OF id, class, item, amount_fen, book_id, donation_id, created_us, suspense, day ON discrepancy
BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;
CREATE TRIGGER discrepancy_no_delete BEFORE DELETE ON discrepancy BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;

CREATE TEMP TABLE kept_transfer AS SELECT * FROM transfer;
DROP TABLE transfer;
CREATE TABLE transfer (
    id BLOB NOT NULL,
    book_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    bank_account TEXT NOT NULL,
    note TEXT,
    author_id BLOB,
    approver_id BLOB,
    outcome_author_id BLOB,
    outcome_approver_id BLOB,
    created_us INTEGER NOT NULL,
    departed_us INTEGER,
    finished_us INTEGER,
    -- Its line in the channel's fund-flow bill, and in the bank's statement. A line proves what otherwise two persons confirm.
    flow_no TEXT,
    bank_line TEXT,
    return_no TEXT,
    CONSTRAINT transfer_pkey PRIMARY KEY (id),
    CONSTRAINT transfer_flow_key UNIQUE (book_id, flow_no),
    CONSTRAINT transfer_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT transfer_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT transfer_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT transfer_kind_check CHECK (kind IN ('withdrawal', 'top_up')),
    CONSTRAINT transfer_state_check CHECK (state IN ('proposed', 'departed', 'arrival_proposed', 'arrived', 'return_proposed', 'returned',
        'rejected')),
    CONSTRAINT transfer_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT transfer_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT transfer_author_check CHECK (author_id IS NOT NULL OR flow_no IS NOT NULL),
    CONSTRAINT transfer_approved_check CHECK (state IN ('proposed', 'rejected') OR approver_id IS NOT NULL
        OR (author_id IS NULL AND flow_no IS NOT NULL)),
    CONSTRAINT transfer_outcome_own_check CHECK (outcome_author_id IS NULL OR outcome_approver_id IS NULL
        OR outcome_author_id <> outcome_approver_id),
    CONSTRAINT transfer_outcome_check CHECK (state NOT IN ('arrived', 'returned')
        OR (outcome_author_id IS NOT NULL AND outcome_approver_id IS NOT NULL)
        OR (state = 'arrived' AND kind = 'withdrawal' AND bank_line IS NOT NULL)
        OR (state = 'arrived' AND kind = 'top_up' AND flow_no IS NOT NULL)
        OR (state = 'returned' AND return_no IS NOT NULL))
) STRICT;
INSERT INTO transfer (id, book_id, kind, state, amount_fen, bank_account, note, author_id, approver_id, outcome_author_id,
    outcome_approver_id, created_us, departed_us, finished_us)
SELECT id, book_id, kind, state, amount_fen, bank_account, note, author_id, approver_id, outcome_author_id, outcome_approver_id,
    created_us, departed_us, finished_us
FROM kept_transfer;
DROP TABLE kept_transfer;
CREATE INDEX transfer_created_idx ON transfer (created_us, id);

CREATE TRIGGER bill_fixed BEFORE UPDATE OF id, book_id, day, kind, sha256, content, actor, received_us ON bill
BEGIN SELECT RAISE(ABORT, 'bill_fixed'); END;
CREATE TRIGGER bill_replaced BEFORE UPDATE OF replaced_us ON bill WHEN OLD.replaced_us IS NOT NULL BEGIN SELECT RAISE(ABORT, 'bill_fixed'); END;
CREATE TRIGGER bill_no_delete BEFORE DELETE ON bill BEGIN SELECT RAISE(ABORT, 'bill_fixed'); END;
CREATE TRIGGER reconciliation_run_no_update BEFORE UPDATE ON reconciliation_run BEGIN SELECT RAISE(ABORT, 'reconciliation_run_fixed'); END;
CREATE TRIGGER reconciliation_run_no_delete BEFORE DELETE ON reconciliation_run BEGIN SELECT RAISE(ABORT, 'reconciliation_run_fixed'); END;

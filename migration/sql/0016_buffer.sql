-- Reconciliation over days: the rules finance has set, the lines that wait for their other side, and which bill was in force when.
-- Written by app.

-- How long a line may wait before it is a break. Rows are added, never changed; the newest of a book counts.
CREATE TABLE reconciliation_rule (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    -- What happens so near to midnight may stand in the neighbour's bill.
    border_minutes BIGINT NOT NULL,
    -- How many days a line of the books or of a bill may wait for its other side.
    buffer_days BIGINT NOT NULL,
    -- How many working days a withdrawal may take to the bank.
    bank_days BIGINT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT reconciliation_rule_pkey PRIMARY KEY (id),
    CONSTRAINT reconciliation_rule_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT reconciliation_rule_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT reconciliation_rule_border_check CHECK (border_minutes BETWEEN 0 AND 360),
    CONSTRAINT reconciliation_rule_buffer_check CHECK (buffer_days BETWEEN 0 AND 30),
    CONSTRAINT reconciliation_rule_bank_check CHECK (bank_days BETWEEN 1 AND 20)
) /*strict*/;

CREATE INDEX reconciliation_rule_book_idx ON reconciliation_rule (book_id, created_us, id);

-- A line that waits (缓冲): of the books, or of a bill or a statement. It leaves when its other side is found, or as a break.
CREATE TABLE buffered_line (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    day TEXT NOT NULL,
    side TEXT NOT NULL,
    class TEXT NOT NULL,
    item TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    -- The last day it may wait.
    until TEXT NOT NULL,
    entered_us BIGINT NOT NULL,
    left_us BIGINT,
    CONSTRAINT buffered_line_pkey PRIMARY KEY (id),
    CONSTRAINT buffered_line_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT buffered_line_side_check CHECK (side IN ('books', 'trade', 'fund_flow', 'bank')),
    CONSTRAINT buffered_line_day_check CHECK (length(day) = 10 AND length(until) = 10)
) /*strict*/;

CREATE UNIQUE INDEX buffered_line_item_key ON buffered_line (book_id, day, side, class, item) WHERE left_us IS NULL;
CREATE INDEX buffered_line_open_idx ON buffered_line (book_id, day) WHERE left_us IS NULL;

-- Which bill was in force from when on: a file that is brought again takes its place again, and what it took it from stays kept.
CREATE TABLE bill_history (
    id UUID NOT NULL,
    bill_id UUID NOT NULL,
    in_force BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT bill_history_pkey PRIMARY KEY (id),
    CONSTRAINT bill_history_bill_fkey FOREIGN KEY (bill_id) REFERENCES bill (id)
) /*strict*/;

CREATE INDEX bill_history_bill_idx ON bill_history (bill_id, created_us);

-- The day on which a transfer left its source, by the line that shows it.
ALTER TABLE transfer ADD COLUMN left_on TEXT CONSTRAINT transfer_left_on_check CHECK (left_on IS NULL OR length(left_on) = 10);

-- Money in suspense is a break beside whatever comparing has found of the same payment, and found or explained before.
DROP INDEX discrepancy_item_key;
CREATE UNIQUE INDEX discrepancy_item_key ON discrepancy (class, item, suspense) WHERE state <> 'cleared';

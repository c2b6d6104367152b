-- Reconciliation: the bills as they came, and what each run of a day found. Written by app.

-- The bytes of a bill or a bank statement, kept for ever. A file with other content for the same day takes the place of the one
-- before; what was replaced stays, and stays replaced.
CREATE TABLE bill (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    content BYTEA NOT NULL,
    actor TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    replaced_us BIGINT,
    CONSTRAINT bill_pkey PRIMARY KEY (id),
    CONSTRAINT bill_content_key UNIQUE (book_id, day, kind, sha256),
    CONSTRAINT bill_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT bill_kind_check CHECK (kind IN ('trade', 'trade_success', 'trade_refund', 'fund_flow', 'bank')),
    CONSTRAINT bill_day_check CHECK (length(day) = 10),
    CONSTRAINT bill_hash_check CHECK (length(sha256) = 32)
) /*strict*/;

CREATE UNIQUE INDEX bill_in_force_key ON bill (book_id, day, kind) WHERE replaced_us IS NULL;

-- One run of a day: what was read, and what it found (JSON). The newest tells how the day stands.
CREATE TABLE reconciliation_run (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    day TEXT NOT NULL,
    state TEXT NOT NULL,
    report TEXT NOT NULL,
    actor TEXT NOT NULL,
    ran_us BIGINT NOT NULL,
    CONSTRAINT reconciliation_run_pkey PRIMARY KEY (id),
    CONSTRAINT reconciliation_run_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT reconciliation_run_state_check CHECK (state IN ('waiting', 'read', 'matched', 'with_breaks')),
    CONSTRAINT reconciliation_run_day_check CHECK (length(day) = 10)
) /*strict*/;

CREATE INDEX reconciliation_run_day_idx ON reconciliation_run (book_id, day, ran_us);

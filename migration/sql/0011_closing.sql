-- Vouchers and seals. Only the crate `ledger` writes here.

-- 凭证号 of an entry, given when its day is sealed: one chain for each book, without gaps, in the order (booked time, entry id). The
-- salt keeps a leaf of the public tree from being guessed.
CREATE TABLE voucher (
    book_id UUID NOT NULL,
    number BIGINT NOT NULL,
    entry_id UUID NOT NULL,
    salt BYTEA NOT NULL,
    CONSTRAINT voucher_pkey PRIMARY KEY (book_id, number),
    CONSTRAINT voucher_entry_key UNIQUE (entry_id),
    CONSTRAINT voucher_entry_fkey FOREIGN KEY (entry_id) REFERENCES entry (id),
    CONSTRAINT voucher_number_check CHECK (number > 0),
    CONSTRAINT voucher_salt_check CHECK (length(salt) = 16)
) /*strict*/;

-- A sealed day (日封存): the RFC 6962 head over its vouchers first_number … last_number (last = first − 1 on an empty day), and the
-- seal that chains it to the day before. The format is in docs/sealing.md.
CREATE TABLE day_seal (
    book_id UUID NOT NULL,
    day TEXT NOT NULL,
    first_number BIGINT NOT NULL,
    last_number BIGINT NOT NULL,
    tree_head BYTEA NOT NULL,
    previous BYTEA,
    seal BYTEA NOT NULL,
    sealed_us BIGINT NOT NULL,
    CONSTRAINT day_seal_pkey PRIMARY KEY (book_id, day),
    CONSTRAINT day_seal_previous_key UNIQUE (book_id, previous),
    CONSTRAINT day_seal_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT day_seal_day_check CHECK (length(day) = 10),
    CONSTRAINT day_seal_numbers_check CHECK (first_number > 0 AND last_number >= first_number - 1),
    CONSTRAINT day_seal_head_check CHECK (length(tree_head) = 32),
    CONSTRAINT day_seal_seal_check CHECK (length(seal) = 32)
) /*strict*/;

-- The journal of a day.
CREATE INDEX entry_day_idx ON entry (book_id, book_date, id);

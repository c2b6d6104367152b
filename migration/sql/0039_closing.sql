-- Closing: a year ends by two persons, a bank account has its number, a statement its name.

-- 年终结转: proposed by one person with what stood against it, decided by another. Decided, the year is ended in the same step.
CREATE TABLE year_closing (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    year BIGINT NOT NULL,
    -- What stood against it when it was proposed, JSON; and why it is ended all the same.
    unmet TEXT NOT NULL,
    reason TEXT,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    author_for_id UUID,
    approver_id UUID,
    approver_for_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT year_closing_pkey PRIMARY KEY (id),
    CONSTRAINT year_closing_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT year_closing_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT year_closing_author_for_fkey FOREIGN KEY (author_for_id) REFERENCES staff (id),
    CONSTRAINT year_closing_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT year_closing_approver_for_fkey FOREIGN KEY (approver_for_id) REFERENCES staff (id),
    CONSTRAINT year_closing_state_check CHECK (state IN ('proposed', 'approved', 'declined')),
    -- Whoever proposed it may take it back: declined, by no second person.
    CONSTRAINT year_closing_decided_check CHECK (state = 'proposed'
        OR (decided_us IS NOT NULL AND (approver_id IS NOT NULL OR (state = 'declined' AND approver_for_id IS NULL)))),
    CONSTRAINT year_closing_own_check CHECK (approver_id IS NULL OR (approver_id <> author_id
        AND (author_for_id IS NULL OR approver_id <> author_for_id))),
    CONSTRAINT year_closing_lent_check CHECK (approver_for_id IS NULL OR (approver_for_id <> author_id
        AND (author_for_id IS NULL OR approver_for_id <> author_for_id))),
    CONSTRAINT year_closing_year_check CHECK (year BETWEEN 2000 AND 2999),
    CONSTRAINT year_closing_reason_check CHECK (reason IS NULL OR length(reason) BETWEEN 2 AND 500),
    CONSTRAINT year_closing_unmet_check CHECK (unmet = '[]' OR reason IS NOT NULL)
) /*strict*/;

CREATE UNIQUE INDEX year_closing_live_key ON year_closing (book_id, year) WHERE state <> 'declined';

-- The account's own number, as its bank writes it: what statements are compared with.
ALTER TABLE bank_account ADD COLUMN number TEXT CONSTRAINT bank_account_number_check CHECK (number IS NULL OR length(number) BETWEEN 4 AND 40);

-- What the file was called when it was brought.
ALTER TABLE bank_statement ADD COLUMN file_name TEXT
    CONSTRAINT bank_statement_name_check CHECK (file_name IS NULL OR length(file_name) BETWEEN 1 AND 200);

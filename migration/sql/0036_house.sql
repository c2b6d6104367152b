-- Another bank account or merchant number of a charity (facts: charity 2.1 Art. 24 and 26, 2.6): proposed by one person, decided by another who
-- has the bank's or the channel's paper before them, in force with the decision. What was before stands beside it, and all of them stay.
CREATE TABLE charity_account_change (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    old_bank_account TEXT NOT NULL,
    old_mchid TEXT,
    new_bank_account TEXT NOT NULL,
    new_mchid TEXT,
    -- The first day of the new account; nobody decides before it.
    valid_from TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    author_for_id UUID,
    approver_id UUID,
    approver_for_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT charity_account_change_pkey PRIMARY KEY (id),
    CONSTRAINT charity_account_change_charity_fkey FOREIGN KEY (book_id) REFERENCES charity (book_id),
    CONSTRAINT charity_account_change_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT charity_account_change_author_for_fkey FOREIGN KEY (author_for_id) REFERENCES staff (id),
    CONSTRAINT charity_account_change_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT charity_account_change_acting_fkey FOREIGN KEY (approver_for_id) REFERENCES staff (id),
    CONSTRAINT charity_account_change_state_check CHECK (state IN ('proposed', 'approved', 'declined')),
    CONSTRAINT charity_account_change_approved_check CHECK (state = 'proposed' OR (approver_id IS NOT NULL AND decided_us IS NOT NULL)),
    CONSTRAINT charity_account_change_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT charity_account_change_acting_check CHECK (approver_for_id IS NULL OR approver_for_id <> author_id),
    CONSTRAINT charity_account_change_day_check CHECK (length(valid_from) = 10),
    CONSTRAINT charity_account_change_bank_check CHECK (length(new_bank_account) BETWEEN 1 AND 40),
    CONSTRAINT charity_account_change_something_check CHECK (new_bank_account <> old_bank_account
        OR COALESCE(new_mchid, '') <> COALESCE(old_mchid, ''))
) /*strict*/;

CREATE INDEX charity_account_change_charity_idx ON charity_account_change (book_id, created_us);

-- That a supervisor has looked through what was approved in a month under the profile `small` (facts: charity 6.6a). The month is kept with its
-- first moment and that of the next, so that both databases ask alike.
CREATE TABLE small_review (
    book_id UUID NOT NULL,
    month TEXT NOT NULL,
    first_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    reviewer_id UUID NOT NULL,
    reviewer_for_id UUID,
    -- How many papers, and what was found.
    papers BIGINT NOT NULL,
    findings TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT small_review_pkey PRIMARY KEY (book_id, month),
    CONSTRAINT small_review_charity_fkey FOREIGN KEY (book_id) REFERENCES charity (book_id),
    CONSTRAINT small_review_reviewer_fkey FOREIGN KEY (reviewer_id) REFERENCES staff (id),
    CONSTRAINT small_review_reviewer_for_fkey FOREIGN KEY (reviewer_for_id) REFERENCES staff (id),
    CONSTRAINT small_review_papers_check CHECK (papers > 0),
    CONSTRAINT small_review_findings_check CHECK (length(findings) BETWEEN 1 AND 1000),
    CONSTRAINT small_review_over_check CHECK (first_us < until_us AND until_us <= at_us)
) /*strict*/;

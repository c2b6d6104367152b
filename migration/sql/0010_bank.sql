-- Bank statements line by line, what each line was found to be, money that nobody knows yet, codes for gifts by bank, and lists of gifts
-- that came outside of the mini-program. Written by app; the lists by crowdfunding.

-- A bank account of a book under our short name for it, as the ledger names it, and how its bank writes statements (JSON). Whoever
-- changes something about the account's lines locks this row first.
CREATE TABLE bank_account (
    book_id UUID NOT NULL,
    name TEXT NOT NULL,
    mapping TEXT,
    changed_by TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT bank_account_pkey PRIMARY KEY (book_id, name),
    CONSTRAINT bank_account_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT bank_account_name_check CHECK (length(name) BETWEEN 1 AND 40)
) /*strict*/;

-- A file of the bank as it came (sealed: it names persons), read to its end. The same bytes are one statement.
CREATE TABLE bank_statement (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    bank_account TEXT NOT NULL,
    format TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    content_sealed BYTEA NOT NULL,
    opening_fen BIGINT,
    closing_fen BIGINT,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    lines BIGINT NOT NULL,
    fresh BIGINT NOT NULL,
    actor TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    CONSTRAINT bank_statement_pkey PRIMARY KEY (id),
    CONSTRAINT bank_statement_content_key UNIQUE (book_id, bank_account, sha256),
    CONSTRAINT bank_statement_account_fkey FOREIGN KEY (book_id, bank_account) REFERENCES bank_account (book_id, name),
    CONSTRAINT bank_statement_format_check CHECK (format IN ('plain', 'csv', 'xlsx', 'camt053')),
    CONSTRAINT bank_statement_days_check CHECK (length(first_day) = 10 AND length(last_day) = 10 AND first_day <= last_day),
    CONSTRAINT bank_statement_lines_check CHECK (lines >= 0 AND fresh BETWEEN 0 AND lines),
    CONSTRAINT bank_statement_hash_check CHECK (length(sha256) = 32)
) /*strict*/;

CREATE INDEX bank_statement_account_idx ON bank_statement (book_id, bank_account, received_us, id);

-- A movement of the account. What leaves is negative. `identity` is a digest of account, day, reference, amount, counter-party and remark;
-- what stands n times in a statement has the occurrences 1 … n, so that overlapping files tell of it once. Names and remarks are sealed.
CREATE TABLE bank_line (
    id UUID NOT NULL,
    statement_id UUID NOT NULL,
    book_id UUID NOT NULL,
    bank_account TEXT NOT NULL,
    position BIGINT NOT NULL,
    day TEXT NOT NULL,
    reference TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    balance_fen BIGINT,
    code TEXT,
    identity BYTEA NOT NULL,
    occurrence BIGINT NOT NULL,
    words_sealed BYTEA NOT NULL,
    state TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT bank_line_pkey PRIMARY KEY (id),
    CONSTRAINT bank_line_identity_key UNIQUE (book_id, bank_account, identity, occurrence),
    CONSTRAINT bank_line_statement_fkey FOREIGN KEY (statement_id) REFERENCES bank_statement (id),
    CONSTRAINT bank_line_account_fkey FOREIGN KEY (book_id, bank_account) REFERENCES bank_account (book_id, name),
    CONSTRAINT bank_line_state_check CHECK (state IN ('open', 'matched', 'unclaimed', 'claimed', 'returned')),
    CONSTRAINT bank_line_unclaimed_check CHECK (state IN ('open', 'matched') OR amount_fen > 0),
    CONSTRAINT bank_line_amount_check CHECK (amount_fen <> 0 AND amount_fen BETWEEN -1000000000000000 AND 1000000000000000),
    CONSTRAINT bank_line_day_check CHECK (length(day) = 10),
    CONSTRAINT bank_line_occurrence_check CHECK (occurrence >= 1),
    CONSTRAINT bank_line_identity_check CHECK (length(identity) = 32)
) /*strict*/;

CREATE INDEX bank_line_day_idx ON bank_line (book_id, bank_account, day, id);
CREATE INDEX bank_line_open_idx ON bank_line (book_id, created_us, id) WHERE state IN ('open', 'unclaimed');

-- A line and an entry that are the same movement, or a part of it: many lines to one entry, many entries to one line. What was tied by
-- mistake is untied, and stays readable.
CREATE TABLE bank_match (
    id UUID NOT NULL,
    line_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    amount_fen BIGINT NOT NULL,
    rule TEXT NOT NULL,
    actor TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    untied_by TEXT,
    untied_us BIGINT,
    CONSTRAINT bank_match_pkey PRIMARY KEY (id),
    CONSTRAINT bank_match_line_fkey FOREIGN KEY (line_id) REFERENCES bank_line (id),
    CONSTRAINT bank_match_entry_fkey FOREIGN KEY (entry_id) REFERENCES entry (id),
    CONSTRAINT bank_match_amount_check CHECK (amount_fen <> 0),
    CONSTRAINT bank_match_untied_check CHECK ((untied_by IS NULL) = (untied_us IS NULL))
) /*strict*/;

CREATE UNIQUE INDEX bank_match_pair_key ON bank_match (line_id, entry_id) WHERE untied_us IS NULL;
CREATE INDEX bank_match_entry_idx ON bank_match (entry_id) WHERE untied_us IS NULL;

-- What two persons make of money that came to the bank: a gift (认领), or back to whoever sent it (退回). The database compares the persons.
CREATE TABLE bank_claim (
    id UUID NOT NULL,
    line_id UUID NOT NULL,
    choice TEXT NOT NULL,
    campaign_id UUID,
    donor_id UUID,
    code TEXT,
    words_sealed BYTEA NOT NULL,
    anonymity TEXT NOT NULL,
    receipt TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    approver_for_id UUID,
    payment_line_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    finished_us BIGINT,
    CONSTRAINT bank_claim_pkey PRIMARY KEY (id),
    CONSTRAINT bank_claim_line_fkey FOREIGN KEY (line_id) REFERENCES bank_line (id),
    CONSTRAINT bank_claim_payment_fkey FOREIGN KEY (payment_line_id) REFERENCES bank_line (id),
    CONSTRAINT bank_claim_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT bank_claim_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT bank_claim_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT bank_claim_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT bank_claim_approver_for_fkey FOREIGN KEY (approver_for_id) REFERENCES staff (id),
    CONSTRAINT bank_claim_choice_check CHECK (choice IN ('gift', 'return') AND (choice = 'gift') = (campaign_id IS NOT NULL)),
    CONSTRAINT bank_claim_state_check CHECK (state IN ('proposed', 'declined', 'approved', 'done')),
    CONSTRAINT bank_claim_decided_check CHECK (state = 'proposed' OR approver_id IS NOT NULL),
    CONSTRAINT bank_claim_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT bank_claim_for_check CHECK (approver_for_id IS NULL OR (approver_for_id <> approver_id AND approver_for_id <> author_id)),
    CONSTRAINT bank_claim_paid_check CHECK (choice <> 'return' OR state <> 'done' OR payment_line_id IS NOT NULL)
) /*strict*/;

-- One way at a time: a claim and a return of the same money cannot both be under way.
CREATE UNIQUE INDEX bank_claim_open_key ON bank_claim (line_id) WHERE state <> 'declined';
CREATE INDEX bank_claim_created_idx ON bank_claim (created_us, id);

-- What a donor writes into the remark of a transfer, so that the gift is known when it arrives (附言识别码): for a campaign as a whole, for
-- one donor, or for one gift that staff expects.
CREATE TABLE gift_code (
    id UUID NOT NULL,
    code TEXT NOT NULL,
    book_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    donor_id UUID,
    amount_fen BIGINT,
    anonymity TEXT NOT NULL,
    receipt TEXT NOT NULL,
    author_id UUID,
    created_us BIGINT NOT NULL,
    CONSTRAINT gift_code_pkey PRIMARY KEY (id),
    CONSTRAINT gift_code_key UNIQUE (code),
    CONSTRAINT gift_code_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT gift_code_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT gift_code_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT gift_code_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT gift_code_maker_check CHECK ((donor_id IS NULL) <> (author_id IS NULL)),
    CONSTRAINT gift_code_amount_check CHECK (amount_fen IS NULL OR amount_fen BETWEEN 1 AND 1000000000000000)
) /*strict*/;

CREATE INDEX gift_code_campaign_idx ON gift_code (campaign_id, created_us, id);

-- 银行存款余额调节表 of an account and a month: what one person has prepared and another has reviewed. `report` (JSON) names lines and
-- entries, no persons.
CREATE TABLE bank_balance (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    bank_account TEXT NOT NULL,
    month TEXT NOT NULL,
    ledger_fen BIGINT NOT NULL,
    statement_fen BIGINT NOT NULL,
    adjusted_fen BIGINT NOT NULL,
    report TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    reviewer_id UUID,
    reviewer_for_id UUID,
    created_us BIGINT NOT NULL,
    reviewed_us BIGINT,
    CONSTRAINT bank_balance_pkey PRIMARY KEY (id),
    CONSTRAINT bank_balance_account_fkey FOREIGN KEY (book_id, bank_account) REFERENCES bank_account (book_id, name),
    CONSTRAINT bank_balance_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT bank_balance_reviewer_fkey FOREIGN KEY (reviewer_id) REFERENCES staff (id),
    CONSTRAINT bank_balance_reviewer_for_fkey FOREIGN KEY (reviewer_for_id) REFERENCES staff (id),
    CONSTRAINT bank_balance_month_check CHECK (length(month) = 7),
    CONSTRAINT bank_balance_state_check CHECK (state IN ('prepared', 'returned', 'reviewed')),
    CONSTRAINT bank_balance_reviewed_check CHECK (state = 'prepared' OR (reviewer_id IS NOT NULL AND reviewed_us IS NOT NULL)),
    CONSTRAINT bank_balance_own_check CHECK (reviewer_id IS NULL OR reviewer_id <> author_id),
    CONSTRAINT bank_balance_for_check CHECK (reviewer_for_id IS NULL OR (reviewer_for_id <> reviewer_id AND reviewer_for_id <> author_id))
) /*strict*/;

CREATE UNIQUE INDEX bank_balance_open_key ON bank_balance (book_id, bank_account, month) WHERE state = 'prepared';
CREATE INDEX bank_balance_month_idx ON bank_balance (book_id, bank_account, month, created_us);

-- A list of gifts that came by bank or in cash (offline), or through a designated platform: written by one person, posted by another.
CREATE TABLE gift_list (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    via TEXT NOT NULL,
    place TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    lines BIGINT NOT NULL,
    total_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    approver_for_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT gift_list_pkey PRIMARY KEY (id),
    CONSTRAINT gift_list_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT gift_list_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT gift_list_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT gift_list_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT gift_list_approver_for_fkey FOREIGN KEY (approver_for_id) REFERENCES staff (id),
    CONSTRAINT gift_list_via_check CHECK (via IN ('designated_platform', 'offline')),
    CONSTRAINT gift_list_state_check CHECK (state IN ('proposed', 'declined', 'posted')),
    CONSTRAINT gift_list_decided_check CHECK (state = 'proposed' OR approver_id IS NOT NULL),
    CONSTRAINT gift_list_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT gift_list_for_check CHECK (approver_for_id IS NULL OR (approver_for_id <> approver_id AND approver_for_id <> author_id)),
    CONSTRAINT gift_list_lines_check CHECK (lines BETWEEN 1 AND 5000),
    CONSTRAINT gift_list_total_check CHECK (total_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT gift_list_hash_check CHECK (length(sha256) = 32)
) /*strict*/;

CREATE UNIQUE INDEX gift_list_content_key ON gift_list (campaign_id, sha256) WHERE state <> 'declined';
CREATE INDEX gift_list_created_idx ON gift_list (created_us, id);

-- Where a gift was given, and the list it came with.
ALTER TABLE donation ADD COLUMN via TEXT NOT NULL DEFAULT 'own_site'
    CONSTRAINT donation_via_check CHECK (via IN ('own_site', 'designated_platform', 'offline'));
ALTER TABLE donation ADD COLUMN list_id UUID CONSTRAINT donation_list_fkey REFERENCES gift_list (id);
UPDATE donation SET via = 'offline' WHERE channel = 'bank';
CREATE INDEX donation_list_idx ON donation (list_id) WHERE list_id IS NOT NULL;

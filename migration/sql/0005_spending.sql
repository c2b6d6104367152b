-- Spending: who is paid, the papers that ask for it, their approvals, the payouts, the payment files, and the screening of names.

-- ---- crowdfunding ----

-- Somebody who is paid, or for whom it is. Name, account, bank and phone are sealed with a key of their own; the HMACs answer
-- equality. staff_id names the member of staff it is, related says that a manager or a donor who chose them is close to them
-- (慈善法 Art. 40, 59): nothing is paid then, and the word is never taken back. A changed account waits for a second person or
-- for the quiet days of the charity.
CREATE TABLE payee (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    unit_path TEXT NOT NULL,
    kind TEXT NOT NULL,
    part TEXT NOT NULL,
    minor BOOLEAN NOT NULL,
    division TEXT,
    staff_id UUID,
    related BOOLEAN NOT NULL,
    related_note TEXT,
    name_sealed BYTEA NOT NULL,
    name_hmac BYTEA NOT NULL,
    phone_sealed BYTEA,
    account_sealed BYTEA,
    bank_sealed BYTEA,
    account_hmac BYTEA,
    account_changed_us BIGINT,
    account_changed_by UUID,
    account_confirmed_by UUID,
    key_sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT payee_pkey PRIMARY KEY (id),
    CONSTRAINT payee_book_fkey FOREIGN KEY (book_id) REFERENCES charity (book_id),
    CONSTRAINT payee_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT payee_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT payee_changed_fkey FOREIGN KEY (account_changed_by) REFERENCES staff (id),
    CONSTRAINT payee_confirmed_fkey FOREIGN KEY (account_confirmed_by) REFERENCES staff (id),
    CONSTRAINT payee_kind_check CHECK (kind IN ('person', 'organisation')),
    CONSTRAINT payee_part_check CHECK (part IN ('beneficiary', 'guardian', 'supplier', 'partner', 'staff')),
    CONSTRAINT payee_minor_check CHECK (NOT minor OR (kind = 'person' AND part = 'beneficiary')),
    CONSTRAINT payee_staff_check CHECK (part <> 'staff' OR staff_id IS NOT NULL),
    CONSTRAINT payee_account_check CHECK ((account_sealed IS NULL) = (account_hmac IS NULL)
        AND (account_sealed IS NULL) = (bank_sealed IS NULL)),
    CONSTRAINT payee_changed_check CHECK ((account_changed_us IS NULL) = (account_changed_by IS NULL)),
    CONSTRAINT payee_confirmed_check CHECK (account_confirmed_by IS NULL
        OR (account_changed_by IS NOT NULL AND account_confirmed_by <> account_changed_by))
) /*strict*/;

CREATE INDEX payee_account_idx ON payee (book_id, account_hmac);
CREATE INDEX payee_name_idx ON payee (name_hmac);
CREATE INDEX payee_created_idx ON payee (created_us, id);

-- Every account a payee ever had, in order.
CREATE TABLE payee_account (
    payee_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    account_sealed BYTEA NOT NULL,
    bank_sealed BYTEA NOT NULL,
    account_hmac BYTEA NOT NULL,
    author_id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT payee_account_pkey PRIMARY KEY (payee_id, seq),
    CONSTRAINT payee_account_payee_fkey FOREIGN KEY (payee_id) REFERENCES payee (id),
    CONSTRAINT payee_account_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id)
) /*strict*/;

-- A paper that asks for money of one budget line of one campaign. payouts says how many payouts make it up, amount_fen what they
-- add up to. profile and needed are fixed when it is handed in: the rules of that moment hold for that round. author_for_id names
-- whom the author stood in for.
CREATE TABLE disbursement (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    unit_path TEXT NOT NULL,
    line_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    round BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL,
    payouts BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    content BYTEA NOT NULL,
    file_hash BYTEA,
    profile TEXT,
    needed BIGINT,
    author_id UUID NOT NULL,
    author_for_id UUID,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    submitted_us BIGINT,
    approved_us BIGINT,
    finished_us BIGINT,
    CONSTRAINT disbursement_pkey PRIMARY KEY (id),
    CONSTRAINT disbursement_author_key UNIQUE (id, author_id),
    CONSTRAINT disbursement_charity_fkey FOREIGN KEY (book_id) REFERENCES charity (book_id),
    CONSTRAINT disbursement_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT disbursement_line_fkey FOREIGN KEY (campaign_id, line_code) REFERENCES budget_line (campaign_id, code),
    CONSTRAINT disbursement_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT disbursement_author_for_fkey FOREIGN KEY (author_for_id) REFERENCES staff (id),
    CONSTRAINT disbursement_kind_check CHECK (kind IN ('grant', 'purchase', 'reimbursement', 'advance')),
    CONSTRAINT disbursement_state_check CHECK (state IN ('draft', 'submitted', 'pm_approved', 'finance_approved', 'approved', 'finished',
        'cancelled')),
    CONSTRAINT disbursement_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT disbursement_payouts_check CHECK (payouts BETWEEN 1 AND 5000),
    CONSTRAINT disbursement_round_check CHECK (round >= 1),
    CONSTRAINT disbursement_profile_check CHECK (profile IS NULL OR profile IN ('full', 'small')),
    CONSTRAINT disbursement_needed_check CHECK (needed IS NULL OR needed BETWEEN 1 AND 3),
    CONSTRAINT disbursement_submitted_check CHECK (state IN ('draft', 'cancelled') OR (needed IS NOT NULL AND profile IS NOT NULL)),
    CONSTRAINT disbursement_approved_check CHECK (state NOT IN ('approved', 'finished') OR approved_us IS NOT NULL)
) /*strict*/;

CREATE INDEX disbursement_campaign_idx ON disbursement (campaign_id, created_us, id);
CREATE INDEX disbursement_created_idx ON disbursement (created_us, id);
-- One list is handed in once.
CREATE UNIQUE INDEX disbursement_file_key ON disbursement (campaign_id, file_hash) WHERE file_hash IS NOT NULL AND state <> 'cancelled';

-- The approvals of a round: none by the author nor in the author's stead, no two by one person, whoever asks and with whatever role.
CREATE TABLE disbursement_approval (
    disbursement_id UUID NOT NULL,
    round BIGINT NOT NULL,
    step BIGINT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID NOT NULL,
    acting_for_id UUID,
    amount_fen BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT disbursement_approval_pkey PRIMARY KEY (disbursement_id, round, step),
    CONSTRAINT disbursement_approval_person_key UNIQUE (disbursement_id, round, approver_id),
    CONSTRAINT disbursement_approval_paper_fkey FOREIGN KEY (disbursement_id, author_id) REFERENCES disbursement (id, author_id),
    CONSTRAINT disbursement_approval_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT disbursement_approval_acting_fkey FOREIGN KEY (acting_for_id) REFERENCES staff (id),
    CONSTRAINT disbursement_approval_step_check CHECK (step BETWEEN 1 AND 3),
    CONSTRAINT disbursement_approval_own_check CHECK (author_id <> approver_id),
    CONSTRAINT disbursement_approval_acting_check CHECK (acting_for_id IS NULL OR (acting_for_id <> author_id AND acting_for_id <> approver_id))
) /*strict*/;

CREATE TABLE disbursement_history (
    disbursement_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    CONSTRAINT disbursement_history_pkey PRIMARY KEY (disbursement_id, seq),
    CONSTRAINT disbursement_history_paper_fkey FOREIGN KEY (disbursement_id) REFERENCES disbursement (id)
) /*strict*/;

-- A file of payments for the bank. content is sealed; hash is that of the plain bytes, which whoever hands the file in can check.
CREATE TABLE payment_file (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    bank_account TEXT NOT NULL,
    state TEXT NOT NULL,
    lines BIGINT NOT NULL,
    total_fen BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    content BYTEA NOT NULL,
    request BYTEA NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    sent_us BIGINT,
    CONSTRAINT payment_file_pkey PRIMARY KEY (id),
    CONSTRAINT payment_file_author_key UNIQUE (id, author_id),
    CONSTRAINT payment_file_charity_fkey FOREIGN KEY (book_id) REFERENCES charity (book_id),
    CONSTRAINT payment_file_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT payment_file_state_check CHECK (state IN ('made', 'sent', 'withdrawn')),
    CONSTRAINT payment_file_sent_check CHECK (state <> 'sent' OR sent_us IS NOT NULL),
    CONSTRAINT payment_file_lines_check CHECK (lines BETWEEN 1 AND 5000),
    CONSTRAINT payment_file_total_check CHECK (total_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT payment_file_hash_check CHECK (length(hash) = 32)
) /*strict*/;

CREATE INDEX payment_file_created_idx ON payment_file (created_us, id);

-- One payment of a paper. beneficiary_id is for whom it is, where somebody else receives it; relation says why (监护人). payer_id
-- made the payment file, confirmer_id read the bank's statement.
CREATE TABLE payout (
    id UUID NOT NULL,
    disbursement_id UUID NOT NULL,
    position BIGINT NOT NULL,
    payee_id UUID NOT NULL,
    beneficiary_id UUID,
    relation TEXT,
    amount_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    payment_file_id UUID,
    payer_id UUID,
    account_hmac BYTEA,
    scheduled_us BIGINT,
    confirmer_id UUID,
    paid_on TEXT,
    bank_reference TEXT,
    last_error TEXT,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT payout_pkey PRIMARY KEY (id),
    CONSTRAINT payout_position_key UNIQUE (disbursement_id, position),
    CONSTRAINT payout_disbursement_fkey FOREIGN KEY (disbursement_id) REFERENCES disbursement (id),
    CONSTRAINT payout_payee_fkey FOREIGN KEY (payee_id) REFERENCES payee (id),
    CONSTRAINT payout_beneficiary_fkey FOREIGN KEY (beneficiary_id) REFERENCES payee (id),
    CONSTRAINT payout_file_fkey FOREIGN KEY (payment_file_id, payer_id) REFERENCES payment_file (id, author_id),
    CONSTRAINT payout_confirmer_fkey FOREIGN KEY (confirmer_id) REFERENCES staff (id),
    CONSTRAINT payout_state_check CHECK (state IN ('planned', 'approved', 'scheduled', 'sent', 'confirmed', 'bounced', 'retried',
        'cancelled')),
    CONSTRAINT payout_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT payout_attempt_check CHECK (attempt >= 1),
    CONSTRAINT payout_beneficiary_check CHECK (beneficiary_id IS NULL OR (beneficiary_id <> payee_id AND relation IS NOT NULL)),
    CONSTRAINT payout_scheduled_check CHECK (state NOT IN ('scheduled', 'sent', 'confirmed')
        OR (payment_file_id IS NOT NULL AND payer_id IS NOT NULL AND account_hmac IS NOT NULL AND scheduled_us IS NOT NULL)),
    CONSTRAINT payout_confirmed_check CHECK (state <> 'confirmed' OR (confirmer_id IS NOT NULL AND paid_on IS NOT NULL)),
    CONSTRAINT payout_confirmer_check CHECK (confirmer_id IS NULL OR payer_id IS NULL OR confirmer_id <> payer_id)
) /*strict*/;

CREATE INDEX payout_payee_idx ON payout (payee_id);
CREATE INDEX payout_beneficiary_idx ON payout (beneficiary_id) WHERE beneficiary_id IS NOT NULL;
CREATE INDEX payout_file_idx ON payout (payment_file_id) WHERE payment_file_id IS NOT NULL;
CREATE INDEX payout_open_idx ON payout (state, changed_us, id) WHERE state IN ('approved', 'scheduled', 'sent', 'bounced', 'retried');

CREATE TABLE payout_history (
    payout_id UUID NOT NULL,
    attempt BIGINT NOT NULL,
    to_state TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    CONSTRAINT payout_history_pkey PRIMARY KEY (payout_id, attempt, to_state, at_us)
) /*strict*/;

-- What becomes of money that was paid: the payee pays back (recovered, 慈善法 Art. 60), or a partner accounts for an advance
-- (accounted). Written down by one person, confirmed by another.
CREATE TABLE payout_settlement (
    id UUID NOT NULL,
    payout_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    reason TEXT NOT NULL,
    bank_account TEXT,
    bank_reference TEXT,
    happened_on TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT payout_settlement_pkey PRIMARY KEY (id),
    CONSTRAINT payout_settlement_payout_fkey FOREIGN KEY (payout_id) REFERENCES payout (id),
    CONSTRAINT payout_settlement_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT payout_settlement_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT payout_settlement_kind_check CHECK (kind IN ('recovered', 'accounted')),
    CONSTRAINT payout_settlement_state_check CHECK (state IN ('proposed', 'confirmed', 'declined')),
    CONSTRAINT payout_settlement_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT payout_settlement_bank_check CHECK (kind <> 'recovered' OR (bank_account IS NOT NULL AND bank_reference IS NOT NULL)),
    CONSTRAINT payout_settlement_decided_check CHECK (state = 'proposed' OR approver_id IS NOT NULL),
    CONSTRAINT payout_settlement_own_check CHECK (approver_id IS NULL OR approver_id <> author_id)
) /*strict*/;

CREATE INDEX payout_settlement_payout_idx ON payout_settlement (payout_id, created_us);

-- ---- screening (written by app): names nobody may be paid on, and where they were found ----

CREATE TABLE watch_name (
    id UUID NOT NULL,
    list TEXT NOT NULL,
    name_hmac BYTEA NOT NULL,
    name_sealed BYTEA NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    removed_us BIGINT,
    CONSTRAINT watch_name_pkey PRIMARY KEY (id),
    CONSTRAINT watch_name_name_key UNIQUE (list, name_hmac),
    CONSTRAINT watch_name_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id)
) /*strict*/;

CREATE INDEX watch_name_hmac_idx ON watch_name (name_hmac);

CREATE TABLE screening_hit (
    id UUID NOT NULL,
    payee_id UUID NOT NULL,
    watch_name_id UUID NOT NULL,
    state TEXT NOT NULL,
    decider_id UUID,
    reason TEXT,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT screening_hit_pkey PRIMARY KEY (id),
    CONSTRAINT screening_hit_once_key UNIQUE (payee_id, watch_name_id),
    CONSTRAINT screening_hit_payee_fkey FOREIGN KEY (payee_id) REFERENCES payee (id),
    CONSTRAINT screening_hit_name_fkey FOREIGN KEY (watch_name_id) REFERENCES watch_name (id),
    CONSTRAINT screening_hit_decider_fkey FOREIGN KEY (decider_id) REFERENCES staff (id),
    CONSTRAINT screening_hit_state_check CHECK (state IN ('open', 'cleared', 'blocked')),
    CONSTRAINT screening_hit_decided_check CHECK (state = 'open' OR (decider_id IS NOT NULL AND reason IS NOT NULL))
) /*strict*/;

CREATE INDEX screening_hit_open_idx ON screening_hit (created_us, id);

-- The organiser's side is told before money goes out.
CREATE TABLE payout_notice (
    disbursement_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    read_us BIGINT,
    CONSTRAINT payout_notice_pkey PRIMARY KEY (disbursement_id, staff_id),
    CONSTRAINT payout_notice_paper_fkey FOREIGN KEY (disbursement_id) REFERENCES disbursement (id),
    CONSTRAINT payout_notice_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id)
) /*strict*/;

CREATE INDEX payout_notice_staff_idx ON payout_notice (staff_id, at_us);

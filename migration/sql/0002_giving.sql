-- People, campaigns, gifts, refunds, transfers, and what runs without a request.

-- ---- identity (written by app) ----

CREATE TABLE staff (
    id UUID NOT NULL,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    totp_sealed BYTEA,
    totp_last_step BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    failed_logins BIGINT NOT NULL,
    locked_until_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT staff_pkey PRIMARY KEY (id),
    CONSTRAINT staff_username_key UNIQUE (username)
) /*strict*/;

CREATE TABLE staff_role (
    staff_id UUID NOT NULL,
    role TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_us BIGINT NOT NULL,
    CONSTRAINT staff_role_pkey PRIMARY KEY (staff_id, role),
    CONSTRAINT staff_role_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT staff_role_check CHECK (role IN ('admin', 'project_manager', 'cashier', 'bookkeeper', 'finance_head', 'disclosure',
        'league_officer', 'bank_officer', 'organiser', 'auditor'))
) /*strict*/;

-- A donor is known by the HMAC of the openid; the openid itself is sealed with the person's own key, and that key with the
-- master key of the version named.
CREATE TABLE donor (
    id UUID NOT NULL,
    openid_hmac BYTEA NOT NULL,
    openid_sealed BYTEA NOT NULL,
    key_sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT donor_pkey PRIMARY KEY (id),
    CONSTRAINT donor_openid_key UNIQUE (openid_hmac)
) /*strict*/;

-- Opaque tokens, stored hashed. Times are real time.
CREATE TABLE session (
    id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    staff_id UUID,
    donor_id UUID,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    revoked_us BIGINT,
    CONSTRAINT session_pkey PRIMARY KEY (id),
    CONSTRAINT session_token_key UNIQUE (token_hash),
    CONSTRAINT session_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT session_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT session_owner_check CHECK ((staff_id IS NULL) <> (donor_id IS NULL))
) /*strict*/;

CREATE INDEX session_expires_idx ON session (expires_us);

-- Who did what to which thing, from where. Holds ids, never plain personal data.
CREATE TABLE audit_log (
    id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    origin TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id)
) /*strict*/;

CREATE INDEX audit_log_at_idx ON audit_log (at_us, id);
CREATE INDEX audit_log_object_idx ON audit_log (object, at_us);

-- ---- campaigns and gifts (written by crowdfunding) ----

CREATE TABLE campaign (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    target_fen BIGINT NOT NULL,
    over_target BOOLEAN NOT NULL,
    starts_us BIGINT NOT NULL,
    ends_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    round BIGINT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT campaign_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_author_key UNIQUE (id, author_id),
    CONSTRAINT campaign_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT campaign_staff_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_target_check CHECK (target_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT campaign_period_check CHECK (starts_us < ends_us),
    CONSTRAINT campaign_state_check CHECK (state IN ('draft', 'submitted', 'finance_review', 'approved', 'open', 'paused', 'ended',
        'rejected', 'cancelled'))
) /*strict*/;

CREATE INDEX campaign_created_idx ON campaign (created_us, id);

CREATE TABLE campaign_history (
    campaign_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    CONSTRAINT campaign_history_pkey PRIMARY KEY (campaign_id, seq),
    CONSTRAINT campaign_history_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id)
) /*strict*/;

-- The two approvals of a round: neither by the author, not both by one person, whoever asks and with whatever role.
CREATE TABLE campaign_approval (
    campaign_id UUID NOT NULL,
    round BIGINT NOT NULL,
    step TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT campaign_approval_pkey PRIMARY KEY (campaign_id, round, step),
    CONSTRAINT campaign_approval_person_key UNIQUE (campaign_id, round, approver_id),
    CONSTRAINT campaign_approval_campaign_fkey FOREIGN KEY (campaign_id, author_id) REFERENCES campaign (id, author_id),
    CONSTRAINT campaign_approval_staff_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT campaign_approval_step_check CHECK (step IN ('manager', 'finance')),
    CONSTRAINT campaign_approval_own_check CHECK (author_id <> approver_id)
) /*strict*/;

-- A gift. The order number at WeChat is the id's 32 hexadecimal digits. Bank gifts are entered by one person (author) and
-- confirmed by another (approver).
CREATE TABLE donation (
    id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    refunded_fen BIGINT NOT NULL,
    donor_id UUID,
    content BYTEA NOT NULL,
    anonymity TEXT NOT NULL,
    show_amount BOOLEAN NOT NULL,
    name_sealed BYTEA,
    nickname_sealed BYTEA,
    message TEXT,
    message_state TEXT NOT NULL,
    receipt TEXT NOT NULL,
    receipt_us BIGINT NOT NULL,
    origin TEXT,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    prepay_id TEXT,
    prepay_us BIGINT,
    queries BIGINT NOT NULL,
    next_query_us BIGINT NOT NULL,
    transaction_id TEXT,
    paid_us BIGINT,
    confirmed_us BIGINT,
    late BOOLEAN NOT NULL,
    settled_us BIGINT,
    bank_account TEXT,
    bank_reference TEXT,
    counterparty TEXT,
    author_id UUID,
    approver_id UUID,
    CONSTRAINT donation_pkey PRIMARY KEY (id),
    CONSTRAINT donation_transaction_key UNIQUE (transaction_id),
    CONSTRAINT donation_bank_key UNIQUE (bank_account, bank_reference),
    CONSTRAINT donation_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT donation_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT donation_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT donation_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT donation_channel_check CHECK (channel IN ('wechat', 'bank')),
    CONSTRAINT donation_state_check CHECK (state IN ('created', 'paying', 'paid', 'settled', 'closed', 'refund_requested', 'refunding',
        'refund_failed', 'partly_refunded', 'refunded')),
    CONSTRAINT donation_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT donation_refunded_check CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    CONSTRAINT donation_message_check CHECK (message_state IN ('none', 'passed', 'review', 'risky')),
    CONSTRAINT donation_paid_check CHECK (state IN ('created', 'paying', 'closed') OR confirmed_us IS NOT NULL),
    CONSTRAINT donation_wechat_check CHECK (channel <> 'wechat' OR donor_id IS NOT NULL),
    CONSTRAINT donation_bank_check CHECK (channel <> 'bank' OR (author_id IS NOT NULL AND bank_reference IS NOT NULL
        AND (state IN ('created', 'closed') OR approver_id IS NOT NULL))),
    CONSTRAINT donation_own_check CHECK (author_id IS NULL OR approver_id IS NULL OR author_id <> approver_id)
) /*strict*/;

CREATE INDEX donation_wall_idx ON donation (campaign_id, confirmed_us, id) WHERE confirmed_us IS NOT NULL;
CREATE INDEX donation_donor_idx ON donation (donor_id, created_us, id);
CREATE INDEX donation_open_idx ON donation (next_query_us, id) WHERE state IN ('created', 'paying');

CREATE TABLE donation_history (
    donation_id UUID NOT NULL,
    to_state TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    actor TEXT NOT NULL,
    CONSTRAINT donation_history_pkey PRIMARY KEY (donation_id, at_us, to_state)
) /*strict*/;

CREATE TABLE refund (
    id UUID NOT NULL,
    donation_id UUID NOT NULL,
    amount_fen BIGINT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT,
    state TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    requested_by TEXT NOT NULL,
    requester_id UUID,
    decider_id UUID,
    outcome_author_id UUID,
    outcome_approver_id UUID,
    channel_refund_id TEXT,
    last_error TEXT,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    next_try_us BIGINT NOT NULL,
    finished_us BIGINT,
    CONSTRAINT refund_pkey PRIMARY KEY (id),
    CONSTRAINT refund_donation_fkey FOREIGN KEY (donation_id) REFERENCES donation (id),
    CONSTRAINT refund_requester_fkey FOREIGN KEY (requester_id) REFERENCES staff (id),
    CONSTRAINT refund_decider_fkey FOREIGN KEY (decider_id) REFERENCES staff (id),
    CONSTRAINT refund_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT refund_attempt_check CHECK (attempt >= 1),
    CONSTRAINT refund_state_check CHECK (state IN ('requested', 'approved', 'processing', 'succeeded', 'failed', 'paid_by_bank',
        'given_up', 'declined')),
    CONSTRAINT refund_reason_check CHECK (reason IN ('error', 'duplicate', 'minor', 'incapacity', 'unlawful_raising',
        'condition_failed', 'campaign_cancelled')),
    CONSTRAINT refund_decided_check CHECK (state = 'requested' OR decider_id IS NOT NULL),
    CONSTRAINT refund_own_check CHECK (requester_id IS NULL OR decider_id IS NULL OR requester_id <> decider_id),
    CONSTRAINT refund_outcome_check CHECK (state NOT IN ('paid_by_bank', 'given_up')
        OR (outcome_author_id IS NOT NULL AND outcome_approver_id IS NOT NULL AND outcome_author_id <> outcome_approver_id))
) /*strict*/;

-- One refund of a gift at a time.
CREATE UNIQUE INDEX refund_open_key ON refund (donation_id) WHERE state IN ('requested', 'approved', 'processing', 'failed');
CREATE INDEX refund_due_idx ON refund (next_try_us, id) WHERE state IN ('approved', 'processing');
CREATE INDEX refund_donation_idx ON refund (donation_id, created_us);
CREATE INDEX refund_created_idx ON refund (created_us, id);

CREATE TABLE refund_history (
    refund_id UUID NOT NULL,
    to_state TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    CONSTRAINT refund_history_pkey PRIMARY KEY (refund_id, at_us, to_state)
) /*strict*/;

-- ---- cashier (written by app) ----

CREATE TABLE transfer (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    bank_account TEXT NOT NULL,
    note TEXT,
    author_id UUID NOT NULL,
    approver_id UUID,
    outcome_author_id UUID,
    outcome_approver_id UUID,
    created_us BIGINT NOT NULL,
    departed_us BIGINT,
    finished_us BIGINT,
    CONSTRAINT transfer_pkey PRIMARY KEY (id),
    CONSTRAINT transfer_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT transfer_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT transfer_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT transfer_kind_check CHECK (kind IN ('withdrawal', 'top_up')),
    CONSTRAINT transfer_state_check CHECK (state IN ('proposed', 'departed', 'arrival_proposed', 'arrived', 'return_proposed', 'returned',
        'rejected')),
    CONSTRAINT transfer_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT transfer_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT transfer_approved_check CHECK (state IN ('proposed', 'rejected') OR approver_id IS NOT NULL),
    CONSTRAINT transfer_outcome_own_check CHECK (outcome_author_id IS NULL OR outcome_approver_id IS NULL
        OR outcome_author_id <> outcome_approver_id),
    CONSTRAINT transfer_outcome_check CHECK (state NOT IN ('arrived', 'returned')
        OR (outcome_author_id IS NOT NULL AND outcome_approver_id IS NOT NULL))
) /*strict*/;

CREATE INDEX transfer_created_idx ON transfer (created_us, id);

-- A difference between what is and what should be. item names the thing, so that the same difference is written once.
CREATE TABLE discrepancy (
    id UUID NOT NULL,
    class TEXT NOT NULL,
    item TEXT NOT NULL,
    state TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    expected_fen BIGINT,
    book_id UUID NOT NULL,
    donation_id UUID,
    detail TEXT NOT NULL,
    proposal TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT discrepancy_pkey PRIMARY KEY (id),
    CONSTRAINT discrepancy_item_key UNIQUE (class, item),
    CONSTRAINT discrepancy_class_check CHECK (class IN ('missing_here', 'missing_there', 'amount', 'fee', 'status', 'duplicate_here',
        'duplicate_there', 'refund_missing_here', 'refund_missing_there', 'refund_amount', 'settlement_amount', 'paid_after_close',
        'paid_twice', 'unknown_line')),
    CONSTRAINT discrepancy_state_check CHECK (state IN ('open', 'resolved')),
    CONSTRAINT discrepancy_book_fkey FOREIGN KEY (book_id) REFERENCES book (id)
) /*strict*/;

CREATE INDEX discrepancy_open_idx ON discrepancy (created_us, id);

-- ---- messages (written by app) ----

-- Consents to subscribe messages, counted: one consent buys one message of one template.
CREATE TABLE consent (
    donor_id UUID NOT NULL,
    template TEXT NOT NULL,
    given BIGINT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT consent_pkey PRIMARY KEY (donor_id, template),
    CONSTRAINT consent_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT consent_count_check CHECK (used BETWEEN 0 AND given)
) /*strict*/;

-- The outbox. topic names the occasion (donation:{id}), so that an occasion speaks once.
CREATE TABLE message (
    id UUID NOT NULL,
    topic TEXT NOT NULL,
    donor_id UUID NOT NULL,
    template TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_try_us BIGINT NOT NULL,
    last_error TEXT,
    created_us BIGINT NOT NULL,
    finished_us BIGINT,
    CONSTRAINT message_pkey PRIMARY KEY (id),
    CONSTRAINT message_topic_key UNIQUE (topic),
    CONSTRAINT message_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT message_state_check CHECK (state IN ('pending', 'sending', 'sent', 'dropped'))
) /*strict*/;

CREATE INDEX message_due_idx ON message (next_try_us, id) WHERE state IN ('pending', 'sending');

-- ---- jobs (written by app) ----

CREATE TABLE job_lease (
    name TEXT NOT NULL,
    owner UUID NOT NULL,
    until_us BIGINT NOT NULL,
    CONSTRAINT job_lease_pkey PRIMARY KEY (name)
) /*strict*/;

CREATE TABLE job_run (
    id UUID NOT NULL,
    job TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    finished_us BIGINT,
    outcome TEXT NOT NULL,
    done BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    detail TEXT,
    CONSTRAINT job_run_pkey PRIMARY KEY (id),
    CONSTRAINT job_run_outcome_check CHECK (outcome IN ('running', 'done', 'failed', 'lost'))
) /*strict*/;

CREATE INDEX job_run_job_idx ON job_run (job, started_us);

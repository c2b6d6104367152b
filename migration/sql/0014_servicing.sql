-- Youth loans, the back half: programmes with their memo books, what happened to each loan, where it stands, closed days, the banks'
-- files, subsidies and risk pools. Written by lending.

-- The chart of a loan programme's memo book. Its codes begin with L, so that none is taken for one of a charity's.
INSERT INTO subject (chart, code, name, element, normal_side) VALUES
    ('loan', 'L1003', '银行清算', 'asset', 'debit'),
    ('loan', 'L1221', '应收贴息', 'asset', 'debit'),
    ('loan', 'L1301', '贷款本金—未到期', 'asset', 'debit'),
    ('loan', 'L1302', '贷款本金—到期未还', 'asset', 'debit'),
    ('loan', 'L1304', '贷款损失准备', 'asset', 'credit'),
    ('loan', 'L1321', '应收利息', 'asset', 'debit'),
    ('loan', 'L1322', '应收罚息', 'asset', 'debit'),
    ('loan', 'L1323', '应收复利', 'asset', 'debit'),
    ('loan', 'L1401', '风险补偿金（备查）', 'asset', 'debit'),
    ('loan', 'L2011', '借款人溢缴款', 'liability', 'credit'),
    ('loan', 'L2241', '应退借款人贴息', 'liability', 'credit'),
    ('loan', 'L6011', '利息收入—正常', 'income', 'credit'),
    ('loan', 'L6012', '利息收入—关注', 'income', 'credit'),
    ('loan', 'L6013', '利息收入—次级', 'income', 'credit'),
    ('loan', 'L6014', '利息收入—可疑', 'income', 'credit'),
    ('loan', 'L6015', '利息收入—损失', 'income', 'credit'),
    ('loan', 'L6021', '罚息收入', 'income', 'credit'),
    ('loan', 'L6022', '复利收入', 'income', 'credit'),
    ('loan', 'L6031', '提前还款违约金收入', 'income', 'credit'),
    ('loan', 'L7001', '表外应收利息', 'asset', 'debit'),
    ('loan', 'L7002', '表外应收利息对方', 'liability', 'credit'),
    ('loan', 'L7011', '已核销贷款备查', 'asset', 'debit'),
    ('loan', 'L7012', '已核销贷款备查对方', 'liability', 'credit');

-- The loans of a bank that we follow, with a memo book of their own. closed_through is the last day that was closed; match_days how far
-- a fact of ours and one of the bank's may lie apart and still be the same.
CREATE TABLE loan_programme (
    id UUID NOT NULL,
    bank_id UUID NOT NULL,
    book_id UUID NOT NULL,
    name TEXT NOT NULL,
    pace TEXT NOT NULL,
    match_days BIGINT NOT NULL,
    first_day TEXT NOT NULL,
    closed_through TEXT NOT NULL,
    author_id UUID,
    created_us BIGINT NOT NULL,
    CONSTRAINT loan_programme_pkey PRIMARY KEY (id),
    CONSTRAINT loan_programme_bank_key UNIQUE (bank_id),
    CONSTRAINT loan_programme_book_key UNIQUE (book_id),
    CONSTRAINT loan_programme_bank_fkey FOREIGN KEY (bank_id) REFERENCES bank (id),
    CONSTRAINT loan_programme_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT loan_programme_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT loan_programme_pace_check CHECK (pace IN ('daily', 'monthly', 'summary')),
    CONSTRAINT loan_programme_match_check CHECK (match_days BETWEEN 0 AND 31),
    CONSTRAINT loan_programme_days_check CHECK (length(first_day) = 10 AND length(closed_through) = 10)
) /*strict*/;

-- Who holds the pool that bears a part of the losses (风险补偿金). Memo: nothing of it is in a book of ours, and it is no charity's
-- (facts: lending 6).
CREATE TABLE loan_pool (
    programme_id UUID NOT NULL,
    holder TEXT NOT NULL,
    holder_credit_code TEXT NOT NULL,
    size_fen BIGINT NOT NULL,
    author_id UUID,
    created_us BIGINT NOT NULL,
    CONSTRAINT loan_pool_pkey PRIMARY KEY (programme_id),
    CONSTRAINT loan_pool_programme_fkey FOREIGN KEY (programme_id) REFERENCES loan_programme (id),
    CONSTRAINT loan_pool_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT loan_pool_size_check CHECK (size_fen BETWEEN 1 AND 1000000000000000)
) /*strict*/;

-- A file of a bank, as it came, and what its import found (JSON).
CREATE TABLE loan_file (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    day TEXT NOT NULL,
    pace TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    content BYTEA NOT NULL,
    report TEXT NOT NULL,
    actor TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    CONSTRAINT loan_file_pkey PRIMARY KEY (id),
    CONSTRAINT loan_file_sequence_key UNIQUE (programme_id, sequence),
    CONSTRAINT loan_file_programme_fkey FOREIGN KEY (programme_id) REFERENCES loan_programme (id),
    CONSTRAINT loan_file_pace_check CHECK (pace IN ('daily', 'monthly', 'summary')),
    CONSTRAINT loan_file_sequence_check CHECK (sequence >= 1),
    CONSTRAINT loan_file_day_check CHECK (length(day) = 10),
    CONSTRAINT loan_file_hash_check CHECK (length(sha256) = 32)
) /*strict*/;

CREATE INDEX loan_file_day_idx ON loan_file (programme_id, day);

-- What happened to a loan after its payout, and the payout itself: the one truth about it, together with its contract. booked says
-- that the split is the bank's; without it our arithmetic spreads the amount. serial is the bank's number of the fact, once its file has
-- told it. Never changed but for that, never deleted: a reversal names what it takes back.
CREATE TABLE loan_event (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    contract_id UUID NOT NULL,
    kind TEXT NOT NULL,
    on_day TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    booked BOOLEAN NOT NULL,
    principal_fen BIGINT NOT NULL,
    interest_fen BIGINT NOT NULL,
    penalty_fen BIGINT NOT NULL,
    compound_fen BIGINT NOT NULL,
    fee_fen BIGINT NOT NULL,
    credit_fen BIGINT NOT NULL,
    mode TEXT,
    rate TEXT,
    class TEXT,
    reverses UUID,
    serial TEXT,
    file_id UUID,
    reason TEXT,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT loan_event_pkey PRIMARY KEY (id),
    CONSTRAINT loan_event_programme_fkey FOREIGN KEY (programme_id) REFERENCES loan_programme (id),
    CONSTRAINT loan_event_contract_fkey FOREIGN KEY (contract_id) REFERENCES loan_contract (id),
    CONSTRAINT loan_event_reverses_fkey FOREIGN KEY (reverses) REFERENCES loan_event (id),
    CONSTRAINT loan_event_file_fkey FOREIGN KEY (file_id) REFERENCES loan_file (id),
    CONSTRAINT loan_event_kind_check CHECK (kind IN ('payout', 'repayment', 'prepayment', 'rate', 'class', 'reversal', 'subsidy', 'waiver',
        'compensation', 'recovery', 'write_off', 'replaced')),
    CONSTRAINT loan_event_amount_check CHECK (amount_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT loan_event_parts_check CHECK (principal_fen >= 0 AND interest_fen >= 0 AND penalty_fen >= 0 AND compound_fen >= 0
        AND fee_fen >= 0 AND credit_fen >= 0),
    CONSTRAINT loan_event_split_check CHECK (NOT booked
        OR principal_fen + interest_fen + penalty_fen + compound_fen + fee_fen + credit_fen = amount_fen),
    CONSTRAINT loan_event_mode_check CHECK ((kind = 'prepayment') = (mode IS NOT NULL)
        AND (mode IS NULL OR mode IN ('full', 'reduce_installment', 'shorten_term'))),
    CONSTRAINT loan_event_rate_check CHECK ((kind = 'rate') = (rate IS NOT NULL)),
    CONSTRAINT loan_event_reverses_check CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
    CONSTRAINT loan_event_day_check CHECK (length(on_day) = 10)
) /*strict*/;

CREATE INDEX loan_event_contract_idx ON loan_event (contract_id, on_day);
CREATE INDEX loan_event_day_idx ON loan_event (programme_id, on_day);
CREATE UNIQUE INDEX loan_event_serial_key ON loan_event (programme_id, serial) WHERE serial IS NOT NULL;
-- A fact is taken back once, and a loan is paid out once at a time.
CREATE UNIQUE INDEX loan_event_reverses_key ON loan_event (reverses) WHERE reverses IS NOT NULL;

-- What a loan comes to on every day from as_of until (and without) until_day: domain::loan::reckoning, rebuilt from contract and
-- events at any time. Interest of the period under way is half up of (interest_start + interest_step × days since interest_from) /
-- interest_den; interest_from counts days since 1970-01-01. What the bank's file last said stands beside it.
CREATE TABLE loan_standing (
    contract_id UUID NOT NULL,
    programme_id UUID NOT NULL,
    as_of TEXT NOT NULL,
    until_day TEXT,
    class TEXT NOT NULL,
    accruing BOOLEAN NOT NULL,
    undue_fen BIGINT NOT NULL,
    due_fen BIGINT NOT NULL,
    late_since TEXT,
    credit_fen BIGINT NOT NULL,
    earned_interest_fen BIGINT NOT NULL,
    earned_penalty_fen BIGINT NOT NULL,
    earned_compound_fen BIGINT NOT NULL,
    open_interest_fen BIGINT NOT NULL,
    open_penalty_fen BIGINT NOT NULL,
    open_compound_fen BIGINT NOT NULL,
    interest_from BIGINT NOT NULL,
    interest_start BIGINT NOT NULL,
    interest_step BIGINT NOT NULL,
    interest_den BIGINT NOT NULL,
    compensated_fen BIGINT NOT NULL,
    recovered_fen BIGINT NOT NULL,
    ended TEXT,
    bank_day TEXT,
    bank_balance_fen BIGINT,
    bank_class TEXT,
    CONSTRAINT loan_standing_pkey PRIMARY KEY (contract_id),
    CONSTRAINT loan_standing_contract_fkey FOREIGN KEY (contract_id) REFERENCES loan_contract (id),
    CONSTRAINT loan_standing_programme_fkey FOREIGN KEY (programme_id) REFERENCES loan_programme (id),
    CONSTRAINT loan_standing_class_check CHECK (class IN ('normal', 'special_mention', 'substandard', 'doubtful', 'loss')),
    CONSTRAINT loan_standing_den_check CHECK (interest_den > 0),
    CONSTRAINT loan_standing_ended_check CHECK (ended IS NULL OR ended IN ('settled', 'replaced', 'written_off')),
    CONSTRAINT loan_standing_span_check CHECK (until_day IS NULL OR until_day > as_of)
) /*hot*/;

CREATE INDEX loan_standing_until_idx ON loan_standing (programme_id, until_day);
CREATE INDEX loan_standing_class_idx ON loan_standing (programme_id, class);

-- How penalties of a loan's late instalments grow while its standing holds.
CREATE TABLE loan_late (
    contract_id UUID NOT NULL,
    line BIGINT NOT NULL,
    programme_id UUID NOT NULL,
    due_on TEXT NOT NULL,
    late_from BIGINT NOT NULL,
    penalty_step BIGINT NOT NULL,
    penalty_den BIGINT NOT NULL,
    compound_step BIGINT NOT NULL,
    compound_den BIGINT NOT NULL,
    CONSTRAINT loan_late_pkey PRIMARY KEY (contract_id, line),
    CONSTRAINT loan_late_standing_fkey FOREIGN KEY (contract_id) REFERENCES loan_standing (contract_id),
    CONSTRAINT loan_late_den_check CHECK (penalty_den > 0 AND compound_den > 0)
) /*hot*/;

CREATE INDEX loan_late_programme_idx ON loan_late (programme_id);

-- A day of a programme that is being closed (日终) or is. step counts the pieces that were committed; digest is chained to the day
-- before.
CREATE TABLE loan_day (
    programme_id UUID NOT NULL,
    day TEXT NOT NULL,
    state TEXT NOT NULL,
    step BIGINT NOT NULL,
    loans BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    balance_fen BIGINT NOT NULL,
    overdue_fen BIGINT NOT NULL,
    interest_fen BIGINT NOT NULL,
    penalty_fen BIGINT NOT NULL,
    compound_fen BIGINT NOT NULL,
    off_balance_fen BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    began_us BIGINT NOT NULL,
    closed_us BIGINT,
    CONSTRAINT loan_day_pkey PRIMARY KEY (programme_id, day),
    CONSTRAINT loan_day_programme_fkey FOREIGN KEY (programme_id) REFERENCES loan_programme (id),
    CONSTRAINT loan_day_state_check CHECK (state IN ('closing', 'closed') AND (state = 'closed') = (closed_us IS NOT NULL)),
    CONSTRAINT loan_day_digest_check CHECK (length(digest) = 32)
) /*strict*/;

-- 贴息 of an instalment: claimed once, received once, or refused.
CREATE TABLE loan_subsidy (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    contract_id UUID NOT NULL,
    instalment BIGINT NOT NULL,
    due_on TEXT NOT NULL,
    interest_fen BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    claimed_on TEXT NOT NULL,
    received_on TEXT,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT loan_subsidy_pkey PRIMARY KEY (id),
    CONSTRAINT loan_subsidy_once_key UNIQUE (contract_id, instalment),
    CONSTRAINT loan_subsidy_programme_fkey FOREIGN KEY (programme_id) REFERENCES loan_programme (id),
    CONSTRAINT loan_subsidy_contract_fkey FOREIGN KEY (contract_id) REFERENCES loan_contract (id),
    CONSTRAINT loan_subsidy_amount_check CHECK (amount_fen BETWEEN 1 AND interest_fen),
    CONSTRAINT loan_subsidy_state_check CHECK (state IN ('claimed', 'received') AND (state = 'received') = (received_on IS NOT NULL))
) /*strict*/;

CREATE INDEX loan_subsidy_programme_idx ON loan_subsidy (programme_id, state);

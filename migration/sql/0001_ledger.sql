-- Books, chart, accounts, entries, funds. Only the crate `ledger` writes here.

-- A chart of accounts by version: the same code means different things in different systems (charity.md 6.1), so a subject is
-- always named by (chart, code).
CREATE TABLE subject (
    chart TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    element TEXT NOT NULL,
    normal_side TEXT NOT NULL,
    CONSTRAINT subject_pkey PRIMARY KEY (chart, code),
    CONSTRAINT subject_element_check CHECK (element IN ('asset', 'liability', 'net_assets', 'income', 'expense')),
    CONSTRAINT subject_side_check CHECK (normal_side IN ('debit', 'credit'))
) /*strict*/;

-- The books of one legal entity, or a memo ledger. No entry may be dated on or before closed_through.
CREATE TABLE book (
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    chart TEXT NOT NULL,
    credit_code TEXT,
    closed_through TEXT,
    created_us BIGINT NOT NULL,
    CONSTRAINT book_pkey PRIMARY KEY (id),
    CONSTRAINT book_code_key UNIQUE (code),
    CONSTRAINT book_kind_check CHECK (kind IN ('charity', 'memo')),
    CONSTRAINT book_closed_check CHECK (closed_through IS NULL OR length(closed_through) = 10)
) /*strict*/;

-- name is the account's canonical name; the id is derived from book and name, so nobody has to look it up.
CREATE TABLE account (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    chart TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    campaign_id UUID,
    budget_line TEXT,
    channel TEXT,
    bank_account TEXT,
    contract TEXT,
    payable TEXT,
    goods BOOLEAN NOT NULL,
    debit_fen BIGINT NOT NULL,
    credit_fen BIGINT NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_name_key UNIQUE (book_id, name),
    CONSTRAINT account_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT account_subject_fkey FOREIGN KEY (chart, subject) REFERENCES subject (chart, code),
    CONSTRAINT account_debit_check CHECK (debit_fen BETWEEN 0 AND 9000000000000000000),
    CONSTRAINT account_credit_check CHECK (credit_fen BETWEEN 0 AND 9000000000000000000)
) /*hot*/;

-- What moved on an account on a book date: balance at any day, statements and trial balances need no scan of postings.
CREATE TABLE account_day (
    account_id UUID NOT NULL,
    day TEXT NOT NULL,
    debit_fen BIGINT NOT NULL,
    credit_fen BIGINT NOT NULL,
    CONSTRAINT account_day_pkey PRIMARY KEY (account_id, day),
    CONSTRAINT account_day_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT account_day_debit_check CHECK (debit_fen >= 0),
    CONSTRAINT account_day_credit_check CHECK (credit_fen >= 0)
) /*hot*/;

-- An entry is written after its postings and seals them: see the guards, which also see to it that the accounts exist and
-- belong to the entry's book, once for each statement instead of a foreign key for each row.
CREATE TABLE entry (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    reference TEXT NOT NULL,
    kind TEXT NOT NULL,
    book_date TEXT NOT NULL,
    event_date TEXT NOT NULL,
    booked_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT NOT NULL,
    donor_id UUID,
    channel TEXT,
    unit TEXT,
    region TEXT,
    counterparty TEXT,
    document TEXT,
    memo TEXT,
    reverses UUID,
    postings BIGINT NOT NULL,
    total_fen BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (id),
    CONSTRAINT entry_reference_key UNIQUE (reference),
    CONSTRAINT entry_reverses_fkey FOREIGN KEY (reverses) REFERENCES entry (id),
    CONSTRAINT entry_book_date_check CHECK (length(book_date) = 10),
    CONSTRAINT entry_event_date_check CHECK (length(event_date) = 10),
    CONSTRAINT entry_postings_check CHECK (postings > 0),
    CONSTRAINT entry_total_check CHECK (total_fen > 0),
    CONSTRAINT entry_digest_check CHECK (length(digest) = 32)
) /*strict*/;

-- An entry is reversed once.
CREATE UNIQUE INDEX entry_reverses_key ON entry (reverses) WHERE reverses IS NOT NULL;

-- One debit account, one credit account, one positive amount: an entry that does not balance cannot be written down.
CREATE TABLE posting (
    entry_id UUID NOT NULL,
    line BIGINT NOT NULL,
    debit_account UUID NOT NULL,
    credit_account UUID NOT NULL,
    amount_fen BIGINT NOT NULL,
    raised TEXT NOT NULL,
    CONSTRAINT posting_pkey PRIMARY KEY (entry_id, line),
    CONSTRAINT posting_entry_fkey FOREIGN KEY (entry_id) REFERENCES entry (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT posting_accounts_check CHECK (debit_account <> credit_account),
    CONSTRAINT posting_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT posting_raised_check CHECK (raised IN ('cash', 'goods', 'none'))
) /*strict*/;

CREATE INDEX posting_debit_idx ON posting (debit_account, entry_id);
CREATE INDEX posting_credit_idx ON posting (credit_account, entry_id);

-- The money of a campaign in a book (专款专用) and its public total. Changed with the postings, rebuilt by the audit.
CREATE TABLE fund (
    book_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    received_fen BIGINT NOT NULL,
    committed_fen BIGINT NOT NULL,
    used_fen BIGINT NOT NULL,
    raised_cash_fen BIGINT NOT NULL,
    raised_goods_fen BIGINT NOT NULL,
    CONSTRAINT fund_pkey PRIMARY KEY (book_id, campaign_id),
    CONSTRAINT fund_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT fund_committed_check CHECK (committed_fen >= 0),
    CONSTRAINT fund_available_check CHECK (received_fen - committed_fen - used_fen >= 0)
) /*hot*/;

CREATE INDEX fund_campaign_idx ON fund (campaign_id);

-- 民间非营利组织会计制度 (财会〔2024〕25号), in force 2026-01-01; details 01/02 are 非限定性/限定性.
INSERT INTO subject (chart, code, name, element, normal_side) VALUES
    ('2024', '1001', '库存现金', 'asset', 'debit'),
    ('2024', '1002', '银行存款', 'asset', 'debit'),
    ('2024', '1009', '其他货币资金', 'asset', 'debit'),
    ('2024', '1101', '短期投资', 'asset', 'debit'),
    ('2024', '1102', '短期投资跌价准备', 'asset', 'credit'),
    ('2024', '1111', '应收票据', 'asset', 'debit'),
    ('2024', '1121', '应收账款', 'asset', 'debit'),
    ('2024', '1122', '其他应收款', 'asset', 'debit'),
    ('2024', '1131', '坏账准备', 'asset', 'credit'),
    ('2024', '1141', '预付账款', 'asset', 'debit'),
    ('2024', '1201', '存货', 'asset', 'debit'),
    ('2024', '1202', '存货跌价准备', 'asset', 'credit'),
    ('2024', '1301', '待摊费用', 'asset', 'debit'),
    ('2024', '1401', '长期股权投资', 'asset', 'debit'),
    ('2024', '1402', '长期债权投资', 'asset', 'debit'),
    ('2024', '1403', '其他长期投资', 'asset', 'debit'),
    ('2024', '1421', '长期投资减值准备', 'asset', 'credit'),
    ('2024', '1501', '固定资产', 'asset', 'debit'),
    ('2024', '1502', '累计折旧', 'asset', 'credit'),
    ('2024', '1505', '在建工程', 'asset', 'debit'),
    ('2024', '1506', '文物资源', 'asset', 'debit'),
    ('2024', '1509', '固定资产清理', 'asset', 'debit'),
    ('2024', '1601', '无形资产', 'asset', 'debit'),
    ('2024', '1602', '累计摊销', 'asset', 'credit'),
    ('2024', '1701', '长期待摊费用', 'asset', 'debit'),
    ('2024', '1801', '受托代理资产', 'asset', 'debit'),
    ('2024', '2101', '短期借款', 'liability', 'credit'),
    ('2024', '2201', '应付票据', 'liability', 'credit'),
    ('2024', '2202', '应付账款', 'liability', 'credit'),
    ('2024', '2203', '预收账款', 'liability', 'credit'),
    ('2024', '2204', '应付职工薪酬', 'liability', 'credit'),
    ('2024', '2206', '应交税费', 'liability', 'credit'),
    ('2024', '2209', '其他应付款', 'liability', 'credit'),
    ('2024', '2301', '预提费用', 'liability', 'credit'),
    ('2024', '2501', '长期借款', 'liability', 'credit'),
    ('2024', '2502', '长期应付款', 'liability', 'credit'),
    ('2024', '2503', '预计负债', 'liability', 'credit'),
    ('2024', '2601', '受托代理负债', 'liability', 'credit'),
    ('2024', '3101', '非限定性净资产', 'net_assets', 'credit'),
    ('2024', '3102', '限定性净资产', 'net_assets', 'credit'),
    ('2024', '320101', '以前年度净资产调整—非限定性', 'net_assets', 'credit'),
    ('2024', '320102', '以前年度净资产调整—限定性', 'net_assets', 'credit'),
    ('2024', '410101', '捐赠收入—非限定性', 'income', 'credit'),
    ('2024', '410102', '捐赠收入—限定性', 'income', 'credit'),
    ('2024', '420101', '会费收入—非限定性', 'income', 'credit'),
    ('2024', '420102', '会费收入—限定性', 'income', 'credit'),
    ('2024', '430101', '提供服务收入—非限定性', 'income', 'credit'),
    ('2024', '430102', '提供服务收入—限定性', 'income', 'credit'),
    ('2024', '440101', '政府补助收入—非限定性', 'income', 'credit'),
    ('2024', '440102', '政府补助收入—限定性', 'income', 'credit'),
    ('2024', '450101', '商品销售收入—非限定性', 'income', 'credit'),
    ('2024', '450102', '商品销售收入—限定性', 'income', 'credit'),
    ('2024', '460101', '投资收益—非限定性', 'income', 'credit'),
    ('2024', '460102', '投资收益—限定性', 'income', 'credit'),
    ('2024', '470101', '总部拨款收入—非限定性', 'income', 'credit'),
    ('2024', '470102', '总部拨款收入—限定性', 'income', 'credit'),
    ('2024', '490101', '其他收入—非限定性', 'income', 'credit'),
    ('2024', '490102', '其他收入—限定性', 'income', 'credit'),
    ('2024', '5101', '业务活动成本', 'expense', 'debit'),
    ('2024', '5201', '税金及附加', 'expense', 'debit'),
    ('2024', '5301', '管理费用', 'expense', 'debit'),
    ('2024', '5401', '筹资费用', 'expense', 'debit'),
    ('2024', '5501', '资产减值损失', 'expense', 'debit'),
    ('2024', '5601', '所得税费用', 'expense', 'debit'),
    ('2024', '5901', '其他费用', 'expense', 'debit');

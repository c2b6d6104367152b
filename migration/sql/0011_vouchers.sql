-- Manual vouchers (手工凭证) and what proposes them. Written by app.

-- A voucher that comes again (周期凭证): its drafts are proposed when they are due; each is handed in and posted like any other.
CREATE TABLE voucher_template (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    lines TEXT NOT NULL,
    total_fen BIGINT NOT NULL,
    cadence TEXT NOT NULL,
    day BIGINT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT,
    next_on TEXT,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT voucher_template_pkey PRIMARY KEY (id),
    CONSTRAINT voucher_template_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT voucher_template_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT voucher_template_cadence_check CHECK (cadence IN ('monthly', 'quarterly', 'yearly')),
    CONSTRAINT voucher_template_day_check CHECK (day BETWEEN 1 AND 31),
    CONSTRAINT voucher_template_state_check CHECK (state IN ('active', 'stopped')),
    CONSTRAINT voucher_template_starts_check CHECK (length(starts_on) = 10),
    CONSTRAINT voucher_template_ends_check CHECK (ends_on IS NULL OR ends_on >= starts_on),
    CONSTRAINT voucher_template_total_check CHECK (total_fen BETWEEN 1 AND 1000000000000000)
) /*strict*/;

CREATE INDEX voucher_template_due_idx ON voucher_template (next_on, id) WHERE state = 'active';
CREATE INDEX voucher_template_book_idx ON voucher_template (book_id, created_us, id);

-- What no recipe books: opening balances, payroll, depreciation, accruals, corrections (charity 6.2, entries 21 and 25). One person
-- writes it, somebody hands it in, another person posts it, with a document. lines is JSON as domain::voucher reads it.
CREATE TABLE manual_voucher (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    kind TEXT NOT NULL,
    event_date TEXT NOT NULL,
    summary TEXT NOT NULL,
    lines TEXT NOT NULL,
    converted_from TEXT,
    total_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    template_id UUID,
    reverses_id UUID,
    author_id UUID NOT NULL,
    author_for_id UUID,
    submitter_id UUID,
    submitter_for_id UUID,
    poster_id UUID,
    poster_for_id UUID,
    returned_because TEXT,
    entry_id UUID,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    posted_us BIGINT,
    CONSTRAINT manual_voucher_pkey PRIMARY KEY (id),
    CONSTRAINT manual_voucher_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT manual_voucher_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT manual_voucher_author_for_fkey FOREIGN KEY (author_for_id) REFERENCES staff (id),
    CONSTRAINT manual_voucher_submitter_fkey FOREIGN KEY (submitter_id) REFERENCES staff (id),
    CONSTRAINT manual_voucher_submitter_for_fkey FOREIGN KEY (submitter_for_id) REFERENCES staff (id),
    CONSTRAINT manual_voucher_poster_fkey FOREIGN KEY (poster_id) REFERENCES staff (id),
    CONSTRAINT manual_voucher_poster_for_fkey FOREIGN KEY (poster_for_id) REFERENCES staff (id),
    CONSTRAINT manual_voucher_template_fkey FOREIGN KEY (template_id) REFERENCES voucher_template (id),
    CONSTRAINT manual_voucher_reverses_fkey FOREIGN KEY (reverses_id) REFERENCES manual_voucher (id),
    CONSTRAINT manual_voucher_entry_fkey FOREIGN KEY (entry_id) REFERENCES entry (id),
    CONSTRAINT manual_voucher_entry_key UNIQUE (entry_id),
    CONSTRAINT manual_voucher_proposed_key UNIQUE (template_id, event_date),
    CONSTRAINT manual_voucher_kind_check CHECK (kind IN ('ordinary', 'reversal', 'opening', 'adjustment')),
    CONSTRAINT manual_voucher_reversal_check CHECK ((kind = 'reversal') = (reverses_id IS NOT NULL)),
    CONSTRAINT manual_voucher_state_check CHECK (state IN ('draft', 'submitted', 'posted', 'discarded')),
    CONSTRAINT manual_voucher_submitted_check CHECK (state IN ('draft', 'discarded') OR submitter_id IS NOT NULL),
    CONSTRAINT manual_voucher_posted_check CHECK ((state = 'posted') = (poster_id IS NOT NULL AND entry_id IS NOT NULL AND posted_us IS NOT NULL)),
    CONSTRAINT manual_voucher_own_check CHECK (poster_id IS NULL OR (poster_id <> author_id AND poster_id <> submitter_id)),
    CONSTRAINT manual_voucher_lent_check CHECK (poster_for_id IS NULL OR (poster_for_id <> author_id AND poster_for_id <> submitter_id)),
    CONSTRAINT manual_voucher_lender_check CHECK (poster_id IS NULL OR submitter_for_id IS NULL
        OR (submitter_for_id <> poster_id AND (poster_for_id IS NULL OR submitter_for_id <> poster_for_id))),
    CONSTRAINT manual_voucher_author_lender_check CHECK (poster_id IS NULL OR author_for_id IS NULL
        OR (author_for_id <> poster_id AND (poster_for_id IS NULL OR author_for_id <> poster_for_id))),
    CONSTRAINT manual_voucher_date_check CHECK (length(event_date) = 10),
    CONSTRAINT manual_voucher_total_check CHECK (total_fen BETWEEN 1 AND 1000000000000000)
) /*strict*/;

CREATE INDEX manual_voucher_book_idx ON manual_voucher (book_id, created_us, id);
-- One way at a time out of a voucher, and one opening of a book.
CREATE UNIQUE INDEX manual_voucher_reverses_key ON manual_voucher (reverses_id) WHERE state <> 'discarded';
CREATE UNIQUE INDEX manual_voucher_opening_key ON manual_voucher (book_id) WHERE kind = 'opening' AND state <> 'discarded';

-- The line of 现金流量表 that a person gave a cash posting; without one it follows from the accounts.
ALTER TABLE posting ADD COLUMN cash_flow TEXT CONSTRAINT posting_cash_flow_check CHECK (cash_flow IN ('donations', 'membership_fees',
    'services', 'sales', 'government_grants', 'other_operating_in', 'grants_paid', 'staff_paid', 'suppliers_paid', 'taxes_paid',
    'other_operating_out', 'investments_recovered', 'investment_income', 'assets_sold', 'assets_bought', 'investments_made',
    'loans_taken', 'loans_repaid'));

-- The chart that was in force until 2025-12-31 (财会〔2004〕7号). The same code means other things in it (charity 6.1); no account is opened
-- under it, but balances are brought over from it.
INSERT INTO subject (chart, code, name, element, normal_side) VALUES
    ('2004', '1001', '现金', 'asset', 'debit'),
    ('2004', '1002', '银行存款', 'asset', 'debit'),
    ('2004', '1009', '其他货币资金', 'asset', 'debit'),
    ('2004', '1101', '短期投资', 'asset', 'debit'),
    ('2004', '1102', '短期投资跌价准备', 'asset', 'credit'),
    ('2004', '1111', '应收票据', 'asset', 'debit'),
    ('2004', '1121', '应收账款', 'asset', 'debit'),
    ('2004', '1122', '其他应收款', 'asset', 'debit'),
    ('2004', '1131', '坏账准备', 'asset', 'credit'),
    ('2004', '1141', '预付账款', 'asset', 'debit'),
    ('2004', '1201', '存货', 'asset', 'debit'),
    ('2004', '1202', '存货跌价准备', 'asset', 'credit'),
    ('2004', '1301', '待摊费用', 'asset', 'debit'),
    ('2004', '1401', '长期股权投资', 'asset', 'debit'),
    ('2004', '1402', '长期债权投资', 'asset', 'debit'),
    ('2004', '1421', '长期投资减值准备', 'asset', 'credit'),
    ('2004', '1501', '固定资产', 'asset', 'debit'),
    ('2004', '1502', '累计折旧', 'asset', 'credit'),
    ('2004', '1505', '在建工程', 'asset', 'debit'),
    ('2004', '1506', '文物文化资产', 'asset', 'debit'),
    ('2004', '1509', '固定资产清理', 'asset', 'debit'),
    ('2004', '1601', '无形资产', 'asset', 'debit'),
    ('2004', '1701', '受托代理资产', 'asset', 'debit'),
    ('2004', '2101', '短期借款', 'liability', 'credit'),
    ('2004', '2201', '应付票据', 'liability', 'credit'),
    ('2004', '2202', '应付账款', 'liability', 'credit'),
    ('2004', '2203', '预收账款', 'liability', 'credit'),
    ('2004', '2204', '应付工资', 'liability', 'credit'),
    ('2004', '2206', '应交税金', 'liability', 'credit'),
    ('2004', '2209', '其他应付款', 'liability', 'credit'),
    ('2004', '2301', '预提费用', 'liability', 'credit'),
    ('2004', '2401', '预计负债', 'liability', 'credit'),
    ('2004', '2501', '长期借款', 'liability', 'credit'),
    ('2004', '2502', '长期应付款', 'liability', 'credit'),
    ('2004', '2601', '受托代理负债', 'liability', 'credit'),
    ('2004', '3101', '非限定性净资产', 'net_assets', 'credit'),
    ('2004', '3102', '限定性净资产', 'net_assets', 'credit'),
    ('2004', '4101', '捐赠收入', 'income', 'credit'),
    ('2004', '4201', '会费收入', 'income', 'credit'),
    ('2004', '4301', '提供服务收入', 'income', 'credit'),
    ('2004', '4401', '政府补助收入', 'income', 'credit'),
    ('2004', '4501', '商品销售收入', 'income', 'credit'),
    ('2004', '4601', '投资收益', 'income', 'credit'),
    ('2004', '4901', '其他收入', 'income', 'credit'),
    ('2004', '5101', '业务活动成本', 'expense', 'debit'),
    ('2004', '5201', '管理费用', 'expense', 'debit'),
    ('2004', '5301', '筹资费用', 'expense', 'debit'),
    ('2004', '5401', '其他费用', 'expense', 'debit');

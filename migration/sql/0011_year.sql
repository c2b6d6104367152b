-- The end of a year, counted cash, and the limits that ratios are held against. Written by app.

-- 审计报告 of an ended year, recorded by two persons: with it the year is closed for good (硬结账) and takes no adjustment any more.
CREATE TABLE audited_year (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    year BIGINT NOT NULL,
    auditor TEXT NOT NULL,
    report_number TEXT NOT NULL,
    reported_on TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    author_for_id UUID,
    approver_id UUID,
    approver_for_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT audited_year_pkey PRIMARY KEY (id),
    CONSTRAINT audited_year_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT audited_year_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT audited_year_author_for_fkey FOREIGN KEY (author_for_id) REFERENCES staff (id),
    CONSTRAINT audited_year_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT audited_year_approver_for_fkey FOREIGN KEY (approver_for_id) REFERENCES staff (id),
    CONSTRAINT audited_year_state_check CHECK (state IN ('proposed', 'approved', 'declined')),
    CONSTRAINT audited_year_decided_check CHECK (state = 'proposed' OR (approver_id IS NOT NULL AND decided_us IS NOT NULL)),
    CONSTRAINT audited_year_own_check CHECK (approver_id IS NULL OR (approver_id <> author_id
        AND (author_for_id IS NULL OR approver_id <> author_for_id))),
    CONSTRAINT audited_year_lent_check CHECK (approver_for_id IS NULL OR (approver_for_id <> author_id
        AND (author_for_id IS NULL OR approver_for_id <> author_for_id))),
    CONSTRAINT audited_year_year_check CHECK (year BETWEEN 2000 AND 2999),
    CONSTRAINT audited_year_reported_check CHECK (length(reported_on) = 10)
) /*strict*/;

CREATE UNIQUE INDEX audited_year_live_key ON audited_year (book_id, year) WHERE state <> 'declined';

-- 库存现金盘点: one person counts, another signs; what is missing or too much is booked at once and settled by a third.
CREATE TABLE cash_count (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    box TEXT NOT NULL,
    counted_on TEXT NOT NULL,
    pieces TEXT NOT NULL,
    counted_fen BIGINT NOT NULL,
    booked_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    choice TEXT,
    reason TEXT,
    counter_id UUID NOT NULL,
    counter_for_id UUID,
    witness_id UUID,
    witness_for_id UUID,
    decider_id UUID,
    decider_for_id UUID,
    created_us BIGINT NOT NULL,
    signed_us BIGINT,
    decided_us BIGINT,
    CONSTRAINT cash_count_pkey PRIMARY KEY (id),
    CONSTRAINT cash_count_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT cash_count_counter_fkey FOREIGN KEY (counter_id) REFERENCES staff (id),
    CONSTRAINT cash_count_counter_for_fkey FOREIGN KEY (counter_for_id) REFERENCES staff (id),
    CONSTRAINT cash_count_witness_fkey FOREIGN KEY (witness_id) REFERENCES staff (id),
    CONSTRAINT cash_count_witness_for_fkey FOREIGN KEY (witness_for_id) REFERENCES staff (id),
    CONSTRAINT cash_count_decider_fkey FOREIGN KEY (decider_id) REFERENCES staff (id),
    CONSTRAINT cash_count_decider_for_fkey FOREIGN KEY (decider_for_id) REFERENCES staff (id),
    CONSTRAINT cash_count_state_check CHECK (state IN ('counted', 'agreed', 'different', 'settled', 'withdrawn')),
    CONSTRAINT cash_count_signed_check CHECK (state IN ('counted', 'withdrawn') OR (witness_id IS NOT NULL AND signed_us IS NOT NULL)),
    CONSTRAINT cash_count_agreed_check CHECK (state <> 'agreed' OR counted_fen = booked_fen),
    CONSTRAINT cash_count_different_check CHECK (state NOT IN ('different', 'settled') OR counted_fen <> booked_fen),
    CONSTRAINT cash_count_settled_check CHECK ((state = 'settled') = (decider_id IS NOT NULL AND choice IS NOT NULL AND reason IS NOT NULL)),
    CONSTRAINT cash_count_choice_check CHECK (choice IS NULL OR (choice IN ('write_off', 'made_good') AND counted_fen < booked_fen)
        OR (choice IN ('income', 'paid_out') AND counted_fen > booked_fen)),
    CONSTRAINT cash_count_witness_check CHECK (witness_id IS NULL OR (witness_id <> counter_id
        AND (counter_for_id IS NULL OR witness_id <> counter_for_id)
        AND (witness_for_id IS NULL OR (witness_for_id <> counter_id AND (counter_for_id IS NULL OR witness_for_id <> counter_for_id))))),
    CONSTRAINT cash_count_decider_check CHECK (decider_id IS NULL OR (decider_id <> counter_id AND decider_id <> witness_id
        AND (decider_for_id IS NULL OR (decider_for_id <> counter_id AND decider_for_id <> witness_id)))),
    CONSTRAINT cash_count_counted_check CHECK (counted_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT cash_count_booked_check CHECK (booked_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT cash_count_day_check CHECK (length(counted_on) = 10)
) /*strict*/;

CREATE INDEX cash_count_book_idx ON cash_count (book_id, created_us, id);
-- A box is counted once at a time.
CREATE UNIQUE INDEX cash_count_open_key ON cash_count (book_id, box) WHERE state = 'counted';

-- What a ratio is held against from a day on (charity 7): rates as exact decimals. A rule is never changed; another one follows it.
CREATE TABLE ratio_rule (
    ratio TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    bound TEXT,
    warning TEXT,
    exempt_below_fen BIGINT,
    source TEXT NOT NULL,
    author_id UUID,
    created_us BIGINT NOT NULL,
    CONSTRAINT ratio_rule_pkey PRIMARY KEY (ratio, valid_from),
    CONSTRAINT ratio_rule_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT ratio_rule_ratio_check CHECK (ratio IN ('charitable_spending', 'management_share', 'fundraising_share', 'campaign_execution')),
    CONSTRAINT ratio_rule_exempt_check CHECK (exempt_below_fen IS NULL OR exempt_below_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ratio_rule_from_check CHECK (length(valid_from) = 10)
) /*strict*/;

INSERT INTO ratio_rule (ratio, valid_from, bound, warning, exempt_below_fen, source, author_id, created_us) VALUES
    ('charitable_spending', '2024-09-05', '0.7', NULL, NULL, '慈善法第六十一条', NULL, 0),
    ('management_share', '2024-09-05', '0.1', NULL, 20000000, '慈善法第六十一条；民发〔2016〕189号', NULL, 0),
    ('fundraising_share', '2024-09-05', NULL, '0.03', NULL, '2025年11月征求意见稿，尚无限额', NULL, 0),
    ('campaign_execution', '2024-09-05', NULL, '0.8', NULL, '平台再次募捐的要求', NULL, 0);

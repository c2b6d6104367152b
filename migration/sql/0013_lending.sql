-- Youth loans, the front half: banks, products and their versions, LPR, quotas, applications and who decided on them, consents,
-- contracts, and what enterprises need (金团助青企). Written by lending. What happens to a contract after it is signed is told by
-- servicing, which changes its state, paid_out_on, outstanding_fen, class and ended_us, and nothing else.

-- A lender. It decides, pays out and keeps its own books; we follow.
CREATE TABLE bank (
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT bank_pkey PRIMARY KEY (id),
    CONSTRAINT bank_code_key UNIQUE (code),
    CONSTRAINT bank_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id)
) /*strict*/;

-- Whose officer somebody with the role bank_officer is: of one bank, said by somebody else. Without a row they see nothing.
CREATE TABLE bank_seat (
    staff_id UUID NOT NULL,
    bank_id UUID NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT bank_seat_pkey PRIMARY KEY (staff_id),
    CONSTRAINT bank_seat_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT bank_seat_bank_fkey FOREIGN KEY (bank_id) REFERENCES bank (id),
    CONSTRAINT bank_seat_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT bank_seat_own_check CHECK (author_id <> staff_id)
) /*strict*/;

CREATE INDEX bank_seat_bank_idx ON bank_seat (bank_id);

-- A product of a bank. version is the one in force: 0 before the first, and then it is not public.
CREATE TABLE loan_product (
    id UUID NOT NULL,
    bank_id UUID NOT NULL,
    code TEXT NOT NULL,
    family TEXT NOT NULL,
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    version BIGINT NOT NULL,
    open BOOLEAN NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT loan_product_pkey PRIMARY KEY (id),
    CONSTRAINT loan_product_code_key UNIQUE (bank_id, code),
    CONSTRAINT loan_product_bank_key UNIQUE (id, bank_id),
    CONSTRAINT loan_product_bank_fkey FOREIGN KEY (bank_id) REFERENCES bank (id),
    CONSTRAINT loan_product_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT loan_product_family_check CHECK (family IN ('farm', 'support', 'innovation')),
    CONSTRAINT loan_product_version_check CHECK (version >= 0)
) /*strict*/;

CREATE INDEX loan_product_created_idx ON loan_product (created_us, id);

-- The terms of a product, as JSON (domain::lending::ProductTerms): limits, price rule, methods, order of allocation by class,
-- penalty, grace, prepayment, subsidy, risk compensation. One is proposed by one person and published by another; what was
-- published never changes.
CREATE TABLE product_version (
    product_id UUID NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    terms TEXT NOT NULL,
    author_id UUID NOT NULL,
    publisher_id UUID,
    created_us BIGINT NOT NULL,
    published_us BIGINT,
    CONSTRAINT product_version_pkey PRIMARY KEY (product_id, version),
    CONSTRAINT product_version_product_fkey FOREIGN KEY (product_id) REFERENCES loan_product (id),
    CONSTRAINT product_version_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT product_version_publisher_fkey FOREIGN KEY (publisher_id) REFERENCES staff (id),
    CONSTRAINT product_version_state_check CHECK (state IN ('draft', 'published')),
    CONSTRAINT product_version_number_check CHECK (version >= 1),
    CONSTRAINT product_version_published_check CHECK ((state = 'published') = (publisher_id IS NOT NULL AND published_us IS NOT NULL)),
    CONSTRAINT product_version_own_check CHECK (publisher_id IS NULL OR publisher_id <> author_id)
) /*strict*/;

-- 贷款市场报价利率, as published. It counts once a second person has compared it with the publication.
CREATE TABLE lpr (
    published_on TEXT NOT NULL,
    tenor TEXT NOT NULL,
    rate TEXT NOT NULL,
    author_id UUID NOT NULL,
    confirmer_id UUID,
    created_us BIGINT NOT NULL,
    confirmed_us BIGINT,
    CONSTRAINT lpr_pkey PRIMARY KEY (tenor, published_on),
    CONSTRAINT lpr_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT lpr_confirmer_fkey FOREIGN KEY (confirmer_id) REFERENCES staff (id),
    CONSTRAINT lpr_tenor_check CHECK (tenor IN ('one_year', 'five_years')),
    CONSTRAINT lpr_day_check CHECK (length(published_on) = 10),
    CONSTRAINT lpr_confirmed_check CHECK ((confirmer_id IS NULL) = (confirmed_us IS NULL)),
    CONSTRAINT lpr_own_check CHECK (confirmer_id IS NULL OR confirmer_id <> author_id)
) /*strict*/;

-- What a bank lends of a product in a city (or another unit) in a year: approved amounts are reserved, signed ones are used, and
-- the two are never more than the limit, whoever approves at once.
CREATE TABLE loan_quota (
    id UUID NOT NULL,
    unit_id UUID NOT NULL,
    unit_path TEXT NOT NULL,
    bank_id UUID NOT NULL,
    product_id UUID NOT NULL,
    year BIGINT NOT NULL,
    limit_fen BIGINT NOT NULL,
    reserved_fen BIGINT NOT NULL,
    used_fen BIGINT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT loan_quota_pkey PRIMARY KEY (id),
    CONSTRAINT loan_quota_place_key UNIQUE (unit_id, product_id, year),
    CONSTRAINT loan_quota_unit_fkey FOREIGN KEY (unit_id) REFERENCES unit (id),
    CONSTRAINT loan_quota_product_fkey FOREIGN KEY (product_id, bank_id) REFERENCES loan_product (id, bank_id),
    CONSTRAINT loan_quota_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT loan_quota_year_check CHECK (year BETWEEN 2000 AND 2199),
    CONSTRAINT loan_quota_limit_check CHECK (limit_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT loan_quota_parts_check CHECK (reserved_fen >= 0 AND used_fen >= 0),
    CONSTRAINT loan_quota_room_check CHECK (reserved_fen + used_fen <= limit_fen)
) /*strict*/;

CREATE INDEX loan_quota_product_idx ON loan_quota (product_id, year);
CREATE INDEX loan_quota_created_idx ON loan_quota (created_us, id);

-- What a borrower agrees to, for each bank by itself (facts: lending 6): that an application is sent to it, and that the League
-- sees by name what it sends back. Taken back by a day, never deleted.
CREATE TABLE loan_consent (
    id UUID NOT NULL,
    donor_id UUID NOT NULL,
    bank_id UUID NOT NULL,
    scope TEXT NOT NULL,
    words TEXT NOT NULL,
    given_us BIGINT NOT NULL,
    withdrawn_us BIGINT,
    CONSTRAINT loan_consent_pkey PRIMARY KEY (id),
    CONSTRAINT loan_consent_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT loan_consent_bank_fkey FOREIGN KEY (bank_id) REFERENCES bank (id),
    CONSTRAINT loan_consent_scope_check CHECK (scope IN ('application', 'servicing'))
) /*strict*/;

CREATE UNIQUE INDEX loan_consent_live_key ON loan_consent (donor_id, bank_id, scope) WHERE withdrawn_us IS NULL;

-- What a borrower asks for: a new loan, or a change of a contract (contract_id). unit_path is where it was handed in, city_path
-- the city whose quota it takes, office_path the office whose step is due, due_on until when; a bank sees
-- it from sent_us on. Personal data is sealed with the
-- donor's key; person_hmac tells one natural person from another. content is the digest of what the borrower wrote. Approved by
-- the bank are approved_fen, approved_term and a spread. A refused or given-up file is purged after a while.
CREATE TABLE loan_application (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    donor_id UUID NOT NULL,
    contract_id UUID,
    renewal_count BIGINT NOT NULL,
    bank_id UUID NOT NULL,
    product_id UUID NOT NULL,
    version BIGINT NOT NULL,
    unit_path TEXT NOT NULL,
    city_path TEXT NOT NULL,
    division TEXT NOT NULL,
    state TEXT NOT NULL,
    round BIGINT NOT NULL,
    office TEXT,
    office_path TEXT,
    due_on TEXT,
    escalated_us BIGINT,
    applicant TEXT NOT NULL,
    enterprise TEXT,
    credit_code TEXT,
    amount_fen BIGINT NOT NULL,
    term BIGINT NOT NULL,
    method TEXT NOT NULL,
    industry TEXT NOT NULL,
    guarantee TEXT NOT NULL,
    purpose TEXT NOT NULL,
    person_hmac BYTEA,
    personal_sealed BYTEA,
    content BYTEA NOT NULL,
    approved_fen BIGINT,
    approved_term BIGINT,
    approved_spread_bp BIGINT,
    quota_id UUID,
    quota_use TEXT NOT NULL,
    reason TEXT,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    submitted_us BIGINT,
    sent_us BIGINT,
    ended_us BIGINT,
    purged_us BIGINT,
    CONSTRAINT loan_application_pkey PRIMARY KEY (id),
    CONSTRAINT loan_application_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT loan_application_product_fkey FOREIGN KEY (product_id, bank_id) REFERENCES loan_product (id, bank_id),
    CONSTRAINT loan_application_version_fkey FOREIGN KEY (product_id, version) REFERENCES product_version (product_id, version),
    CONSTRAINT loan_application_quota_fkey FOREIGN KEY (quota_id) REFERENCES loan_quota (id),
    CONSTRAINT loan_application_kind_check CHECK (kind IN ('new', 'renewal', 'extension', 'restructuring')),
    CONSTRAINT loan_application_contract_check CHECK ((kind = 'new') = (contract_id IS NULL)),
    CONSTRAINT loan_application_renewals_check CHECK (renewal_count BETWEEN 0 AND 3),
    CONSTRAINT loan_application_state_check CHECK (state IN ('draft', 'applied', 'recommended', 'bank_review', 'approved', 'refused',
        'signed', 'withdrawn', 'expired')),
    CONSTRAINT loan_application_office_check CHECK ((state = 'applied') = (office_path IS NOT NULL) AND (office IS NULL) = (office_path IS NULL)),
    CONSTRAINT loan_application_office_kind_check CHECK (office IS NULL OR office IN ('township', 'county', 'city', 'province')),
    CONSTRAINT loan_application_applicant_check CHECK (applicant IN ('person', 'enterprise')
        AND (applicant = 'person' OR (enterprise IS NOT NULL AND credit_code IS NOT NULL))),
    CONSTRAINT loan_application_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT loan_application_term_check CHECK (term BETWEEN 1 AND 120),
    CONSTRAINT loan_application_method_check CHECK (method IN ('equal_installment', 'equal_principal', 'interest_only', 'flat', 'bullet')),
    CONSTRAINT loan_application_approved_check CHECK (state NOT IN ('approved', 'signed')
        OR (approved_fen BETWEEN 1 AND amount_fen AND approved_term BETWEEN 1 AND 120 AND approved_spread_bp IS NOT NULL)),
    CONSTRAINT loan_application_quota_check CHECK (quota_use IN ('none', 'reserved', 'used', 'released')
        AND (quota_use = 'none') = (quota_id IS NULL)),
    CONSTRAINT loan_application_reserved_check CHECK ((quota_use <> 'reserved' OR state = 'approved') AND (quota_use <> 'used' OR state = 'signed')
        AND (state <> 'approved' OR kind <> 'new' OR quota_use = 'reserved') AND (state <> 'signed' OR kind <> 'new' OR quota_use IN ('used', 'released'))),
    CONSTRAINT loan_application_person_check CHECK (state IN ('draft', 'withdrawn') OR purged_us IS NOT NULL
        OR (person_hmac IS NOT NULL AND personal_sealed IS NOT NULL)),
    CONSTRAINT loan_application_purged_check CHECK (purged_us IS NULL OR (person_hmac IS NULL AND personal_sealed IS NULL
        AND state IN ('refused', 'withdrawn', 'expired'))),
    CONSTRAINT loan_application_ended_check CHECK (state NOT IN ('refused', 'withdrawn', 'expired') OR ended_us IS NOT NULL),
    CONSTRAINT loan_application_sent_check CHECK (state NOT IN ('bank_review', 'approved', 'signed') OR sent_us IS NOT NULL),
    CONSTRAINT loan_application_reason_check CHECK (state <> 'refused' OR reason IS NOT NULL)
) /*strict*/;

CREATE INDEX loan_application_donor_idx ON loan_application (donor_id, created_us);
CREATE INDEX loan_application_created_idx ON loan_application (created_us, id);
CREATE INDEX loan_application_bank_idx ON loan_application (bank_id, created_us, id);
CREATE INDEX loan_application_due_idx ON loan_application (due_on, id) WHERE due_on IS NOT NULL;
CREATE INDEX loan_application_person_idx ON loan_application (person_hmac) WHERE person_hmac IS NOT NULL;
-- One change of a contract at a time.
CREATE UNIQUE INDEX loan_application_change_key ON loan_application (contract_id)
    WHERE contract_id IS NOT NULL AND state IN ('draft', 'applied', 'recommended', 'bank_review', 'approved');

-- What happened to an application: one row a step, with the office it happened in.
CREATE TABLE loan_application_history (
    application_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event TEXT NOT NULL,
    office TEXT,
    at_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    CONSTRAINT loan_application_history_pkey PRIMARY KEY (application_id, seq),
    CONSTRAINT loan_application_history_application_fkey FOREIGN KEY (application_id) REFERENCES loan_application (id)
) /*strict*/;

-- Who is close to the borrower (回避): a member of staff, or a person by the HMAC of their identity number; declared by the
-- borrower or by the officer, never taken back. They decide nothing about the file, and neither does the borrower.
CREATE TABLE loan_relation (
    id UUID NOT NULL,
    application_id UUID NOT NULL,
    staff_id UUID,
    person_hmac BYTEA,
    relation TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT loan_relation_pkey PRIMARY KEY (id),
    CONSTRAINT loan_relation_application_fkey FOREIGN KEY (application_id) REFERENCES loan_application (id),
    CONSTRAINT loan_relation_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT loan_relation_who_check CHECK (staff_id IS NOT NULL OR person_hmac IS NOT NULL)
) /*strict*/;

CREATE INDEX loan_relation_application_idx ON loan_relation (application_id);

-- The decisions of a round, one for each office and one for the bank, each by another person.
CREATE TABLE loan_decision (
    application_id UUID NOT NULL,
    round BIGINT NOT NULL,
    office TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,
    decider_id UUID NOT NULL,
    acting_for_id UUID,
    at_us BIGINT NOT NULL,
    CONSTRAINT loan_decision_pkey PRIMARY KEY (application_id, round, office),
    CONSTRAINT loan_decision_person_key UNIQUE (application_id, round, decider_id),
    CONSTRAINT loan_decision_application_fkey FOREIGN KEY (application_id) REFERENCES loan_application (id),
    CONSTRAINT loan_decision_decider_fkey FOREIGN KEY (decider_id) REFERENCES staff (id),
    CONSTRAINT loan_decision_acting_fkey FOREIGN KEY (acting_for_id) REFERENCES staff (id),
    CONSTRAINT loan_decision_office_check CHECK (office IN ('township', 'county', 'city', 'province', 'bank')),
    CONSTRAINT loan_decision_verdict_check CHECK (verdict IN ('agreed', 'returned', 'refused')),
    CONSTRAINT loan_decision_reason_check CHECK (verdict = 'agreed' OR reason IS NOT NULL),
    CONSTRAINT loan_decision_acting_check CHECK (acting_for_id IS NULL OR acting_for_id <> decider_id)
) /*strict*/;

-- A contract, as signed: what servicing computes with and what a bank's file is compared with. number is the bank's. The rate is
-- fixed at signing: LPR of lpr_on plus spread_bp within floor and cap. A renewal, extension or restructuring is a contract of its
-- own that ends the one it replaces and pays out nothing (payout_fen 0). class is the least bad one a judgement allows (重组 and
-- 展期: at least 关注). outstanding_fen is the principal not repaid, as the bank last told it.
CREATE TABLE loan_contract (
    id UUID NOT NULL,
    number TEXT NOT NULL,
    application_id UUID NOT NULL,
    donor_id UUID NOT NULL,
    kind TEXT NOT NULL,
    replaces_id UUID,
    renewal_count BIGINT NOT NULL,
    bank_id UUID NOT NULL,
    product_id UUID NOT NULL,
    version BIGINT NOT NULL,
    unit_path TEXT NOT NULL,
    division TEXT NOT NULL,
    applicant TEXT NOT NULL,
    person_hmac BYTEA NOT NULL,
    personal_sealed BYTEA NOT NULL,
    principal_fen BIGINT NOT NULL,
    payout_fen BIGINT NOT NULL,
    outstanding_fen BIGINT NOT NULL,
    annual_rate TEXT NOT NULL,
    lpr_tenor TEXT NOT NULL,
    lpr_on TEXT NOT NULL,
    lpr_rate TEXT NOT NULL,
    spread_bp BIGINT NOT NULL,
    repricing TEXT NOT NULL,
    method TEXT NOT NULL,
    interest_mode TEXT NOT NULL,
    day_count TEXT NOT NULL,
    odd_first_period BOOLEAN NOT NULL,
    term BIGINT NOT NULL,
    due_day BIGINT NOT NULL,
    payout_on TEXT NOT NULL,
    first_due_on TEXT NOT NULL,
    maturity_on TEXT NOT NULL,
    allocation TEXT NOT NULL,
    penalty_multiplier TEXT NOT NULL,
    misuse_multiplier TEXT NOT NULL,
    compound BOOLEAN NOT NULL,
    grace_days BIGINT NOT NULL,
    grace_mode TEXT NOT NULL,
    prepayment_fee_rate TEXT NOT NULL,
    prepayment_fee_months BIGINT NOT NULL,
    subsidy TEXT,
    compensation TEXT,
    state TEXT NOT NULL,
    class TEXT NOT NULL,
    signed_on TEXT NOT NULL,
    paid_out_on TEXT,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    ended_us BIGINT,
    CONSTRAINT loan_contract_pkey PRIMARY KEY (id),
    CONSTRAINT loan_contract_number_key UNIQUE (bank_id, number),
    CONSTRAINT loan_contract_application_key UNIQUE (application_id),
    CONSTRAINT loan_contract_application_fkey FOREIGN KEY (application_id) REFERENCES loan_application (id),
    CONSTRAINT loan_contract_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT loan_contract_replaces_fkey FOREIGN KEY (replaces_id) REFERENCES loan_contract (id),
    CONSTRAINT loan_contract_product_fkey FOREIGN KEY (product_id, bank_id) REFERENCES loan_product (id, bank_id),
    CONSTRAINT loan_contract_version_fkey FOREIGN KEY (product_id, version) REFERENCES product_version (product_id, version),
    CONSTRAINT loan_contract_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT loan_contract_kind_check CHECK (kind IN ('new', 'renewal', 'extension', 'restructuring') AND (kind = 'new') = (replaces_id IS NULL)),
    CONSTRAINT loan_contract_renewals_check CHECK (renewal_count BETWEEN 0 AND 3),
    CONSTRAINT loan_contract_principal_check CHECK (principal_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT loan_contract_payout_check CHECK (payout_fen = CASE kind WHEN 'new' THEN principal_fen ELSE 0 END),
    CONSTRAINT loan_contract_outstanding_check CHECK (outstanding_fen BETWEEN 0 AND principal_fen),
    CONSTRAINT loan_contract_method_check CHECK (method IN ('equal_installment', 'equal_principal', 'interest_only', 'flat', 'bullet')),
    CONSTRAINT loan_contract_mode_check CHECK (interest_mode IN ('monthly', 'daily')),
    CONSTRAINT loan_contract_day_count_check CHECK (day_count IN ('ACT/360', 'ACT/365', 'ACT/ACT', '30/360', '30E/360')),
    CONSTRAINT loan_contract_grace_check CHECK (grace_mode IN ('retroactive', 'excluded') AND grace_days BETWEEN 0 AND 90),
    CONSTRAINT loan_contract_tenor_check CHECK (lpr_tenor IN ('one_year', 'five_years')),
    CONSTRAINT loan_contract_repricing_check CHECK (repricing IN ('fixed', 'new_year', 'anniversary')),
    CONSTRAINT loan_contract_term_check CHECK (term BETWEEN 1 AND 120 AND due_day BETWEEN 1 AND 31),
    CONSTRAINT loan_contract_days_check CHECK (length(signed_on) = 10 AND length(first_due_on) = 10 AND length(maturity_on) = 10
        AND length(payout_on) = 10 AND signed_on <= payout_on AND payout_on < first_due_on AND first_due_on <= maturity_on),
    CONSTRAINT loan_contract_state_check CHECK (state IN ('signed', 'paid_out', 'performing', 'overdue', 'settled', 'written_off',
        'compensated', 'withdrawn', 'renewed', 'extended', 'restructured')),
    CONSTRAINT loan_contract_paid_check CHECK (state IN ('signed', 'withdrawn') OR paid_out_on IS NOT NULL),
    CONSTRAINT loan_contract_class_check CHECK (class IN ('normal', 'special_mention', 'substandard', 'doubtful', 'loss'))
) /*strict*/;

CREATE INDEX loan_contract_created_idx ON loan_contract (created_us, id);
CREATE INDEX loan_contract_bank_idx ON loan_contract (bank_id, state, id);
CREATE INDEX loan_contract_donor_idx ON loan_contract (donor_id, created_us);
-- A contract is replaced once.
CREATE UNIQUE INDEX loan_contract_replaced_key ON loan_contract (replaces_id) WHERE replaces_id IS NOT NULL AND state <> 'withdrawn';

CREATE TABLE loan_contract_history (
    contract_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event TEXT NOT NULL,
    on_day TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    CONSTRAINT loan_contract_history_pkey PRIMARY KEY (contract_id, seq),
    CONSTRAINT loan_contract_history_contract_fkey FOREIGN KEY (contract_id) REFERENCES loan_contract (id)
) /*strict*/;

-- ---- 金团助青企 ----

-- What an enterprise of young people needs. How it is reached is sealed with a key of its own.
CREATE TABLE enterprise_need (
    id UUID NOT NULL,
    unit_path TEXT NOT NULL,
    division TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    credit_code TEXT NOT NULL,
    industry TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    term BIGINT NOT NULL,
    guarantee TEXT NOT NULL,
    words TEXT NOT NULL,
    contact_sealed BYTEA NOT NULL,
    key_sealed BYTEA NOT NULL,
    key_version BIGINT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT enterprise_need_pkey PRIMARY KEY (id),
    CONSTRAINT enterprise_need_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT enterprise_need_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT enterprise_need_term_check CHECK (term BETWEEN 1 AND 120),
    CONSTRAINT enterprise_need_state_check CHECK (state IN ('open', 'matched', 'met', 'closed')),
    CONSTRAINT enterprise_need_outcome_check CHECK (state IN ('open', 'matched') OR outcome IS NOT NULL)
) /*strict*/;

CREATE INDEX enterprise_need_created_idx ON enterprise_need (created_us, id);

-- A bank's product put before the bank for a need.
CREATE TABLE need_match (
    id UUID NOT NULL,
    need_id UUID NOT NULL,
    product_id UUID NOT NULL,
    bank_id UUID NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    author_id UUID NOT NULL,
    answerer_id UUID,
    created_us BIGINT NOT NULL,
    answered_us BIGINT,
    CONSTRAINT need_match_pkey PRIMARY KEY (id),
    CONSTRAINT need_match_once_key UNIQUE (need_id, product_id),
    CONSTRAINT need_match_need_fkey FOREIGN KEY (need_id) REFERENCES enterprise_need (id),
    CONSTRAINT need_match_product_fkey FOREIGN KEY (product_id, bank_id) REFERENCES loan_product (id, bank_id),
    CONSTRAINT need_match_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT need_match_answerer_fkey FOREIGN KEY (answerer_id) REFERENCES staff (id),
    CONSTRAINT need_match_state_check CHECK (state IN ('proposed', 'accepted', 'declined')),
    CONSTRAINT need_match_answered_check CHECK ((state = 'proposed') = (answerer_id IS NULL) AND (answerer_id IS NULL) = (answered_us IS NULL)),
    CONSTRAINT need_match_reason_check CHECK (state <> 'declined' OR reason IS NOT NULL)
) /*strict*/;

CREATE INDEX need_match_bank_idx ON need_match (bank_id, created_us);

-- What was done about a need, by whom and on which day.
CREATE TABLE need_follow_up (
    id UUID NOT NULL,
    need_id UUID NOT NULL,
    match_id UUID,
    on_day TEXT NOT NULL,
    words TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT need_follow_up_pkey PRIMARY KEY (id),
    CONSTRAINT need_follow_up_need_fkey FOREIGN KEY (need_id) REFERENCES enterprise_need (id),
    CONSTRAINT need_follow_up_match_fkey FOREIGN KEY (match_id) REFERENCES need_match (id),
    CONSTRAINT need_follow_up_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT need_follow_up_day_check CHECK (length(on_day) = 10)
) /*strict*/;

CREATE INDEX need_follow_up_need_idx ON need_follow_up (need_id, created_us);

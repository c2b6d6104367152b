-- Campaigns by the law: the fundraising plan in versions, the budget, the filing, and all states of a campaign's life. Written by
-- crowdfunding. What is added to the table campaign itself stands in the files of the two databases.

-- The versions of a plan. One is in force at a time; what is no draft any more never changes, and nothing is ever deleted.
CREATE TABLE campaign_plan (
    campaign_id UUID NOT NULL,
    version BIGINT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    in_force_us BIGINT,
    CONSTRAINT campaign_plan_pkey PRIMARY KEY (campaign_id, version),
    CONSTRAINT campaign_plan_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT campaign_plan_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_plan_version_check CHECK (version >= 1),
    CONSTRAINT campaign_plan_state_check CHECK (state IN ('draft', 'in_force', 'superseded', 'declined')),
    CONSTRAINT campaign_plan_force_check CHECK (state NOT IN ('in_force', 'superseded') OR in_force_us IS NOT NULL)
) /*strict*/;

CREATE UNIQUE INDEX campaign_plan_in_force_key ON campaign_plan (campaign_id) WHERE state = 'in_force';

-- The budget of the plan in force, and what of it is promised and spent. A line is never spent beyond its plan.
CREATE TABLE budget_line (
    campaign_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    planned_fen BIGINT NOT NULL,
    committed_fen BIGINT NOT NULL,
    used_fen BIGINT NOT NULL,
    position BIGINT NOT NULL,
    CONSTRAINT budget_line_pkey PRIMARY KEY (campaign_id, code),
    CONSTRAINT budget_line_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT budget_line_kind_check CHECK (kind IN ('grant', 'service', 'management', 'fundraising')),
    CONSTRAINT budget_line_planned_check CHECK (planned_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT budget_line_committed_check CHECK (committed_fen >= 0),
    CONSTRAINT budget_line_used_check CHECK (used_fen >= 0),
    CONSTRAINT budget_line_spent_check CHECK (committed_fen + used_fen <= planned_fen)
) /*strict*/;

-- An approval given with a lent role also names whom the approver stood in for: not the author either.
ALTER TABLE campaign_approval ADD COLUMN acting_for_id UUID CONSTRAINT campaign_approval_acting_fkey REFERENCES staff (id)
    CONSTRAINT campaign_approval_acting_check CHECK (acting_for_id IS NULL OR acting_for_id <> author_id);

-- Organisations and persons without a certificate of their own with whom a charity raises money (facts: charity 2.1 Art. 26).
CREATE TABLE partner (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    credit_code TEXT,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT partner_pkey PRIMARY KEY (id),
    CONSTRAINT partner_name_key UNIQUE (book_id, name),
    CONSTRAINT partner_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT partner_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT partner_kind_check CHECK (kind IN ('organisation', 'individual')),
    CONSTRAINT partner_code_check CHECK (credit_code IS NULL OR length(credit_code) = 18)
) /*strict*/;

-- The agreement with a campaign's partner, and the evaluation of the partner, which is not the campaign's author's.
CREATE TABLE cooperation (
    campaign_id UUID NOT NULL,
    author_id UUID NOT NULL,
    partner_id UUID NOT NULL,
    signed_on TEXT NOT NULL,
    agreement TEXT NOT NULL,
    score BIGINT,
    findings TEXT,
    evaluator_id UUID,
    evaluated_on TEXT,
    created_us BIGINT NOT NULL,
    CONSTRAINT cooperation_pkey PRIMARY KEY (campaign_id),
    CONSTRAINT cooperation_campaign_fkey FOREIGN KEY (campaign_id, author_id) REFERENCES campaign (id, author_id),
    CONSTRAINT cooperation_partner_fkey FOREIGN KEY (partner_id) REFERENCES partner (id),
    CONSTRAINT cooperation_evaluator_fkey FOREIGN KEY (evaluator_id) REFERENCES staff (id),
    CONSTRAINT cooperation_own_check CHECK (evaluator_id IS NULL OR evaluator_id <> author_id),
    CONSTRAINT cooperation_score_check CHECK (score IS NULL OR score BETWEEN 0 AND 100),
    CONSTRAINT cooperation_evaluated_check CHECK ((score IS NULL) = (evaluator_id IS NULL) AND (score IS NULL) = (evaluated_on IS NULL))
) /*strict*/;

-- What two persons decide about campaigns. operator: somebody else than the certificate's holder runs the service, and why that is
-- lawful. leftover: what is left of one campaign goes to another. exception: a unit that has not done with its last campaign may
-- begin this one all the same.
CREATE TABLE campaign_decision (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    book_id UUID NOT NULL,
    campaign_id UUID,
    to_campaign_id UUID,
    amount_fen BIGINT,
    operator_code TEXT,
    reason TEXT NOT NULL,
    publication TEXT,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    acting_for_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT campaign_decision_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_decision_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT campaign_decision_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT campaign_decision_to_fkey FOREIGN KEY (to_campaign_id) REFERENCES campaign (id),
    CONSTRAINT campaign_decision_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_decision_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT campaign_decision_state_check CHECK (state IN ('proposed', 'approved', 'declined')),
    CONSTRAINT campaign_decision_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT campaign_decision_acting_check CHECK (acting_for_id IS NULL OR acting_for_id <> author_id),
    CONSTRAINT campaign_decision_decided_check CHECK (state = 'proposed' OR (approver_id IS NOT NULL AND decided_us IS NOT NULL)),
    CONSTRAINT campaign_decision_kind_check CHECK (
        (kind = 'operator' AND operator_code IS NOT NULL AND campaign_id IS NULL)
        OR (kind = 'leftover' AND campaign_id IS NOT NULL AND to_campaign_id IS NOT NULL AND to_campaign_id <> campaign_id
            AND amount_fen > 0 AND publication IS NOT NULL)
        OR (kind = 'exception' AND campaign_id IS NOT NULL))
) /*strict*/;

CREATE INDEX campaign_decision_campaign_idx ON campaign_decision (campaign_id, created_us);
CREATE INDEX campaign_decision_created_idx ON campaign_decision (created_us, id);

-- Something about a filed plan is to be otherwise (facts: charity 3.1): two approvals, then new evidence of filing; only then the
-- version is in force.
CREATE TABLE campaign_change (
    id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    version BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    evidence TEXT,
    refiled_on TEXT,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT campaign_change_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_change_version_key UNIQUE (campaign_id, version),
    CONSTRAINT campaign_change_author_key UNIQUE (id, author_id),
    CONSTRAINT campaign_change_plan_fkey FOREIGN KEY (campaign_id, version) REFERENCES campaign_plan (campaign_id, version),
    CONSTRAINT campaign_change_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_change_state_check CHECK (state IN ('submitted', 'manager_approved', 'approved', 'in_force', 'declined')),
    CONSTRAINT campaign_change_evidence_check CHECK ((evidence IS NULL) = (refiled_on IS NULL)
        AND (state <> 'in_force' OR evidence IS NOT NULL))
) /*strict*/;

-- One change of a campaign at a time.
CREATE UNIQUE INDEX campaign_change_open_key ON campaign_change (campaign_id) WHERE state IN ('submitted', 'manager_approved', 'approved');

CREATE TABLE campaign_change_approval (
    change_id UUID NOT NULL,
    step TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID NOT NULL,
    acting_for_id UUID,
    at_us BIGINT NOT NULL,
    CONSTRAINT campaign_change_approval_pkey PRIMARY KEY (change_id, step),
    CONSTRAINT campaign_change_approval_person_key UNIQUE (change_id, approver_id),
    CONSTRAINT campaign_change_approval_change_fkey FOREIGN KEY (change_id, author_id) REFERENCES campaign_change (id, author_id),
    CONSTRAINT campaign_change_approval_staff_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT campaign_change_approval_step_check CHECK (step IN ('manager', 'finance')),
    CONSTRAINT campaign_change_approval_own_check CHECK (author_id <> approver_id),
    CONSTRAINT campaign_change_approval_acting_check CHECK (acting_for_id IS NULL OR acting_for_id <> author_id)
) /*strict*/;

-- What anybody complains of. No name and no address is asked for: whoever made the id can ask for the answer by it.
CREATE TABLE complaint (
    id UUID NOT NULL,
    campaign_id UUID,
    words TEXT NOT NULL,
    state TEXT NOT NULL,
    handler_id UUID,
    answer TEXT,
    created_us BIGINT NOT NULL,
    answered_us BIGINT,
    CONSTRAINT complaint_pkey PRIMARY KEY (id),
    CONSTRAINT complaint_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT complaint_handler_fkey FOREIGN KEY (handler_id) REFERENCES staff (id),
    CONSTRAINT complaint_state_check CHECK (state IN ('received', 'taken', 'upheld', 'dismissed')),
    CONSTRAINT complaint_answered_check CHECK (state NOT IN ('upheld', 'dismissed') OR (answer IS NOT NULL AND answered_us IS NOT NULL))
) /*strict*/;

CREATE INDEX complaint_created_idx ON complaint (created_us, id);

-- A suspension, and its lifting by another person. Without an author it was the clock's.
CREATE TABLE suspension (
    id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    ground TEXT NOT NULL,
    complaint_id UUID,
    reason TEXT NOT NULL,
    author_id UUID,
    created_us BIGINT NOT NULL,
    lifted_by UUID,
    lift_reason TEXT,
    lifted_us BIGINT,
    CONSTRAINT suspension_pkey PRIMARY KEY (id),
    CONSTRAINT suspension_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT suspension_complaint_fkey FOREIGN KEY (complaint_id) REFERENCES complaint (id),
    CONSTRAINT suspension_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT suspension_lifter_fkey FOREIGN KEY (lifted_by) REFERENCES staff (id),
    CONSTRAINT suspension_ground_check CHECK (ground IN ('complaint', 'order', 'overdue')),
    CONSTRAINT suspension_own_check CHECK (lifted_by IS NULL OR author_id IS NULL OR lifted_by <> author_id),
    CONSTRAINT suspension_lifted_check CHECK ((lifted_us IS NULL) = (lifted_by IS NULL) AND (lifted_us IS NULL) = (lift_reason IS NULL))
) /*strict*/;

CREATE UNIQUE INDEX suspension_open_key ON suspension (campaign_id) WHERE lifted_us IS NULL;

-- That the full report was published (facts: charity 4): where, and on which day.
CREATE TABLE final_disclosure (
    campaign_id UUID NOT NULL,
    published_on TEXT NOT NULL,
    reference TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT final_disclosure_pkey PRIMARY KEY (campaign_id),
    CONSTRAINT final_disclosure_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT final_disclosure_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id)
) /*strict*/;

-- The steps of the project, as the plan in force names them.
CREATE TABLE milestone (
    campaign_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    due TEXT NOT NULL,
    progress BIGINT NOT NULL,
    note TEXT NOT NULL,
    position BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT milestone_pkey PRIMARY KEY (campaign_id, code),
    CONSTRAINT milestone_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT milestone_progress_check CHECK (progress BETWEEN 0 AND 100)
) /*strict*/;

-- What is told of a campaign's progress. Once published it stands; a correction is another one that names it.
CREATE TABLE campaign_update (
    id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    corrects_id UUID,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    publisher_id UUID,
    created_us BIGINT NOT NULL,
    published_us BIGINT,
    CONSTRAINT campaign_update_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_update_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT campaign_update_corrects_fkey FOREIGN KEY (corrects_id) REFERENCES campaign_update (id),
    CONSTRAINT campaign_update_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_update_publisher_fkey FOREIGN KEY (publisher_id) REFERENCES staff (id),
    CONSTRAINT campaign_update_state_check CHECK (state IN ('draft', 'published')),
    CONSTRAINT campaign_update_published_check CHECK (state = 'draft' OR (publisher_id IS NOT NULL AND published_us IS NOT NULL))
) /*strict*/;

CREATE INDEX campaign_update_campaign_idx ON campaign_update (campaign_id, published_us, id);

-- A donor's message that was hidden or shown again, by whom and why.
CREATE TABLE moderation (
    donation_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    hidden BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    author_id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT moderation_pkey PRIMARY KEY (donation_id, seq),
    CONSTRAINT moderation_donation_fkey FOREIGN KEY (donation_id) REFERENCES donation (id),
    CONSTRAINT moderation_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id)
) /*strict*/;

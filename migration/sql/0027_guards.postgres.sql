-- Guards on PostgreSQL that a hostile test found missing. Each refusal is named after the rule it keeps.

-- ---- persons (facts: charity 3.5, 6.6a) ----

-- What is done in somebody's name counts as theirs: no two approvals of a round in one person's name, and none in the author's. What is
-- approved is locked, so that two approvals at once see each other.
CREATE FUNCTION campaign_approval_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM campaign WHERE id = NEW.campaign_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM campaign_approval WHERE campaign_id = NEW.campaign_id AND round = NEW.round
            AND (approver_id = NEW.acting_for_id OR acting_for_id IN (NEW.approver_id, NEW.acting_for_id)))
       OR EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND author_for_id IN (NEW.approver_id, NEW.acting_for_id)) THEN
        PERFORM refuse_because('campaign_approval_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_approval_persons BEFORE INSERT ON campaign_approval FOR EACH ROW EXECUTE FUNCTION campaign_approval_persons();
CREATE FUNCTION campaign_change_approval_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM campaign_change WHERE id = NEW.change_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM campaign_change_approval WHERE change_id = NEW.change_id
            AND (approver_id = NEW.acting_for_id OR acting_for_id IN (NEW.approver_id, NEW.acting_for_id)))
       OR EXISTS (SELECT 1 FROM campaign_change WHERE id = NEW.change_id AND author_for_id IN (NEW.approver_id, NEW.acting_for_id)) THEN
        PERFORM refuse_because('campaign_change_approval_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_change_approval_persons BEFORE INSERT ON campaign_change_approval
    FOR EACH ROW EXECUTE FUNCTION campaign_change_approval_persons();
CREATE FUNCTION disbursement_approval_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM disbursement WHERE id = NEW.disbursement_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM disbursement_approval WHERE disbursement_id = NEW.disbursement_id AND round = NEW.round
            AND (approver_id = NEW.acting_for_id OR acting_for_id IN (NEW.approver_id, NEW.acting_for_id)))
       OR EXISTS (SELECT 1 FROM disbursement WHERE id = NEW.disbursement_id AND author_for_id IN (NEW.approver_id, NEW.acting_for_id)) THEN
        PERFORM refuse_because('disbursement_approval_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disbursement_approval_persons BEFORE INSERT ON disbursement_approval
    FOR EACH ROW EXECUTE FUNCTION disbursement_approval_persons();

-- Refuses by the name of the trigger, for rules that its WHEN says whole.
CREATE FUNCTION refuse_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER campaign_decision_persons BEFORE UPDATE OF approver_id, acting_for_id ON campaign_decision FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.approver_id, NEW.acting_for_id)) EXECUTE FUNCTION refuse_named('campaign_decision_persons');
CREATE FUNCTION cooperation_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND author_for_id = NEW.evaluator_id) THEN
        PERFORM refuse_because('cooperation_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cooperation_persons BEFORE UPDATE OF evaluator_id ON cooperation FOR EACH ROW WHEN (NEW.evaluator_id IS NOT NULL)
    EXECUTE FUNCTION cooperation_persons();
CREATE TRIGGER campaign_author_for_fixed BEFORE UPDATE OF author_for_id ON campaign FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('campaign_author_fixed');
CREATE TRIGGER campaign_change_author_for_fixed BEFORE UPDATE OF author_for_id ON campaign_change FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER campaign_decision_author_for_fixed BEFORE UPDATE OF author_for_id ON campaign_decision FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_fixed();

-- A role is lent by two persons, of whom one is the lender, and nobody proposes one for themselves.
CREATE TRIGGER delegation_proposed BEFORE INSERT ON delegation FOR EACH ROW
    WHEN (NEW.author_id = NEW.holder_id OR NEW.approver_id IS NOT NULL) EXECUTE FUNCTION refuse_named('delegation_unasked');
CREATE TRIGGER delegation_agreed BEFORE UPDATE OF approver_id ON delegation FOR EACH ROW
    WHEN (NEW.approver_id IS NOT NULL AND NEW.lender_id NOT IN (NEW.author_id, NEW.approver_id))
    EXECUTE FUNCTION refuse_named('delegation_unasked');

-- Who granted a role is somebody of the house, written as this house writes ids, so that two who are one are told apart from two.
CREATE FUNCTION staff_role_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever asks for credentials to be reset asks for the roles anew.
    IF TG_OP = 'UPDATE' AND NEW.granted_by <> OLD.granted_by AND NOT EXISTS (SELECT 1 FROM staff WHERE id::text = NEW.granted_by) THEN
        PERFORM refuse_because('staff_role_persons');
    END IF;
    IF (TG_OP = 'INSERT' AND NEW.granted_by <> 'command line' AND NOT EXISTS (SELECT 1 FROM staff WHERE id::text = NEW.granted_by))
       OR (NEW.approved_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff WHERE id::text = NEW.approved_by)) THEN
        PERFORM refuse_because('staff_role_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_role_persons BEFORE INSERT OR UPDATE OF granted_by, approved_by ON staff_role
    FOR EACH ROW EXECUTE FUNCTION staff_role_persons();

-- Whoever entered a gift, asked for a refund or a transfer stays who did; whoever confirmed it too.
CREATE TRIGGER donation_persons BEFORE UPDATE OF author_id, approver_id, approver_for_id ON donation FOR EACH ROW
    WHEN (NEW.author_id IS DISTINCT FROM OLD.author_id OR (OLD.approver_id IS NOT NULL AND (NEW.approver_id IS DISTINCT FROM OLD.approver_id
        OR NEW.approver_for_id IS DISTINCT FROM OLD.approver_for_id)))
    EXECUTE FUNCTION refuse_named('donation_persons');
CREATE TRIGGER refund_persons BEFORE UPDATE OF requested_by, requester_id ON refund FOR EACH ROW
    WHEN (NEW.requested_by <> OLD.requested_by OR NEW.requester_id IS DISTINCT FROM OLD.requester_id)
    EXECUTE FUNCTION refuse_named('refund_persons');
CREATE TRIGGER transfer_persons BEFORE UPDATE OF author_id, approver_id, approver_for_id ON transfer FOR EACH ROW
    WHEN (NEW.author_id IS DISTINCT FROM OLD.author_id OR (OLD.approver_id IS NOT NULL AND (NEW.approver_id IS DISTINCT FROM OLD.approver_id
        OR NEW.approver_for_id IS DISTINCT FROM OLD.approver_for_id)))
    EXECUTE FUNCTION refuse_named('transfer_persons');
-- What was confirmed of a payment changes with its state only.
CREATE TRIGGER payout_outcome_fixed BEFORE UPDATE OF confirmer_id, paid_on, state ON payout FOR EACH ROW
    WHEN ((NEW.state = OLD.state OR NEW.state NOT IN ('scheduled', 'confirmed', 'bounced'))
        AND (NEW.confirmer_id IS DISTINCT FROM OLD.confirmer_id OR NEW.paid_on IS DISTINCT FROM OLD.paid_on))
    EXECUTE FUNCTION refuse_fixed();

-- ---- campaigns (facts: charity 3.1) ----

-- From one state to those that follow it; what was suspended goes back to where it stood, or is open if it was filed meanwhile. The
-- approvals of a round are its own: the next round begins with the next draft. A filing is written once: the charity's own number, another
-- for every campaign; what changes later is a change with its own evidence.
CREATE FUNCTION campaign_ways() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.filing_submitted_on IS NOT NULL THEN
            PERFORM refuse_because('campaign_filing_fixed');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND ((OLD.state || ' ' || NEW.state) NOT IN (
        'draft submitted', 'submitted draft', 'submitted org_review', 'org_review finance_review', 'finance_review approved',
        'submitted rejected', 'org_review rejected', 'finance_review rejected', 'approved rejected', 'rejected draft', 'approved filing',
        'filing approved', 'filing filed', 'filed scheduled', 'scheduled filed', 'scheduled open', 'approved emergency_open',
        'filing emergency_open', 'emergency_open open', 'open paused', 'paused open', 'open ended', 'paused ended', 'emergency_open ended',
        'ended executing', 'closing executing', 'executing closing', 'terminated closing', 'closing closed', 'open suspended',
        'paused suspended', 'emergency_open suspended', 'ended suspended', 'executing suspended', 'closing suspended', 'suspended open',
        'suspended paused', 'suspended emergency_open', 'suspended ended', 'suspended executing', 'suspended closing', 'draft cancelled',
        'submitted cancelled', 'org_review cancelled', 'finance_review cancelled', 'approved cancelled', 'filing cancelled',
        'filed cancelled', 'scheduled cancelled', 'rejected cancelled', 'paused cancelled', 'ended cancelled', 'suspended cancelled',
        'open terminated', 'paused terminated', 'emergency_open terminated', 'ended terminated', 'executing terminated')
        OR (OLD.state = 'suspended' AND NEW.state NOT IN ('cancelled', OLD.suspended_from)
            AND NOT (NEW.state = 'open' AND OLD.suspended_from = 'emergency_open' AND NEW.filing_number IS NOT NULL))) THEN
        PERFORM refuse_because('campaign_steps');
    END IF;
    IF NEW.round <> OLD.round + (OLD.state = 'rejected' AND NEW.state = 'draft')::int THEN
        PERFORM refuse_because('campaign_round');
    END IF;
    IF (OLD.filing_number IS NOT NULL AND (NEW.filing_number, NEW.filed_on, NEW.filing_submitted_on)
            IS DISTINCT FROM (OLD.filing_number, OLD.filed_on, OLD.filing_submitted_on))
       OR (OLD.state = 'filing' AND NEW.filing_submitted_on <> OLD.filing_submitted_on) THEN
        PERFORM refuse_because('campaign_filing_fixed');
    END IF;
    IF OLD.filing_number IS NULL AND NEW.filing_number IS NOT NULL AND (substr(NEW.filing_number, 19) !~ '^A[0-9]{5}$'
        OR NOT EXISTS (SELECT 1 FROM book WHERE id = NEW.book_id AND credit_code = substr(NEW.filing_number, 1, 18))) THEN
        PERFORM refuse_because('campaign_filing_number_check');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_ways BEFORE INSERT OR UPDATE OF state, round, filing_number, filed_on, filing_submitted_on ON campaign
    FOR EACH ROW EXECUTE FUNCTION campaign_ways();
-- What is in force or declined is history.
CREATE TRIGGER campaign_change_over BEFORE UPDATE ON campaign_change FOR EACH ROW WHEN (OLD.state IN ('in_force', 'declined'))
    EXECUTE FUNCTION refuse_fixed();

-- The budget and the steps of the project are those of the plan in force.
CREATE FUNCTION budget_line_planned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.planned_fen = OLD.planned_fen AND NEW.kind = OLD.kind THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM campaign_plan p, jsonb_array_elements(p.content::jsonb #> '{terms,budget}') b
        WHERE p.campaign_id = NEW.campaign_id AND p.state = 'in_force' AND b ->> 'code' = NEW.code AND b ->> 'kind' = NEW.kind
        AND replace(b ->> 'planned', '.', '')::bigint = NEW.planned_fen) THEN
        PERFORM refuse_because('budget_line_not_planned');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_line_planned BEFORE INSERT OR UPDATE OF planned_fen, kind ON budget_line
    FOR EACH ROW EXECUTE FUNCTION budget_line_planned();
CREATE FUNCTION milestone_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM campaign_plan p, jsonb_array_elements(p.content::jsonb #> '{terms,milestones}') m
        WHERE p.campaign_id = OLD.campaign_id AND p.state = 'in_force' AND m ->> 'code' = OLD.code) THEN
        PERFORM refuse_because('milestone_fixed');
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER milestone_no_delete BEFORE DELETE ON milestone FOR EACH ROW EXECUTE FUNCTION milestone_no_delete();
CREATE TRIGGER milestone_no_truncate BEFORE TRUNCATE ON milestone FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- ---- what stands is not taken away ----

CREATE TRIGGER campaign_no_delete BEFORE DELETE OR TRUNCATE ON campaign FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER donation_no_delete BEFORE DELETE OR TRUNCATE ON donation FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER refund_no_delete BEFORE DELETE OR TRUNCATE ON refund FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER transfer_no_delete BEFORE DELETE OR TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER cooperation_no_delete BEFORE DELETE OR TRUNCATE ON cooperation FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER payout_notice_no_delete BEFORE DELETE OR TRUNCATE ON payout_notice FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

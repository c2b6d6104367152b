-- Guards of reach on PostgreSQL. Each refusal is named after the rule it keeps.

-- ---- who acts for whose books (facts: charity 1, 6.6a; docs/decisions/0026) ----

-- Whether somebody holds one of these roles for a book, at a place, on the day of an instant: their own, or the one they say is lent to them. Without
-- a place it is where the legal entity is.
CREATE FUNCTION acts_for(person UUID, acting_for UUID, roles TEXT[], book UUID, place TEXT, at_us BIGINT) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM acting_role h
        WHERE h.staff_id = person AND h.lender_id IS NOT DISTINCT FROM acting_for AND h.role = ANY (roles) AND h.book_id = book
        AND (h.path IS NULL OR h.path = h.seat OR starts_with(COALESCE(place, h.seat, '/'), h.path))
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR starts_with(COALESCE(place, h.seat, '/'), h.lent_path))
        AND (h.starts_on IS NULL
            OR to_char(to_timestamp(at_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') BETWEEN h.starts_on AND h.ends_on))
$$;

CREATE OR REPLACE FUNCTION disbursement_approval_role() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paper disbursement%ROWTYPE;
BEGIN
    SELECT * INTO paper FROM disbursement WHERE id = NEW.disbursement_id;
    IF NOT COALESCE(acts_for(NEW.approver_id, NEW.acting_for_id,
            CASE WHEN paper.profile = 'small' AND NEW.step = 1 THEN ARRAY['project_manager', 'finance_head']
                WHEN NEW.step = 1 THEN ARRAY['project_manager'] WHEN NEW.step = 2 AND paper.profile = 'full' THEN ARRAY['finance_head']
                ELSE ARRAY['chair'] END, paper.book_id, paper.unit_path, NEW.at_us), false) THEN
        PERFORM refuse_because('disbursement_approval_role');
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION campaign_approval_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT COALESCE((SELECT acts_for(NEW.approver_id, NEW.acting_for_id,
            ARRAY[CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END], c.book_id, c.unit_path, NEW.at_us)
            FROM campaign c WHERE c.id = NEW.campaign_id), false) THEN
        PERFORM refuse_because('campaign_approval_role');
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION campaign_change_approval_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT COALESCE((SELECT acts_for(NEW.approver_id, NEW.acting_for_id,
            ARRAY[CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END], c.book_id, c.unit_path, NEW.at_us)
            FROM campaign_change x JOIN campaign c ON c.id = x.campaign_id WHERE x.id = NEW.change_id), false) THEN
        PERFORM refuse_because('campaign_change_approval_role');
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION payout_role() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paper disbursement%ROWTYPE;
BEGIN
    SELECT * INTO paper FROM disbursement WHERE id = NEW.disbursement_id;
    IF NEW.state = 'scheduled' THEN
        -- In whose name is not written down; asked of each payout of thousands, in one plan.
        IF NOT EXISTS (SELECT 1 FROM acting_role h WHERE h.staff_id = NEW.payer_id AND h.role = 'cashier' AND h.book_id = paper.book_id
                AND (h.path IS NULL OR h.path = h.seat OR starts_with(paper.unit_path, h.path))
                AND (h.lent_path IS NULL OR h.lent_path = h.seat OR starts_with(paper.unit_path, h.lent_path))
                AND (h.starts_on IS NULL OR to_char(to_timestamp(NEW.scheduled_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')
                    BETWEEN h.starts_on AND h.ends_on)) THEN
            PERFORM refuse_because('payout_payer_role');
        END IF;
    ELSIF NOT COALESCE(acts_for(NEW.confirmer_id, NEW.confirmer_for_id, ARRAY['bookkeeper', 'finance_head'], paper.book_id, paper.unit_path,
            NEW.changed_us), false) THEN
        PERFORM refuse_because('payout_confirmer_role');
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION holds_role(UUID, UUID, TEXT[], TEXT, BIGINT);

-- Whoever says what came of money that was paid keeps the books or heads finance.
CREATE FUNCTION payout_settlement_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT COALESCE((SELECT acts_for(NEW.approver_id, NEW.approver_for_id, ARRAY['bookkeeper', 'finance_head'], d.book_id, d.unit_path, NEW.decided_us)
            FROM payout o JOIN disbursement d ON d.id = o.disbursement_id WHERE o.id = NEW.payout_id), false) THEN
        PERFORM refuse_because('payout_settlement_role');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_settlement_role BEFORE UPDATE OF state ON payout_settlement FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION payout_settlement_role();

-- A refund is decided by the head of finance, in a small foundation by the chair, too, and with what the general fund bears of it by the chair
-- alone. How a failed one ends is decided by whoever decides refunds.
CREATE FUNCTION decides_refund(person UUID, acting_for UUID, gift UUID, covered BOOLEAN, at_us BIGINT) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
    SELECT COALESCE((SELECT acts_for(person, acting_for,
            CASE WHEN covered THEN ARRAY['chair'] WHEN y.profile = 'small' THEN ARRAY['finance_head', 'chair'] ELSE ARRAY['finance_head'] END,
            COALESCE(c.book_id, g.book_id), c.unit_path, at_us)
        FROM donation g LEFT JOIN campaign c ON c.id = g.campaign_id LEFT JOIN charity y ON y.book_id = COALESCE(c.book_id, g.book_id)
        WHERE g.id = gift), false)
$$;
CREATE FUNCTION refund_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'requested' AND NEW.state IN ('approved', 'declined')
       AND NOT decides_refund(NEW.decider_id, NEW.decider_for_id, NEW.donation_id, NEW.cover_approver_id IS NOT NULL, NEW.decided_us) THEN
        PERFORM refuse_because('refund_decider_role');
    END IF;
    IF NEW.state IN ('paid_by_bank', 'given_up')
       AND NOT decides_refund(NEW.outcome_approver_id, NEW.outcome_approver_for_id, NEW.donation_id, false, NEW.finished_us) THEN
        PERFORM refuse_because('refund_outcome_role');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_role BEFORE UPDATE OF state ON refund FOR EACH ROW WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION refund_role();

-- What two persons decide about a campaign is decided by the head of finance or the chair.
CREATE FUNCTION campaign_decision_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT COALESCE(acts_for(NEW.approver_id, NEW.acting_for_id, ARRAY['finance_head', 'chair'], NEW.book_id,
            (SELECT unit_path FROM campaign WHERE id = NEW.campaign_id), NEW.decided_us), false) THEN
        PERFORM refuse_because('campaign_decision_role');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_decision_role BEFORE UPDATE OF state ON campaign_decision FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION campaign_decision_role();

-- A charity raises money for whoever is in its part of the tree, and keeps the books of nobody else.
CREATE FUNCTION campaign_foreign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.book_id, NEW.unit_path) = (OLD.book_id, OLD.unit_path) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM charity c JOIN unit u ON u.id = c.unit_id WHERE c.book_id = NEW.book_id AND NOT starts_with(NEW.unit_path, u.path)) THEN
        PERFORM refuse_because('campaign_foreign');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_foreign BEFORE INSERT OR UPDATE OF book_id, unit_path ON campaign FOR EACH ROW EXECUTE FUNCTION campaign_foreign();

-- Whoever is paid, under whatever entry of the register, says neither what the bank did nor what came of the money: else they are paid twice, or
-- have paid back what never came.
CREATE FUNCTION is_paid_by(payout_id UUID, person UUID, lender UUID) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id) WHERE o.id = payout_id
        AND (p.staff_id IN (person, lender) OR EXISTS (SELECT 1 FROM payee_account h JOIN payee q ON q.id = h.payee_id
            WHERE h.account_hmac = p.account_hmac AND q.book_id = p.book_id AND q.staff_id IN (person, lender))))
$$;
CREATE FUNCTION payout_confirmer_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF is_paid_by(NEW.id, NEW.confirmer_id, NEW.confirmer_for_id) THEN
        PERFORM refuse_because('payout_hands');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_confirmer_paid BEFORE UPDATE OF state ON payout FOR EACH ROW
    WHEN (NEW.state IN ('confirmed', 'bounced') AND NEW.state <> OLD.state) EXECUTE FUNCTION payout_confirmer_paid();
CREATE FUNCTION payout_settlement_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF is_paid_by(NEW.payout_id, NEW.approver_id, NEW.approver_for_id) THEN
        PERFORM refuse_because('payout_settlement_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_settlement_paid BEFORE UPDATE OF state ON payout_settlement FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION payout_settlement_paid();

-- ---- in what relation somebody is paid for another (facts: charity 2.11) ----

-- The words stay as they were written; those of before are sealed once. The text of the guard is changed, and everything else of it stays.
DO $$
BEGIN
    EXECUTE replace(replace(pg_get_functiondef('payout_guard()'::regprocedure), 'NEW.relation, ', ''), 'OLD.relation, ', '');
END $$;
CREATE TRIGGER payout_relation BEFORE UPDATE OF relation, relation_sealed ON payout FOR EACH ROW
    WHEN ((NEW.relation IS DISTINCT FROM OLD.relation OR NEW.relation_sealed IS DISTINCT FROM OLD.relation_sealed)
        AND (OLD.relation <> '' AND OLD.relation_sealed IS NULL AND NEW.relation = '' AND NEW.relation_sealed IS NOT NULL) IS NOT TRUE)
    EXECUTE FUNCTION refuse_named('payout_fixed');

-- Guards of hands on PostgreSQL. Each refusal is named after the rule it keeps.

-- ---- who approves (facts: charity 1, 6.6a) ----

-- Whether somebody holds one of these roles at a place on the day of an instant: their own, or the one they say is lent to them.
CREATE FUNCTION holds_role(person UUID, acting_for UUID, roles TEXT[], place TEXT, at_us BIGINT) RETURNS BOOLEAN LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM held_role h
        WHERE h.staff_id = person AND h.lender_id IS NOT DISTINCT FROM acting_for AND h.role = ANY (roles)
        AND (h.path IS NULL OR starts_with(place, h.path)) AND (h.lent_path IS NULL OR starts_with(place, h.lent_path))
        AND (h.starts_on IS NULL
            OR to_char(to_timestamp(at_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') BETWEEN h.starts_on AND h.ends_on))
$$;

-- Whoever approves holds the role that the step needs.
CREATE FUNCTION disbursement_approval_role() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paper disbursement%ROWTYPE;
BEGIN
    SELECT * INTO paper FROM disbursement WHERE id = NEW.disbursement_id;
    IF NOT COALESCE(holds_role(NEW.approver_id, NEW.acting_for_id,
            CASE WHEN paper.profile = 'small' AND NEW.step = 1 THEN ARRAY['project_manager', 'finance_head']
                WHEN NEW.step = 1 THEN ARRAY['project_manager'] WHEN NEW.step = 2 AND paper.profile = 'full' THEN ARRAY['finance_head']
                ELSE ARRAY['chair'] END, paper.unit_path, NEW.at_us), false) THEN
        PERFORM refuse_because('disbursement_approval_role');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disbursement_approval_role BEFORE INSERT ON disbursement_approval FOR EACH ROW EXECUTE FUNCTION disbursement_approval_role();
CREATE FUNCTION campaign_approval_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT COALESCE(holds_role(NEW.approver_id, NEW.acting_for_id,
            ARRAY[CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END],
            (SELECT unit_path FROM campaign WHERE id = NEW.campaign_id), NEW.at_us), false) THEN
        PERFORM refuse_because('campaign_approval_role');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_approval_role BEFORE INSERT ON campaign_approval FOR EACH ROW EXECUTE FUNCTION campaign_approval_role();
CREATE FUNCTION campaign_change_approval_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT COALESCE(holds_role(NEW.approver_id, NEW.acting_for_id,
            ARRAY[CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END],
            (SELECT c.unit_path FROM campaign_change x JOIN campaign c ON c.id = x.campaign_id WHERE x.id = NEW.change_id), NEW.at_us), false) THEN
        PERFORM refuse_because('campaign_change_approval_role');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_change_approval_role BEFORE INSERT ON campaign_change_approval FOR EACH ROW
    EXECUTE FUNCTION campaign_change_approval_role();

-- Whoever makes a payment file is a cashier there, whoever says what the bank did keeps the books or heads finance.
CREATE FUNCTION payout_role() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place TEXT;
BEGIN
    SELECT unit_path INTO place FROM disbursement WHERE id = NEW.disbursement_id;
    IF NEW.state = 'scheduled' THEN
        -- In whose name is not written down; asked of each payout of thousands, in one plan.
        IF NOT EXISTS (SELECT 1 FROM held_role h WHERE h.staff_id = NEW.payer_id AND h.role = 'cashier'
                AND (h.path IS NULL OR starts_with(place, h.path)) AND (h.lent_path IS NULL OR starts_with(place, h.lent_path))
                AND (h.starts_on IS NULL OR to_char(to_timestamp(NEW.scheduled_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')
                    BETWEEN h.starts_on AND h.ends_on)) THEN
            PERFORM refuse_because('payout_payer_role');
        END IF;
    ELSIF NOT COALESCE(holds_role(NEW.confirmer_id, NEW.confirmer_for_id, ARRAY['bookkeeper', 'finance_head'], place, NEW.changed_us), false) THEN
        PERFORM refuse_because('payout_confirmer_role');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_role BEFORE UPDATE OF state ON payout FOR EACH ROW
    WHEN ((NEW.state = 'scheduled' AND OLD.state IN ('approved', 'retried'))
        OR (NEW.state IN ('confirmed', 'bounced') AND OLD.state IN ('sent', 'confirmed') AND NEW.state <> OLD.state))
    EXECUTE FUNCTION payout_role();

-- Who a person is, once it is said, stays: one natural person has one account (facts: charity 6.6a).
CREATE TRIGGER staff_person_fixed BEFORE UPDATE OF person_hmac ON staff FOR EACH ROW
    WHEN (OLD.person_hmac IS NOT NULL AND NEW.person_hmac IS DISTINCT FROM OLD.person_hmac) EXECUTE FUNCTION refuse_named('staff_person_fixed');

-- Nothing is paid that was not promised in the books (entry 12a; an advance is promised by its fund).
CREATE FUNCTION payout_booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM disbursement WHERE id = NEW.disbursement_id AND kind <> 'advance')
       AND NOT EXISTS (SELECT 1 FROM entry WHERE reference = 'disbursement:' || NEW.disbursement_id) THEN
        PERFORM refuse_because('payout_unbooked');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_booked BEFORE UPDATE OF state ON payout FOR EACH ROW
    WHEN (NEW.state = 'scheduled' AND OLD.state IN ('approved', 'retried')) EXECUTE FUNCTION payout_booked();

-- ---- how somebody is close (慈善法 40, 59; facts: charity 2.11) ----

-- The words stay as they were declared. Those of before are sealed once; nothing new stands in clear, and nothing is said of whom nobody declared.
DROP TRIGGER payee_related_note ON payee;
CREATE TRIGGER payee_related_note BEFORE UPDATE OF related_note, related_sealed ON payee FOR EACH ROW
    WHEN (OLD.related AND length(NEW.key_sealed) > 0
        AND (NEW.related_note IS DISTINCT FROM OLD.related_note OR NEW.related_sealed IS DISTINCT FROM OLD.related_sealed)
        AND (OLD.related_note IS NULL OR NEW.related_note IS NOT NULL OR OLD.related_sealed IS NOT NULL OR NEW.related_sealed IS NULL))
    EXECUTE FUNCTION refuse_named('payee_related');
CREATE TRIGGER payee_plain BEFORE INSERT ON payee FOR EACH ROW
    WHEN (NEW.related_note IS NOT NULL OR (NEW.related_sealed IS NOT NULL AND NOT NEW.related)) EXECUTE FUNCTION refuse_named('payee_plain');
CREATE TRIGGER payee_plain_update BEFORE UPDATE OF related_note, related_sealed ON payee FOR EACH ROW
    WHEN (NOT OLD.related AND (NEW.related_note IS NOT NULL OR (NEW.related_sealed IS NOT NULL AND NOT NEW.related)))
    EXECUTE FUNCTION refuse_named('payee_plain');
CREATE TRIGGER payee_erased_words BEFORE UPDATE ON payee FOR EACH ROW
    WHEN (length(NEW.key_sealed) = 0 AND NEW.related_sealed IS NOT NULL) EXECUTE FUNCTION refuse_named('payee_erased');

-- As before, but that words of before are sealed of whoever is kept for the vouchers alone, too.
CREATE OR REPLACE FUNCTION payee_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    going BOOLEAN := length(NEW.key_sealed) = 0;
BEGIN
    IF length(OLD.key_sealed) = 0 THEN
        PERFORM refuse_because('payee_erased');
    END IF;
    IF (NEW.id, NEW.book_id, NEW.unit_path, NEW.kind, NEW.part, NEW.minor, NEW.staff_id, NEW.author_id, NEW.created_us)
        IS DISTINCT FROM
       (OLD.id, OLD.book_id, OLD.unit_path, OLD.kind, OLD.part, OLD.minor, OLD.staff_id, OLD.author_id, OLD.created_us)
       OR (NEW.name_hmac <> OLD.name_hmac AND NOT going) THEN
        PERFORM refuse_because('payee_fixed');
    END IF;
    IF OLD.related AND NOT NEW.related THEN
        PERFORM refuse_because('payee_related');
    END IF;
    IF going AND (length(NEW.name_sealed) > 0 OR NEW.phone_sealed IS NOT NULL OR NEW.account_sealed IS NOT NULL
            OR NEW.related_note IS NOT NULL OR NEW.name_hmac = OLD.name_hmac
            OR (NEW.division, NEW.related, NEW.account_changed_us, NEW.account_changed_by, NEW.account_confirmed_by, NEW.account_confirmed_for)
                IS DISTINCT FROM
               (OLD.division, OLD.related, OLD.account_changed_us, OLD.account_changed_by, OLD.account_confirmed_by, OLD.account_confirmed_for)
            OR NOT EXISTS (SELECT 1 FROM payee_erasure WHERE payee_id = OLD.id AND state = 'erased')) THEN
        PERFORM refuse_because('payee_erased');
    END IF;
    IF NOT going AND (NEW.account_hmac, NEW.account_sealed, NEW.account_changed_us, NEW.account_changed_by)
        IS DISTINCT FROM (OLD.account_hmac, OLD.account_sealed, OLD.account_changed_us, OLD.account_changed_by)
       AND (NEW.account_confirmed_by IS NOT NULL OR NEW.account_changed_us IS NULL
            OR NEW.account_changed_us < COALESCE(OLD.account_changed_us, OLD.created_us)) THEN
        PERFORM refuse_because('payee_account_unconfirmed');
    END IF;
    -- Nobody changes what is kept for the vouchers alone.
    IF NOT going AND (NEW.account_hmac, NEW.account_sealed, NEW.account_confirmed_by, NEW.related)
        IS DISTINCT FROM (OLD.account_hmac, OLD.account_sealed, OLD.account_confirmed_by, OLD.related)
       AND EXISTS (SELECT 1 FROM payee_erasure WHERE payee_id = OLD.id AND state IN ('restricted', 'erased')) THEN
        PERFORM refuse_because('payee_restricted');
    END IF;
    RETURN NEW;
END $$;

-- ---- erasure of payees (facts: charity 2.11, 2.13) ----

-- Whoever was declared close is known by their accounts, for as long as vouchers are kept: else they would be paid as somebody new. Nor does
-- anybody go while money is being paid back, an advance is not accounted for, or what was paid came back after all.
CREATE FUNCTION payee_erasure_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'asked' AND EXISTS (SELECT 1 FROM payee WHERE id = NEW.payee_id AND related AND (NEW.kept_until IS NULL
            OR NEW.kept_until < (EXTRACT(YEAR FROM to_timestamp(NEW.decided_us / 1000000) AT TIME ZONE 'Asia/Shanghai')::INTEGER + 30)
                || '-12-31')) THEN
        PERFORM refuse_because('payee_erasure_kept');
    END IF;
    IF EXISTS (SELECT 1 FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
            WHERE NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND (d.state NOT IN ('finished', 'cancelled')
                OR EXISTS (SELECT 1 FROM payout_settlement s WHERE s.payout_id = o.id AND s.state = 'proposed')
                OR (d.kind = 'advance' AND o.state = 'confirmed' AND o.amount_fen > (SELECT COALESCE(SUM(s.amount_fen), 0)
                    FROM payout_settlement s WHERE s.payout_id = o.id AND s.state = 'confirmed')))) THEN
        PERFORM refuse_because('payee_erasure_paying');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payee_erasure_close BEFORE UPDATE OF state ON payee_erasure FOR EACH ROW
    WHEN (NEW.state IN ('restricted', 'erased')) EXECUTE FUNCTION payee_erasure_close();
-- What came back of theirs is not paid anew, to nobody in their stead either: it is given up.
CREATE TRIGGER payout_restricted_again BEFORE UPDATE OF state ON payout FOR EACH ROW
    WHEN (NEW.state = 'scheduled' OR (OLD.state = 'bounced' AND NEW.state = 'retried')) EXECUTE FUNCTION payout_restricted();

-- Guards of people's rights on PostgreSQL. Each refusal is named after the rule it keeps.

-- ---- erasure of payees (facts: charity 2.11, 2.13) ----

-- Asked by one person for a natural person, answered once by another, and kept.
CREATE FUNCTION payee_erasure_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'asked' THEN
        PERFORM refuse_because('payee_erasure_asked');
    END IF;
    IF EXISTS (SELECT 1 FROM payee WHERE id = NEW.payee_id AND kind <> 'person') THEN
        PERFORM refuse_because('payee_erasure_person');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payee_erasure_asked BEFORE INSERT ON payee_erasure FOR EACH ROW EXECUTE FUNCTION payee_erasure_asked();
CREATE TRIGGER payee_erasure_fixed BEFORE UPDATE OF id, payee_id, reason, author_id, author_for_id, created_us ON payee_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE FUNCTION payee_erasure_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state || ' ' || NEW.state) NOT IN ('asked declined', 'asked restricted', 'asked erased', 'restricted erased')
       OR (OLD.state = 'restricted' AND (NEW.decider_id, NEW.decider_for_id, NEW.decision_reason, NEW.decided_us, NEW.kept_until)
            IS DISTINCT FROM (OLD.decider_id, OLD.decider_for_id, OLD.decision_reason, OLD.decided_us, OLD.kept_until)) THEN
        PERFORM refuse_because('payee_erasure_fixed');
    END IF;
    IF NEW.author_for_id IN (NEW.decider_id, NEW.decider_for_id) THEN
        PERFORM refuse_because('payee_erasure_persons');
    END IF;
    -- Not while money is on its way, and not before the law lets go of what was paid.
    IF NEW.state IN ('restricted', 'erased') AND OLD.state = 'asked' AND EXISTS (
            SELECT 1 FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
            WHERE NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND d.state NOT IN ('finished', 'cancelled')) THEN
        PERFORM refuse_because('payee_erasure_paying');
    END IF;
    IF NEW.state = 'erased' AND (NEW.kept_until >= to_char(to_timestamp(NEW.erased_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')
        OR (NEW.kept_until IS NULL AND EXISTS (SELECT 1 FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
            WHERE NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND d.approved_us IS NOT NULL))) THEN
        PERFORM refuse_because('payee_erasure_kept');
    END IF;
    -- Thirty whole years after the year of the voucher (会计档案管理办法; VOUCHER_YEARS).
    IF OLD.state = 'asked' AND EXISTS (SELECT 1 FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
            WHERE NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND d.approved_us IS NOT NULL AND NEW.kept_until
                < (EXTRACT(YEAR FROM to_timestamp(d.changed_us / 1000000) AT TIME ZONE 'Asia/Shanghai')::INTEGER + 30) || '-12-31') THEN
        PERFORM refuse_because('payee_erasure_kept');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payee_erasure_steps BEFORE UPDATE ON payee_erasure FOR EACH ROW EXECUTE FUNCTION payee_erasure_steps();
CREATE TRIGGER payee_erasure_no_delete BEFORE DELETE OR TRUNCATE ON payee_erasure FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- A key goes by a decided wish alone, everything personal goes with it, and nothing comes back.
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
    IF NOT going AND (NEW.account_hmac, NEW.account_sealed, NEW.account_confirmed_by, NEW.related, NEW.related_note)
        IS DISTINCT FROM (OLD.account_hmac, OLD.account_sealed, OLD.account_confirmed_by, OLD.related, OLD.related_note)
       AND EXISTS (SELECT 1 FROM payee_erasure WHERE payee_id = OLD.id AND state IN ('restricted', 'erased')) THEN
        PERFORM refuse_because('payee_restricted');
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER payee_sealed ON payee;
CREATE TRIGGER payee_sealed BEFORE UPDATE OF name_sealed, phone_sealed, division ON payee FOR EACH ROW
    WHEN (length(NEW.key_sealed) > 0) EXECUTE FUNCTION refuse_fixed();
DROP TRIGGER payee_related_note ON payee;
CREATE TRIGGER payee_related_note BEFORE UPDATE OF related_note ON payee FOR EACH ROW
    WHEN (OLD.related AND length(NEW.key_sealed) > 0 AND NEW.related_note IS DISTINCT FROM OLD.related_note)
    EXECUTE FUNCTION refuse_named('payee_related');
-- What an erased payee once had as an account is emptied, and is otherwise as it was.
DROP TRIGGER payee_account_no_change ON payee_account;
CREATE FUNCTION payee_account_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM payee WHERE id = OLD.payee_id AND length(key_sealed) = 0)
       OR length(NEW.account_sealed) > 0 OR length(NEW.bank_sealed) > 0 OR NEW.account_hmac = OLD.account_hmac
       OR (NEW.payee_id, NEW.seq, NEW.author_id, NEW.at_us) IS DISTINCT FROM (OLD.payee_id, OLD.seq, OLD.author_id, OLD.at_us) THEN
        PERFORM refuse_because('payee_account_immutable');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payee_account_no_update BEFORE UPDATE ON payee_account FOR EACH ROW EXECUTE FUNCTION payee_account_emptied();
CREATE TRIGGER payee_account_no_change BEFORE DELETE OR TRUNCATE ON payee_account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Nobody writes a paper for somebody whose data is kept for the vouchers alone.
CREATE FUNCTION payout_restricted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever decides on a wish holds the payee meanwhile.
    PERFORM 1 FROM payee WHERE id IN (NEW.payee_id, NEW.beneficiary_id) FOR KEY SHARE;
    IF EXISTS (SELECT 1 FROM payee_erasure WHERE payee_id IN (NEW.payee_id, NEW.beneficiary_id) AND state IN ('restricted', 'erased')) THEN
        PERFORM refuse_because('payee_restricted');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_restricted BEFORE INSERT ON payout FOR EACH ROW EXECUTE FUNCTION payout_restricted();

-- ---- related parties (facts: charity 3.5; 慈善法 40, 59) ----

-- Money does not go to an account that somebody who was declared close has or had, under whatever entry of the register (decision 16), nor to
-- one that the register knows as the account of whoever wrote, approves or pays the paper.
CREATE FUNCTION disbursement_related_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
            JOIN payee_account h ON h.account_hmac = p.account_hmac JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id
            WHERE o.disbursement_id = NEW.id AND (q.related OR q.staff_id IN (NEW.author_id, NEW.author_for_id))) THEN
        PERFORM refuse_because('disbursement_related');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disbursement_related_account BEFORE UPDATE OF state ON disbursement FOR EACH ROW
    WHEN (NEW.state = 'submitted' AND OLD.state <> NEW.state) EXECUTE FUNCTION disbursement_related_account();
CREATE FUNCTION disbursement_approval_related_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
            JOIN payee_account h ON h.account_hmac = p.account_hmac JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id
            WHERE o.disbursement_id = NEW.disbursement_id AND q.staff_id IN (NEW.approver_id, NEW.acting_for_id)) THEN
        PERFORM refuse_because('disbursement_related');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disbursement_approval_related_account BEFORE INSERT ON disbursement_approval FOR EACH ROW
    EXECUTE FUNCTION disbursement_approval_related_account();
CREATE FUNCTION payout_related_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payee p JOIN payee_account h ON h.account_hmac = p.account_hmac
            JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id
            WHERE p.id IN (NEW.payee_id, NEW.beneficiary_id) AND (q.related OR q.staff_id = NEW.payer_id)) THEN
        PERFORM refuse_because('disbursement_related');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_related_account BEFORE UPDATE OF state ON payout FOR EACH ROW
    WHEN (NEW.state IN ('scheduled', 'sent') AND NEW.state <> OLD.state) EXECUTE FUNCTION payout_related_account();

-- ---- partners (facts: charity 2.1 Art. 26) ----

-- A partner is who was registered: plans and agreements are compared by the name.
CREATE FUNCTION partner_foreign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND book_id = NEW.book_id) THEN
        PERFORM refuse_because('partner_foreign');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER partner_foreign BEFORE INSERT ON partner FOR EACH ROW WHEN (NEW.campaign_id IS NOT NULL)
    EXECUTE FUNCTION partner_foreign();
CREATE TRIGGER partner_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON partner FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- ---- suspensions (facts: charity 2.1 Art. 103-108) ----

-- An authority's order is there to be read, and stops a campaign once.
CREATE OR REPLACE FUNCTION suspension_ordered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    brought BIGINT;
BEGIN
    SELECT created_us INTO brought FROM attachment WHERE id = NEW.order_id AND withdrawn_us IS NULL AND kind = 'order'
        AND object = 'campaign:' || NEW.campaign_id FOR SHARE;
    IF NEW.ground <> 'order' OR brought IS NULL THEN
        PERFORM refuse_because('suspension_undocumented');
    END IF;
    IF EXISTS (SELECT 1 FROM suspension WHERE order_id = NEW.order_id
            OR (campaign_id = NEW.campaign_id AND ground = 'order' AND order_id IS NULL AND brought <= created_us)) THEN
        PERFORM refuse_because('suspension_order_used');
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER suspension_ordered ON suspension;
CREATE TRIGGER suspension_ordered BEFORE INSERT ON suspension FOR EACH ROW WHEN (NEW.ground = 'order' OR NEW.order_id IS NOT NULL)
    EXECUTE FUNCTION suspension_ordered();
CREATE TRIGGER suspension_order_fixed BEFORE UPDATE OF order_id ON suspension FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- Guards of spending on PostgreSQL (facts: charity 3.5, 6.6a). They compare natural persons and hold for every role.

CREATE FUNCTION refuse_because(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION payee_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.book_id, NEW.unit_path, NEW.kind, NEW.part, NEW.minor, NEW.staff_id, NEW.name_hmac, NEW.author_id, NEW.created_us)
        IS DISTINCT FROM
       (OLD.id, OLD.book_id, OLD.unit_path, OLD.kind, OLD.part, OLD.minor, OLD.staff_id, OLD.name_hmac, OLD.author_id, OLD.created_us) THEN
        PERFORM refuse_because('payee_fixed');
    END IF;
    IF OLD.related AND NOT NEW.related THEN
        PERFORM refuse_because('payee_related');
    END IF;
    IF (NEW.account_hmac, NEW.account_sealed, NEW.account_changed_us, NEW.account_changed_by)
        IS DISTINCT FROM (OLD.account_hmac, OLD.account_sealed, OLD.account_changed_us, OLD.account_changed_by)
       AND (NEW.account_confirmed_by IS NOT NULL OR NEW.account_changed_us IS NULL
            OR NEW.account_changed_us < COALESCE(OLD.account_changed_us, OLD.created_us)) THEN
        PERFORM refuse_because('payee_account_unconfirmed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payee_guard BEFORE UPDATE ON payee FOR EACH ROW EXECUTE FUNCTION payee_guard();
CREATE TRIGGER payee_no_delete BEFORE DELETE OR TRUNCATE ON payee FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER payee_account_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payee_account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION disbursement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.round <> 1 THEN
            PERFORM refuse_because('disbursement_not_approved');
        END IF;
        IF NOT EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND book_id = NEW.book_id) THEN
            PERFORM refuse_because('disbursement_foreign');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.book_id, NEW.campaign_id, NEW.unit_path, NEW.author_id, NEW.author_for_id, NEW.created_us) IS DISTINCT FROM
       (OLD.id, OLD.book_id, OLD.campaign_id, OLD.unit_path, OLD.author_id, OLD.author_for_id, OLD.created_us)
       OR (OLD.state <> 'draft' AND (NEW.amount_fen, NEW.line_code, NEW.kind, NEW.payouts, NEW.purpose, NEW.content, NEW.file_hash)
           IS DISTINCT FROM (OLD.amount_fen, OLD.line_code, OLD.kind, OLD.payouts, OLD.purpose, OLD.content, OLD.file_hash))
       OR (OLD.state <> 'draft' AND NEW.state <> 'draft' AND (NEW.profile, NEW.needed) IS DISTINCT FROM (OLD.profile, OLD.needed))
       OR NEW.round <> OLD.round + (OLD.state IN ('submitted', 'pm_approved', 'finance_approved') AND NEW.state = 'draft')::int THEN
        PERFORM refuse_because('disbursement_fixed');
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF (OLD.state || ' ' || NEW.state) NOT IN (
        'draft submitted', 'draft cancelled', 'submitted draft', 'submitted pm_approved', 'submitted approved', 'submitted cancelled',
        'pm_approved draft', 'pm_approved finance_approved', 'pm_approved approved', 'pm_approved cancelled', 'finance_approved draft',
        'finance_approved approved', 'finance_approved cancelled', 'approved finished', 'approved cancelled', 'finished approved') THEN
        PERFORM refuse_because('disbursement_steps');
    END IF;
    IF NEW.state = 'submitted' THEN
        IF NOT EXISTS (SELECT 1 FROM charity c WHERE c.book_id = NEW.book_id AND c.profile = NEW.profile
            AND NEW.needed = CASE c.profile WHEN 'full' THEN 2 + (NEW.amount_fen > c.third_limit_fen)::int
                ELSE 1 + (NEW.amount_fen > c.single_limit_fen)::int END) THEN
            PERFORM refuse_because('disbursement_profile');
        END IF;
        IF (SELECT (count(*), COALESCE(SUM(amount_fen), 0)) FROM payout WHERE disbursement_id = NEW.id)
            IS DISTINCT FROM (NEW.payouts, NEW.amount_fen::numeric) THEN
            PERFORM refuse_because('disbursement_payouts');
        END IF;
        IF NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND object = 'disbursement:' || NEW.id::text) THEN
            PERFORM refuse_because('disbursement_document');
        END IF;
        IF EXISTS (SELECT 1 FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
            WHERE o.disbursement_id = NEW.id AND (p.related OR p.staff_id IN (NEW.author_id, NEW.author_for_id))) THEN
            PERFORM refuse_because('disbursement_related');
        END IF;
    END IF;
    IF NEW.state IN ('pm_approved', 'finance_approved', 'approved') THEN
        IF (SELECT count(*) FROM disbursement_approval WHERE disbursement_id = NEW.id AND round = NEW.round AND amount_fen = NEW.amount_fen)
            < (CASE NEW.state WHEN 'pm_approved' THEN 1 WHEN 'finance_approved' THEN 2 ELSE NEW.needed END) THEN
            PERFORM refuse_because('disbursement_not_approved');
        END IF;
        IF OLD.state <> 'finished' AND EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND frozen) THEN
            PERFORM refuse_because('campaign_frozen');
        END IF;
    END IF;
    IF (NEW.state = 'finished' OR (NEW.state = 'cancelled' AND OLD.state = 'approved'))
        AND EXISTS (SELECT 1 FROM payout WHERE disbursement_id = NEW.id AND state NOT IN ('confirmed', 'cancelled')) THEN
        PERFORM refuse_because('disbursement_unpaid');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disbursement_guard BEFORE INSERT OR UPDATE ON disbursement FOR EACH ROW EXECUTE FUNCTION disbursement_guard();
CREATE TRIGGER disbursement_no_delete BEFORE DELETE OR TRUNCATE ON disbursement FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- The paper's row is locked, so that an approval and a payment of the same person at once see each other.
CREATE FUNCTION disbursement_approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM disbursement WHERE id = NEW.disbursement_id FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT 1 FROM disbursement WHERE id = NEW.disbursement_id AND round = NEW.round AND amount_fen = NEW.amount_fen
        AND author_for_id IS DISTINCT FROM NEW.approver_id
        AND NEW.step = CASE state WHEN 'submitted' THEN 1 WHEN 'pm_approved' THEN 2 WHEN 'finance_approved' THEN 3 END) THEN
        PERFORM refuse_because('disbursement_approval_paper');
    END IF;
    IF EXISTS (SELECT 1 FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
        WHERE o.disbursement_id = NEW.disbursement_id AND p.staff_id IN (NEW.approver_id, NEW.acting_for_id)) THEN
        PERFORM refuse_because('disbursement_related');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disbursement_approval_guard BEFORE INSERT ON disbursement_approval FOR EACH ROW EXECUTE FUNCTION disbursement_approval_guard();
CREATE TRIGGER disbursement_approval_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON disbursement_approval FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER disbursement_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON disbursement_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER payment_file_fixed BEFORE UPDATE OF id, book_id, bank_account, lines, total_fen, hash, content, request, author_id, created_us ON payment_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER payment_file_steps BEFORE UPDATE OF state ON payment_file FOR EACH ROW WHEN (OLD.state <> 'made' AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER payment_file_no_delete BEFORE DELETE OR TRUNCATE ON payment_file FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE FUNCTION payout_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paper disbursement%ROWTYPE;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT 1 FROM disbursement WHERE id = OLD.disbursement_id AND state = 'draft') THEN
            PERFORM refuse_because('payout_fixed');
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'planned' OR NEW.attempt <> 1 OR NEW.payer_id IS NOT NULL OR NEW.confirmer_id IS NOT NULL
            OR NOT EXISTS (SELECT 1 FROM disbursement WHERE id = NEW.disbursement_id AND state = 'draft') THEN
            PERFORM refuse_because('payout_fixed');
        END IF;
        IF (SELECT count(*) FROM payee p JOIN disbursement d ON d.book_id = p.book_id
            WHERE d.id = NEW.disbursement_id AND p.id IN (NEW.payee_id, NEW.beneficiary_id)) <> 1 + (NEW.beneficiary_id IS NOT NULL)::int THEN
            PERFORM refuse_because('payout_foreign');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.disbursement_id, NEW.position, NEW.payee_id, NEW.beneficiary_id, NEW.relation, NEW.amount_fen, NEW.created_us)
        IS DISTINCT FROM
       (OLD.id, OLD.disbursement_id, OLD.position, OLD.payee_id, OLD.beneficiary_id, OLD.relation, OLD.amount_fen, OLD.created_us) THEN
        PERFORM refuse_because('payout_fixed');
    END IF;
    IF (NEW.state = OLD.state OR NEW.state IN ('sent', 'confirmed'))
        AND (NEW.payment_file_id, NEW.payer_id, NEW.account_hmac, NEW.scheduled_us) IS DISTINCT FROM
            (OLD.payment_file_id, OLD.payer_id, OLD.account_hmac, OLD.scheduled_us) THEN
        PERFORM refuse_because('payout_fixed');
    END IF;
    IF NEW.attempt <> OLD.attempt + (OLD.state = 'bounced' AND NEW.state = 'retried')::int THEN
        PERFORM refuse_because('payout_attempt');
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF (OLD.state || ' ' || NEW.state) NOT IN (
        'planned approved', 'planned cancelled', 'approved scheduled', 'approved cancelled', 'retried scheduled', 'retried cancelled',
        'scheduled retried', 'scheduled sent', 'sent confirmed', 'sent bounced', 'confirmed bounced', 'bounced retried', 'bounced cancelled') THEN
        PERFORM refuse_because('payout_steps');
    END IF;
    IF OLD.state = 'confirmed' AND EXISTS (SELECT 1 FROM payout_settlement WHERE payout_id = NEW.id AND state <> 'declined') THEN
        PERFORM refuse_because('payout_settled');
    END IF;
    SELECT * INTO paper FROM disbursement WHERE id = NEW.disbursement_id;
    IF NEW.state IN ('approved', 'scheduled', 'sent', 'confirmed') AND paper.state <> 'approved' THEN
        PERFORM refuse_because('payout_not_approved');
    END IF;
    IF NEW.state IN ('scheduled', 'sent') THEN
        IF NEW.payer_id IN (paper.author_id, paper.author_for_id) OR EXISTS (SELECT 1 FROM disbursement_approval a
            WHERE a.disbursement_id = paper.id AND a.round = paper.round AND NEW.payer_id IN (a.approver_id, a.acting_for_id)) THEN
            PERFORM refuse_because('payout_own');
        END IF;
        IF EXISTS (SELECT 1 FROM campaign WHERE id = paper.campaign_id AND frozen) THEN
            PERFORM refuse_because('campaign_frozen');
        END IF;
        IF EXISTS (SELECT 1 FROM payee p WHERE p.id IN (NEW.payee_id, NEW.beneficiary_id) AND (p.related OR p.staff_id = NEW.payer_id)) THEN
            PERFORM refuse_because('disbursement_related');
        END IF;
        IF EXISTS (SELECT 1 FROM screening_hit h WHERE h.payee_id IN (NEW.payee_id, NEW.beneficiary_id) AND h.state <> 'cleared') THEN
            PERFORM refuse_because('payout_held');
        END IF;
        IF NOT EXISTS (SELECT 1 FROM payee p WHERE p.id = NEW.payee_id AND p.account_hmac = NEW.account_hmac) THEN
            PERFORM refuse_because('payout_account');
        END IF;
        IF EXISTS (SELECT 1 FROM payee p JOIN charity c ON c.book_id = p.book_id WHERE p.id = NEW.payee_id
            AND p.account_changed_us IS NOT NULL AND p.account_confirmed_by IS NULL
            AND NEW.scheduled_us < p.account_changed_us + c.account_quiet_days * 86400000000) THEN
            PERFORM refuse_because('payout_account_quiet');
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_guard BEFORE INSERT OR UPDATE OR DELETE ON payout FOR EACH ROW EXECUTE FUNCTION payout_guard();
CREATE TRIGGER payout_no_truncate BEFORE TRUNCATE ON payout FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER payout_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The payout's row is locked, so that two settlements at once see each other.
CREATE FUNCTION payout_settlement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            PERFORM refuse_because('payout_settlement_decided');
        END IF;
        PERFORM 1 FROM payout WHERE id = NEW.payout_id FOR NO KEY UPDATE;
        IF NOT EXISTS (SELECT 1 FROM payout WHERE id = NEW.payout_id AND state = 'confirmed'
            AND amount_fen >= NEW.amount_fen + (SELECT COALESCE(SUM(amount_fen), 0) FROM payout_settlement
                WHERE payout_id = NEW.payout_id AND state <> 'declined')) THEN
            PERFORM refuse_because('payout_settlement_amount');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'proposed' OR (NEW.id, NEW.payout_id, NEW.kind, NEW.amount_fen, NEW.author_id) IS DISTINCT FROM
        (OLD.id, OLD.payout_id, OLD.kind, OLD.amount_fen, OLD.author_id) THEN
        PERFORM refuse_because('payout_settlement_decided');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_settlement_guard BEFORE INSERT OR UPDATE ON payout_settlement FOR EACH ROW EXECUTE FUNCTION payout_settlement_guard();
CREATE TRIGGER payout_settlement_no_delete BEFORE DELETE OR TRUNCATE ON payout_settlement FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();

CREATE TRIGGER watch_name_fixed BEFORE UPDATE OF id, list, name_hmac, name_sealed, author_id, created_us ON watch_name
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER watch_name_no_delete BEFORE DELETE OR TRUNCATE ON watch_name FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER screening_hit_decided BEFORE UPDATE ON screening_hit FOR EACH ROW
    WHEN (OLD.state <> 'open' OR NEW.id <> OLD.id OR NEW.payee_id <> OLD.payee_id OR NEW.watch_name_id <> OLD.watch_name_id)
    EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER screening_hit_no_delete BEFORE DELETE OR TRUNCATE ON screening_hit FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();

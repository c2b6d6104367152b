-- Guards of lending on PostgreSQL (facts: lending 6). They compare natural persons and hold for every role.

CREATE TRIGGER bank_fixed BEFORE UPDATE OF id, code, author_id, created_us ON bank FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bank_no_delete BEFORE DELETE OR TRUNCATE ON bank FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER loan_product_fixed BEFORE UPDATE OF id, bank_id, code, family, author_id, created_us ON loan_product
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER loan_product_no_delete BEFORE DELETE OR TRUNCATE ON loan_product FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE FUNCTION loan_product_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM product_version WHERE product_id = NEW.id AND version = NEW.version AND state = 'published') THEN
        PERFORM refuse_because('loan_product_version');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_product_version BEFORE UPDATE OF version ON loan_product FOR EACH ROW WHEN (NEW.version <> OLD.version)
    EXECUTE FUNCTION loan_product_version();

CREATE FUNCTION product_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'published' THEN
            PERFORM refuse_because('product_version_published');
        END IF;
        RETURN OLD;
    END IF;
    IF (TG_OP = 'INSERT' AND NEW.state <> 'draft') OR (TG_OP = 'UPDATE' AND (OLD.state = 'published'
        OR (NEW.product_id, NEW.version, NEW.author_id) IS DISTINCT FROM (OLD.product_id, OLD.version, OLD.author_id)
        OR (NEW.state = 'published' AND NEW.terms <> OLD.terms))) THEN
        PERFORM refuse_because('product_version_published');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER product_version_guard BEFORE INSERT OR UPDATE OR DELETE ON product_version FOR EACH ROW EXECUTE FUNCTION product_version_guard();
CREATE TRIGGER product_version_no_truncate BEFORE TRUNCATE ON product_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE FUNCTION lpr_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.confirmer_id IS NOT NULL THEN
            PERFORM refuse_because('lpr_confirmed');
        END IF;
        RETURN OLD;
    END IF;
    IF (TG_OP = 'INSERT' AND NEW.confirmer_id IS NOT NULL) OR (TG_OP = 'UPDATE' AND (OLD.confirmer_id IS NOT NULL
        OR (NEW.published_on, NEW.tenor, NEW.rate, NEW.author_id) IS DISTINCT FROM (OLD.published_on, OLD.tenor, OLD.rate, OLD.author_id))) THEN
        PERFORM refuse_because('lpr_confirmed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lpr_guard BEFORE INSERT OR UPDATE OR DELETE ON lpr FOR EACH ROW EXECUTE FUNCTION lpr_guard();
CREATE TRIGGER lpr_no_truncate BEFORE TRUNCATE ON lpr FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER loan_quota_fixed BEFORE UPDATE OF id, unit_id, unit_path, bank_id, product_id, year, author_id, created_us ON loan_quota
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER loan_quota_no_delete BEFORE DELETE OR TRUNCATE ON loan_quota FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE FUNCTION loan_consent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.withdrawn_us IS NOT NULL) OR (TG_OP = 'UPDATE' AND (OLD.withdrawn_us IS NOT NULL OR NEW.withdrawn_us IS NULL
        OR (NEW.id, NEW.donor_id, NEW.bank_id, NEW.scope, NEW.words, NEW.given_us) IS DISTINCT FROM
           (OLD.id, OLD.donor_id, OLD.bank_id, OLD.scope, OLD.words, OLD.given_us))) THEN
        PERFORM refuse_because('loan_consent_fixed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_consent_guard BEFORE INSERT OR UPDATE ON loan_consent FOR EACH ROW EXECUTE FUNCTION loan_consent_guard();
CREATE TRIGGER loan_consent_no_delete BEFORE DELETE OR TRUNCATE ON loan_consent FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE FUNCTION loan_application_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.round <> 1 OR NEW.quota_use <> 'none' OR NEW.purged_us IS NOT NULL THEN
            PERFORM refuse_because('loan_application_steps');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.kind, NEW.donor_id, NEW.contract_id, NEW.created_us) IS DISTINCT FROM
       (OLD.id, OLD.kind, OLD.donor_id, OLD.contract_id, OLD.created_us) OR OLD.purged_us IS NOT NULL
       OR (OLD.state <> 'draft' AND (NEW.bank_id, NEW.product_id, NEW.version, NEW.unit_path, NEW.city_path, NEW.division, NEW.applicant,
            NEW.amount_fen, NEW.term, NEW.method, NEW.industry, NEW.guarantee, NEW.renewal_count, NEW.content) IS DISTINCT FROM
           (OLD.bank_id, OLD.product_id, OLD.version, OLD.unit_path, OLD.city_path, OLD.division, OLD.applicant,
            OLD.amount_fen, OLD.term, OLD.method, OLD.industry, OLD.guarantee, OLD.renewal_count, OLD.content))
       OR (OLD.state <> 'draft' AND NEW.purged_us IS NULL AND (NEW.purpose, NEW.enterprise, NEW.credit_code, NEW.person_hmac, NEW.personal_sealed)
           IS DISTINCT FROM (OLD.purpose, OLD.enterprise, OLD.credit_code, OLD.person_hmac, OLD.personal_sealed))
       OR (OLD.state IN ('approved', 'signed') AND (NEW.approved_fen, NEW.approved_term, NEW.approved_spread_bp) IS DISTINCT FROM
           (OLD.approved_fen, OLD.approved_term, OLD.approved_spread_bp))
       OR NEW.round <> OLD.round + (OLD.state IN ('applied', 'bank_review') AND NEW.state = 'draft')::int THEN
        PERFORM refuse_because('loan_application_fixed');
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF (OLD.state || ' ' || NEW.state) NOT IN (
        'draft applied', 'draft withdrawn', 'applied draft', 'applied recommended', 'applied refused', 'applied withdrawn',
        'recommended bank_review', 'recommended withdrawn', 'recommended expired', 'bank_review draft', 'bank_review approved',
        'bank_review refused', 'bank_review withdrawn', 'approved signed', 'approved withdrawn', 'approved expired') THEN
        PERFORM refuse_because('loan_application_steps');
    END IF;
    IF NEW.state IN ('recommended', 'approved', 'refused', 'draft') AND NOT EXISTS (
        SELECT 1 FROM loan_decision WHERE application_id = NEW.id AND round = OLD.round
            AND office = CASE OLD.state WHEN 'bank_review' THEN 'bank' ELSE OLD.office END
            AND verdict = CASE NEW.state WHEN 'refused' THEN 'refused' WHEN 'draft' THEN 'returned' ELSE 'agreed' END) THEN
        PERFORM refuse_because('loan_application_undecided');
    END IF;
    IF NEW.state = 'bank_review' AND NOT EXISTS (SELECT 1 FROM loan_consent
        WHERE donor_id = NEW.donor_id AND bank_id = NEW.bank_id AND scope = 'application' AND withdrawn_us IS NULL) THEN
        PERFORM refuse_because('loan_application_consent');
    END IF;
    IF NEW.state = 'signed' AND NOT EXISTS (SELECT 1 FROM loan_contract WHERE application_id = NEW.id) THEN
        PERFORM refuse_because('loan_application_unsigned');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_application_guard BEFORE INSERT OR UPDATE ON loan_application FOR EACH ROW EXECUTE FUNCTION loan_application_guard();
CREATE TRIGGER loan_application_no_delete BEFORE DELETE OR TRUNCATE ON loan_application FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER loan_application_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON loan_application_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whoever declares a relation waits for whoever decides, and the other way round.
CREATE FUNCTION loan_relation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM 1 FROM loan_application WHERE id = NEW.application_id FOR NO KEY UPDATE;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' OR EXISTS (SELECT 1 FROM loan_application WHERE id = OLD.application_id AND purged_us IS NULL) THEN
        PERFORM refuse_because('loan_relation_immutable');
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER loan_relation_guard BEFORE INSERT OR UPDATE OR DELETE ON loan_relation FOR EACH ROW EXECUTE FUNCTION loan_relation_guard();
CREATE TRIGGER loan_relation_no_truncate BEFORE TRUNCATE ON loan_relation FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- Whether a member of staff is the borrower or close to them.
CREATE FUNCTION loan_related(application uuid, person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM loan_application a JOIN staff s ON s.id = person
        WHERE a.id = application AND (s.person_hmac = a.person_hmac OR EXISTS (SELECT 1 FROM loan_relation r
            WHERE r.application_id = a.id AND (r.staff_id = s.id OR r.person_hmac = s.person_hmac))))
$$;

CREATE FUNCTION loan_decision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM loan_application WHERE id = NEW.application_id FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT 1 FROM loan_application a WHERE a.id = NEW.application_id AND a.round = NEW.round
        AND ((NEW.office = 'bank' AND a.state = 'bank_review') OR (a.state = 'applied' AND a.office = NEW.office))) THEN
        PERFORM refuse_because('loan_decision_file');
    END IF;
    IF NEW.office = 'bank' AND NOT EXISTS (SELECT 1 FROM bank_seat b JOIN loan_application a ON a.bank_id = b.bank_id
        WHERE a.id = NEW.application_id AND b.staff_id = NEW.decider_id) THEN
        PERFORM refuse_because('loan_decision_bank');
    END IF;
    IF loan_related(NEW.application_id, NEW.decider_id) OR loan_related(NEW.application_id, NEW.acting_for_id) THEN
        PERFORM refuse_because('loan_related');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_decision_guard BEFORE INSERT ON loan_decision FOR EACH ROW EXECUTE FUNCTION loan_decision_guard();
CREATE TRIGGER loan_decision_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON loan_decision FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A contract is what its application was approved as; nobody who had a hand in it is close to the borrower.
CREATE FUNCTION loan_contract_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.state || ' ' || NEW.state) NOT IN (
            'signed paid_out', 'signed withdrawn', 'paid_out signed', 'paid_out performing', 'paid_out overdue', 'paid_out settled',
            'performing overdue', 'performing settled', 'performing renewed', 'performing extended', 'performing restructured',
            'overdue performing', 'overdue settled', 'overdue written_off', 'overdue compensated', 'overdue extended', 'overdue restructured',
            'compensated settled', 'compensated written_off', 'written_off settled', 'settled performing', 'renewed performing',
            'extended performing', 'restructured performing', 'written_off overdue', 'compensated overdue') THEN
            PERFORM refuse_because('loan_contract_steps');
        END IF;
        RETURN NEW;
    END IF;
    PERFORM 1 FROM loan_application WHERE id = NEW.application_id FOR NO KEY UPDATE;
    IF NEW.state <> 'signed' OR NEW.outstanding_fen <> 0 OR NEW.paid_out_on IS NOT NULL OR NOT EXISTS (SELECT 1 FROM loan_application a
        WHERE a.id = NEW.application_id AND a.state = 'approved' AND a.kind = NEW.kind AND a.donor_id = NEW.donor_id AND a.bank_id = NEW.bank_id
            AND a.product_id = NEW.product_id AND a.version = NEW.version AND a.contract_id IS NOT DISTINCT FROM NEW.replaces_id
            AND a.unit_path = NEW.unit_path AND a.renewal_count = NEW.renewal_count AND a.person_hmac = NEW.person_hmac AND a.method = NEW.method
            AND NEW.principal_fen <= a.approved_fen AND NEW.term <= a.approved_term AND NEW.spread_bp = a.approved_spread_bp) THEN
        PERFORM refuse_because('loan_contract_application');
    END IF;
    IF NEW.replaces_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM loan_contract o
        WHERE o.id = NEW.replaces_id AND o.bank_id = NEW.bank_id AND o.donor_id = NEW.donor_id AND NEW.principal_fen <= o.outstanding_fen
            AND NEW.renewal_count = o.renewal_count + (NEW.kind = 'renewal')::int
            AND (o.state = 'performing' OR (o.state = 'overdue' AND NEW.kind <> 'renewal'))) THEN
        PERFORM refuse_because('loan_contract_replaces');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM bank_seat WHERE staff_id = NEW.author_id AND bank_id = NEW.bank_id) THEN
        PERFORM refuse_because('loan_decision_bank');
    END IF;
    IF loan_related(NEW.application_id, NEW.author_id) OR EXISTS (SELECT 1 FROM loan_decision d
        JOIN loan_application a ON a.id = d.application_id AND a.round = d.round
        WHERE a.id = NEW.application_id AND (loan_related(a.id, d.decider_id) OR loan_related(a.id, d.acting_for_id))) THEN
        PERFORM refuse_because('loan_related');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_contract_insert BEFORE INSERT ON loan_contract FOR EACH ROW EXECUTE FUNCTION loan_contract_guard();
CREATE TRIGGER loan_contract_steps BEFORE UPDATE OF state ON loan_contract FOR EACH ROW WHEN (NEW.state <> OLD.state)
    EXECUTE FUNCTION loan_contract_guard();
CREATE TRIGGER loan_contract_fixed BEFORE UPDATE OF id, number, application_id, donor_id, kind, replaces_id, renewal_count, bank_id,
    product_id, version, unit_path, division, applicant, person_hmac, personal_sealed, principal_fen, payout_fen, annual_rate, lpr_tenor, lpr_on,
    lpr_rate, spread_bp, repricing, method, interest_mode, day_count, odd_first_period, term, due_day, payout_on, first_due_on, maturity_on,
    allocation, penalty_multiplier, misuse_multiplier, compound, grace_days, grace_mode, prepayment_fee_rate, prepayment_fee_months, subsidy,
    compensation, signed_on, author_id, created_us ON loan_contract FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER loan_contract_no_delete BEFORE DELETE OR TRUNCATE ON loan_contract FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER loan_contract_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON loan_contract_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER enterprise_need_fixed BEFORE UPDATE OF id, unit_path, author_id, created_us ON enterprise_need
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER enterprise_need_no_delete BEFORE DELETE OR TRUNCATE ON enterprise_need FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE FUNCTION need_match_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'proposed' OR (NEW.id, NEW.need_id, NEW.product_id, NEW.bank_id, NEW.author_id) IS DISTINCT FROM
        (OLD.id, OLD.need_id, OLD.product_id, OLD.bank_id, OLD.author_id) THEN
        PERFORM refuse_because('need_match_answered');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM bank_seat WHERE staff_id = NEW.answerer_id AND bank_id = NEW.bank_id) THEN
        PERFORM refuse_because('loan_decision_bank');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER need_match_guard BEFORE UPDATE ON need_match FOR EACH ROW EXECUTE FUNCTION need_match_guard();
CREATE TRIGGER need_match_no_delete BEFORE DELETE OR TRUNCATE ON need_match FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER need_follow_up_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON need_follow_up FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

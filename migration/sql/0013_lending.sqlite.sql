-- Guards of lending on SQLite (facts: lending 6). They compare natural persons and hold for every role.

CREATE TRIGGER bank_fixed BEFORE UPDATE OF id, code, author_id, created_us ON bank BEGIN SELECT RAISE(ABORT, 'bank_fixed'); END;
CREATE TRIGGER bank_no_delete BEFORE DELETE ON bank BEGIN SELECT RAISE(ABORT, 'bank_fixed'); END;

CREATE TRIGGER loan_product_fixed BEFORE UPDATE OF id, bank_id, code, family, author_id, created_us ON loan_product
BEGIN SELECT RAISE(ABORT, 'loan_product_fixed'); END;
CREATE TRIGGER loan_product_no_delete BEFORE DELETE ON loan_product BEGIN SELECT RAISE(ABORT, 'loan_product_fixed'); END;
CREATE TRIGGER loan_product_version BEFORE UPDATE OF version ON loan_product WHEN NEW.version <> OLD.version BEGIN
    SELECT RAISE(ABORT, 'loan_product_version') WHERE NOT EXISTS (SELECT 1 FROM product_version
        WHERE product_id = NEW.id AND version = NEW.version AND state = 'published');
END;

CREATE TRIGGER product_version_insert BEFORE INSERT ON product_version BEGIN
    SELECT RAISE(ABORT, 'product_version_published') WHERE NEW.state <> 'draft';
    SELECT RAISE(ABORT, 'product_version_published') FROM product_version
        WHERE product_id = NEW.product_id AND version = NEW.version AND state = 'published';
END;
CREATE TRIGGER product_version_published BEFORE UPDATE ON product_version WHEN OLD.state = 'published' OR NEW.product_id <> OLD.product_id
    OR NEW.version <> OLD.version OR NEW.author_id <> OLD.author_id OR (NEW.state = 'published' AND NEW.terms <> OLD.terms)
BEGIN SELECT RAISE(ABORT, 'product_version_published'); END;
CREATE TRIGGER product_version_no_delete BEFORE DELETE ON product_version WHEN OLD.state = 'published'
BEGIN SELECT RAISE(ABORT, 'product_version_published'); END;

CREATE TRIGGER lpr_insert BEFORE INSERT ON lpr WHEN NEW.confirmer_id IS NOT NULL BEGIN SELECT RAISE(ABORT, 'lpr_confirmed'); END;
CREATE TRIGGER lpr_confirmed BEFORE UPDATE ON lpr WHEN OLD.confirmer_id IS NOT NULL OR NEW.published_on <> OLD.published_on
    OR NEW.tenor <> OLD.tenor OR NEW.rate <> OLD.rate OR NEW.author_id <> OLD.author_id
BEGIN SELECT RAISE(ABORT, 'lpr_confirmed'); END;
CREATE TRIGGER lpr_no_delete BEFORE DELETE ON lpr WHEN OLD.confirmer_id IS NOT NULL BEGIN SELECT RAISE(ABORT, 'lpr_confirmed'); END;

CREATE TRIGGER loan_quota_fixed BEFORE UPDATE OF id, unit_id, unit_path, bank_id, product_id, year, author_id, created_us ON loan_quota
BEGIN SELECT RAISE(ABORT, 'loan_quota_fixed'); END;
CREATE TRIGGER loan_quota_no_delete BEFORE DELETE ON loan_quota BEGIN SELECT RAISE(ABORT, 'loan_quota_fixed'); END;

CREATE TRIGGER loan_consent_insert BEFORE INSERT ON loan_consent WHEN NEW.withdrawn_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'loan_consent_fixed'); END;
CREATE TRIGGER loan_consent_fixed BEFORE UPDATE ON loan_consent WHEN OLD.withdrawn_us IS NOT NULL OR NEW.withdrawn_us IS NULL
    OR NEW.id <> OLD.id OR NEW.donor_id <> OLD.donor_id OR NEW.bank_id <> OLD.bank_id OR NEW.scope <> OLD.scope OR NEW.words <> OLD.words
    OR NEW.given_us <> OLD.given_us
BEGIN SELECT RAISE(ABORT, 'loan_consent_fixed'); END;
CREATE TRIGGER loan_consent_no_delete BEFORE DELETE ON loan_consent BEGIN SELECT RAISE(ABORT, 'loan_consent_fixed'); END;

CREATE TRIGGER loan_application_insert BEFORE INSERT ON loan_application BEGIN
    SELECT RAISE(ABORT, 'loan_application_steps') WHERE NEW.state <> 'draft' OR NEW.round <> 1 OR NEW.quota_use <> 'none' OR NEW.purged_us IS NOT NULL;
    SELECT RAISE(ABORT, 'loan_application_fixed') FROM loan_application WHERE id = NEW.id;
END;
CREATE TRIGGER loan_application_fixed BEFORE UPDATE ON loan_application
WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.donor_id <> OLD.donor_id OR NEW.contract_id IS NOT OLD.contract_id
    OR NEW.created_us <> OLD.created_us OR OLD.purged_us IS NOT NULL
    OR (OLD.state <> 'draft' AND (NEW.bank_id <> OLD.bank_id OR NEW.product_id <> OLD.product_id OR NEW.version <> OLD.version
        OR NEW.unit_path <> OLD.unit_path OR NEW.city_path <> OLD.city_path OR NEW.division <> OLD.division OR NEW.applicant <> OLD.applicant
        OR NEW.amount_fen <> OLD.amount_fen OR NEW.term <> OLD.term OR NEW.method <> OLD.method OR NEW.industry <> OLD.industry
        OR NEW.guarantee <> OLD.guarantee OR NEW.renewal_count <> OLD.renewal_count OR NEW.content <> OLD.content))
    OR (OLD.state <> 'draft' AND NEW.purged_us IS NULL AND (NEW.purpose <> OLD.purpose OR NEW.enterprise IS NOT OLD.enterprise
        OR NEW.credit_code IS NOT OLD.credit_code OR NEW.person_hmac IS NOT OLD.person_hmac OR NEW.personal_sealed IS NOT OLD.personal_sealed))
    OR (OLD.state IN ('approved', 'signed') AND (NEW.approved_fen IS NOT OLD.approved_fen OR NEW.approved_term IS NOT OLD.approved_term
        OR NEW.approved_spread_bp IS NOT OLD.approved_spread_bp))
    OR NEW.round <> OLD.round + (OLD.state IN ('applied', 'bank_review') AND NEW.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'loan_application_fixed'); END;
CREATE TRIGGER loan_application_no_delete BEFORE DELETE ON loan_application BEGIN SELECT RAISE(ABORT, 'loan_application_fixed'); END;
CREATE TRIGGER loan_application_steps BEFORE UPDATE OF state ON loan_application WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'loan_application_steps') WHERE (OLD.state || ' ' || NEW.state) NOT IN (
        'draft applied', 'draft withdrawn', 'applied draft', 'applied recommended', 'applied refused', 'applied withdrawn',
        'recommended bank_review', 'recommended withdrawn', 'recommended expired', 'bank_review draft', 'bank_review approved',
        'bank_review refused', 'bank_review withdrawn', 'approved signed', 'approved withdrawn', 'approved expired');
    SELECT RAISE(ABORT, 'loan_application_undecided') WHERE NEW.state IN ('recommended', 'approved', 'refused', 'draft') AND NOT EXISTS (
        SELECT 1 FROM loan_decision WHERE application_id = NEW.id AND round = OLD.round
            AND office = CASE OLD.state WHEN 'bank_review' THEN 'bank' ELSE OLD.office END
            AND verdict = CASE NEW.state WHEN 'refused' THEN 'refused' WHEN 'draft' THEN 'returned' ELSE 'agreed' END);
    SELECT RAISE(ABORT, 'loan_application_consent') WHERE NEW.state = 'bank_review' AND NOT EXISTS (SELECT 1 FROM loan_consent
        WHERE donor_id = NEW.donor_id AND bank_id = NEW.bank_id AND scope = 'application' AND withdrawn_us IS NULL);
    SELECT RAISE(ABORT, 'loan_application_unsigned') WHERE NEW.state = 'signed' AND NOT EXISTS (SELECT 1 FROM loan_contract
        WHERE application_id = NEW.id);
END;
CREATE TRIGGER loan_application_history_no_update BEFORE UPDATE ON loan_application_history
BEGIN SELECT RAISE(ABORT, 'loan_application_history_immutable'); END;
CREATE TRIGGER loan_application_history_no_delete BEFORE DELETE ON loan_application_history
BEGIN SELECT RAISE(ABORT, 'loan_application_history_immutable'); END;

CREATE TRIGGER loan_relation_no_update BEFORE UPDATE ON loan_relation BEGIN SELECT RAISE(ABORT, 'loan_relation_immutable'); END;
CREATE TRIGGER loan_relation_no_delete BEFORE DELETE ON loan_relation
WHEN EXISTS (SELECT 1 FROM loan_application WHERE id = OLD.application_id AND purged_us IS NULL)
BEGIN SELECT RAISE(ABORT, 'loan_relation_immutable'); END;

CREATE TRIGGER loan_decision_insert BEFORE INSERT ON loan_decision BEGIN
    SELECT RAISE(ABORT, 'loan_decision_file') WHERE NOT EXISTS (SELECT 1 FROM loan_application a WHERE a.id = NEW.application_id
        AND a.round = NEW.round AND ((NEW.office = 'bank' AND a.state = 'bank_review') OR (a.state = 'applied' AND a.office = NEW.office)));
    SELECT RAISE(ABORT, 'loan_decision_bank') WHERE NEW.office = 'bank' AND NOT EXISTS (SELECT 1 FROM bank_seat b
        JOIN loan_application a ON a.bank_id = b.bank_id WHERE a.id = NEW.application_id AND b.staff_id = NEW.decider_id);
    SELECT RAISE(ABORT, 'loan_related') FROM loan_application a JOIN staff s ON s.id IN (NEW.decider_id, NEW.acting_for_id)
        WHERE a.id = NEW.application_id AND (s.person_hmac = a.person_hmac OR EXISTS (SELECT 1 FROM loan_relation r
            WHERE r.application_id = a.id AND (r.staff_id = s.id OR r.person_hmac = s.person_hmac)));
    SELECT RAISE(ABORT, 'loan_decision_immutable') FROM loan_decision
        WHERE application_id = NEW.application_id AND round = NEW.round AND office = NEW.office;
END;
CREATE TRIGGER loan_decision_no_update BEFORE UPDATE ON loan_decision BEGIN SELECT RAISE(ABORT, 'loan_decision_immutable'); END;
CREATE TRIGGER loan_decision_no_delete BEFORE DELETE ON loan_decision BEGIN SELECT RAISE(ABORT, 'loan_decision_immutable'); END;

-- A contract is what its application was approved as; nobody who had a hand in it is close to the borrower.
CREATE TRIGGER loan_contract_insert BEFORE INSERT ON loan_contract BEGIN
    SELECT RAISE(ABORT, 'loan_contract_fixed') FROM loan_contract WHERE id = NEW.id OR application_id = NEW.application_id;
    SELECT RAISE(ABORT, 'loan_contract_application') WHERE NEW.state <> 'signed' OR NEW.outstanding_fen <> 0 OR NEW.paid_out_on IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM loan_application a
        WHERE a.id = NEW.application_id AND a.state = 'approved' AND a.kind = NEW.kind AND a.donor_id = NEW.donor_id AND a.bank_id = NEW.bank_id
            AND a.product_id = NEW.product_id AND a.version = NEW.version AND a.contract_id IS NEW.replaces_id AND a.unit_path = NEW.unit_path
            AND a.renewal_count = NEW.renewal_count AND a.person_hmac = NEW.person_hmac AND a.method = NEW.method
            AND NEW.principal_fen <= a.approved_fen AND NEW.term <= a.approved_term AND NEW.spread_bp = a.approved_spread_bp);
    SELECT RAISE(ABORT, 'loan_contract_replaces') WHERE NEW.replaces_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM loan_contract o
        WHERE o.id = NEW.replaces_id AND o.bank_id = NEW.bank_id AND o.donor_id = NEW.donor_id AND NEW.principal_fen <= o.outstanding_fen
            AND NEW.renewal_count = o.renewal_count + (NEW.kind = 'renewal')
            AND (o.state = 'performing' OR (o.state = 'overdue' AND NEW.kind <> 'renewal')));
    SELECT RAISE(ABORT, 'loan_decision_bank') WHERE NOT EXISTS (SELECT 1 FROM bank_seat WHERE staff_id = NEW.author_id AND bank_id = NEW.bank_id);
    SELECT RAISE(ABORT, 'loan_related') FROM staff s WHERE (s.id = NEW.author_id OR s.id IN (
            SELECT d.decider_id FROM loan_decision d JOIN loan_application a ON a.id = d.application_id AND a.round = d.round WHERE a.id = NEW.application_id
            UNION SELECT d.acting_for_id FROM loan_decision d JOIN loan_application a ON a.id = d.application_id AND a.round = d.round
                WHERE a.id = NEW.application_id))
        AND (s.person_hmac = NEW.person_hmac OR EXISTS (SELECT 1 FROM loan_relation r WHERE r.application_id = NEW.application_id
            AND (r.staff_id = s.id OR r.person_hmac = s.person_hmac)));
END;
CREATE TRIGGER loan_contract_fixed BEFORE UPDATE OF id, number, application_id, donor_id, kind, replaces_id, renewal_count, bank_id,
    product_id, version, unit_path, division, applicant, person_hmac, personal_sealed, principal_fen, payout_fen, annual_rate, lpr_tenor, lpr_on,
    lpr_rate, spread_bp, repricing, method, interest_mode, day_count, odd_first_period, term, due_day, payout_on, first_due_on, maturity_on,
    allocation, penalty_multiplier, misuse_multiplier, compound, grace_days, grace_mode, prepayment_fee_rate, prepayment_fee_months, subsidy,
    compensation, signed_on, author_id, created_us ON loan_contract
BEGIN SELECT RAISE(ABORT, 'loan_contract_fixed'); END;
CREATE TRIGGER loan_contract_no_delete BEFORE DELETE ON loan_contract BEGIN SELECT RAISE(ABORT, 'loan_contract_fixed'); END;
CREATE TRIGGER loan_contract_steps BEFORE UPDATE OF state ON loan_contract WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'loan_contract_steps') WHERE (OLD.state || ' ' || NEW.state) NOT IN (
        'signed paid_out', 'signed withdrawn', 'paid_out signed', 'paid_out performing', 'paid_out overdue', 'paid_out settled',
        'performing overdue', 'performing settled', 'performing renewed', 'performing extended', 'performing restructured',
        'overdue performing', 'overdue settled', 'overdue written_off', 'overdue compensated', 'overdue extended', 'overdue restructured',
        'compensated settled', 'compensated written_off', 'written_off settled', 'settled performing', 'renewed performing',
        'extended performing', 'restructured performing', 'written_off overdue', 'compensated overdue');
END;
CREATE TRIGGER loan_contract_history_no_update BEFORE UPDATE ON loan_contract_history
BEGIN SELECT RAISE(ABORT, 'loan_contract_history_immutable'); END;
CREATE TRIGGER loan_contract_history_no_delete BEFORE DELETE ON loan_contract_history
BEGIN SELECT RAISE(ABORT, 'loan_contract_history_immutable'); END;

CREATE TRIGGER enterprise_need_fixed BEFORE UPDATE OF id, unit_path, author_id, created_us ON enterprise_need
BEGIN SELECT RAISE(ABORT, 'enterprise_need_fixed'); END;
CREATE TRIGGER enterprise_need_no_delete BEFORE DELETE ON enterprise_need BEGIN SELECT RAISE(ABORT, 'enterprise_need_fixed'); END;
CREATE TRIGGER need_match_answered BEFORE UPDATE ON need_match WHEN OLD.state <> 'proposed' OR NEW.id <> OLD.id OR NEW.need_id <> OLD.need_id
    OR NEW.product_id <> OLD.product_id OR NEW.bank_id <> OLD.bank_id OR NEW.author_id <> OLD.author_id
BEGIN SELECT RAISE(ABORT, 'need_match_answered'); END;
CREATE TRIGGER need_match_bank BEFORE UPDATE OF answerer_id ON need_match BEGIN
    SELECT RAISE(ABORT, 'loan_decision_bank') WHERE NOT EXISTS (SELECT 1 FROM bank_seat WHERE staff_id = NEW.answerer_id AND bank_id = NEW.bank_id);
END;
CREATE TRIGGER need_match_no_delete BEFORE DELETE ON need_match BEGIN SELECT RAISE(ABORT, 'need_match_answered'); END;
CREATE TRIGGER need_follow_up_no_update BEFORE UPDATE ON need_follow_up BEGIN SELECT RAISE(ABORT, 'need_follow_up_immutable'); END;
CREATE TRIGGER need_follow_up_no_delete BEFORE DELETE ON need_follow_up BEGIN SELECT RAISE(ABORT, 'need_follow_up_immutable'); END;

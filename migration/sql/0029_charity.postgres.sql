-- Guards on PostgreSQL that a second hostile test found missing. Each refusal is named after the rule it keeps.

-- ---- certificates (facts: charity 2.1 Art. 22) ----

-- Registered by one person, confirmed by another, revoked once; nothing else of it changes, and what counts is not taken away.
CREATE TRIGGER certificate_registered BEFORE INSERT ON certificate FOR EACH ROW
    WHEN (NEW.confirmer_id IS NOT NULL OR NEW.confirmer_for_id IS NOT NULL OR NEW.confirmed_us IS NOT NULL OR NEW.revoked_on IS NOT NULL)
    EXECUTE FUNCTION refuse_named('certificate_unconfirmed');
CREATE TRIGGER certificate_fixed BEFORE UPDATE OF id, book_id, number, issuer, issued_on, expires_on, author_id, author_for_id, created_us
    ON certificate FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE FUNCTION certificate_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.confirmed_us IS NOT NULL OR OLD.revoked_on IS NOT NULL THEN
        PERFORM refuse_because('certificate_fixed');
    END IF;
    IF NEW.confirmer_id IS NULL OR NEW.confirmed_us IS NULL THEN
        PERFORM refuse_because('certificate_unconfirmed');
    END IF;
    IF NEW.author_for_id IN (NEW.confirmer_id, NEW.confirmer_for_id) THEN
        PERFORM refuse_because('certificate_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificate_confirmed BEFORE UPDATE OF confirmer_id, confirmer_for_id, confirmed_us ON certificate
    FOR EACH ROW EXECUTE FUNCTION certificate_confirmed();
CREATE TRIGGER certificate_revoked BEFORE UPDATE OF revoked_on ON certificate FOR EACH ROW
    WHEN (OLD.revoked_on IS NOT NULL AND NEW.revoked_on IS DISTINCT FROM OLD.revoked_on) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER certificate_no_delete BEFORE DELETE ON certificate FOR EACH ROW WHEN (OLD.confirmed_us IS NOT NULL)
    EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER certificate_no_truncate BEFORE TRUNCATE ON certificate FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- The account and the merchant number that money comes to, which each plan is compared with when its campaign opens: no step of this house
-- changes them, and no hand does.
CREATE TRIGGER charity_fixed BEFORE UPDATE OF book_id, unit_id, mchid, bank_account, created_us ON charity
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER charity_no_delete BEFORE DELETE OR TRUNCATE ON charity FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- A parent campaign holds no money of its own: nothing is asked of it.
CREATE FUNCTION disbursement_parent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND kind = 'parent') THEN
        PERFORM refuse_because('disbursement_parent');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disbursement_parent BEFORE INSERT ON disbursement FOR EACH ROW EXECUTE FUNCTION disbursement_parent();

-- ---- persons (facts: charity 3.5, 6.6a) ----

-- Whoever had something written down in their name is not the second person, and stays who had it written.
CREATE TRIGGER payout_settlement_persons BEFORE UPDATE OF approver_id ON payout_settlement FOR EACH ROW
    WHEN (NEW.approver_id = NEW.author_for_id) EXECUTE FUNCTION refuse_named('payout_settlement_persons');
CREATE TRIGGER payee_persons BEFORE UPDATE OF account_confirmed_by ON payee FOR EACH ROW
    WHEN (NEW.account_confirmed_by = NEW.account_changed_for) EXECUTE FUNCTION refuse_named('payee_persons');
CREATE TRIGGER donation_author_for BEFORE UPDATE OF approver_id, approver_for_id ON donation FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)) EXECUTE FUNCTION refuse_named('donation_persons');
CREATE TRIGGER gift_list_persons BEFORE UPDATE OF approver_id, approver_for_id ON gift_list FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)) EXECUTE FUNCTION refuse_named('gift_list_persons');
CREATE TRIGGER bank_claim_persons BEFORE UPDATE OF approver_id, approver_for_id ON bank_claim FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)) EXECUTE FUNCTION refuse_named('bank_claim_persons');
CREATE TRIGGER bank_balance_persons BEFORE UPDATE OF reviewer_id, reviewer_for_id ON bank_balance FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.reviewer_id, NEW.reviewer_for_id)) EXECUTE FUNCTION refuse_named('bank_balance_persons');
CREATE TRIGGER refund_author_for BEFORE UPDATE OF decider_id, decider_for_id, cover_approver_id, cover_approver_for_id, outcome_approver_id, outcome_approver_for_id ON refund FOR EACH ROW
    WHEN (NEW.requester_for_id IN (NEW.decider_id, NEW.decider_for_id) OR NEW.cover_author_for_id IN (NEW.cover_approver_id, NEW.cover_approver_for_id)
    OR NEW.outcome_author_for_id IN (NEW.outcome_approver_id, NEW.outcome_approver_for_id)) EXECUTE FUNCTION refuse_named('refund_persons');
CREATE TRIGGER transfer_author_for BEFORE UPDATE OF approver_id, approver_for_id, outcome_approver_id, outcome_approver_for_id ON transfer FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)
    OR NEW.outcome_author_for_id IN (NEW.outcome_approver_id, NEW.outcome_approver_for_id)) EXECUTE FUNCTION refuse_named('transfer_persons');
CREATE TRIGGER resolution_persons BEFORE UPDATE OF approver_id, approver_for_id ON resolution FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)) EXECUTE FUNCTION refuse_named('resolution_persons');
CREATE TRIGGER profile_change_persons BEFORE UPDATE OF approver_id, acting_for_id ON profile_change FOR EACH ROW
    WHEN (NEW.author_for_id IN (NEW.approver_id, NEW.acting_for_id)) EXECUTE FUNCTION refuse_named('profile_change_persons');
CREATE TRIGGER payout_settlement_author_for_fixed BEFORE UPDATE OF author_for_id ON payout_settlement FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('payout_settlement_persons');
CREATE TRIGGER donation_author_for_fixed BEFORE UPDATE OF author_for_id ON donation FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('donation_persons');
CREATE TRIGGER gift_list_author_for_fixed BEFORE UPDATE OF author_for_id ON gift_list FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('gift_list_persons');
CREATE TRIGGER bank_claim_author_for_fixed BEFORE UPDATE OF author_for_id ON bank_claim FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('bank_claim_persons');
CREATE TRIGGER bank_balance_author_for_fixed BEFORE UPDATE OF author_for_id ON bank_balance FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('bank_balance_persons');
CREATE TRIGGER refund_requester_for_fixed BEFORE UPDATE OF requester_for_id ON refund FOR EACH ROW
    WHEN (NEW.requester_for_id IS DISTINCT FROM OLD.requester_for_id) EXECUTE FUNCTION refuse_named('refund_persons');
CREATE TRIGGER transfer_author_for_fixed BEFORE UPDATE OF author_for_id ON transfer FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('transfer_persons');
CREATE TRIGGER resolution_author_for_fixed BEFORE UPDATE OF author_for_id ON resolution FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('resolution_persons');
CREATE TRIGGER profile_change_author_for_fixed BEFORE UPDATE OF author_for_id ON profile_change FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_named('profile_change_persons');
CREATE TRIGGER payee_changed_for_fixed BEFORE UPDATE OF account_changed_for ON payee FOR EACH ROW
    WHEN (NEW.account_changed_for IS DISTINCT FROM OLD.account_changed_for
        AND NEW.account_changed_us IS NOT DISTINCT FROM OLD.account_changed_us)
    EXECUTE FUNCTION refuse_named('payee_persons');

-- Whoever is the second person, or in whose name they act, is none of the first, and stays who they are.
CREATE TRIGGER payout_settlement_acting BEFORE UPDATE OF approver_for_id ON payout_settlement FOR EACH ROW
    WHEN (NEW.approver_for_id = NEW.author_for_id) EXECUTE FUNCTION refuse_named('payout_settlement_persons');
CREATE TRIGGER payout_settlement_approver_for_undecided BEFORE INSERT ON payout_settlement FOR EACH ROW
    WHEN (NEW.approver_for_id IS NOT NULL) EXECUTE FUNCTION refuse_named('payout_settlement_decided');
CREATE TRIGGER payee_confirmed_for BEFORE UPDATE OF account_confirmed_by, account_confirmed_for ON payee FOR EACH ROW
    WHEN (NEW.account_confirmed_for = NEW.account_changed_for OR (OLD.account_confirmed_by IS NOT NULL
        AND NEW.account_confirmed_by IS NOT DISTINCT FROM OLD.account_confirmed_by
        AND NEW.account_confirmed_for IS DISTINCT FROM OLD.account_confirmed_for))
    EXECUTE FUNCTION refuse_named('payee_persons');
CREATE TRIGGER payout_confirmer_for BEFORE UPDATE OF confirmer_for_id, state ON payout FOR EACH ROW
    WHEN ((NEW.state = OLD.state OR NEW.state NOT IN ('scheduled', 'confirmed', 'bounced'))
        AND NEW.confirmer_for_id IS DISTINCT FROM OLD.confirmer_for_id)
    EXECUTE FUNCTION refuse_named('payout_fixed');
CREATE TRIGGER payout_confirmer_for_unconfirmed BEFORE INSERT ON payout FOR EACH ROW
    WHEN (NEW.confirmer_for_id IS NOT NULL) EXECUTE FUNCTION refuse_named('payout_fixed');

-- Whoever wrote or approved a paper neither says what the bank did with it nor what came of the money, where the charity keeps all duties
-- apart (facts: charity 1, 6.6a).
CREATE FUNCTION had_a_hand(paper UUID, person UUID, lender UUID) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM disbursement d WHERE d.id = paper AND d.profile = 'full'
        AND (person IN (d.author_id, d.author_for_id) OR lender IN (d.author_id, d.author_for_id)
            OR EXISTS (SELECT 1 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round
                AND (person IN (a.approver_id, a.acting_for_id) OR lender IN (a.approver_id, a.acting_for_id)))))
$$;
CREATE FUNCTION payout_hands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF had_a_hand(NEW.disbursement_id, NEW.confirmer_id, NEW.confirmer_for_id) THEN
        PERFORM refuse_because('payout_hands');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_hands BEFORE UPDATE OF state ON payout FOR EACH ROW
    WHEN (NEW.state IN ('confirmed', 'bounced') AND NEW.state <> OLD.state) EXECUTE FUNCTION payout_hands();
CREATE FUNCTION payout_settlement_hands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF had_a_hand((SELECT disbursement_id FROM payout WHERE id = NEW.payout_id), NEW.approver_id, NEW.approver_for_id) THEN
        PERFORM refuse_because('payout_settlement_persons');
    END IF;
    -- What a partner accounts for has a document (entry 13b); it is not withdrawn meanwhile.
    IF NEW.state = 'confirmed' AND NEW.kind = 'accounted' THEN
        PERFORM 1 FROM attachment WHERE object = 'settlement:' || NEW.id AND withdrawn_us IS NULL FOR SHARE;
        IF NOT FOUND THEN
            PERFORM refuse_because('payout_settlement_document');
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_settlement_hands BEFORE UPDATE OF state ON payout_settlement FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION payout_settlement_hands();
CREATE FUNCTION attachment_settled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found TEXT;
BEGIN
    SELECT state INTO found FROM payout_settlement WHERE id = substr(OLD.object, 12)::uuid FOR SHARE;
    IF found <> 'proposed' THEN
        PERFORM refuse_because('attachment_settled');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attachment_settled BEFORE UPDATE OF withdrawn_us ON attachment FOR EACH ROW
    WHEN (OLD.object LIKE 'settlement:%') EXECUTE FUNCTION attachment_settled();

-- Another account under a name that is known is a changed account, whichever row it is written in.
CREATE FUNCTION payee_other_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payee_account h JOIN payee q ON q.id = h.payee_id
            WHERE q.book_id = NEW.book_id AND q.name_hmac = NEW.name_hmac AND h.account_hmac <> NEW.account_hmac)
       AND NOT EXISTS (SELECT 1 FROM payee k WHERE k.book_id = NEW.book_id AND k.name_hmac = NEW.name_hmac
            AND k.account_hmac = NEW.account_hmac AND (k.account_changed_us IS NULL OR k.account_confirmed_by IS NOT NULL)) THEN
        PERFORM refuse_because('payee_account_unconfirmed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payee_other_account BEFORE INSERT ON payee FOR EACH ROW
    WHEN (NEW.account_hmac IS NOT NULL AND (NEW.account_changed_us IS NULL OR NEW.account_changed_us < NEW.created_us
        OR NEW.account_confirmed_by IS NOT NULL))
    EXECUTE FUNCTION payee_other_account();
-- How somebody is close stays as it was declared.
CREATE TRIGGER payee_related_note BEFORE UPDATE OF related_note ON payee FOR EACH ROW
    WHEN (OLD.related AND NEW.related_note IS DISTINCT FROM OLD.related_note) EXECUTE FUNCTION refuse_named('payee_related');

-- Nobody clears or blocks themselves, nor whom they wrote down or asked money for.
CREATE FUNCTION screening_hit_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payee WHERE id = NEW.payee_id AND NEW.decider_id IN (author_id, staff_id))
       OR EXISTS (SELECT 1 FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
            WHERE NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND NEW.decider_id IN (d.author_id, d.author_for_id)) THEN
        PERFORM refuse_because('screening_hit_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER screening_hit_persons BEFORE UPDATE OF decider_id ON screening_hit FOR EACH ROW
    WHEN (NEW.decider_id IS NOT NULL) EXECUTE FUNCTION screening_hit_persons();

CREATE TRIGGER disbursement_repeat BEFORE UPDATE OF repeat_reason ON disbursement FOR EACH ROW
    WHEN (OLD.state <> 'draft' AND NEW.repeat_reason IS DISTINCT FROM OLD.repeat_reason) EXECUTE FUNCTION refuse_named('disbursement_fixed');

-- What a voucher charged is written while it is posted, and never to money that is frozen.
CREATE FUNCTION voucher_charge_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM manual_voucher v JOIN campaign c ON c.book_id = v.book_id
            WHERE v.id = NEW.voucher_id AND v.state = 'submitted' AND c.id = NEW.campaign_id) THEN
        PERFORM refuse_because('voucher_charge_unasked');
    END IF;
    PERFORM 1 FROM campaign WHERE id = NEW.campaign_id AND frozen AND NEW.amount_fen > 0;
    IF FOUND THEN
        PERFORM refuse_because('campaign_frozen');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER voucher_charge_stands BEFORE INSERT ON voucher_charge FOR EACH ROW EXECUTE FUNCTION voucher_charge_stands();
CREATE TRIGGER voucher_charge_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_charge FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whoever is the second person, or in whose name they act, is none of the first, and stays who they are.
CREATE TRIGGER payout_settlement_acting BEFORE UPDATE OF approver_for_id ON payout_settlement WHEN NEW.approver_for_id = NEW.author_for_id
BEGIN SELECT RAISE(ABORT, 'payout_settlement_persons'); END;
CREATE TRIGGER payout_settlement_approver_for_undecided BEFORE INSERT ON payout_settlement WHEN NEW.approver_for_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'payout_settlement_decided'); END;
CREATE TRIGGER payee_confirmed_for BEFORE UPDATE OF account_confirmed_by, account_confirmed_for ON payee
WHEN NEW.account_confirmed_for = NEW.account_changed_for OR (OLD.account_confirmed_by IS NOT NULL
    AND NEW.account_confirmed_by IS OLD.account_confirmed_by AND NEW.account_confirmed_for IS NOT OLD.account_confirmed_for)
BEGIN SELECT RAISE(ABORT, 'payee_persons'); END;
CREATE TRIGGER payout_confirmer_for BEFORE UPDATE OF confirmer_for_id, state ON payout
WHEN (NEW.state = OLD.state OR NEW.state NOT IN ('scheduled', 'confirmed', 'bounced')) AND NEW.confirmer_for_id IS NOT OLD.confirmer_for_id
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;
CREATE TRIGGER payout_confirmer_for_unconfirmed BEFORE INSERT ON payout WHEN NEW.confirmer_for_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;

-- Whoever wrote or approved a paper neither says what the bank did with it nor what came of the money, where the charity keeps all duties
-- apart (facts: charity 1, 6.6a).
CREATE TRIGGER payout_hands BEFORE UPDATE OF state ON payout WHEN NEW.state IN ('confirmed', 'bounced') AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_hands') FROM disbursement d WHERE d.id = NEW.disbursement_id AND d.profile = 'full'
        AND (NEW.confirmer_id IN (d.author_id, d.author_for_id) OR NEW.confirmer_for_id IN (d.author_id, d.author_for_id)
            OR EXISTS (SELECT 1 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round
                AND (NEW.confirmer_id IN (a.approver_id, a.acting_for_id) OR NEW.confirmer_for_id IN (a.approver_id, a.acting_for_id))));
END;
CREATE TRIGGER payout_settlement_hands BEFORE UPDATE OF state ON payout_settlement WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_settlement_persons') FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
        WHERE o.id = NEW.payout_id AND d.profile = 'full'
        AND (NEW.approver_id IN (d.author_id, d.author_for_id) OR NEW.approver_for_id IN (d.author_id, d.author_for_id)
            OR EXISTS (SELECT 1 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round
                AND (NEW.approver_id IN (a.approver_id, a.acting_for_id) OR NEW.approver_for_id IN (a.approver_id, a.acting_for_id))));
    -- What a partner accounts for has a document (entry 13b).
    SELECT RAISE(ABORT, 'payout_settlement_document') WHERE NEW.state = 'confirmed' AND NEW.kind = 'accounted' AND NOT EXISTS (
        SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND object = 'settlement:' || lower(substr(hex(NEW.id), 1, 8) || '-'
            || substr(hex(NEW.id), 9, 4) || '-' || substr(hex(NEW.id), 13, 4) || '-' || substr(hex(NEW.id), 17, 4) || '-' || substr(hex(NEW.id), 21)));
END;
CREATE TRIGGER attachment_settled BEFORE UPDATE OF withdrawn_us ON attachment WHEN OLD.object LIKE 'settlement:%' BEGIN
    SELECT RAISE(ABORT, 'attachment_settled') FROM payout_settlement WHERE state <> 'proposed'
        AND 'settlement:' || lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4)
            || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)) = OLD.object;
END;

-- Another account under a name that is known is a changed account, whichever row it is written in.
CREATE TRIGGER payee_other_account BEFORE INSERT ON payee WHEN NEW.account_hmac IS NOT NULL
    AND (NEW.account_changed_us IS NULL OR NEW.account_changed_us < NEW.created_us OR NEW.account_confirmed_by IS NOT NULL) BEGIN
    SELECT RAISE(ABORT, 'payee_account_unconfirmed') FROM payee_account h JOIN payee q ON q.id = h.payee_id
        WHERE q.book_id = NEW.book_id AND q.name_hmac = NEW.name_hmac AND h.account_hmac <> NEW.account_hmac
        AND NOT EXISTS (SELECT 1 FROM payee k WHERE k.book_id = NEW.book_id AND k.name_hmac = NEW.name_hmac
            AND k.account_hmac = NEW.account_hmac AND (k.account_changed_us IS NULL OR k.account_confirmed_by IS NOT NULL));
END;
-- How somebody is close stays as it was declared.
CREATE TRIGGER payee_related_note BEFORE UPDATE OF related_note ON payee WHEN OLD.related AND NEW.related_note IS NOT OLD.related_note
BEGIN SELECT RAISE(ABORT, 'payee_related'); END;

-- Nobody clears or blocks themselves, nor whom they wrote down or asked money for.
CREATE TRIGGER screening_hit_persons BEFORE UPDATE OF decider_id ON screening_hit WHEN NEW.decider_id IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'screening_hit_persons') FROM payee WHERE id = NEW.payee_id AND NEW.decider_id IN (author_id, staff_id);
    SELECT RAISE(ABORT, 'screening_hit_persons') FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
        WHERE NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND NEW.decider_id IN (d.author_id, d.author_for_id);
END;

CREATE TRIGGER disbursement_repeat BEFORE UPDATE OF repeat_reason ON disbursement
WHEN OLD.state <> 'draft' AND NEW.repeat_reason IS NOT OLD.repeat_reason
BEGIN SELECT RAISE(ABORT, 'disbursement_fixed'); END;

-- What a voucher charged is written while it is posted, and never to money that is frozen.
CREATE TRIGGER voucher_charge_stands BEFORE INSERT ON voucher_charge BEGIN
    SELECT RAISE(ABORT, 'voucher_charge_pkey') FROM voucher_charge
        WHERE voucher_id = NEW.voucher_id AND campaign_id = NEW.campaign_id AND line_code = NEW.line_code;
    SELECT RAISE(ABORT, 'voucher_charge_unasked') WHERE NOT EXISTS (SELECT 1 FROM manual_voucher v JOIN campaign c ON c.book_id = v.book_id
        WHERE v.id = NEW.voucher_id AND v.state = 'submitted' AND c.id = NEW.campaign_id);
    SELECT RAISE(ABORT, 'campaign_frozen') FROM campaign WHERE id = NEW.campaign_id AND frozen AND NEW.amount_fen > 0;
END;
CREATE TRIGGER voucher_charge_no_update BEFORE UPDATE ON voucher_charge BEGIN SELECT RAISE(ABORT, 'voucher_charge_immutable'); END;
CREATE TRIGGER voucher_charge_no_delete BEFORE DELETE ON voucher_charge BEGIN SELECT RAISE(ABORT, 'voucher_charge_immutable'); END;

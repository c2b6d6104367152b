-- Guards of people's rights on SQLite. Each refusal is named after the rule it keeps.

-- ---- erasure of payees (facts: charity 2.11, 2.13) ----

-- Asked by one person for a natural person, answered once by another, and kept.
CREATE TRIGGER payee_erasure_asked BEFORE INSERT ON payee_erasure WHEN NEW.state <> 'asked'
BEGIN SELECT RAISE(ABORT, 'payee_erasure_asked'); END;
CREATE TRIGGER payee_erasure_stands BEFORE INSERT ON payee_erasure BEGIN
    SELECT RAISE(ABORT, 'payee_erasure_pkey') FROM payee_erasure WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'payee_erasure_live_key') FROM payee_erasure WHERE payee_id = NEW.payee_id AND state <> 'declined';
    SELECT RAISE(ABORT, 'payee_erasure_person') FROM payee WHERE id = NEW.payee_id AND kind <> 'person';
END;
CREATE TRIGGER payee_erasure_keeps BEFORE UPDATE OF state ON payee_erasure BEGIN
    SELECT RAISE(ABORT, 'payee_erasure_live_key') FROM payee_erasure WHERE rowid <> OLD.rowid AND payee_id = NEW.payee_id
        AND state <> 'declined' AND NEW.state <> 'declined';
END;
CREATE TRIGGER payee_erasure_fixed BEFORE UPDATE OF id, payee_id, reason, author_id, author_for_id, created_us ON payee_erasure
BEGIN SELECT RAISE(ABORT, 'payee_erasure_fixed'); END;
CREATE TRIGGER payee_erasure_steps BEFORE UPDATE ON payee_erasure BEGIN
    SELECT RAISE(ABORT, 'payee_erasure_fixed') WHERE (OLD.state || ' ' || NEW.state) NOT IN ('asked declined', 'asked restricted',
            'asked erased', 'restricted erased')
        OR (OLD.state = 'restricted' AND (NEW.decider_id IS NOT OLD.decider_id OR NEW.decider_for_id IS NOT OLD.decider_for_id
            OR NEW.decision_reason IS NOT OLD.decision_reason OR NEW.decided_us IS NOT OLD.decided_us OR NEW.kept_until IS NOT OLD.kept_until));
    SELECT RAISE(ABORT, 'payee_erasure_persons') WHERE NEW.author_for_id IN (NEW.decider_id, NEW.decider_for_id);
    -- Not while money is on its way, and not before the law lets go of what was paid.
    SELECT RAISE(ABORT, 'payee_erasure_paying') FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
        WHERE NEW.state IN ('restricted', 'erased') AND OLD.state = 'asked' AND NEW.payee_id IN (o.payee_id, o.beneficiary_id)
        AND d.state NOT IN ('finished', 'cancelled');
    SELECT RAISE(ABORT, 'payee_erasure_kept') WHERE NEW.state = 'erased' AND NEW.kept_until IS NOT NULL
        AND date(NEW.erased_us / 1000000 + 28800, 'unixepoch') <= NEW.kept_until;
    SELECT RAISE(ABORT, 'payee_erasure_kept') FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
        WHERE NEW.state = 'erased' AND NEW.kept_until IS NULL AND NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND d.approved_us IS NOT NULL;
    -- Thirty whole years after the year of the voucher (会计档案管理办法; VOUCHER_YEARS).
    SELECT RAISE(ABORT, 'payee_erasure_kept') FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
        WHERE OLD.state = 'asked' AND NEW.kept_until IS NOT NULL AND NEW.payee_id IN (o.payee_id, o.beneficiary_id)
        AND d.approved_us IS NOT NULL
        AND NEW.kept_until < (CAST(strftime('%Y', d.changed_us / 1000000 + 28800, 'unixepoch') AS INTEGER) + 30) || '-12-31';
END;
CREATE TRIGGER payee_erasure_no_delete BEFORE DELETE ON payee_erasure BEGIN SELECT RAISE(ABORT, 'payee_erasure_fixed'); END;

-- A key goes by a decided wish alone, everything personal goes with it, and nothing comes back.
CREATE TRIGGER payee_erased BEFORE UPDATE ON payee WHEN length(OLD.key_sealed) = 0 OR length(NEW.key_sealed) = 0 BEGIN
    SELECT RAISE(ABORT, 'payee_erased') WHERE length(OLD.key_sealed) = 0 OR length(NEW.name_sealed) > 0 OR NEW.phone_sealed IS NOT NULL
        OR NEW.account_sealed IS NOT NULL OR NEW.related_note IS NOT NULL OR NEW.name_hmac = OLD.name_hmac
        OR NEW.division IS NOT OLD.division OR NEW.related <> OLD.related OR NEW.account_changed_us IS NOT OLD.account_changed_us
        OR NEW.account_changed_by IS NOT OLD.account_changed_by OR NEW.account_confirmed_by IS NOT OLD.account_confirmed_by
        OR NEW.account_confirmed_for IS NOT OLD.account_confirmed_for;
    SELECT RAISE(ABORT, 'payee_erased') WHERE NOT EXISTS (SELECT 1 FROM payee_erasure WHERE payee_id = OLD.id AND state = 'erased');
END;
DROP TRIGGER payee_fixed;
CREATE TRIGGER payee_fixed BEFORE UPDATE OF id, book_id, unit_path, kind, part, minor, staff_id, name_hmac, author_id, created_us ON payee
WHEN NEW.id <> OLD.id OR NEW.book_id <> OLD.book_id OR NEW.unit_path <> OLD.unit_path OR NEW.kind <> OLD.kind OR NEW.part <> OLD.part
    OR NEW.minor <> OLD.minor OR NEW.staff_id IS NOT OLD.staff_id OR (NEW.name_hmac <> OLD.name_hmac AND length(NEW.key_sealed) > 0)
    OR NEW.author_id <> OLD.author_id OR NEW.created_us <> OLD.created_us
BEGIN SELECT RAISE(ABORT, 'payee_fixed'); END;
DROP TRIGGER payee_account;
CREATE TRIGGER payee_account BEFORE UPDATE OF account_sealed, account_hmac, account_changed_us, account_changed_by ON payee
WHEN length(NEW.key_sealed) > 0 AND (NEW.account_hmac IS NOT OLD.account_hmac OR NEW.account_sealed IS NOT OLD.account_sealed
    OR NEW.account_changed_us IS NOT OLD.account_changed_us OR NEW.account_changed_by IS NOT OLD.account_changed_by)
BEGIN
    SELECT RAISE(ABORT, 'payee_account_unconfirmed') WHERE NEW.account_confirmed_by IS NOT NULL OR NEW.account_changed_us IS NULL
        OR NEW.account_changed_us < COALESCE(OLD.account_changed_us, OLD.created_us);
END;
DROP TRIGGER payee_sealed;
CREATE TRIGGER payee_sealed BEFORE UPDATE OF name_sealed, phone_sealed, division ON payee WHEN length(NEW.key_sealed) > 0
BEGIN SELECT RAISE(ABORT, 'payee_fixed'); END;
DROP TRIGGER payee_related_note;
CREATE TRIGGER payee_related_note BEFORE UPDATE OF related_note ON payee
WHEN OLD.related AND length(NEW.key_sealed) > 0 AND NEW.related_note IS NOT OLD.related_note
BEGIN SELECT RAISE(ABORT, 'payee_related'); END;
-- What an erased payee once had as an account is emptied, and is otherwise as it was.
DROP TRIGGER payee_account_no_update;
CREATE TRIGGER payee_account_keys BEFORE UPDATE OF payee_id, seq ON payee_account BEGIN SELECT RAISE(ABORT, 'payee_account_immutable'); END;
CREATE TRIGGER payee_account_no_update BEFORE UPDATE ON payee_account BEGIN
    SELECT RAISE(ABORT, 'payee_account_immutable') WHERE NOT EXISTS (SELECT 1 FROM payee WHERE id = OLD.payee_id AND length(key_sealed) = 0)
        OR length(NEW.account_sealed) > 0 OR length(NEW.bank_sealed) > 0 OR NEW.account_hmac = OLD.account_hmac
        OR NEW.author_id <> OLD.author_id OR NEW.at_us <> OLD.at_us;
END;

-- Nobody writes a paper for somebody whose data is kept for the vouchers alone, nor changes it.
CREATE TRIGGER payout_restricted BEFORE INSERT ON payout BEGIN
    SELECT RAISE(ABORT, 'payee_restricted') FROM payee_erasure
        WHERE payee_id IN (NEW.payee_id, NEW.beneficiary_id) AND state IN ('restricted', 'erased');
END;
CREATE TRIGGER payee_restricted BEFORE UPDATE OF account_sealed, account_hmac, account_confirmed_by, related, related_note ON payee
WHEN length(NEW.key_sealed) > 0 BEGIN
    SELECT RAISE(ABORT, 'payee_restricted') FROM payee_erasure WHERE payee_id = OLD.id AND state IN ('restricted', 'erased');
END;

-- ---- related parties (facts: charity 3.5; 慈善法 40, 59) ----

-- Money does not go to an account that somebody who was declared close has or had, under whatever entry of the register (decision 16), nor to
-- one that the register knows as the account of whoever wrote, approves or pays the paper.
CREATE TRIGGER disbursement_related_account BEFORE UPDATE OF state ON disbursement WHEN NEW.state = 'submitted' AND OLD.state <> NEW.state BEGIN
    SELECT RAISE(ABORT, 'disbursement_related') FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
        JOIN payee_account h ON h.account_hmac = p.account_hmac JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id
        WHERE o.disbursement_id = NEW.id AND (q.related OR q.staff_id IN (NEW.author_id, NEW.author_for_id));
END;
CREATE TRIGGER disbursement_approval_related_account BEFORE INSERT ON disbursement_approval BEGIN
    SELECT RAISE(ABORT, 'disbursement_related') FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
        JOIN payee_account h ON h.account_hmac = p.account_hmac JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id
        WHERE o.disbursement_id = NEW.disbursement_id AND q.staff_id IN (NEW.approver_id, NEW.acting_for_id);
END;
CREATE TRIGGER payout_related_account BEFORE UPDATE OF state ON payout WHEN NEW.state IN ('scheduled', 'sent') AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'disbursement_related') FROM payee p JOIN payee_account h ON h.account_hmac = p.account_hmac
        JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id
        WHERE p.id IN (NEW.payee_id, NEW.beneficiary_id) AND (q.related OR q.staff_id = NEW.payer_id);
END;

-- ---- partners (facts: charity 2.1 Art. 26) ----

-- A partner is who was registered: plans and agreements are compared by the name.
CREATE TRIGGER partner_stands BEFORE INSERT ON partner BEGIN
    SELECT RAISE(ABORT, 'partner_pkey') FROM partner WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'partner_name_key') FROM partner WHERE book_id = NEW.book_id AND name = NEW.name;
    SELECT RAISE(ABORT, 'partner_foreign') WHERE NEW.campaign_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND book_id = NEW.book_id);
END;
CREATE TRIGGER partner_fixed BEFORE UPDATE ON partner BEGIN SELECT RAISE(ABORT, 'partner_fixed'); END;
CREATE TRIGGER partner_no_delete BEFORE DELETE ON partner BEGIN SELECT RAISE(ABORT, 'partner_fixed'); END;

-- ---- suspensions (facts: charity 2.1 Art. 103-108) ----

-- An authority's order is there to be read, and stops a campaign once.
DROP TRIGGER suspension_ordered;
CREATE TRIGGER suspension_ordered BEFORE INSERT ON suspension WHEN NEW.ground = 'order' OR NEW.order_id IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'suspension_undocumented') WHERE NEW.ground <> 'order' OR NOT EXISTS (SELECT 1 FROM attachment
        WHERE id = NEW.order_id AND withdrawn_us IS NULL AND kind = 'order'
        AND object = 'campaign:' || lower(substr(hex(NEW.campaign_id), 1, 8) || '-' || substr(hex(NEW.campaign_id), 9, 4)
            || '-' || substr(hex(NEW.campaign_id), 13, 4) || '-' || substr(hex(NEW.campaign_id), 17, 4) || '-'
            || substr(hex(NEW.campaign_id), 21)));
    SELECT RAISE(ABORT, 'suspension_order_used') FROM suspension WHERE order_id = NEW.order_id;
    SELECT RAISE(ABORT, 'suspension_order_used') FROM suspension s JOIN attachment a ON a.id = NEW.order_id
        WHERE s.campaign_id = NEW.campaign_id AND s.ground = 'order' AND s.order_id IS NULL AND a.created_us <= s.created_us;
END;
CREATE TRIGGER suspension_order_fixed BEFORE UPDATE OF order_id ON suspension BEGIN SELECT RAISE(ABORT, 'suspension_fixed'); END;

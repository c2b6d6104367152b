-- Guards of hands on SQLite. Each refusal is named after the rule it keeps.

-- ---- who approves (facts: charity 1, 6.6a) ----

-- Whoever approves holds the role that the step needs, there, on that day: their own, or the one they say is lent to them.
CREATE TRIGGER disbursement_approval_role BEFORE INSERT ON disbursement_approval BEGIN
    SELECT RAISE(ABORT, 'disbursement_approval_role') WHERE NOT EXISTS (SELECT 1 FROM held_role h JOIN disbursement d ON d.id = NEW.disbursement_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.acting_for_id
        AND (h.path IS NULL OR substr(d.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR substr(d.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.at_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND CASE h.role WHEN 'project_manager' THEN NEW.step = 1
            WHEN 'finance_head' THEN NEW.step = CASE d.profile WHEN 'small' THEN 1 ELSE 2 END
            WHEN 'chair' THEN NEW.step = 3 OR (NEW.step = 2 AND d.profile = 'small') ELSE 0 END);
END;
CREATE TRIGGER campaign_approval_role BEFORE INSERT ON campaign_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_approval_role') WHERE NOT EXISTS (SELECT 1 FROM held_role h JOIN campaign c ON c.id = NEW.campaign_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.acting_for_id
        AND h.role = CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END
        AND (h.path IS NULL OR substr(c.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR substr(c.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.at_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on));
END;
CREATE TRIGGER campaign_change_approval_role BEFORE INSERT ON campaign_change_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_change_approval_role') WHERE NOT EXISTS (SELECT 1 FROM held_role h JOIN campaign_change x ON x.id = NEW.change_id
        JOIN campaign c ON c.id = x.campaign_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.acting_for_id
        AND h.role = CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END
        AND (h.path IS NULL OR substr(c.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR substr(c.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.at_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on));
END;

-- Whoever makes a payment file is a cashier there, whoever says what the bank did keeps the books or heads finance.
CREATE TRIGGER payout_payer_role BEFORE UPDATE OF state ON payout WHEN NEW.state = 'scheduled' AND OLD.state IN ('approved', 'retried') BEGIN
    SELECT RAISE(ABORT, 'payout_payer_role') WHERE NOT EXISTS (SELECT 1 FROM held_role h JOIN disbursement d ON d.id = NEW.disbursement_id
        WHERE h.staff_id = NEW.payer_id AND h.role = 'cashier'
        AND (h.path IS NULL OR substr(d.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR substr(d.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.scheduled_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on));
END;
CREATE TRIGGER payout_confirmer_role BEFORE UPDATE OF state ON payout WHEN NEW.state IN ('confirmed', 'bounced') AND OLD.state IN ('sent', 'confirmed')
    AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_confirmer_role') WHERE NOT EXISTS (SELECT 1 FROM held_role h JOIN disbursement d ON d.id = NEW.disbursement_id
        WHERE h.staff_id = NEW.confirmer_id AND h.lender_id IS NEW.confirmer_for_id AND h.role IN ('bookkeeper', 'finance_head')
        AND (h.path IS NULL OR substr(d.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR substr(d.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.changed_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on));
END;

-- Who a person is, once it is said, stays: one natural person has one account (facts: charity 6.6a).
CREATE TRIGGER staff_person_fixed BEFORE UPDATE OF person_hmac ON staff
WHEN OLD.person_hmac IS NOT NULL AND NEW.person_hmac IS NOT OLD.person_hmac
BEGIN SELECT RAISE(ABORT, 'staff_person_fixed'); END;

-- Nothing is paid that was not promised in the books (entry 12a; an advance is promised by its fund).
CREATE TRIGGER payout_booked BEFORE UPDATE OF state ON payout WHEN NEW.state = 'scheduled' AND OLD.state IN ('approved', 'retried') BEGIN
    SELECT RAISE(ABORT, 'payout_unbooked') FROM disbursement d WHERE d.id = NEW.disbursement_id AND d.kind <> 'advance'
        AND NOT EXISTS (SELECT 1 FROM entry WHERE reference = 'disbursement:' || lower(substr(hex(d.id), 1, 8) || '-' || substr(hex(d.id), 9, 4)
            || '-' || substr(hex(d.id), 13, 4) || '-' || substr(hex(d.id), 17, 4) || '-' || substr(hex(d.id), 21)));
END;

-- ---- how somebody is close (慈善法 40, 59; facts: charity 2.11) ----

-- The words stay as they were declared. Those of before are sealed once; nothing new stands in clear, and nothing is said of whom nobody declared.
DROP TRIGGER payee_related_note;
CREATE TRIGGER payee_related_note BEFORE UPDATE OF related_note, related_sealed ON payee
WHEN OLD.related AND length(NEW.key_sealed) > 0
    AND (NEW.related_note IS NOT OLD.related_note OR NEW.related_sealed IS NOT OLD.related_sealed) BEGIN
    SELECT RAISE(ABORT, 'payee_related') WHERE OLD.related_note IS NULL OR NEW.related_note IS NOT NULL OR OLD.related_sealed IS NOT NULL
        OR NEW.related_sealed IS NULL;
END;
CREATE TRIGGER payee_plain BEFORE INSERT ON payee
WHEN NEW.related_note IS NOT NULL OR (NEW.related_sealed IS NOT NULL AND NOT NEW.related)
BEGIN SELECT RAISE(ABORT, 'payee_plain'); END;
CREATE TRIGGER payee_plain_update BEFORE UPDATE OF related_note, related_sealed ON payee
WHEN NOT OLD.related AND (NEW.related_note IS NOT NULL OR (NEW.related_sealed IS NOT NULL AND NOT NEW.related))
BEGIN SELECT RAISE(ABORT, 'payee_plain'); END;
DROP TRIGGER payee_restricted;
CREATE TRIGGER payee_restricted BEFORE UPDATE OF account_sealed, account_hmac, account_confirmed_by, related ON payee
WHEN length(NEW.key_sealed) > 0 BEGIN
    SELECT RAISE(ABORT, 'payee_restricted') FROM payee_erasure WHERE payee_id = OLD.id AND state IN ('restricted', 'erased');
END;
CREATE TRIGGER payee_erased_words BEFORE UPDATE ON payee WHEN length(NEW.key_sealed) = 0 AND NEW.related_sealed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'payee_erased'); END;

-- ---- erasure of payees (facts: charity 2.11, 2.13) ----

-- Whoever was declared close is known by their accounts, for as long as vouchers are kept: else they would be paid as somebody new.
CREATE TRIGGER payee_erasure_close BEFORE UPDATE OF state ON payee_erasure WHEN OLD.state = 'asked' AND NEW.state IN ('restricted', 'erased') BEGIN
    SELECT RAISE(ABORT, 'payee_erasure_kept') FROM payee WHERE id = NEW.payee_id AND related AND (NEW.kept_until IS NULL
        OR NEW.kept_until < (CAST(strftime('%Y', NEW.decided_us / 1000000 + 28800, 'unixepoch') AS INTEGER) + 30) || '-12-31');
END;
-- Nor while money is being paid back, an advance is not accounted for, or what was paid came back after all.
CREATE TRIGGER payee_erasure_open BEFORE UPDATE OF state ON payee_erasure WHEN NEW.state IN ('restricted', 'erased') BEGIN
    SELECT RAISE(ABORT, 'payee_erasure_paying') FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
        WHERE NEW.payee_id IN (o.payee_id, o.beneficiary_id) AND (d.state NOT IN ('finished', 'cancelled')
            OR EXISTS (SELECT 1 FROM payout_settlement s WHERE s.payout_id = o.id AND s.state = 'proposed')
            OR (d.kind = 'advance' AND o.state = 'confirmed' AND o.amount_fen > (SELECT COALESCE(SUM(s.amount_fen), 0)
                FROM payout_settlement s WHERE s.payout_id = o.id AND s.state = 'confirmed')));
END;
-- What came back of theirs is not paid anew, to nobody in their stead either: it is given up.
CREATE TRIGGER payout_restricted_again BEFORE UPDATE OF state ON payout
WHEN NEW.state = 'scheduled' OR (OLD.state = 'bounced' AND NEW.state = 'retried') BEGIN
    SELECT RAISE(ABORT, 'payee_restricted') FROM payee_erasure
        WHERE payee_id IN (NEW.payee_id, NEW.beneficiary_id) AND state IN ('restricted', 'erased');
END;

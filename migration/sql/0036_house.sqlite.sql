-- Guards on SQLite of the house: whose account money comes to, which roles one person holds, who reviews a small foundation.

-- ---- the account and the merchant number (facts: charity 2.1 Art. 26, 2.6) ----

-- They are those of the newest change that two persons agreed on.
DROP TRIGGER charity_fixed;
CREATE TRIGGER charity_fixed BEFORE UPDATE OF book_id, unit_id, created_us ON charity
BEGIN SELECT RAISE(ABORT, 'charity_fixed'); END;
CREATE TRIGGER charity_account BEFORE UPDATE OF mchid, bank_account ON charity
WHEN NEW.mchid IS NOT OLD.mchid OR NEW.bank_account <> OLD.bank_account
BEGIN
    SELECT RAISE(ABORT, 'charity_account_undecided') WHERE NOT EXISTS (SELECT 1 FROM charity_account_change
        WHERE id = (SELECT id FROM charity_account_change WHERE book_id = NEW.book_id AND state = 'approved' ORDER BY decided_us DESC, id DESC LIMIT 1)
        AND new_mchid IS NEW.mchid AND new_bank_account = NEW.bank_account AND old_mchid IS OLD.mchid AND old_bank_account = OLD.bank_account);
END;
CREATE TRIGGER charity_keeps BEFORE UPDATE OF mchid ON charity BEGIN
    SELECT RAISE(ABORT, 'charity_merchant_key') FROM charity WHERE rowid <> OLD.rowid AND mchid = NEW.mchid;
END;

-- Born proposed, from what the charity has; what was proposed stays as it was, what was decided is over.
CREATE TRIGGER charity_account_change_proposed BEFORE INSERT ON charity_account_change
WHEN NEW.state <> 'proposed' OR NEW.approver_id IS NOT NULL OR NEW.approver_for_id IS NOT NULL OR NEW.decided_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'charity_account_change_undecided'); END;
CREATE TRIGGER charity_account_change_stands BEFORE INSERT ON charity_account_change BEGIN
    SELECT RAISE(ABORT, 'charity_account_change_pkey') FROM charity_account_change WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'charity_account_change_stale') WHERE NOT EXISTS (SELECT 1 FROM charity WHERE book_id = NEW.book_id
        AND mchid IS NEW.old_mchid AND bank_account = NEW.old_bank_account);
END;
CREATE TRIGGER charity_account_change_fixed BEFORE UPDATE OF id, book_id, old_bank_account, old_mchid, new_bank_account, new_mchid, valid_from,
    reason, author_id, author_for_id, created_us ON charity_account_change
BEGIN SELECT RAISE(ABORT, 'charity_account_change_fixed'); END;
CREATE TRIGGER charity_account_change_decided BEFORE UPDATE OF state, approver_id, approver_for_id, decided_us ON charity_account_change BEGIN
    SELECT RAISE(ABORT, 'charity_account_change_decided') WHERE OLD.state <> 'proposed' OR NEW.state = 'proposed';
    SELECT RAISE(ABORT, 'charity_account_change_persons') WHERE NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id);
    SELECT RAISE(ABORT, 'charity_account_change_stale') WHERE NEW.state = 'approved' AND NOT EXISTS (SELECT 1 FROM charity
        WHERE book_id = NEW.book_id AND mchid IS NEW.old_mchid AND bank_account = NEW.old_bank_account);
    SELECT RAISE(ABORT, 'charity_account_change_early') WHERE NEW.state = 'approved'
        AND NEW.valid_from > date(NEW.decided_us / 1000000, 'unixepoch', '+8 hours');
    SELECT RAISE(ABORT, 'charity_account_change_evidence') WHERE NEW.state = 'approved' AND NOT EXISTS (SELECT 1 FROM attachment
        WHERE withdrawn_us IS NULL AND kind IN ('contract', 'statement', 'scan') AND object = 'charity_account_change:'
            || lower(substr(hex(NEW.id), 1, 8) || '-' || substr(hex(NEW.id), 9, 4) || '-' || substr(hex(NEW.id), 13, 4) || '-'
            || substr(hex(NEW.id), 17, 4) || '-' || substr(hex(NEW.id), 21)));
END;
CREATE TRIGGER charity_account_change_no_delete BEFORE DELETE ON charity_account_change
BEGIN SELECT RAISE(ABORT, 'charity_account_change_fixed'); END;

-- ---- roles that one person does not join (facts: charity 1, 6.6a; 会计法) ----

-- Who reads everything changes nothing; who keeps accounts and keys moves no money; who answers for what was found on a list enters nobody;
-- who keeps the books approves nothing. Lent roles count on the days they are lent.
CREATE TRIGGER staff_role_duties BEFORE INSERT ON staff_role BEGIN
    SELECT RAISE(ABORT, 'auditor_is_alone') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.staff_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.staff_id AND revoked_us IS NULL AND ends_on >= date(NEW.granted_us / 1000000, 'unixepoch', '+8 hours')) held
        WHERE held.role <> NEW.role AND 'auditor' IN (held.role, NEW.role);
    SELECT RAISE(ABORT, 'admin_moves_no_money') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.staff_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.staff_id AND revoked_us IS NULL AND ends_on >= date(NEW.granted_us / 1000000, 'unixepoch', '+8 hours')) held
        WHERE (NEW.role = 'admin' AND held.role IN ('project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair', 'bank_officer'))
            OR (held.role = 'admin' AND NEW.role IN ('project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair', 'bank_officer'));
    SELECT RAISE(ABORT, 'compliance_is_no_author') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.staff_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.staff_id AND revoked_us IS NULL AND ends_on >= date(NEW.granted_us / 1000000, 'unixepoch', '+8 hours')) held
        WHERE (NEW.role = 'compliance' AND held.role IN ('organiser', 'project_manager', 'cashier', 'bookkeeper'))
            OR (held.role = 'compliance' AND NEW.role IN ('organiser', 'project_manager', 'cashier', 'bookkeeper'));
    SELECT RAISE(ABORT, 'bookkeeper_is_no_approver') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.staff_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.staff_id AND revoked_us IS NULL AND ends_on >= date(NEW.granted_us / 1000000, 'unixepoch', '+8 hours')) held
        WHERE (NEW.role = 'bookkeeper' AND held.role IN ('project_manager', 'finance_head'))
            OR (held.role = 'bookkeeper' AND NEW.role IN ('project_manager', 'finance_head'));
END;
CREATE TRIGGER delegation_duties BEFORE INSERT ON delegation BEGIN
    SELECT RAISE(ABORT, 'auditor_is_alone') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.holder_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.holder_id AND revoked_us IS NULL AND starts_on <= NEW.ends_on AND NEW.starts_on <= ends_on) held
        WHERE held.role <> NEW.role AND 'auditor' IN (held.role, NEW.role);
    SELECT RAISE(ABORT, 'admin_moves_no_money') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.holder_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.holder_id AND revoked_us IS NULL AND starts_on <= NEW.ends_on AND NEW.starts_on <= ends_on) held
        WHERE (NEW.role = 'admin' AND held.role IN ('project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair', 'bank_officer'))
            OR (held.role = 'admin' AND NEW.role IN ('project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair', 'bank_officer'));
    SELECT RAISE(ABORT, 'compliance_is_no_author') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.holder_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.holder_id AND revoked_us IS NULL AND starts_on <= NEW.ends_on AND NEW.starts_on <= ends_on) held
        WHERE (NEW.role = 'compliance' AND held.role IN ('organiser', 'project_manager', 'cashier', 'bookkeeper'))
            OR (held.role = 'compliance' AND NEW.role IN ('organiser', 'project_manager', 'cashier', 'bookkeeper'));
    SELECT RAISE(ABORT, 'bookkeeper_is_no_approver') FROM (SELECT role FROM staff_role WHERE staff_id = NEW.holder_id UNION SELECT role FROM delegation
            WHERE holder_id = NEW.holder_id AND revoked_us IS NULL AND starts_on <= NEW.ends_on AND NEW.starts_on <= ends_on) held
        WHERE (NEW.role = 'bookkeeper' AND held.role IN ('project_manager', 'finance_head'))
            OR (held.role = 'bookkeeper' AND NEW.role IN ('project_manager', 'finance_head'));
END;

-- ---- the profile of a small foundation (facts: charity 6.6a) ----

-- It has at least three persons who work there, so that author, first approver and payer can be three.
CREATE TRIGGER charity_persons BEFORE UPDATE OF profile ON charity WHEN NEW.profile = 'small' AND OLD.profile <> 'small' BEGIN
    SELECT RAISE(ABORT, 'profile_persons') WHERE (SELECT count(DISTINCT s.id) FROM staff s JOIN staff_role r ON r.staff_id = s.id
            JOIN unit here ON here.id = NEW.unit_id LEFT JOIN unit u ON u.id = r.unit_id
        WHERE s.active = 1 AND r.role IN ('organiser', 'project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair')
            AND (r.unit_id IS NULL OR substr(here.path, 1, length(u.path)) = u.path)) < 3;
END;

-- A month is reviewed once, whole, by nobody who approved any of it.
CREATE TRIGGER small_review_stands BEFORE INSERT ON small_review BEGIN
    SELECT RAISE(ABORT, 'small_review_pkey') FROM small_review WHERE book_id = NEW.book_id AND month = NEW.month;
    SELECT RAISE(ABORT, 'small_review_month') WHERE strftime('%Y-%m-%d %H:%M:%S', NEW.first_us / 1000000, 'unixepoch', '+8 hours') <> NEW.month || '-01 00:00:00'
        OR strftime('%Y-%m-%d %H:%M:%S', NEW.until_us / 1000000, 'unixepoch', '+8 hours') <> date(NEW.month || '-01', '+1 month') || ' 00:00:00';
    SELECT RAISE(ABORT, 'small_review_persons') FROM disbursement d JOIN disbursement_approval a ON a.disbursement_id = d.id AND a.round = d.round
        WHERE d.book_id = NEW.book_id AND d.profile = 'small' AND d.approved_us >= NEW.first_us AND d.approved_us < NEW.until_us
            AND (NEW.reviewer_id IN (a.approver_id, a.acting_for_id, d.author_id, d.author_for_id)
                OR NEW.reviewer_for_id IN (a.approver_id, a.acting_for_id, d.author_id, d.author_for_id));
    SELECT RAISE(ABORT, 'small_review_papers') WHERE NEW.papers <> (SELECT count(*) FROM disbursement d
        WHERE d.book_id = NEW.book_id AND d.profile = 'small' AND d.approved_us >= NEW.first_us AND d.approved_us < NEW.until_us);
END;
CREATE TRIGGER small_review_no_update BEFORE UPDATE ON small_review BEGIN SELECT RAISE(ABORT, 'small_review_fixed'); END;
CREATE TRIGGER small_review_no_delete BEFORE DELETE ON small_review BEGIN SELECT RAISE(ABORT, 'small_review_fixed'); END;

-- SQLite changes no constraint of a table: staff_role is made anew with two more roles and the part of the tree a role is held over.
CREATE TEMP TABLE kept_role AS SELECT * FROM staff_role;
DROP TABLE staff_role;
CREATE TABLE staff_role (
    staff_id BLOB NOT NULL,
    role TEXT NOT NULL,
    unit_id BLOB,
    granted_by TEXT NOT NULL,
    granted_us INTEGER NOT NULL,
    approved_by TEXT,
    CONSTRAINT staff_role_pkey PRIMARY KEY (staff_id, role),
    CONSTRAINT staff_role_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT staff_role_unit_fkey FOREIGN KEY (unit_id) REFERENCES unit (id),
    CONSTRAINT staff_role_own_check CHECK (approved_by IS NULL OR approved_by <> granted_by),
    CONSTRAINT staff_role_check CHECK (role IN ('admin', 'project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair', 'disclosure',
        'compliance', 'league_officer', 'bank_officer', 'organiser', 'auditor'))
) STRICT;
INSERT INTO staff_role (staff_id, role, unit_id, granted_by, granted_us) SELECT staff_id, role, NULL, granted_by, granted_us FROM kept_role;
DROP TABLE kept_role;

-- 会计法: the cashier keeps no books, whoever asks for it.
CREATE TRIGGER staff_role_apart BEFORE INSERT ON staff_role WHEN NEW.role IN ('cashier', 'bookkeeper') BEGIN
    SELECT RAISE(ABORT, 'cashier_is_no_bookkeeper') FROM staff_role
        WHERE staff_id = NEW.staff_id AND role IN ('cashier', 'bookkeeper') AND role <> NEW.role;
    SELECT RAISE(ABORT, 'cashier_is_no_bookkeeper') FROM delegation
        WHERE holder_id = NEW.staff_id AND role IN ('cashier', 'bookkeeper') AND role <> NEW.role AND revoked_us IS NULL
            AND ends_on >= date(NEW.granted_us / 1000000, 'unixepoch', '+8 hours');
END;

-- Who can sign in gets a role by two persons, of whom they are none; only who comes into being at the command line brings it along.
CREATE TRIGGER staff_role_approved BEFORE INSERT ON staff_role BEGIN
    SELECT RAISE(ABORT, 'staff_role_unapproved') FROM staff WHERE id = NEW.staff_id AND active = 1
        AND NOT (NEW.granted_by = 'command line' AND NEW.granted_us = created_us)
        AND (NEW.approved_by IS NULL OR lower(hex(id)) IN (replace(NEW.approved_by, '-', ''), replace(NEW.granted_by, '-', '')));
END;
-- Credentials are handed out by another person than whoever asked for them, and by nobody to themselves.
CREATE TRIGGER staff_activation BEFORE UPDATE OF active ON staff WHEN NEW.active = 1 AND OLD.active = 0 BEGIN
    SELECT RAISE(ABORT, 'staff_role_unapproved') FROM staff_role WHERE staff_id = NEW.id
        AND (approved_by IS NULL OR lower(hex(staff_id)) = replace(approved_by, '-', ''));
END;
-- Somebody must be left who can make staff: an administrator of the whole tree.
CREATE TRIGGER staff_last_administrator BEFORE UPDATE OF active ON staff WHEN NEW.active = 0 AND OLD.active = 1
    AND EXISTS (SELECT 1 FROM staff_role r LEFT JOIN unit u ON u.id = r.unit_id WHERE r.staff_id = OLD.id AND r.role = 'admin' AND u.parent_id IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'last_administrator') WHERE NOT EXISTS (SELECT 1 FROM staff_role r JOIN staff s ON s.id = r.staff_id
        LEFT JOIN unit u ON u.id = r.unit_id WHERE r.role = 'admin' AND s.active = 1 AND s.id <> OLD.id AND u.parent_id IS NULL);
END;
CREATE TRIGGER staff_role_last_administrator BEFORE DELETE ON staff_role WHEN OLD.role = 'admin'
    AND EXISTS (SELECT 1 FROM staff s WHERE s.id = OLD.staff_id AND s.active = 1)
    AND NOT EXISTS (SELECT 1 FROM unit u WHERE u.id = OLD.unit_id AND u.parent_id IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'last_administrator') WHERE NOT EXISTS (SELECT 1 FROM staff_role r JOIN staff s ON s.id = r.staff_id
        LEFT JOIN unit u ON u.id = r.unit_id WHERE r.role = 'admin' AND s.active = 1 AND s.id <> OLD.staff_id AND u.parent_id IS NULL);
END;
CREATE TRIGGER role_grant_decided BEFORE UPDATE ON role_grant WHEN OLD.state <> 'proposed' BEGIN SELECT RAISE(ABORT, 'role_grant_decided'); END;
CREATE TRIGGER role_grant_fixed BEFORE UPDATE OF id, staff_id, role, unit_id, author_id ON role_grant BEGIN SELECT RAISE(ABORT, 'role_grant_fixed'); END;
CREATE TRIGGER role_grant_no_delete BEFORE DELETE ON role_grant BEGIN SELECT RAISE(ABORT, 'role_grant_decided'); END;
CREATE TRIGGER delegation_decided BEFORE UPDATE ON delegation
WHEN OLD.revoked_us IS NOT NULL OR (OLD.approver_id IS NOT NULL AND NEW.approver_id IS NOT OLD.approver_id)
BEGIN SELECT RAISE(ABORT, 'delegation_decided'); END;
CREATE TRIGGER delegation_no_delete BEFORE DELETE ON delegation BEGIN SELECT RAISE(ABORT, 'delegation_decided'); END;

CREATE TRIGGER staff_role_fixed BEFORE UPDATE OF staff_id, role, unit_id ON staff_role BEGIN SELECT RAISE(ABORT, 'staff_role_fixed'); END;
CREATE TRIGGER delegation_apart BEFORE INSERT ON delegation WHEN NEW.role IN ('cashier', 'bookkeeper') BEGIN
    SELECT RAISE(ABORT, 'cashier_is_no_bookkeeper') FROM staff_role
        WHERE staff_id = NEW.holder_id AND role IN ('cashier', 'bookkeeper') AND role <> NEW.role;
    SELECT RAISE(ABORT, 'cashier_is_no_bookkeeper') FROM delegation
        WHERE holder_id = NEW.holder_id AND role IN ('cashier', 'bookkeeper') AND role <> NEW.role AND revoked_us IS NULL
            AND starts_on <= NEW.ends_on AND NEW.starts_on <= ends_on;
END;
CREATE TRIGGER delegation_fixed BEFORE UPDATE OF lender_id, holder_id, role, unit_id, starts_on, ends_on, author_id ON delegation
BEGIN SELECT RAISE(ABORT, 'delegation_fixed'); END;

-- A profile changes by a decision of two persons only.
CREATE TRIGGER charity_profile BEFORE UPDATE OF profile, single_limit_fen, third_limit_fen, account_quiet_days ON charity
WHEN NEW.profile <> OLD.profile OR NEW.single_limit_fen <> OLD.single_limit_fen OR NEW.third_limit_fen <> OLD.third_limit_fen
    OR NEW.account_quiet_days <> OLD.account_quiet_days
BEGIN
    SELECT RAISE(ABORT, 'profile_undecided') WHERE NOT EXISTS (SELECT 1 FROM profile_change
        WHERE id = (SELECT id FROM profile_change WHERE book_id = NEW.book_id AND state = 'approved' ORDER BY decided_us DESC, id DESC LIMIT 1)
        AND profile = NEW.profile AND single_limit_fen = NEW.single_limit_fen AND third_limit_fen = NEW.third_limit_fen
        AND account_quiet_days = NEW.account_quiet_days);
END;
CREATE TRIGGER profile_change_decided BEFORE UPDATE ON profile_change WHEN OLD.state <> 'proposed' BEGIN SELECT RAISE(ABORT, 'profile_change_decided'); END;
CREATE TRIGGER profile_change_no_delete BEFORE DELETE ON profile_change BEGIN SELECT RAISE(ABORT, 'profile_change_decided'); END;

CREATE TRIGGER unit_fixed BEFORE UPDATE OF id, parent_id, code, path ON unit BEGIN SELECT RAISE(ABORT, 'unit_fixed'); END;
CREATE TRIGGER document_no_update BEFORE UPDATE ON document BEGIN SELECT RAISE(ABORT, 'document_immutable'); END;
CREATE TRIGGER document_no_delete BEFORE DELETE ON document BEGIN SELECT RAISE(ABORT, 'document_immutable'); END;
CREATE TRIGGER document_guard BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'document_immutable') FROM document WHERE hash = NEW.hash; END;
CREATE TRIGGER attachment_fixed BEFORE UPDATE OF id, object, kind, file_name, hash, author_id, created_us ON attachment BEGIN SELECT RAISE(ABORT, 'attachment_fixed'); END;
CREATE TRIGGER attachment_no_delete BEFORE DELETE ON attachment BEGIN SELECT RAISE(ABORT, 'attachment_fixed'); END;
CREATE TRIGGER unmasking_no_update BEFORE UPDATE ON unmasking BEGIN SELECT RAISE(ABORT, 'unmasking_immutable'); END;
CREATE TRIGGER unmasking_no_delete BEFORE DELETE ON unmasking BEGIN SELECT RAISE(ABORT, 'unmasking_immutable'); END;

-- Two more roles, and the part of the tree a role is held over.
ALTER TABLE staff_role DROP CONSTRAINT staff_role_check;
ALTER TABLE staff_role ADD CONSTRAINT staff_role_check CHECK (role IN ('admin', 'project_manager', 'cashier', 'bookkeeper', 'finance_head',
    'chair', 'disclosure', 'compliance', 'league_officer', 'bank_officer', 'organiser', 'auditor'));
ALTER TABLE staff_role ADD COLUMN approved_by TEXT CONSTRAINT staff_role_own_check CHECK (approved_by IS NULL OR approved_by <> granted_by);
ALTER TABLE staff_role ADD COLUMN unit_id UUID CONSTRAINT staff_role_unit_fkey REFERENCES unit (id);

-- 会计法: the cashier keeps no books, whoever asks for it. The person's row is locked, so that two grants at once see each other.
CREATE FUNCTION cashier_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first text := COALESCE(to_jsonb(NEW) ->> 'starts_on',
        to_char(to_timestamp((to_jsonb(NEW) ->> 'granted_us')::bigint / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'));
    last text := COALESCE(to_jsonb(NEW) ->> 'ends_on', '9999-12-31');
    person uuid := CASE TG_TABLE_NAME WHEN 'staff_role' THEN (to_jsonb(NEW) ->> 'staff_id')::uuid ELSE (to_jsonb(NEW) ->> 'holder_id')::uuid END;
BEGIN
    PERFORM 1 FROM staff WHERE id = person FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM staff_role r WHERE r.staff_id = person AND r.role IN ('cashier', 'bookkeeper') AND r.role <> NEW.role)
       OR EXISTS (SELECT 1 FROM delegation d WHERE d.holder_id = person AND d.role IN ('cashier', 'bookkeeper') AND d.role <> NEW.role
                  AND d.revoked_us IS NULL AND d.ends_on >= first AND d.starts_on <= last) THEN
        RAISE EXCEPTION 'cashier_is_no_bookkeeper' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER staff_role_apart BEFORE INSERT ON staff_role FOR EACH ROW WHEN (NEW.role IN ('cashier', 'bookkeeper')) EXECUTE FUNCTION cashier_apart();
CREATE TRIGGER delegation_apart BEFORE INSERT ON delegation FOR EACH ROW WHEN (NEW.role IN ('cashier', 'bookkeeper')) EXECUTE FUNCTION cashier_apart();
-- Who can sign in gets a role by two persons, of whom they are none; only who comes into being at the command line brings it along.
CREATE FUNCTION staff_role_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM staff WHERE id = NEW.staff_id AND active
               AND NOT (NEW.granted_by = 'command line' AND NEW.granted_us = created_us)
               AND (NEW.approved_by IS NULL OR id::text IN (NEW.approved_by, NEW.granted_by))) THEN
        RAISE EXCEPTION 'staff_role_unapproved' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_role_approved BEFORE INSERT ON staff_role FOR EACH ROW EXECUTE FUNCTION staff_role_approved();

-- Credentials are handed out by another person than whoever asked for them, and by nobody to themselves.
CREATE FUNCTION staff_activation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM staff_role WHERE staff_id = NEW.id AND (approved_by IS NULL OR staff_id::text = approved_by)) THEN
        RAISE EXCEPTION 'staff_role_unapproved' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_activation BEFORE UPDATE OF active ON staff FOR EACH ROW WHEN (NEW.active AND NOT OLD.active) EXECUTE FUNCTION staff_activation();

-- Somebody must be left who can make staff: an administrator of the whole tree. Two who would shut each other out wait for one another.
CREATE FUNCTION last_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person uuid := CASE TG_TABLE_NAME WHEN 'staff' THEN (to_jsonb(OLD) ->> 'id')::uuid ELSE (to_jsonb(OLD) ->> 'staff_id')::uuid END;
BEGIN
    LOCK TABLE staff_role IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT 1 FROM staff_role r JOIN staff s ON s.id = r.staff_id LEFT JOIN unit u ON u.id = r.unit_id
               WHERE r.staff_id = person AND r.role = 'admin' AND s.active AND u.parent_id IS NULL)
       AND NOT EXISTS (SELECT 1 FROM staff_role r JOIN staff s ON s.id = r.staff_id LEFT JOIN unit u ON u.id = r.unit_id
               WHERE r.role = 'admin' AND s.active AND s.id <> person AND u.parent_id IS NULL) THEN
        RAISE EXCEPTION 'last_administrator' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_last_administrator BEFORE UPDATE OF active ON staff FOR EACH ROW WHEN (OLD.active AND NOT NEW.active)
    EXECUTE FUNCTION last_administrator();
CREATE TRIGGER staff_role_last_administrator BEFORE DELETE ON staff_role FOR EACH ROW WHEN (OLD.role = 'admin') EXECUTE FUNCTION last_administrator();

CREATE TRIGGER staff_role_fixed BEFORE UPDATE OF staff_id, role, unit_id ON staff_role FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER delegation_fixed BEFORE UPDATE OF lender_id, holder_id, role, unit_id, starts_on, ends_on, author_id ON delegation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- A profile changes by a decision of two persons only.
CREATE FUNCTION charity_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM profile_change
        WHERE id = (SELECT id FROM profile_change WHERE book_id = NEW.book_id AND state = 'approved' ORDER BY decided_us DESC, id DESC LIMIT 1)
        AND profile = NEW.profile AND single_limit_fen = NEW.single_limit_fen AND third_limit_fen = NEW.third_limit_fen
        AND account_quiet_days = NEW.account_quiet_days) THEN
        RAISE EXCEPTION 'profile_undecided' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER charity_profile BEFORE UPDATE OF profile, single_limit_fen, third_limit_fen, account_quiet_days ON charity FOR EACH ROW
WHEN (NEW.profile <> OLD.profile OR NEW.single_limit_fen <> OLD.single_limit_fen OR NEW.third_limit_fen <> OLD.third_limit_fen
    OR NEW.account_quiet_days <> OLD.account_quiet_days)
EXECUTE FUNCTION charity_profile();

CREATE FUNCTION refuse_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%_decided', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER role_grant_decided BEFORE UPDATE ON role_grant FOR EACH ROW WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER role_grant_fixed BEFORE UPDATE OF id, staff_id, role, unit_id, author_id ON role_grant FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER role_grant_no_delete BEFORE DELETE OR TRUNCATE ON role_grant FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER delegation_decided BEFORE UPDATE ON delegation FOR EACH ROW
    WHEN (OLD.revoked_us IS NOT NULL OR (OLD.approver_id IS NOT NULL AND NEW.approver_id IS DISTINCT FROM OLD.approver_id))
    EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER delegation_no_delete BEFORE DELETE OR TRUNCATE ON delegation FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER profile_change_decided BEFORE UPDATE ON profile_change FOR EACH ROW WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER profile_change_no_delete BEFORE DELETE OR TRUNCATE ON profile_change FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();

CREATE TRIGGER unit_fixed BEFORE UPDATE OF id, parent_id, code, path ON unit FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER document_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON document FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attachment_fixed BEFORE UPDATE OF id, object, kind, file_name, hash, author_id, created_us ON attachment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER attachment_no_delete BEFORE DELETE OR TRUNCATE ON attachment FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER unmasking_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON unmasking FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Guards on PostgreSQL of the house: whose account money comes to, which roles one person holds, who reviews a small foundation.

-- ---- the account and the merchant number (facts: charity 2.1 Art. 26, 2.6) ----

-- They are those of the newest change that two persons agreed on.
DROP TRIGGER charity_fixed ON charity;
CREATE TRIGGER charity_fixed BEFORE UPDATE OF book_id, unit_id, created_us ON charity FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE FUNCTION charity_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM charity_account_change
        WHERE id = (SELECT id FROM charity_account_change WHERE book_id = NEW.book_id AND state = 'approved' ORDER BY decided_us DESC, id DESC LIMIT 1)
        AND (new_mchid, new_bank_account, old_mchid, old_bank_account)
            IS NOT DISTINCT FROM (NEW.mchid, NEW.bank_account, OLD.mchid, OLD.bank_account)) THEN
        PERFORM refuse_because('charity_account_undecided');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER charity_account BEFORE UPDATE OF mchid, bank_account ON charity FOR EACH ROW
    WHEN (NEW.mchid IS DISTINCT FROM OLD.mchid OR NEW.bank_account <> OLD.bank_account) EXECUTE FUNCTION charity_account();

-- Born proposed, from what the charity has; what was proposed stays as it was, what was decided is over.
CREATE FUNCTION charity_account_change_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' OR NEW.approver_id IS NOT NULL OR NEW.approver_for_id IS NOT NULL OR NEW.decided_us IS NOT NULL THEN
            PERFORM refuse_because('charity_account_change_undecided');
        END IF;
    ELSIF OLD.state <> 'proposed' OR NEW.state = 'proposed' THEN
        PERFORM refuse_because('charity_account_change_decided');
    END IF;
    IF NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id) THEN
        PERFORM refuse_because('charity_account_change_persons');
    END IF;
    IF NEW.state <> 'declined' AND NOT EXISTS (SELECT 1 FROM charity WHERE book_id = NEW.book_id
        AND (mchid, bank_account) IS NOT DISTINCT FROM (NEW.old_mchid, NEW.old_bank_account)) THEN
        PERFORM refuse_because('charity_account_change_stale');
    END IF;
    IF NEW.state = 'approved' AND NEW.valid_from > to_char(to_timestamp(NEW.decided_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') THEN
        PERFORM refuse_because('charity_account_change_early');
    END IF;
    IF NEW.state = 'approved' AND NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL
        AND kind IN ('contract', 'statement', 'scan') AND object = 'charity_account_change:' || NEW.id::text) THEN
        PERFORM refuse_because('charity_account_change_evidence');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER charity_account_change_steps BEFORE INSERT OR UPDATE OF state, approver_id, approver_for_id, decided_us ON charity_account_change
    FOR EACH ROW EXECUTE FUNCTION charity_account_change_steps();
CREATE TRIGGER charity_account_change_fixed BEFORE UPDATE OF id, book_id, old_bank_account, old_mchid, new_bank_account, new_mchid, valid_from,
    reason, author_id, author_for_id, created_us ON charity_account_change FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER charity_account_change_no_delete BEFORE DELETE OR TRUNCATE ON charity_account_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- ---- roles that one person does not join (facts: charity 1, 6.6a; 会计法) ----

-- Who reads everything changes nothing; who keeps accounts and keys moves no money; who answers for what was found on a list enters nobody;
-- who keeps the books approves nothing. Lent roles count on the days they are lent.
CREATE FUNCTION duties_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first text := COALESCE(to_jsonb(NEW) ->> 'starts_on',
        to_char(to_timestamp((to_jsonb(NEW) ->> 'granted_us')::bigint / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'));
    last text := COALESCE(to_jsonb(NEW) ->> 'ends_on', '9999-12-31');
    person uuid := CASE TG_TABLE_NAME WHEN 'staff_role' THEN (to_jsonb(NEW) ->> 'staff_id')::uuid ELSE (to_jsonb(NEW) ->> 'holder_id')::uuid END;
    money text[] := ARRAY['project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair', 'bank_officer'];
    authors text[] := ARRAY['organiser', 'project_manager', 'cashier', 'bookkeeper'];
    approvers text[] := ARRAY['project_manager', 'finance_head'];
    other text;
BEGIN
    PERFORM 1 FROM staff WHERE id = person FOR NO KEY UPDATE;
    FOR other IN SELECT r.role FROM staff_role r WHERE r.staff_id = person AND r.role <> NEW.role
        UNION SELECT d.role FROM delegation d WHERE d.holder_id = person AND d.role <> NEW.role AND d.revoked_us IS NULL
            AND d.ends_on >= first AND d.starts_on <= last
    LOOP
        IF 'auditor' IN (NEW.role, other) THEN
            PERFORM refuse_because('auditor_is_alone');
        END IF;
        IF (NEW.role = 'admin' AND other = ANY (money)) OR (other = 'admin' AND NEW.role = ANY (money)) THEN
            PERFORM refuse_because('admin_moves_no_money');
        END IF;
        IF (NEW.role = 'compliance' AND other = ANY (authors)) OR (other = 'compliance' AND NEW.role = ANY (authors)) THEN
            PERFORM refuse_because('compliance_is_no_author');
        END IF;
        IF (NEW.role = 'bookkeeper' AND other = ANY (approvers)) OR (other = 'bookkeeper' AND NEW.role = ANY (approvers)) THEN
            PERFORM refuse_because('bookkeeper_is_no_approver');
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_role_duties BEFORE INSERT ON staff_role FOR EACH ROW EXECUTE FUNCTION duties_apart();
CREATE TRIGGER delegation_duties BEFORE INSERT ON delegation FOR EACH ROW EXECUTE FUNCTION duties_apart();

-- ---- the profile of a small foundation (facts: charity 6.6a) ----

-- It has at least three persons who work there, so that author, first approver and payer can be three.
CREATE FUNCTION charity_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(DISTINCT s.id) FROM staff s JOIN staff_role r ON r.staff_id = s.id JOIN unit here ON here.id = NEW.unit_id
            LEFT JOIN unit u ON u.id = r.unit_id
        WHERE s.active AND r.role IN ('organiser', 'project_manager', 'cashier', 'bookkeeper', 'finance_head', 'chair')
            AND (r.unit_id IS NULL OR starts_with(here.path, u.path))) < 3 THEN
        PERFORM refuse_because('profile_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER charity_persons BEFORE UPDATE OF profile ON charity FOR EACH ROW
    WHEN (NEW.profile = 'small' AND OLD.profile <> 'small') EXECUTE FUNCTION charity_persons();

-- A month is reviewed once, whole, by nobody who approved any of it.
CREATE FUNCTION small_review_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.first_us <> extract(epoch FROM (NEW.month || '-01')::timestamp AT TIME ZONE 'Asia/Shanghai')::bigint * 1000000
        OR NEW.until_us <> extract(epoch FROM ((NEW.month || '-01')::timestamp + interval '1 month')
            AT TIME ZONE 'Asia/Shanghai')::bigint * 1000000 THEN
        PERFORM refuse_because('small_review_month');
    END IF;
    IF EXISTS (SELECT 1 FROM disbursement d JOIN disbursement_approval a ON a.disbursement_id = d.id AND a.round = d.round
        WHERE d.book_id = NEW.book_id AND d.profile = 'small' AND d.approved_us >= NEW.first_us AND d.approved_us < NEW.until_us
            AND (NEW.reviewer_id IN (a.approver_id, a.acting_for_id, d.author_id, d.author_for_id)
                OR NEW.reviewer_for_id IN (a.approver_id, a.acting_for_id, d.author_id, d.author_for_id))) THEN
        PERFORM refuse_because('small_review_persons');
    END IF;
    IF NEW.papers <> (SELECT count(*) FROM disbursement d
        WHERE d.book_id = NEW.book_id AND d.profile = 'small' AND d.approved_us >= NEW.first_us AND d.approved_us < NEW.until_us) THEN
        PERFORM refuse_because('small_review_papers');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER small_review_stands BEFORE INSERT ON small_review FOR EACH ROW EXECUTE FUNCTION small_review_stands();
CREATE TRIGGER small_review_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON small_review FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

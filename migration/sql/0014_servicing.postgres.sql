-- Guards of servicing on PostgreSQL.

CREATE FUNCTION loan_refused() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION loan_event_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.serial IS NOT NULL OR OLD.file_id IS NOT NULL
        OR (to_jsonb(OLD) - 'serial' - 'file_id') IS DISTINCT FROM (to_jsonb(NEW) - 'serial' - 'file_id') THEN
        RAISE EXCEPTION 'loan_event_immutable' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_event_fixed BEFORE UPDATE ON loan_event FOR EACH ROW EXECUTE FUNCTION loan_event_fixed();
CREATE TRIGGER loan_event_no_delete BEFORE DELETE OR TRUNCATE ON loan_event FOR EACH STATEMENT
EXECUTE FUNCTION loan_refused('loan_event_immutable');

CREATE FUNCTION loan_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM loan_programme p JOIN loan_contract c ON c.id = NEW.contract_id
               WHERE p.id = NEW.programme_id AND p.bank_id <> c.bank_id)
        OR EXISTS (SELECT 1 FROM loan_event e WHERE e.id = NEW.reverses AND (e.contract_id <> NEW.contract_id OR e.kind = 'reversal')) THEN
        RAISE EXCEPTION 'loan_event_foreign' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_event_guard BEFORE INSERT ON loan_event FOR EACH ROW EXECUTE FUNCTION loan_event_guard();

CREATE TRIGGER loan_file_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON loan_file FOR EACH STATEMENT
EXECUTE FUNCTION loan_refused('loan_file_immutable');
CREATE FUNCTION loan_file_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence <> 1 + (SELECT COALESCE(max(sequence), 0) FROM loan_file WHERE programme_id = NEW.programme_id) THEN
        RAISE EXCEPTION 'loan_file_gap' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_file_gap BEFORE INSERT ON loan_file FOR EACH ROW EXECUTE FUNCTION loan_file_gap();

CREATE TRIGGER loan_day_closed BEFORE UPDATE ON loan_day FOR EACH ROW WHEN (OLD.state = 'closed')
EXECUTE FUNCTION loan_refused('loan_day_closed');
CREATE TRIGGER loan_day_no_delete BEFORE DELETE OR TRUNCATE ON loan_day FOR EACH STATEMENT
EXECUTE FUNCTION loan_refused('loan_day_closed');

CREATE FUNCTION loan_programme_memo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM book WHERE id = NEW.book_id AND kind = 'memo') THEN
        RAISE EXCEPTION 'loan_programme_memo' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_programme_memo BEFORE INSERT ON loan_programme FOR EACH ROW EXECUTE FUNCTION loan_programme_memo();
CREATE TRIGGER loan_programme_fixed BEFORE UPDATE OF id, bank_id, book_id, first_day ON loan_programme FOR EACH STATEMENT
EXECUTE FUNCTION loan_refused('loan_programme_fixed');
CREATE TRIGGER loan_programme_forwards BEFORE UPDATE OF closed_through ON loan_programme FOR EACH ROW
WHEN (NEW.closed_through < OLD.closed_through) EXECUTE FUNCTION loan_refused('loan_programme_forwards');

-- No money of a charity is in a risk pool.
CREATE FUNCTION loan_pool_charity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM book WHERE kind = 'charity' AND credit_code = NEW.holder_credit_code) THEN
        RAISE EXCEPTION 'loan_pool_charity' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_pool_charity BEFORE INSERT ON loan_pool FOR EACH ROW EXECUTE FUNCTION loan_pool_charity();
CREATE TRIGGER loan_pool_fixed BEFORE UPDATE OF programme_id, holder, holder_credit_code ON loan_pool FOR EACH STATEMENT
EXECUTE FUNCTION loan_refused('loan_pool_fixed');
CREATE TRIGGER loan_subsidy_fixed BEFORE UPDATE OF id, programme_id, contract_id, instalment, due_on, interest_fen, amount_fen, claimed_on
ON loan_subsidy FOR EACH STATEMENT EXECUTE FUNCTION loan_refused('loan_subsidy_fixed');
CREATE TRIGGER loan_subsidy_no_delete BEFORE DELETE OR TRUNCATE ON loan_subsidy FOR EACH STATEMENT
EXECUTE FUNCTION loan_refused('loan_subsidy_fixed');

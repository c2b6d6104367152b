-- Guards of servicing on SQLite.

CREATE TRIGGER loan_event_fixed BEFORE UPDATE ON loan_event
WHEN NOT (OLD.id IS NEW.id AND OLD.programme_id IS NEW.programme_id AND OLD.contract_id IS NEW.contract_id AND OLD.kind IS NEW.kind
    AND OLD.on_day IS NEW.on_day AND OLD.amount_fen IS NEW.amount_fen AND OLD.booked IS NEW.booked AND OLD.principal_fen IS NEW.principal_fen
    AND OLD.interest_fen IS NEW.interest_fen AND OLD.penalty_fen IS NEW.penalty_fen AND OLD.compound_fen IS NEW.compound_fen
    AND OLD.fee_fen IS NEW.fee_fen AND OLD.credit_fen IS NEW.credit_fen AND OLD.mode IS NEW.mode AND OLD.rate IS NEW.rate
    AND OLD.class IS NEW.class AND OLD.reverses IS NEW.reverses AND OLD.created_us IS NEW.created_us AND OLD.actor IS NEW.actor
    AND OLD.serial IS NULL AND OLD.file_id IS NULL)
BEGIN SELECT RAISE(ABORT, 'loan_event_immutable'); END;
CREATE TRIGGER loan_event_no_delete BEFORE DELETE ON loan_event BEGIN SELECT RAISE(ABORT, 'loan_event_immutable'); END;
CREATE TRIGGER loan_event_guard BEFORE INSERT ON loan_event BEGIN
    SELECT RAISE(ABORT, 'loan_event_immutable') FROM loan_event WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'loan_event_foreign') FROM loan_programme p JOIN loan_contract c ON c.id = NEW.contract_id
        WHERE p.id = NEW.programme_id AND p.bank_id <> c.bank_id;
    SELECT RAISE(ABORT, 'loan_event_foreign') FROM loan_event e WHERE e.id = NEW.reverses
        AND (e.contract_id <> NEW.contract_id OR e.kind = 'reversal');
END;
CREATE TRIGGER loan_file_no_update BEFORE UPDATE ON loan_file BEGIN SELECT RAISE(ABORT, 'loan_file_immutable'); END;
CREATE TRIGGER loan_file_no_delete BEFORE DELETE ON loan_file BEGIN SELECT RAISE(ABORT, 'loan_file_immutable'); END;
CREATE TRIGGER loan_file_gap BEFORE INSERT ON loan_file
WHEN NEW.sequence <> 1 + (SELECT COALESCE(max(sequence), 0) FROM loan_file WHERE programme_id = NEW.programme_id)
BEGIN SELECT RAISE(ABORT, 'loan_file_gap'); END;
CREATE TRIGGER loan_day_closed BEFORE UPDATE ON loan_day WHEN OLD.state = 'closed' BEGIN SELECT RAISE(ABORT, 'loan_day_closed'); END;
CREATE TRIGGER loan_day_no_delete BEFORE DELETE ON loan_day BEGIN SELECT RAISE(ABORT, 'loan_day_closed'); END;
CREATE TRIGGER loan_programme_memo BEFORE INSERT ON loan_programme
WHEN NOT EXISTS (SELECT 1 FROM book WHERE id = NEW.book_id AND kind = 'memo')
BEGIN SELECT RAISE(ABORT, 'loan_programme_memo'); END;
CREATE TRIGGER loan_programme_fixed BEFORE UPDATE OF id, bank_id, book_id, first_day ON loan_programme
BEGIN SELECT RAISE(ABORT, 'loan_programme_fixed'); END;
CREATE TRIGGER loan_programme_forwards BEFORE UPDATE OF closed_through ON loan_programme WHEN NEW.closed_through < OLD.closed_through
BEGIN SELECT RAISE(ABORT, 'loan_programme_forwards'); END;

-- No money of a charity is in a risk pool.
CREATE TRIGGER loan_pool_charity BEFORE INSERT ON loan_pool
WHEN EXISTS (SELECT 1 FROM book WHERE kind = 'charity' AND credit_code = NEW.holder_credit_code)
BEGIN SELECT RAISE(ABORT, 'loan_pool_charity'); END;
CREATE TRIGGER loan_pool_fixed BEFORE UPDATE OF programme_id, holder, holder_credit_code ON loan_pool
BEGIN SELECT RAISE(ABORT, 'loan_pool_fixed'); END;
CREATE TRIGGER loan_subsidy_fixed BEFORE UPDATE OF id, programme_id, contract_id, instalment, due_on, interest_fen, amount_fen, claimed_on
ON loan_subsidy BEGIN SELECT RAISE(ABORT, 'loan_subsidy_fixed'); END;
CREATE TRIGGER loan_subsidy_no_delete BEFORE DELETE ON loan_subsidy BEGIN SELECT RAISE(ABORT, 'loan_subsidy_fixed'); END;

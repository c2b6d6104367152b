-- A loan may be used for another purpose (挪用), and that may be mended; by which payment a foundation paid a subsidy; on SQLite.
PRAGMA defer_foreign_keys = ON;

-- SQLite changes no constraint of a table: it is made anew, and what refers to it finds every row again.
CREATE TEMP TABLE kept_loan_event AS SELECT * FROM loan_event;
DROP TABLE loan_event;
CREATE TABLE loan_event (
    id BLOB NOT NULL,
    programme_id BLOB NOT NULL,
    contract_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    on_day TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    booked INTEGER NOT NULL,
    principal_fen INTEGER NOT NULL,
    interest_fen INTEGER NOT NULL,
    penalty_fen INTEGER NOT NULL,
    compound_fen INTEGER NOT NULL,
    fee_fen INTEGER NOT NULL,
    credit_fen INTEGER NOT NULL,
    mode TEXT,
    rate TEXT,
    class TEXT,
    reverses BLOB,
    serial TEXT,
    file_id BLOB,
    reason TEXT,
    actor TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    CONSTRAINT loan_event_pkey PRIMARY KEY (id),
    CONSTRAINT loan_event_programme_fkey FOREIGN KEY (programme_id) REFERENCES loan_programme (id),
    CONSTRAINT loan_event_contract_fkey FOREIGN KEY (contract_id) REFERENCES loan_contract (id),
    CONSTRAINT loan_event_reverses_fkey FOREIGN KEY (reverses) REFERENCES loan_event (id),
    CONSTRAINT loan_event_file_fkey FOREIGN KEY (file_id) REFERENCES loan_file (id),
    CONSTRAINT loan_event_kind_check CHECK (kind IN ('payout', 'repayment', 'prepayment', 'rate', 'misuse', 'misuse_mended', 'class', 'reversal', 'subsidy',
        'waiver', 'compensation', 'recovery', 'write_off', 'replaced', 'credit_back')),
    CONSTRAINT loan_event_amount_check CHECK (amount_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT loan_event_parts_check CHECK (principal_fen >= 0 AND interest_fen >= 0 AND penalty_fen >= 0 AND compound_fen >= 0
        AND fee_fen >= 0 AND credit_fen >= 0),
    CONSTRAINT loan_event_split_check CHECK (NOT booked
        OR principal_fen + interest_fen + penalty_fen + compound_fen + fee_fen + credit_fen = amount_fen),
    CONSTRAINT loan_event_mode_check CHECK ((kind = 'prepayment') = (mode IS NOT NULL)
        AND (mode IS NULL OR mode IN ('full', 'reduce_installment', 'shorten_term'))),
    CONSTRAINT loan_event_rate_check CHECK ((kind = 'rate') = (rate IS NOT NULL)),
    CONSTRAINT loan_event_reverses_check CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
    CONSTRAINT loan_event_day_check CHECK (length(on_day) = 10)
) STRICT;
INSERT INTO loan_event (id, programme_id, contract_id, kind, on_day, amount_fen, booked, principal_fen, interest_fen, penalty_fen, compound_fen,
    fee_fen, credit_fen, mode, rate, class, reverses, serial, file_id, reason, actor, created_us)
SELECT id, programme_id, contract_id, kind, on_day, amount_fen, booked, principal_fen, interest_fen, penalty_fen, compound_fen,
    fee_fen, credit_fen, mode, rate, class, reverses, serial, file_id, reason, actor, created_us FROM kept_loan_event;
DROP TABLE kept_loan_event;

CREATE INDEX loan_event_contract_idx ON loan_event (contract_id, on_day);
CREATE INDEX loan_event_day_idx ON loan_event (programme_id, on_day);
CREATE UNIQUE INDEX loan_event_serial_key ON loan_event (programme_id, serial) WHERE serial IS NOT NULL;
CREATE UNIQUE INDEX loan_event_reverses_key ON loan_event (reverses) WHERE reverses IS NOT NULL;

CREATE TRIGGER loan_event_fixed BEFORE UPDATE ON loan_event
WHEN NOT (OLD.id IS NEW.id AND OLD.programme_id IS NEW.programme_id AND OLD.contract_id IS NEW.contract_id AND OLD.kind IS NEW.kind
    AND OLD.on_day IS NEW.on_day AND OLD.amount_fen IS NEW.amount_fen AND OLD.booked IS NEW.booked AND OLD.principal_fen IS NEW.principal_fen
    AND OLD.interest_fen IS NEW.interest_fen AND OLD.penalty_fen IS NEW.penalty_fen AND OLD.compound_fen IS NEW.compound_fen
    AND OLD.fee_fen IS NEW.fee_fen AND OLD.credit_fen IS NEW.credit_fen AND OLD.mode IS NEW.mode AND OLD.rate IS NEW.rate
    AND OLD.class IS NEW.class AND OLD.reverses IS NEW.reverses AND OLD.created_us IS NEW.created_us AND OLD.actor IS NEW.actor
    AND OLD.reason IS NEW.reason AND OLD.serial IS NULL AND OLD.file_id IS NULL)
BEGIN SELECT RAISE(ABORT, 'loan_event_immutable'); END;
CREATE TRIGGER loan_event_no_delete BEFORE DELETE ON loan_event BEGIN SELECT RAISE(ABORT, 'loan_event_immutable'); END;
CREATE TRIGGER loan_event_guard BEFORE INSERT ON loan_event BEGIN
    SELECT RAISE(ABORT, 'loan_event_immutable') FROM loan_event WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'loan_event_foreign') FROM loan_programme p JOIN loan_contract c ON c.id = NEW.contract_id
        WHERE p.id = NEW.programme_id AND p.bank_id <> c.bank_id;
    SELECT RAISE(ABORT, 'loan_event_foreign') FROM loan_event e WHERE e.id = NEW.reverses
        AND (e.contract_id <> NEW.contract_id OR e.kind = 'reversal');
END;
CREATE TRIGGER loan_event_stands BEFORE INSERT ON loan_event
WHEN NEW.reverses IS NOT NULL OR NEW.serial IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'loan_event_reverses_key') FROM loan_event WHERE reverses = NEW.reverses;
    SELECT RAISE(ABORT, 'loan_event_serial_key') FROM loan_event WHERE programme_id = NEW.programme_id AND serial = NEW.serial;
END;
CREATE TRIGGER loan_event_keeps BEFORE UPDATE OF reverses, programme_id, serial, id ON loan_event BEGIN
    SELECT RAISE(ABORT, 'loan_event_reverses_key') FROM loan_event WHERE rowid <> OLD.rowid AND reverses = NEW.reverses AND reverses IS NOT
        NULL AND NEW.reverses IS NOT NULL;
    SELECT RAISE(ABORT, 'loan_event_serial_key') FROM loan_event WHERE rowid <> OLD.rowid AND programme_id = NEW.programme_id AND serial =
        NEW.serial AND serial IS NOT NULL AND NEW.serial IS NOT NULL;
    SELECT RAISE(ABORT, 'loan_event_pkey') FROM loan_event WHERE rowid <> OLD.rowid AND id = NEW.id;
END;

-- Who tells what happened to a loan is not its borrower nor close to them. What was claimed for all loans at once is nobody's word.
CREATE TRIGGER loan_event_related BEFORE INSERT ON loan_event
WHEN NEW.actor LIKE 'staff:%' AND NEW.file_id IS NULL AND NEW.kind <> 'subsidy'
BEGIN
    SELECT RAISE(ABORT, 'loan_related') FROM loan_contract c JOIN staff s ON lower(hex(s.id)) = replace(substr(NEW.actor, 7), '-', '')
        WHERE c.id = NEW.contract_id AND (s.person_hmac = c.person_hmac OR EXISTS (SELECT 1 FROM loan_relation r
            WHERE r.application_id = c.application_id AND (r.staff_id = s.id OR r.person_hmac = s.person_hmac)));
END;
-- What takes something back, gives it up or judges it says why, unless the bank's file told it.
CREATE TRIGGER loan_event_explained BEFORE INSERT ON loan_event
WHEN NEW.file_id IS NULL AND NEW.kind IN ('misuse', 'misuse_mended', 'class', 'waiver', 'compensation', 'write_off', 'reversal')
    AND trim(COALESCE(NEW.reason, '')) = ''
BEGIN SELECT RAISE(ABORT, 'loan_event_unexplained'); END;

-- A claim says once, when its money comes, by which payment: one that the bank has made, and no more of it than did not come back.
CREATE TRIGGER loan_subsidy_paid BEFORE UPDATE OF payout_id ON loan_subsidy WHEN OLD.payout_id IS NOT NEW.payout_id BEGIN
    SELECT RAISE(ABORT, 'loan_subsidy_over') WHERE OLD.state <> 'claimed';
    SELECT RAISE(ABORT, 'loan_subsidy_payout') WHERE NEW.state <> 'received' OR NOT EXISTS (SELECT 1 FROM payout p
        WHERE p.id = NEW.payout_id AND p.state = 'confirmed' AND p.amount_fen >= NEW.received_fen
            + (SELECT COALESCE(SUM(s.received_fen), 0) FROM loan_subsidy s WHERE s.payout_id = NEW.payout_id AND s.id <> NEW.id)
            + (SELECT COALESCE(SUM(x.amount_fen), 0) FROM payout_settlement x WHERE x.payout_id = NEW.payout_id AND x.kind = 'recovered'
                AND x.state <> 'declined'));
END;
CREATE TRIGGER loan_subsidy_not_yet_paid BEFORE INSERT ON loan_subsidy WHEN NEW.payout_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'loan_subsidy_payout'); END;

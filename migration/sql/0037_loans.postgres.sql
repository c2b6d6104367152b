-- What may happen to a loan that runs, what becomes of a claimed subsidy, and their guards, on PostgreSQL.

-- A borrower's credit is paid back.
ALTER TABLE loan_event DROP CONSTRAINT loan_event_kind_check;
ALTER TABLE loan_event ADD CONSTRAINT loan_event_kind_check CHECK (kind IN ('payout', 'repayment', 'prepayment', 'rate', 'class', 'reversal', 'subsidy',
    'waiver', 'compensation', 'recovery', 'write_off', 'replaced', 'credit_back'));

-- 贴息 is received, in part or not at all, or taken back when the instalment turns out not to have been paid in time: then it may be claimed again.
ALTER TABLE loan_subsidy ADD COLUMN received_fen BIGINT;
ALTER TABLE loan_subsidy ADD COLUMN withdrawn_on TEXT;
ALTER TABLE loan_subsidy ADD COLUMN reason TEXT;
UPDATE loan_subsidy SET received_fen = amount_fen WHERE state = 'received';
ALTER TABLE loan_subsidy DROP CONSTRAINT loan_subsidy_state_check;
ALTER TABLE loan_subsidy DROP CONSTRAINT loan_subsidy_once_key;
ALTER TABLE loan_subsidy ADD CONSTRAINT loan_subsidy_state_check CHECK ((state IN ('received', 'rejected')) = (received_on IS NOT NULL)
        AND (state = 'withdrawn') = (withdrawn_on IS NOT NULL) AND CASE state WHEN 'received' THEN received_fen BETWEEN 1 AND amount_fen
        WHEN 'rejected' THEN received_fen = 0 WHEN 'claimed' THEN received_fen IS NULL WHEN 'withdrawn' THEN received_fen IS NULL ELSE false END),
    ADD CONSTRAINT loan_subsidy_reason_check CHECK (state IN ('claimed', 'withdrawn') OR received_fen = amount_fen OR reason IS NOT NULL);
CREATE UNIQUE INDEX loan_subsidy_once_key ON loan_subsidy (contract_id, instalment) WHERE state <> 'withdrawn';
CREATE TRIGGER loan_subsidy_over BEFORE UPDATE ON loan_subsidy FOR EACH ROW WHEN (OLD.state <> 'claimed')
    EXECUTE FUNCTION loan_refused('loan_subsidy_over');

-- Who tells what happened to a loan is not its borrower nor close to them. What was claimed for all loans at once is nobody's word.
CREATE FUNCTION loan_event_related() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM loan_contract c JOIN staff s ON 'staff:' || s.id = NEW.actor
            WHERE c.id = NEW.contract_id AND (s.person_hmac = c.person_hmac OR EXISTS (SELECT 1 FROM loan_relation r
                WHERE r.application_id = c.application_id AND (r.staff_id = s.id OR r.person_hmac = s.person_hmac)))) THEN
        PERFORM refuse_because('loan_related');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_event_related BEFORE INSERT ON loan_event FOR EACH ROW
    WHEN (NEW.actor LIKE 'staff:%' AND NEW.file_id IS NULL AND NEW.kind <> 'subsidy') EXECUTE FUNCTION loan_event_related();
-- What takes something back, gives it up or judges it says why, unless the bank's file told it.
CREATE TRIGGER loan_event_explained BEFORE INSERT ON loan_event FOR EACH ROW
    WHEN (NEW.file_id IS NULL AND NEW.kind IN ('class', 'waiver', 'compensation', 'write_off', 'reversal') AND btrim(COALESCE(NEW.reason, '')) = '')
    EXECUTE FUNCTION loan_refused('loan_event_unexplained');

-- A pool's holder is no charity whose books are here, by its name either.
CREATE FUNCTION loan_pool_charity_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM book WHERE kind = 'charity' AND translate(name, ' 　', '') = translate(NEW.holder, ' 　', '')) THEN
        PERFORM refuse_because('loan_pool_charity');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_pool_charity_name BEFORE INSERT ON loan_pool FOR EACH ROW EXECUTE FUNCTION loan_pool_charity_name();

-- Of an application that came to nothing and is purged, the words that tell of its borrower go; who said what and when stays.
CREATE FUNCTION loan_words_purged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.reason IS NULL OR NEW.reason IS DISTINCT FROM '（已按规定清除）'
       OR NOT EXISTS (SELECT 1 FROM loan_application WHERE id = OLD.application_id AND purged_us IS NOT NULL)
       OR (to_jsonb(OLD) - 'reason') IS DISTINCT FROM (to_jsonb(NEW) - 'reason') THEN
        PERFORM refuse_because(TG_TABLE_NAME || '_immutable');
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER loan_decision_no_change ON loan_decision;
CREATE TRIGGER loan_decision_no_delete BEFORE DELETE OR TRUNCATE ON loan_decision FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loan_decision_words BEFORE UPDATE ON loan_decision FOR EACH ROW EXECUTE FUNCTION loan_words_purged();
DROP TRIGGER loan_application_history_no_change ON loan_application_history;
CREATE TRIGGER loan_application_history_no_delete BEFORE DELETE OR TRUNCATE ON loan_application_history FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loan_application_history_words BEFORE UPDATE ON loan_application_history FOR EACH ROW EXECUTE FUNCTION loan_words_purged();

CREATE TRIGGER bank_statement_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_statement FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- Of a line nothing changes but where it stands, and that goes forward: what is unclaimed is in the books.
CREATE TRIGGER bank_line_fixed BEFORE UPDATE OF id, statement_id, book_id, bank_account, position, day, reference, amount_fen, balance_fen, code,
    identity, occurrence, words_sealed, created_us ON bank_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bank_line_no_delete BEFORE DELETE OR TRUNCATE ON bank_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE FUNCTION bank_line_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ((OLD.state = 'open' AND NEW.state IN ('matched', 'unclaimed')) OR (OLD.state = 'matched' AND NEW.state = 'open')
        OR (OLD.state = 'unclaimed' AND NEW.state IN ('claimed', 'returned'))) THEN
        RAISE EXCEPTION 'bank_line_over' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state IN ('claimed', 'returned') AND NOT EXISTS (SELECT 1 FROM bank_claim WHERE line_id = NEW.id AND state = 'done'
        AND choice = CASE NEW.state WHEN 'claimed' THEN 'gift' ELSE 'return' END) THEN
        RAISE EXCEPTION 'bank_line_undecided' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bank_line_moves BEFORE UPDATE OF state ON bank_line FOR EACH ROW WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION bank_line_moves();

-- A line is tied to entries of its own account and no further than it reaches, and so is an entry. Whoever ties waits for whoever else
-- ties lines of the account.
CREATE FUNCTION bank_match_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    line bank_line%ROWTYPE;
    moved bigint;
BEGIN
    SELECT * INTO line FROM bank_line WHERE id = NEW.line_id;
    PERFORM 1 FROM bank_account WHERE book_id = line.book_id AND name = line.bank_account FOR NO KEY UPDATE;
    IF (line.amount_fen < 0) <> (NEW.amount_fen < 0) OR abs(NEW.amount_fen
        + COALESCE((SELECT SUM(amount_fen) FROM bank_match WHERE line_id = line.id AND untied_us IS NULL), 0)) > abs(line.amount_fen) THEN
        RAISE EXCEPTION 'bank_match_line' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT COALESCE(SUM(CASE WHEN a.id = p.debit_account THEN p.amount_fen ELSE -p.amount_fen END), 0) INTO moved
    FROM posting p JOIN account a ON a.id IN (p.debit_account, p.credit_account)
    WHERE p.entry_id = NEW.entry_id AND a.book_id = line.book_id AND a.subject = '1002' AND a.bank_account = line.bank_account;
    IF (moved < 0) <> (NEW.amount_fen < 0) OR abs(NEW.amount_fen
        + COALESCE((SELECT SUM(amount_fen) FROM bank_match WHERE entry_id = NEW.entry_id AND untied_us IS NULL), 0)) > abs(moved) THEN
        RAISE EXCEPTION 'bank_match_entry' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bank_match_guard BEFORE INSERT ON bank_match FOR EACH ROW EXECUTE FUNCTION bank_match_guard();
CREATE TRIGGER bank_match_fixed BEFORE UPDATE OF id, line_id, entry_id, amount_fen, rule, actor, at_us ON bank_match
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bank_match_untied BEFORE UPDATE OF untied_us, untied_by ON bank_match FOR EACH ROW WHEN (OLD.untied_us IS NOT NULL)
    EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bank_match_no_delete BEFORE DELETE OR TRUNCATE ON bank_match FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER bank_claim_fixed BEFORE UPDATE OF id, line_id, choice, campaign_id, donor_id, code, words_sealed, anonymity, receipt, author_id, created_us
    ON bank_claim FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bank_claim_decided BEFORE UPDATE ON bank_claim FOR EACH ROW WHEN (OLD.state IN ('declined', 'done')) EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER bank_claim_no_delete BEFORE DELETE OR TRUNCATE ON bank_claim FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER gift_code_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON gift_code FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER bank_balance_fixed BEFORE UPDATE OF id, book_id, bank_account, month, ledger_fen, statement_fen, adjusted_fen, report, author_id, created_us
    ON bank_balance FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bank_balance_decided BEFORE UPDATE ON bank_balance FOR EACH ROW WHEN (OLD.state <> 'prepared') EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER bank_balance_no_delete BEFORE DELETE OR TRUNCATE ON bank_balance FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER gift_list_fixed BEFORE UPDATE OF id, book_id, campaign_id, via, place, sha256, lines, total_fen, author_id, created_us ON gift_list
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER gift_list_decided BEFORE UPDATE ON gift_list FOR EACH ROW WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER gift_list_no_delete BEFORE DELETE OR TRUNCATE ON gift_list FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER donation_via_fixed BEFORE UPDATE OF via, list_id ON donation FOR EACH ROW
WHEN (NEW.via <> OLD.via OR NEW.list_id IS DISTINCT FROM OLD.list_id) EXECUTE FUNCTION refuse_fixed();

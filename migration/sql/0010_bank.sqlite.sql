CREATE TRIGGER bank_statement_no_update BEFORE UPDATE ON bank_statement BEGIN SELECT RAISE(ABORT, 'bank_statement_fixed'); END;
CREATE TRIGGER bank_statement_no_delete BEFORE DELETE ON bank_statement BEGIN SELECT RAISE(ABORT, 'bank_statement_fixed'); END;

-- Of a line nothing changes but where it stands, and that goes forward: what is unclaimed is in the books.
CREATE TRIGGER bank_line_fixed BEFORE UPDATE OF id, statement_id, book_id, bank_account, position, day, reference, amount_fen, balance_fen, code,
    identity, occurrence, words_sealed, created_us ON bank_line BEGIN SELECT RAISE(ABORT, 'bank_line_fixed'); END;
CREATE TRIGGER bank_line_no_delete BEFORE DELETE ON bank_line BEGIN SELECT RAISE(ABORT, 'bank_line_fixed'); END;
CREATE TRIGGER bank_line_over BEFORE UPDATE OF state ON bank_line WHEN NEW.state <> OLD.state AND NOT (
    (OLD.state = 'open' AND NEW.state IN ('matched', 'unclaimed')) OR (OLD.state = 'matched' AND NEW.state = 'open')
    OR (OLD.state = 'unclaimed' AND NEW.state IN ('claimed', 'returned')))
BEGIN SELECT RAISE(ABORT, 'bank_line_over'); END;
CREATE TRIGGER bank_line_claimed BEFORE UPDATE OF state ON bank_line WHEN NEW.state IN ('claimed', 'returned') AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'bank_line_undecided') WHERE NOT EXISTS (SELECT 1 FROM bank_claim WHERE line_id = NEW.id AND state = 'done'
        AND choice = CASE NEW.state WHEN 'claimed' THEN 'gift' ELSE 'return' END);
END;

-- A line is tied to entries of its own account and no further than it reaches, and so is an entry.
CREATE TRIGGER bank_match_guard BEFORE INSERT ON bank_match BEGIN
    SELECT RAISE(ABORT, 'bank_match_fixed') FROM bank_match WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'bank_match_line') FROM bank_line l WHERE l.id = NEW.line_id AND (
        (l.amount_fen < 0) <> (NEW.amount_fen < 0)
        OR abs(NEW.amount_fen + COALESCE((SELECT SUM(amount_fen) FROM bank_match WHERE line_id = l.id AND untied_us IS NULL), 0)) > abs(l.amount_fen));
    SELECT RAISE(ABORT, 'bank_match_entry') FROM bank_line l WHERE l.id = NEW.line_id
        AND NOT EXISTS (SELECT 1 FROM (
            SELECT COALESCE(SUM(CASE WHEN a.id = p.debit_account THEN p.amount_fen ELSE -p.amount_fen END), 0) AS moved
            FROM posting p JOIN account a ON a.id IN (p.debit_account, p.credit_account)
            WHERE p.entry_id = NEW.entry_id AND a.book_id = l.book_id AND a.subject = '1002' AND a.bank_account = l.bank_account) m
        WHERE (m.moved < 0) = (NEW.amount_fen < 0) AND abs(m.moved)
            >= abs(NEW.amount_fen + COALESCE((SELECT SUM(amount_fen) FROM bank_match WHERE entry_id = NEW.entry_id AND untied_us IS NULL), 0)));
END;
CREATE TRIGGER bank_match_fixed BEFORE UPDATE OF id, line_id, entry_id, amount_fen, rule, actor, at_us ON bank_match
BEGIN SELECT RAISE(ABORT, 'bank_match_fixed'); END;
CREATE TRIGGER bank_match_untied BEFORE UPDATE OF untied_us, untied_by ON bank_match WHEN OLD.untied_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'bank_match_fixed'); END;
CREATE TRIGGER bank_match_no_delete BEFORE DELETE ON bank_match BEGIN SELECT RAISE(ABORT, 'bank_match_fixed'); END;

CREATE TRIGGER bank_claim_fixed BEFORE UPDATE OF id, line_id, choice, campaign_id, donor_id, code, words_sealed, anonymity, receipt, author_id, created_us
    ON bank_claim BEGIN SELECT RAISE(ABORT, 'bank_claim_fixed'); END;
CREATE TRIGGER bank_claim_decided BEFORE UPDATE ON bank_claim WHEN OLD.state IN ('declined', 'done') BEGIN SELECT RAISE(ABORT, 'bank_claim_decided'); END;
CREATE TRIGGER bank_claim_no_delete BEFORE DELETE ON bank_claim BEGIN SELECT RAISE(ABORT, 'bank_claim_fixed'); END;

CREATE TRIGGER gift_code_no_update BEFORE UPDATE ON gift_code BEGIN SELECT RAISE(ABORT, 'gift_code_fixed'); END;
CREATE TRIGGER gift_code_no_delete BEFORE DELETE ON gift_code BEGIN SELECT RAISE(ABORT, 'gift_code_fixed'); END;

CREATE TRIGGER bank_balance_fixed BEFORE UPDATE OF id, book_id, bank_account, month, ledger_fen, statement_fen, adjusted_fen, report, author_id, created_us
    ON bank_balance BEGIN SELECT RAISE(ABORT, 'bank_balance_fixed'); END;
CREATE TRIGGER bank_balance_decided BEFORE UPDATE ON bank_balance WHEN OLD.state <> 'prepared' BEGIN SELECT RAISE(ABORT, 'bank_balance_decided'); END;
CREATE TRIGGER bank_balance_no_delete BEFORE DELETE ON bank_balance BEGIN SELECT RAISE(ABORT, 'bank_balance_fixed'); END;

CREATE TRIGGER gift_list_fixed BEFORE UPDATE OF id, book_id, campaign_id, via, place, sha256, lines, total_fen, author_id, created_us ON gift_list
BEGIN SELECT RAISE(ABORT, 'gift_list_fixed'); END;
CREATE TRIGGER gift_list_decided BEFORE UPDATE ON gift_list WHEN OLD.state <> 'proposed' BEGIN SELECT RAISE(ABORT, 'gift_list_decided'); END;
CREATE TRIGGER gift_list_no_delete BEFORE DELETE ON gift_list BEGIN SELECT RAISE(ABORT, 'gift_list_fixed'); END;

CREATE TRIGGER donation_via_fixed BEFORE UPDATE OF via, list_id ON donation WHEN NEW.via <> OLD.via OR NEW.list_id IS NOT OLD.list_id
BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;

-- Guards of the ledger on SQLite. Row triggers: SQLite has no others. REPLACE would pass a DELETE trigger unless
-- recursive_triggers is on, which a stranger's connection does not set; the BEFORE INSERT guards close that way too.

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entry_immutable'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entry_immutable'); END;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'posting_immutable'); END;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'posting_immutable'); END;
CREATE TRIGGER subject_no_update BEFORE UPDATE ON subject BEGIN SELECT RAISE(ABORT, 'subject_immutable'); END;
CREATE TRIGGER subject_no_delete BEFORE DELETE ON subject BEGIN SELECT RAISE(ABORT, 'subject_immutable'); END;

CREATE TRIGGER account_no_delete BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'account_immutable'); END;
CREATE TRIGGER account_fixed BEFORE UPDATE OF id, book_id, chart, subject, name, campaign_id, goods ON account
BEGIN SELECT RAISE(ABORT, 'account_immutable'); END;

CREATE TRIGGER entry_guard BEFORE INSERT ON entry BEGIN
    SELECT RAISE(ABORT, 'entry_immutable') FROM entry WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'entry_immutable') FROM entry WHERE reference = NEW.reference;
    SELECT RAISE(ABORT, 'entry_immutable') FROM entry WHERE NEW.reverses IS NOT NULL AND reverses = NEW.reverses;
    SELECT RAISE(ABORT, 'period_closed') FROM book WHERE id = NEW.book_id AND closed_through >= NEW.book_date;
    SELECT RAISE(ABORT, 'entry_incomplete')
        FROM (SELECT count(*) AS n, COALESCE(sum(p.amount_fen), 0) AS total, COALESCE(sum(d.book_id <> NEW.book_id OR c.book_id <> NEW.book_id), 0) AS foreign_accounts
              FROM posting p JOIN account d ON d.id = p.debit_account JOIN account c ON c.id = p.credit_account WHERE p.entry_id = NEW.id)
        WHERE n <> NEW.postings OR total <> NEW.total_fen OR foreign_accounts <> 0;
END;

-- A posting comes before its entry; once the entry stands, nothing joins it.
CREATE TRIGGER posting_guard BEFORE INSERT ON posting BEGIN
    SELECT RAISE(ABORT, 'entry_immutable') FROM entry WHERE id = NEW.entry_id;
    SELECT RAISE(ABORT, 'posting_immutable') FROM posting WHERE entry_id = NEW.entry_id AND line = NEW.line;
END;

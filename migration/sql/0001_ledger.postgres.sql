-- Guards of the ledger on PostgreSQL. Those on INSERT look at the whole statement once, through its transition table: their
-- price is per statement, not per row.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%_immutable', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER entry_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subject_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON subject FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER account_no_delete BEFORE DELETE OR TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_fixed BEFORE UPDATE OF id, book_id, chart, subject, name, campaign_id, goods ON account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fresh e JOIN book b ON b.id = e.book_id WHERE b.closed_through >= e.book_date) THEN
        RAISE EXCEPTION 'period_closed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM fresh e CROSS JOIN LATERAL (
            SELECT count(*) AS n, COALESCE(sum(p.amount_fen), 0) AS total,
                   COALESCE(bool_or(d.book_id <> e.book_id OR c.book_id <> e.book_id), false) AS foreign_accounts
            FROM posting p JOIN account d ON d.id = p.debit_account JOIN account c ON c.id = p.credit_account
            WHERE p.entry_id = e.id
        ) s WHERE s.n <> e.postings OR s.total <> e.total_fen OR s.foreign_accounts
    ) THEN
        RAISE EXCEPTION 'entry_incomplete' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_guard AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION entry_guard();

CREATE FUNCTION posting_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fresh p CROSS JOIN LATERAL (SELECT 1 FROM entry e WHERE e.id = p.entry_id LIMIT 1) s) THEN
        RAISE EXCEPTION 'entry_immutable' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- A posting comes before its entry; once the entry stands, nothing joins it.
CREATE TRIGGER posting_guard AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION posting_guard();

CREATE TRIGGER audited_year_insert_guard BEFORE INSERT ON audited_year FOR EACH ROW WHEN (NEW.state <> 'proposed') EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER audited_year_decided BEFORE UPDATE ON audited_year FOR EACH ROW WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER audited_year_fixed BEFORE UPDATE OF id, book_id, year, auditor, report_number, reported_on, author_id, author_for_id, created_us
    ON audited_year FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER audited_year_no_delete BEFORE DELETE OR TRUNCATE ON audited_year FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();
-- Only a year that is ended is audited, and the report is there to be read. The book is locked: whoever posts an adjustment waits.
CREATE FUNCTION audited_year_approve_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed TEXT;
BEGIN
    SELECT closed_through INTO closed FROM book WHERE id = NEW.book_id FOR NO KEY UPDATE;
    IF closed IS NULL OR closed < NEW.year::text || '-12-31' THEN
        RAISE EXCEPTION 'audited_year_open' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND object = 'audited_year:' || NEW.id::text) THEN
        RAISE EXCEPTION 'audited_year_undocumented' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audited_year_approve_guard BEFORE UPDATE ON audited_year FOR EACH ROW
    WHEN (NEW.state = 'approved') EXECUTE FUNCTION audited_year_approve_guard();
CREATE FUNCTION manual_voucher_audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Its entry holds the book shared already.
    IF EXISTS (SELECT 1 FROM audited_year WHERE book_id = NEW.book_id AND state = 'approved' AND year::text = substr(NEW.event_date, 1, 4)) THEN
        RAISE EXCEPTION 'year_audited' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER manual_voucher_audited BEFORE UPDATE ON manual_voucher FOR EACH ROW
    WHEN (NEW.state = 'posted' AND NEW.kind = 'adjustment') EXECUTE FUNCTION manual_voucher_audited();
CREATE TRIGGER cash_count_insert_guard BEFORE INSERT ON cash_count FOR EACH ROW
    WHEN (NEW.state <> 'counted' OR NEW.witness_id IS NOT NULL) EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER cash_count_decided BEFORE UPDATE ON cash_count FOR EACH ROW
    WHEN (OLD.state IN ('agreed', 'settled', 'withdrawn')) EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER cash_count_signed BEFORE UPDATE ON cash_count FOR EACH ROW
    WHEN (OLD.state = 'different' AND (NEW.state <> 'settled' OR (NEW.witness_id, NEW.witness_for_id, NEW.booked_fen)
        IS DISTINCT FROM (OLD.witness_id, OLD.witness_for_id, OLD.booked_fen))) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER cash_count_fixed BEFORE UPDATE OF id, book_id, box, counted_on, pieces, counted_fen, counter_id, counter_for_id, created_us
    ON cash_count FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER cash_count_no_delete BEFORE DELETE OR TRUNCATE ON cash_count FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER ratio_rule_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ratio_rule FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

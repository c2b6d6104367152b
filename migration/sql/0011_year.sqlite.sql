CREATE TRIGGER audited_year_insert_guard BEFORE INSERT ON audited_year WHEN NEW.state <> 'proposed' BEGIN SELECT RAISE(ABORT, 'audited_year_decided'); END;
CREATE TRIGGER audited_year_decided BEFORE UPDATE ON audited_year WHEN OLD.state <> 'proposed' BEGIN SELECT RAISE(ABORT, 'audited_year_decided'); END;
CREATE TRIGGER audited_year_fixed BEFORE UPDATE OF id, book_id, year, auditor, report_number, reported_on, author_id, author_for_id, created_us
ON audited_year BEGIN SELECT RAISE(ABORT, 'audited_year_fixed'); END;
CREATE TRIGGER audited_year_no_delete BEFORE DELETE ON audited_year BEGIN SELECT RAISE(ABORT, 'audited_year_decided'); END;
-- Only a year that is ended is audited, and the report is there to be read.
CREATE TRIGGER audited_year_approve_guard BEFORE UPDATE ON audited_year WHEN NEW.state = 'approved' BEGIN
    SELECT RAISE(ABORT, 'audited_year_open') FROM book WHERE id = NEW.book_id
        AND (closed_through IS NULL OR closed_through < CAST(NEW.year AS TEXT) || '-12-31');
    SELECT RAISE(ABORT, 'audited_year_undocumented') WHERE NOT EXISTS (
        SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND object = 'audited_year:' || lower(substr(hex(NEW.id), 1, 8) || '-'
            || substr(hex(NEW.id), 9, 4) || '-' || substr(hex(NEW.id), 13, 4) || '-' || substr(hex(NEW.id), 17, 4) || '-' || substr(hex(NEW.id), 21)));
END;
CREATE TRIGGER manual_voucher_audited BEFORE UPDATE ON manual_voucher WHEN NEW.state = 'posted' AND NEW.kind = 'adjustment' BEGIN
    SELECT RAISE(ABORT, 'year_audited') FROM audited_year WHERE book_id = NEW.book_id AND state = 'approved'
        AND CAST(year AS TEXT) = substr(NEW.event_date, 1, 4);
END;
CREATE TRIGGER cash_count_insert_guard BEFORE INSERT ON cash_count WHEN NEW.state <> 'counted' OR NEW.witness_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'cash_count_decided'); END;
CREATE TRIGGER cash_count_decided BEFORE UPDATE ON cash_count WHEN OLD.state IN ('agreed', 'settled', 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'cash_count_decided'); END;
CREATE TRIGGER cash_count_signed BEFORE UPDATE ON cash_count WHEN OLD.state = 'different'
    AND (NEW.state <> 'settled' OR NEW.witness_id IS NOT OLD.witness_id OR NEW.witness_for_id IS NOT OLD.witness_for_id OR NEW.booked_fen <> OLD.booked_fen)
BEGIN SELECT RAISE(ABORT, 'cash_count_fixed'); END;
CREATE TRIGGER cash_count_fixed BEFORE UPDATE OF id, book_id, box, counted_on, pieces, counted_fen, counter_id, counter_for_id, created_us
ON cash_count BEGIN SELECT RAISE(ABORT, 'cash_count_fixed'); END;
CREATE TRIGGER cash_count_no_delete BEFORE DELETE ON cash_count BEGIN SELECT RAISE(ABORT, 'cash_count_decided'); END;
CREATE TRIGGER ratio_rule_no_update BEFORE UPDATE ON ratio_rule BEGIN SELECT RAISE(ABORT, 'ratio_rule_immutable'); END;
CREATE TRIGGER ratio_rule_no_delete BEFORE DELETE ON ratio_rule BEGIN SELECT RAISE(ABORT, 'ratio_rule_immutable'); END;
CREATE TRIGGER ratio_rule_guard BEFORE INSERT ON ratio_rule BEGIN
    SELECT RAISE(ABORT, 'ratio_rule_immutable') FROM ratio_rule WHERE ratio = NEW.ratio AND valid_from = NEW.valid_from;
END;

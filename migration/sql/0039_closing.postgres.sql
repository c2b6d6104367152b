-- Guards on PostgreSQL of closing.

-- Born proposed; what was proposed stays as it was, what was decided is over.
CREATE FUNCTION year_closing_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' OR NEW.approver_id IS NOT NULL OR NEW.approver_for_id IS NOT NULL OR NEW.decided_us IS NOT NULL THEN
            PERFORM refuse_because('year_closing_undecided');
        END IF;
    ELSIF OLD.state <> 'proposed' OR NEW.state = 'proposed' THEN
        PERFORM refuse_because('year_closing_decided');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER year_closing_steps BEFORE INSERT OR UPDATE OF state, approver_id, approver_for_id, decided_us ON year_closing
    FOR EACH ROW EXECUTE FUNCTION year_closing_steps();
CREATE TRIGGER year_closing_fixed BEFORE UPDATE OF id, book_id, year, unmet, reason, author_id, author_for_id, created_us ON year_closing
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER year_closing_no_delete BEFORE DELETE OR TRUNCATE ON year_closing FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- A year is closed for good when its annual report is published with what the auditors found (facts: charity 6.2): not before the day of
-- their report. Books without a charity publish none.
CREATE FUNCTION audited_year_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND kind = 'report' AND object = 'audited_year:' || NEW.id::text) THEN
        PERFORM refuse_because('audited_year_undocumented');
    END IF;
    IF EXISTS (SELECT 1 FROM charity WHERE book_id = NEW.book_id) AND NOT EXISTS (
        SELECT 1 FROM disclosure d JOIN disclosure_publication p ON p.disclosure_id = d.id WHERE d.book_id = NEW.book_id
            AND d.kind = 'annual_report' AND d.year = NEW.year AND p.published_on >= NEW.reported_on) THEN
        PERFORM refuse_because('audited_year_unpublished');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audited_year_published BEFORE UPDATE ON audited_year FOR EACH ROW
    WHEN (NEW.state = 'approved') EXECUTE FUNCTION audited_year_published();

-- A notice that was closed is history: while its duty stands, another one is written. Only what is open is there once.
ALTER TABLE duty_notice DROP CONSTRAINT duty_notice_once_key;
CREATE UNIQUE INDEX duty_notice_once_key ON duty_notice (kind, subject, due, level) WHERE closed_us IS NULL;
ALTER TABLE duty_notice ADD CONSTRAINT duty_notice_closed_check CHECK (closed_us IS NULL OR closed_us >= created_us) NOT VALID;
CREATE FUNCTION duty_notice_born() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closed_us IS NOT NULL THEN
        PERFORM refuse_because('duty_notice_fixed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER duty_notice_born BEFORE INSERT ON duty_notice FOR EACH ROW EXECUTE FUNCTION duty_notice_born();

-- Guards on PostgreSQL of closing.

-- Months that were locked before stand in the trail; a year that was ended is locked as a whole, and nothing else closes its last day.
UPDATE book SET locked_through = (
    SELECT max(day) FROM (
        SELECT detail::jsonb ->> 'through' AS day FROM audit_log WHERE action = 'book.close_month' AND object = 'book:' || book.id::text
        UNION ALL
        SELECT max(substr(d.day, 1, 4)) || '-12-31' FROM account a JOIN account_day d ON d.account_id = a.id
            WHERE a.book_id = book.id AND substr(d.day, 1, 4) || '-12-31' <= book.closed_through) locked);

CREATE FUNCTION book_locked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.locked_through IS NOT NULL THEN
            PERFORM refuse_because('book_locked');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.locked_through IS NOT NULL AND (NEW.locked_through IS NULL OR NEW.locked_through < OLD.locked_through) THEN
        PERFORM refuse_because('book_locked');
    END IF;
    IF NEW.locked_through IS NOT NULL THEN
        IF NEW.closed_through IS NULL OR NEW.closed_through < NEW.locked_through THEN
            PERFORM refuse_because('book_locked_open');
        END IF;
        IF to_char(NEW.locked_through::date + 1, 'DD') <> '01' THEN
            PERFORM refuse_because('book_locked_month');
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER book_locked BEFORE INSERT OR UPDATE OF locked_through ON book FOR EACH ROW EXECUTE FUNCTION book_locked();

-- A year is ended when every month before its last is locked.
CREATE FUNCTION year_closing_months() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM book b WHERE b.id = NEW.book_id
        AND (b.locked_through IS NULL OR b.locked_through < NEW.year || '-11-30')
        AND EXISTS (SELECT 1 FROM account a JOIN account_day d ON d.account_id = a.id
            WHERE a.book_id = b.id AND d.day >= NEW.year || '-01-01' AND d.day <= NEW.year || '-11-30')) THEN
        PERFORM refuse_because('year_closing_months');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER year_closing_months BEFORE UPDATE OF state ON year_closing FOR EACH ROW
    WHEN (NEW.state = 'approved') EXECUTE FUNCTION year_closing_months();

-- A notice is closed by a publication after it of what it is about, of its kind or of one that tells the same besides itself, or for a reason
-- that stays. What stands without either was closed before this was asked.
CREATE FUNCTION duty_notice_why() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.closed_us IS NULL THEN
        IF NEW.disclosure_id IS NOT NULL OR NEW.closed_why IS NOT NULL THEN
            PERFORM refuse_because('duty_notice_fixed');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.disclosure_id IS NULL AND (NEW.closed_why IS NULL OR length(trim(NEW.closed_why)) NOT BETWEEN 2 AND 500) THEN
        PERFORM refuse_because('duty_notice_unfulfilled');
    END IF;
    IF NEW.disclosure_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM disclosure d JOIN disclosure_publication p ON p.disclosure_id = d.id WHERE d.id = NEW.disclosure_id
            AND p.created_us >= NEW.created_us AND d.book_id = NEW.book_id AND COALESCE(d.event_id, d.campaign_id, d.book_id) = NEW.subject
            AND (d.year IS NULL OR d.year + 1 = substr(NEW.due, 1, 4)::bigint)
            AND (d.kind = NEW.kind OR d.kind || ' ' || NEW.kind IN ('raising_status emergency_receipts', 'raising_report emergency_receipts',
                'raising_report raising_status', 'project_report project_progress'))) THEN
        PERFORM refuse_because('duty_notice_unfulfilled');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER duty_notice_why BEFORE INSERT OR UPDATE OF closed_us, disclosure_id, closed_why ON duty_notice
    FOR EACH ROW EXECUTE FUNCTION duty_notice_why();

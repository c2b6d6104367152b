-- Guards on SQLite of closing.

-- Months that were locked before stand in the trail; a year that was ended is locked as a whole, and nothing else closes its last day.
UPDATE book SET locked_through = (
    SELECT max(day) FROM (
        SELECT json_extract(detail, '$.through') AS day FROM audit_log WHERE action = 'book.close_month'
            AND object = 'book:' || lower(substr(hex(book.id), 1, 8) || '-' || substr(hex(book.id), 9, 4) || '-' || substr(hex(book.id), 13, 4)
                || '-' || substr(hex(book.id), 17, 4) || '-' || substr(hex(book.id), 21))
        UNION ALL
        SELECT max(substr(d.day, 1, 4)) || '-12-31' FROM account a JOIN account_day d ON d.account_id = a.id
            WHERE a.book_id = book.id AND substr(d.day, 1, 4) || '-12-31' <= book.closed_through));

CREATE TRIGGER book_locked BEFORE UPDATE OF locked_through ON book BEGIN
    SELECT RAISE(ABORT, 'book_locked') WHERE OLD.locked_through IS NOT NULL
        AND (NEW.locked_through IS NULL OR NEW.locked_through < OLD.locked_through);
    SELECT RAISE(ABORT, 'book_locked_open') WHERE NEW.locked_through IS NOT NULL
        AND (NEW.closed_through IS NULL OR NEW.closed_through < NEW.locked_through);
    SELECT RAISE(ABORT, 'book_locked_month') WHERE NEW.locked_through IS NOT NULL
        AND date(NEW.locked_through, '+1 day') NOT LIKE '____-__-01';
END;
CREATE TRIGGER book_born BEFORE INSERT ON book WHEN NEW.locked_through IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'book_locked'); END;

-- A year is ended when every month before its last is locked.
CREATE TRIGGER year_closing_months BEFORE UPDATE OF state ON year_closing WHEN NEW.state = 'approved' BEGIN
    SELECT RAISE(ABORT, 'year_closing_months') FROM book b WHERE b.id = NEW.book_id
        AND (b.locked_through IS NULL OR b.locked_through < NEW.year || '-11-30')
        AND EXISTS (SELECT 1 FROM account a JOIN account_day d ON d.account_id = a.id
            WHERE a.book_id = b.id AND d.day >= NEW.year || '-01-01' AND d.day <= NEW.year || '-11-30');
END;

-- A notice is closed by a publication after it of what it is about, of its kind or of one that tells the same besides itself, or for a reason
-- that stays. What stands without either was closed before this was asked.
CREATE TRIGGER duty_notice_unclosed BEFORE INSERT ON duty_notice WHEN NEW.disclosure_id IS NOT NULL OR NEW.closed_why IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;
CREATE TRIGGER duty_notice_why BEFORE UPDATE OF closed_us, disclosure_id, closed_why ON duty_notice WHEN OLD.closed_us IS NULL BEGIN
    SELECT RAISE(ABORT, 'duty_notice_fixed') WHERE NEW.closed_us IS NULL AND (NEW.disclosure_id IS NOT NULL OR NEW.closed_why IS NOT NULL);
    SELECT RAISE(ABORT, 'duty_notice_unfulfilled') WHERE NEW.closed_us IS NOT NULL AND NEW.disclosure_id IS NULL
        AND (NEW.closed_why IS NULL OR length(trim(NEW.closed_why)) NOT BETWEEN 2 AND 500);
    SELECT RAISE(ABORT, 'duty_notice_unfulfilled') WHERE NEW.disclosure_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM disclosure d JOIN disclosure_publication p ON p.disclosure_id = d.id WHERE d.id = NEW.disclosure_id
            AND p.created_us >= NEW.created_us AND d.book_id = NEW.book_id AND COALESCE(d.event_id, d.campaign_id, d.book_id) = NEW.subject
            AND (d.year IS NULL OR d.year + 1 = CAST(substr(NEW.due, 1, 4) AS INTEGER))
            AND (d.kind = NEW.kind OR d.kind || ' ' || NEW.kind IN ('raising_status emergency_receipts', 'raising_report emergency_receipts',
                'raising_report raising_status', 'project_report project_progress')));
END;

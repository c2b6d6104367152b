-- Guards on SQLite of closing.

-- Born proposed; what was proposed stays as it was, what was decided is over.
CREATE TRIGGER year_closing_proposed BEFORE INSERT ON year_closing
WHEN NEW.state <> 'proposed' OR NEW.approver_id IS NOT NULL OR NEW.approver_for_id IS NOT NULL OR NEW.decided_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'year_closing_undecided'); END;
CREATE TRIGGER year_closing_stands BEFORE INSERT ON year_closing BEGIN
    SELECT RAISE(ABORT, 'year_closing_pkey') FROM year_closing WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'year_closing_live_key') FROM year_closing WHERE book_id = NEW.book_id AND year = NEW.year AND state <> 'declined';
END;
CREATE TRIGGER year_closing_fixed BEFORE UPDATE OF id, book_id, year, unmet, reason, author_id, author_for_id, created_us ON year_closing
BEGIN SELECT RAISE(ABORT, 'year_closing_fixed'); END;
CREATE TRIGGER year_closing_decided BEFORE UPDATE OF state, approver_id, approver_for_id, decided_us ON year_closing BEGIN
    SELECT RAISE(ABORT, 'year_closing_decided') WHERE OLD.state <> 'proposed' OR NEW.state = 'proposed';
END;
CREATE TRIGGER year_closing_keeps BEFORE UPDATE OF state ON year_closing BEGIN
    SELECT RAISE(ABORT, 'year_closing_live_key') FROM year_closing WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND year = NEW.year
        AND state <> 'declined' AND NEW.state <> 'declined';
END;
CREATE TRIGGER year_closing_no_delete BEFORE DELETE ON year_closing BEGIN SELECT RAISE(ABORT, 'year_closing_fixed'); END;

-- A year is closed for good when its annual report is published with what the auditors found (facts: charity 6.2): not before the day of
-- their report. Books without a charity publish none.
CREATE TRIGGER audited_year_published BEFORE UPDATE ON audited_year WHEN NEW.state = 'approved' BEGIN
    SELECT RAISE(ABORT, 'audited_year_undocumented') WHERE NOT EXISTS (
        SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND kind = 'report' AND object = 'audited_year:' || lower(substr(hex(NEW.id), 1, 8)
            || '-' || substr(hex(NEW.id), 9, 4) || '-' || substr(hex(NEW.id), 13, 4) || '-' || substr(hex(NEW.id), 17, 4) || '-'
            || substr(hex(NEW.id), 21)));
    SELECT RAISE(ABORT, 'audited_year_unpublished') FROM charity WHERE book_id = NEW.book_id AND NOT EXISTS (
        SELECT 1 FROM disclosure d JOIN disclosure_publication p ON p.disclosure_id = d.id WHERE d.book_id = NEW.book_id
            AND d.kind = 'annual_report' AND d.year = NEW.year AND p.published_on >= NEW.reported_on);
END;

-- A notice that was closed is history: while its duty stands, another one is written. Only what is open is there once.
CREATE TEMP TABLE kept_duty_notice AS SELECT * FROM duty_notice;
DROP TABLE duty_notice;
CREATE TABLE duty_notice (
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    book_id BLOB NOT NULL,
    campaign_id BLOB,
    subject BLOB NOT NULL,
    due TEXT NOT NULL,
    level TEXT NOT NULL,
    addressee TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    closed_us INTEGER,
    CONSTRAINT duty_notice_pkey PRIMARY KEY (id),
    CONSTRAINT duty_notice_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT duty_notice_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT duty_notice_level_check CHECK (level IN ('warning', 'escalation')),
    CONSTRAINT duty_notice_closed_check CHECK (closed_us IS NULL OR closed_us >= created_us)
) STRICT;
INSERT INTO duty_notice (id, kind, book_id, campaign_id, subject, due, level, addressee, created_us, closed_us)
SELECT id, kind, book_id, campaign_id, subject, due, level, addressee, created_us, max(closed_us, created_us) FROM kept_duty_notice;
DROP TABLE kept_duty_notice;
CREATE UNIQUE INDEX duty_notice_once_key ON duty_notice (kind, subject, due, level) WHERE closed_us IS NULL;
CREATE INDEX duty_notice_open_idx ON duty_notice (created_us, id) WHERE closed_us IS NULL;
CREATE TRIGGER duty_notice_guard BEFORE INSERT ON duty_notice BEGIN
    SELECT RAISE(ABORT, 'duty_notice_fixed') FROM duty_notice WHERE id = NEW.id;
END;
CREATE TRIGGER duty_notice_born BEFORE INSERT ON duty_notice WHEN NEW.closed_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;
CREATE TRIGGER duty_notice_stands BEFORE INSERT ON duty_notice BEGIN
    SELECT RAISE(IGNORE) FROM duty_notice WHERE kind = NEW.kind AND subject = NEW.subject AND due = NEW.due AND level = NEW.level
        AND closed_us IS NULL;
END;
CREATE TRIGGER duty_notice_fixed BEFORE UPDATE OF id, kind, book_id, campaign_id, subject, due, level, addressee, created_us ON duty_notice
BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;
CREATE TRIGGER duty_notice_closed BEFORE UPDATE ON duty_notice WHEN OLD.closed_us IS NOT NULL BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;
CREATE TRIGGER duty_notice_keeps BEFORE UPDATE OF closed_us ON duty_notice WHEN OLD.closed_us IS NULL BEGIN
    SELECT RAISE(ABORT, 'duty_notice_once_key') FROM duty_notice WHERE rowid <> OLD.rowid AND kind = NEW.kind AND subject = NEW.subject
        AND due = NEW.due AND level = NEW.level AND closed_us IS NULL AND NEW.closed_us IS NULL;
END;
CREATE TRIGGER duty_notice_no_delete BEFORE DELETE ON duty_notice BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;

CREATE TRIGGER manual_voucher_insert_guard BEFORE INSERT ON manual_voucher WHEN NEW.state <> 'draft' OR NEW.submitter_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'manual_voucher_decided'); END;
CREATE TRIGGER manual_voucher_fixed BEFORE UPDATE OF id, book_id, kind, author_id, author_for_id, template_id, reverses_id, created_us ON manual_voucher
BEGIN SELECT RAISE(ABORT, 'manual_voucher_fixed'); END;
-- What was handed in is what is posted: it goes back to its author before it changes, and whoever handed it in stays who did.
CREATE TRIGGER manual_voucher_handed_in BEFORE UPDATE ON manual_voucher
WHEN OLD.state = 'submitted' AND (NEW.lines <> OLD.lines OR NEW.event_date <> OLD.event_date OR NEW.summary <> OLD.summary
    OR NEW.total_fen <> OLD.total_fen OR NEW.converted_from IS NOT OLD.converted_from
    OR (NEW.state = 'posted' AND (NEW.submitter_id IS NOT OLD.submitter_id OR NEW.submitter_for_id IS NOT OLD.submitter_for_id)))
BEGIN SELECT RAISE(ABORT, 'manual_voucher_fixed'); END;
CREATE TRIGGER manual_voucher_decided BEFORE UPDATE ON manual_voucher WHEN OLD.state IN ('posted', 'discarded')
BEGIN SELECT RAISE(ABORT, 'manual_voucher_decided'); END;
CREATE TRIGGER manual_voucher_no_delete BEFORE DELETE ON manual_voucher BEGIN SELECT RAISE(ABORT, 'manual_voucher_decided'); END;

-- A voucher is posted with what it is based on: a document, or the voucher it takes back.
CREATE TRIGGER manual_voucher_post_guard BEFORE UPDATE ON manual_voucher WHEN NEW.state = 'posted' AND OLD.state <> 'posted' BEGIN
    SELECT RAISE(ABORT, 'manual_voucher_unsubmitted') WHERE OLD.state <> 'submitted';
    SELECT RAISE(ABORT, 'manual_voucher_undocumented') WHERE NEW.kind <> 'reversal' AND NOT EXISTS (
        SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND object = 'manual_voucher:' || lower(substr(hex(NEW.id), 1, 8) || '-'
            || substr(hex(NEW.id), 9, 4) || '-' || substr(hex(NEW.id), 13, 4) || '-' || substr(hex(NEW.id), 17, 4) || '-' || substr(hex(NEW.id), 21)));
    SELECT RAISE(ABORT, 'manual_voucher_foreign') FROM entry WHERE id = NEW.entry_id AND (book_id <> NEW.book_id OR actor = 'system');
END;
CREATE TRIGGER attachment_posted BEFORE UPDATE OF withdrawn_us ON attachment WHEN OLD.object LIKE 'manual_voucher:%' BEGIN
    SELECT RAISE(ABORT, 'attachment_posted') FROM manual_voucher WHERE state = 'posted'
        AND 'manual_voucher:' || lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4)
            || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)) = OLD.object;
END;
CREATE TRIGGER voucher_template_fixed BEFORE UPDATE OF id, book_id, name, summary, lines, total_fen, cadence, day, starts_on, ends_on, author_id,
    created_us ON voucher_template BEGIN SELECT RAISE(ABORT, 'voucher_template_fixed'); END;
CREATE TRIGGER voucher_template_no_delete BEFORE DELETE ON voucher_template BEGIN SELECT RAISE(ABORT, 'voucher_template_fixed'); END;

CREATE TRIGGER manual_voucher_insert_guard BEFORE INSERT ON manual_voucher FOR EACH ROW
    WHEN (NEW.state <> 'draft' OR NEW.submitter_id IS NOT NULL) EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER manual_voucher_fixed BEFORE UPDATE OF id, book_id, kind, author_id, author_for_id, template_id, reverses_id, created_us ON manual_voucher
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
-- What was handed in is what is posted: it goes back to its author before it changes, and whoever handed it in stays who did.
CREATE TRIGGER manual_voucher_handed_in BEFORE UPDATE ON manual_voucher FOR EACH ROW
    WHEN (OLD.state = 'submitted' AND ((NEW.lines, NEW.event_date, NEW.summary, NEW.total_fen, NEW.converted_from)
            IS DISTINCT FROM (OLD.lines, OLD.event_date, OLD.summary, OLD.total_fen, OLD.converted_from)
        OR (NEW.state = 'posted' AND (NEW.submitter_id, NEW.submitter_for_id) IS DISTINCT FROM (OLD.submitter_id, OLD.submitter_for_id))))
    EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER manual_voucher_decided BEFORE UPDATE ON manual_voucher FOR EACH ROW
    WHEN (OLD.state IN ('posted', 'discarded')) EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER manual_voucher_no_delete BEFORE DELETE OR TRUNCATE ON manual_voucher FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();

-- A voucher is posted with what it is based on: a document, or the voucher it takes back.
CREATE FUNCTION manual_voucher_post_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'submitted' THEN
        RAISE EXCEPTION 'manual_voucher_unsubmitted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind <> 'reversal' THEN
        PERFORM 1 FROM attachment WHERE withdrawn_us IS NULL AND object = 'manual_voucher:' || NEW.id::text LIMIT 1 FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'manual_voucher_undocumented' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF EXISTS (SELECT 1 FROM entry WHERE id = NEW.entry_id AND (book_id <> NEW.book_id OR actor = 'system')) THEN
        RAISE EXCEPTION 'manual_voucher_foreign' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER manual_voucher_post_guard BEFORE UPDATE ON manual_voucher FOR EACH ROW
    WHEN (NEW.state = 'posted' AND OLD.state <> 'posted') EXECUTE FUNCTION manual_voucher_post_guard();

CREATE FUNCTION attachment_posted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found TEXT;
BEGIN
    SELECT state INTO found FROM manual_voucher WHERE id = substr(OLD.object, 16)::uuid FOR SHARE;
    IF found = 'posted' THEN
        RAISE EXCEPTION 'attachment_posted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attachment_posted BEFORE UPDATE OF withdrawn_us ON attachment FOR EACH ROW
    WHEN (OLD.object LIKE 'manual_voucher:%') EXECUTE FUNCTION attachment_posted();
CREATE TRIGGER voucher_template_fixed BEFORE UPDATE OF id, book_id, name, summary, lines, total_fen, cadence, day, starts_on, ends_on, author_id,
    created_us ON voucher_template FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER voucher_template_no_delete BEFORE DELETE OR TRUNCATE ON voucher_template FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER major_event_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON major_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER disclosure_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosure FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER disclosure_publication_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosure_publication
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER duty_rule_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON duty_rule FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER duty_notice_fixed BEFORE UPDATE OF id, kind, book_id, campaign_id, subject, due, level, addressee, created_us ON duty_notice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER duty_notice_closed BEFORE UPDATE ON duty_notice FOR EACH ROW WHEN (OLD.closed_us IS NOT NULL) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER duty_notice_no_delete BEFORE DELETE OR TRUNCATE ON duty_notice FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- A version follows the one before it and is about the same. What was published is replaced only with a note of what was wrong. The
-- fingerprint is the text's.
CREATE FUNCTION disclosure_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.fingerprint <> sha256(convert_to(NEW.content, 'UTF8')) THEN
        RAISE EXCEPTION 'disclosure_fingerprint' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.version > 1 AND NOT EXISTS (SELECT 1 FROM disclosure d WHERE d.series_id = NEW.series_id AND d.version = NEW.version - 1
        AND (d.kind, d.book_id, d.campaign_id, d.event_id, d.year) IS NOT DISTINCT FROM (NEW.kind, NEW.book_id, NEW.campaign_id, NEW.event_id, NEW.year)) THEN
        RAISE EXCEPTION 'disclosure_version' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.correction IS NULL AND EXISTS (SELECT 1 FROM disclosure d JOIN disclosure_publication p ON p.disclosure_id = d.id
        WHERE d.series_id = NEW.series_id) THEN
        RAISE EXCEPTION 'disclosure_correction' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER disclosure_guard BEFORE INSERT ON disclosure FOR EACH ROW EXECUTE FUNCTION disclosure_guard();

-- Only the newest version is published, and not before it was written.
CREATE FUNCTION disclosure_publication_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM disclosure d JOIN disclosure n ON n.series_id = d.series_id AND n.version > d.version
        WHERE d.id = NEW.disclosure_id) THEN
        RAISE EXCEPTION 'disclosure_superseded' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM disclosure d WHERE d.id = NEW.disclosure_id AND d.through_day > NEW.published_on) THEN
        RAISE EXCEPTION 'disclosure_too_early' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER disclosure_publication_guard BEFORE INSERT ON disclosure_publication
    FOR EACH ROW EXECUTE FUNCTION disclosure_publication_guard();

-- That the full report was published is said of what stands there.
CREATE FUNCTION final_disclosure_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM disclosure d JOIN disclosure_publication p ON p.disclosure_id = d.id
        WHERE d.campaign_id = NEW.campaign_id AND d.kind = 'raising_report') THEN
        RAISE EXCEPTION 'final_disclosure_missing' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER final_disclosure_guard BEFORE INSERT ON final_disclosure FOR EACH ROW EXECUTE FUNCTION final_disclosure_guard();

-- Whoever attaches waits for whoever takes a step, and the other way round.
CREATE FUNCTION loan_paper_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found TEXT;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM loan_application WHERE id = OLD.application_id AND purged_us IS NULL) THEN
            PERFORM refuse_because('loan_paper_fixed');
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.withdrawn_us IS NOT NULL OR NEW.withdrawn_us IS NULL
            OR (NEW.id, NEW.application_id, NEW.kind, NEW.file_name, NEW.hash, NEW.content_sealed, NEW.staff_id, NEW.created_us) IS DISTINCT FROM
               (OLD.id, OLD.application_id, OLD.kind, OLD.file_name, OLD.hash, OLD.content_sealed, OLD.staff_id, OLD.created_us) THEN
            PERFORM refuse_because('loan_paper_fixed');
        END IF;
        RETURN NEW;
    END IF;
    SELECT state INTO found FROM loan_application WHERE id = NEW.application_id FOR SHARE;
    IF found IS NULL OR NOT (CASE WHEN NEW.staff_id IS NULL THEN found = 'draft'
        ELSE found IN ('applied', 'recommended', 'bank_review', 'approved') END) THEN
        PERFORM refuse_because('loan_paper_file');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_paper_guard BEFORE INSERT OR UPDATE OR DELETE ON loan_paper FOR EACH ROW EXECUTE FUNCTION loan_paper_guard();
CREATE TRIGGER loan_paper_no_truncate BEFORE TRUNCATE ON loan_paper FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER loan_paper_insert BEFORE INSERT ON loan_paper BEGIN
    SELECT RAISE(ABORT, 'loan_paper_file') WHERE NOT EXISTS (SELECT 1 FROM loan_application WHERE id = NEW.application_id
        AND CASE WHEN NEW.staff_id IS NULL THEN state = 'draft' ELSE state IN ('applied', 'recommended', 'bank_review', 'approved') END);
    SELECT RAISE(ABORT, 'loan_paper_fixed') FROM loan_paper WHERE id = NEW.id;
END;
CREATE TRIGGER loan_paper_fixed BEFORE UPDATE ON loan_paper WHEN OLD.withdrawn_us IS NOT NULL OR NEW.withdrawn_us IS NULL OR NEW.id <> OLD.id
    OR NEW.application_id <> OLD.application_id OR NEW.kind <> OLD.kind OR NEW.file_name <> OLD.file_name OR NEW.hash <> OLD.hash
    OR NEW.content_sealed <> OLD.content_sealed OR NEW.staff_id IS NOT OLD.staff_id OR NEW.created_us <> OLD.created_us
BEGIN SELECT RAISE(ABORT, 'loan_paper_fixed'); END;
CREATE TRIGGER loan_paper_no_delete BEFORE DELETE ON loan_paper
WHEN EXISTS (SELECT 1 FROM loan_application WHERE id = OLD.application_id AND purged_us IS NULL)
BEGIN SELECT RAISE(ABORT, 'loan_paper_fixed'); END;

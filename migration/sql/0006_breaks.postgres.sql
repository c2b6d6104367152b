-- A break is over when a decision about it is carried out, and not before.
CREATE FUNCTION discrepancy_resolved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM resolution WHERE break_id = NEW.id AND state = 'done') THEN
        RAISE EXCEPTION 'discrepancy_undecided' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER discrepancy_resolved BEFORE UPDATE OF state ON discrepancy FOR EACH ROW
WHEN (NEW.state = 'resolved' AND OLD.state <> 'resolved') EXECUTE FUNCTION discrepancy_resolved();
CREATE TRIGGER discrepancy_fixed BEFORE UPDATE OF id, class, item, amount_fen, book_id, donation_id, created_us ON discrepancy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER discrepancy_no_delete BEFORE DELETE OR TRUNCATE ON discrepancy FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER resolution_fixed BEFORE UPDATE OF id, break_id, choice, author_id, created_us ON resolution
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER resolution_decided BEFORE UPDATE ON resolution FOR EACH ROW WHEN (OLD.state IN ('declined', 'done')) EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER resolution_no_delete BEFORE DELETE OR TRUNCATE ON resolution FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

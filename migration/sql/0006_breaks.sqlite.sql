-- A break is over when a decision about it is carried out, and not before.
CREATE TRIGGER discrepancy_resolved BEFORE UPDATE OF state ON discrepancy WHEN NEW.state = 'resolved' AND OLD.state <> 'resolved' BEGIN
    SELECT RAISE(ABORT, 'discrepancy_undecided') WHERE NOT EXISTS (SELECT 1 FROM resolution WHERE break_id = NEW.id AND state = 'done');
END;
CREATE TRIGGER discrepancy_fixed BEFORE UPDATE OF id, class, item, amount_fen, book_id, donation_id, created_us ON discrepancy
BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;
CREATE TRIGGER discrepancy_no_delete BEFORE DELETE ON discrepancy BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;
CREATE TRIGGER resolution_fixed BEFORE UPDATE OF id, break_id, choice, author_id, created_us ON resolution BEGIN SELECT RAISE(ABORT, 'resolution_fixed'); END;
CREATE TRIGGER resolution_decided BEFORE UPDATE ON resolution WHEN OLD.state IN ('declined', 'done') BEGIN SELECT RAISE(ABORT, 'resolution_decided'); END;
CREATE TRIGGER resolution_no_delete BEFORE DELETE ON resolution BEGIN SELECT RAISE(ABORT, 'resolution_fixed'); END;

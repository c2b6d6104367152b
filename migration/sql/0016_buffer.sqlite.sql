DROP TRIGGER bill_replaced;

CREATE TRIGGER reconciliation_rule_no_update BEFORE UPDATE ON reconciliation_rule BEGIN SELECT RAISE(ABORT, 'reconciliation_rule_fixed'); END;
CREATE TRIGGER reconciliation_rule_no_delete BEFORE DELETE ON reconciliation_rule BEGIN SELECT RAISE(ABORT, 'reconciliation_rule_fixed'); END;
CREATE TRIGGER bill_history_no_update BEFORE UPDATE ON bill_history BEGIN SELECT RAISE(ABORT, 'bill_history_fixed'); END;
CREATE TRIGGER bill_history_no_delete BEFORE DELETE ON bill_history BEGIN SELECT RAISE(ABORT, 'bill_history_fixed'); END;
CREATE TRIGGER buffered_line_fixed BEFORE UPDATE OF id, book_id, day, side, class, item, entered_us ON buffered_line
BEGIN SELECT RAISE(ABORT, 'buffered_line_fixed'); END;
CREATE TRIGGER buffered_line_left BEFORE UPDATE ON buffered_line WHEN OLD.left_us IS NOT NULL BEGIN SELECT RAISE(ABORT, 'buffered_line_fixed'); END;
CREATE TRIGGER buffered_line_no_delete BEFORE DELETE ON buffered_line BEGIN SELECT RAISE(ABORT, 'buffered_line_fixed'); END;

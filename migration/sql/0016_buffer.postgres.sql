DROP TRIGGER bill_replaced ON bill;

CREATE TRIGGER reconciliation_rule_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_rule FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bill_history_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON bill_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER buffered_line_fixed BEFORE UPDATE OF id, book_id, day, side, class, item, entered_us ON buffered_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER buffered_line_left BEFORE UPDATE ON buffered_line FOR EACH ROW WHEN (OLD.left_us IS NOT NULL) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER buffered_line_no_delete BEFORE DELETE OR TRUNCATE ON buffered_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

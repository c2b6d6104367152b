-- Guards of lending on SQLite. Each refusal is named after the rule it keeps.

DROP TRIGGER discrepancy_stands;
CREATE TRIGGER discrepancy_stands BEFORE INSERT ON discrepancy BEGIN
    SELECT RAISE(ABORT, 'discrepancy_pkey') FROM discrepancy WHERE id = NEW.id;
    SELECT RAISE(IGNORE) FROM discrepancy WHERE book_id = NEW.book_id AND class = NEW.class AND item = NEW.item AND suspense = NEW.suspense
        AND amount_fen = NEW.amount_fen AND expected_fen IS NEW.expected_fen AND state <> 'cleared' AND NEW.state <> 'cleared'
        AND gone_us IS NULL AND NEW.gone_us IS NULL;
END;

-- Said once.
CREATE TRIGGER discrepancy_gone BEFORE UPDATE OF gone_us, cleared_because ON discrepancy
WHEN NEW.gone_us IS NOT OLD.gone_us AND OLD.gone_us IS NOT NULL
    OR NEW.cleared_because IS NOT OLD.cleared_because AND OLD.state = 'cleared'
BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;

-- What was taken for unclaimed by mistake waits again: nothing may hang on it, and its entry has been taken back.
DROP TRIGGER bank_line_over;
CREATE TRIGGER bank_line_over BEFORE UPDATE OF state ON bank_line WHEN NEW.state <> OLD.state AND NOT (
    (OLD.state = 'open' AND NEW.state IN ('matched', 'unclaimed')) OR (OLD.state = 'matched' AND NEW.state = 'open')
    OR (OLD.state = 'unclaimed' AND NEW.state IN ('claimed', 'returned', 'open')))
BEGIN SELECT RAISE(ABORT, 'bank_line_over'); END;
CREATE TRIGGER bank_line_taken_back BEFORE UPDATE OF state ON bank_line WHEN OLD.state = 'unclaimed' AND NEW.state = 'open' BEGIN
    SELECT RAISE(ABORT, 'bank_line_under_way') FROM bank_claim WHERE line_id = NEW.id AND state <> 'declined';
    SELECT RAISE(ABORT, 'bank_line_over') FROM bank_match WHERE line_id = NEW.id AND untied_us IS NULL;
END;

-- Who had something booked from a line does not take it back.
CREATE TRIGGER bank_match_persons BEFORE UPDATE OF untied_us, untied_by, untied_for ON bank_match BEGIN
    SELECT RAISE(ABORT, 'bank_match_fixed') WHERE OLD.untied_us IS NOT NULL;
    SELECT RAISE(ABORT, 'bank_match_persons') WHERE NEW.untied_by IS NULL
        OR (OLD.rule IN ('interest', 'charge', 'cash', 'platform', 'unclaimed')
            AND (OLD.actor IN (NEW.untied_by, NEW.untied_for) OR OLD.actor_for IN (NEW.untied_by, NEW.untied_for)));
END;
CREATE TRIGGER bank_match_actor_for_fixed BEFORE UPDATE OF actor_for ON bank_match BEGIN SELECT RAISE(ABORT, 'bank_match_fixed'); END;

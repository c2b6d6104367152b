-- What was taken for unclaimed by mistake waits again: nothing may hang on it, and its entry has been taken back.
CREATE OR REPLACE FUNCTION bank_line_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ((OLD.state = 'open' AND NEW.state IN ('matched', 'unclaimed')) OR (OLD.state = 'matched' AND NEW.state = 'open')
        OR (OLD.state = 'unclaimed' AND NEW.state IN ('claimed', 'returned', 'open'))) THEN
        PERFORM refuse_because('bank_line_over');
    END IF;
    IF NEW.state IN ('claimed', 'returned') AND NOT EXISTS (SELECT 1 FROM bank_claim WHERE line_id = NEW.id AND state = 'done'
        AND choice = CASE NEW.state WHEN 'claimed' THEN 'gift' ELSE 'return' END) THEN
        PERFORM refuse_because('bank_line_undecided');
    END IF;
    IF OLD.state = 'unclaimed' AND NEW.state = 'open' THEN
        IF EXISTS (SELECT 1 FROM bank_claim WHERE line_id = NEW.id AND state <> 'declined') THEN
            PERFORM refuse_because('bank_line_under_way');
        END IF;
        IF EXISTS (SELECT 1 FROM bank_match WHERE line_id = NEW.id AND untied_us IS NULL) THEN
            PERFORM refuse_because('bank_line_over');
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- Who had something booked from a line does not take it back.
CREATE FUNCTION bank_match_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.untied_us IS NOT NULL THEN
        PERFORM refuse_because('bank_match_fixed');
    END IF;
    IF NEW.untied_by IS NULL OR (OLD.rule IN ('interest', 'charge', 'cash', 'platform', 'unclaimed')
        AND (OLD.actor IN (NEW.untied_by, NEW.untied_for) OR OLD.actor_for IN (NEW.untied_by, NEW.untied_for))) THEN
        PERFORM refuse_because('bank_match_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bank_match_persons BEFORE UPDATE OF untied_us, untied_by, untied_for ON bank_match
    FOR EACH ROW EXECUTE FUNCTION bank_match_persons();
CREATE TRIGGER bank_match_actor_for_fixed BEFORE UPDATE OF actor_for ON bank_match FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

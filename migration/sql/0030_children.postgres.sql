-- Asked by one person, answered once by another, and kept.
CREATE TRIGGER child_access_asked BEFORE INSERT ON child_access FOR EACH ROW WHEN (NEW.state <> 'asked')
    EXECUTE FUNCTION refuse_named('child_access_asked');
CREATE TRIGGER child_access_fixed BEFORE UPDATE OF id, payee_id, reason, days, requester_id, requester_for_id, created_us ON child_access
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE FUNCTION child_access_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'asked' OR NEW.state = 'asked' THEN
        PERFORM refuse_because('child_access_fixed');
    END IF;
    IF NEW.requester_for_id IN (NEW.decider_id, NEW.decider_for_id) THEN
        PERFORM refuse_because('child_access_persons');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER child_access_decided BEFORE UPDATE ON child_access FOR EACH ROW EXECUTE FUNCTION child_access_decided();
CREATE TRIGGER child_access_no_delete BEFORE DELETE OR TRUNCATE ON child_access FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

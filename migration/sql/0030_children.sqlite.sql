-- Asked by one person, answered once by another, and kept.
CREATE TRIGGER child_access_asked BEFORE INSERT ON child_access WHEN NEW.state <> 'asked'
BEGIN SELECT RAISE(ABORT, 'child_access_asked'); END;
CREATE TRIGGER child_access_stands BEFORE INSERT ON child_access BEGIN
    SELECT RAISE(ABORT, 'child_access_pkey') FROM child_access WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'child_access_open_key') FROM child_access
        WHERE payee_id = NEW.payee_id AND requester_id = NEW.requester_id AND state = 'asked';
END;
CREATE TRIGGER child_access_fixed BEFORE UPDATE OF id, payee_id, reason, days, requester_id, requester_for_id, created_us ON child_access
BEGIN SELECT RAISE(ABORT, 'child_access_fixed'); END;
CREATE TRIGGER child_access_decided BEFORE UPDATE ON child_access BEGIN
    SELECT RAISE(ABORT, 'child_access_fixed') WHERE OLD.state <> 'asked' OR NEW.state = 'asked';
    SELECT RAISE(ABORT, 'child_access_persons') WHERE NEW.requester_for_id IN (NEW.decider_id, NEW.decider_for_id);
END;
CREATE TRIGGER child_access_no_delete BEFORE DELETE ON child_access BEGIN SELECT RAISE(ABORT, 'child_access_fixed'); END;

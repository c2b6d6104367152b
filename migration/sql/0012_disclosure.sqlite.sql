CREATE TRIGGER major_event_no_update BEFORE UPDATE ON major_event BEGIN SELECT RAISE(ABORT, 'major_event_immutable'); END;
CREATE TRIGGER major_event_no_delete BEFORE DELETE ON major_event BEGIN SELECT RAISE(ABORT, 'major_event_immutable'); END;
CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosure_immutable'); END;
CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosure_immutable'); END;
CREATE TRIGGER disclosure_publication_no_update BEFORE UPDATE ON disclosure_publication BEGIN SELECT RAISE(ABORT, 'disclosure_publication_immutable'); END;
CREATE TRIGGER disclosure_publication_no_delete BEFORE DELETE ON disclosure_publication BEGIN SELECT RAISE(ABORT, 'disclosure_publication_immutable'); END;
CREATE TRIGGER duty_rule_no_update BEFORE UPDATE ON duty_rule BEGIN SELECT RAISE(ABORT, 'duty_rule_immutable'); END;
CREATE TRIGGER duty_rule_no_delete BEFORE DELETE ON duty_rule BEGIN SELECT RAISE(ABORT, 'duty_rule_immutable'); END;
CREATE TRIGGER duty_notice_fixed BEFORE UPDATE OF id, kind, book_id, campaign_id, subject, due, level, addressee, created_us ON duty_notice
BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;
CREATE TRIGGER duty_notice_closed BEFORE UPDATE ON duty_notice WHEN OLD.closed_us IS NOT NULL BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;
CREATE TRIGGER duty_notice_no_delete BEFORE DELETE ON duty_notice BEGIN SELECT RAISE(ABORT, 'duty_notice_fixed'); END;

-- A version follows the one before it and is about the same. What was published is replaced only with a note of what was wrong.
CREATE TRIGGER disclosure_guard BEFORE INSERT ON disclosure BEGIN
    SELECT RAISE(ABORT, 'disclosure_immutable') FROM disclosure WHERE id = NEW.id OR (series_id = NEW.series_id AND version = NEW.version);
    SELECT RAISE(ABORT, 'disclosure_version') WHERE NEW.version > 1 AND NOT EXISTS (SELECT 1 FROM disclosure d
        WHERE d.series_id = NEW.series_id AND d.version = NEW.version - 1 AND d.kind = NEW.kind AND d.book_id = NEW.book_id
        AND d.campaign_id IS NEW.campaign_id AND d.event_id IS NEW.event_id AND d.year IS NEW.year);
    SELECT RAISE(ABORT, 'disclosure_correction') WHERE NEW.correction IS NULL AND EXISTS (SELECT 1 FROM disclosure d
        JOIN disclosure_publication p ON p.disclosure_id = d.id WHERE d.series_id = NEW.series_id);
END;

-- Only the newest version is published, and not before what it tells of is over.
CREATE TRIGGER disclosure_publication_guard BEFORE INSERT ON disclosure_publication BEGIN
    SELECT RAISE(ABORT, 'disclosure_publication_immutable') FROM disclosure_publication
        WHERE id = NEW.id OR (disclosure_id = NEW.disclosure_id AND place = NEW.place);
    SELECT RAISE(ABORT, 'disclosure_superseded') FROM disclosure d JOIN disclosure n ON n.series_id = d.series_id AND n.version > d.version
        WHERE d.id = NEW.disclosure_id;
    SELECT RAISE(ABORT, 'disclosure_too_early') FROM disclosure d WHERE d.id = NEW.disclosure_id AND d.through_day > NEW.published_on;
END;

-- That the full report was published is said of what stands there.
CREATE TRIGGER final_disclosure_guard BEFORE INSERT ON final_disclosure BEGIN
    SELECT RAISE(ABORT, 'final_disclosure_fixed') FROM final_disclosure WHERE campaign_id = NEW.campaign_id;
    SELECT RAISE(ABORT, 'final_disclosure_missing') WHERE NOT EXISTS (SELECT 1 FROM disclosure d
        JOIN disclosure_publication p ON p.disclosure_id = d.id WHERE d.campaign_id = NEW.campaign_id AND d.kind = 'raising_report');
END;

CREATE TRIGGER duty_rule_guard BEFORE INSERT ON duty_rule BEGIN
    SELECT RAISE(ABORT, 'duty_rule_immutable') FROM duty_rule WHERE kind = NEW.kind AND from_day = NEW.from_day;
END;
CREATE TRIGGER major_event_guard BEFORE INSERT ON major_event BEGIN
    SELECT RAISE(ABORT, 'major_event_immutable') FROM major_event WHERE id = NEW.id
        OR (kind = 'emergency_over' AND NEW.kind = 'emergency_over' AND campaign_id = NEW.campaign_id);
END;
CREATE TRIGGER duty_notice_guard BEFORE INSERT ON duty_notice BEGIN
    SELECT RAISE(ABORT, 'duty_notice_fixed') FROM duty_notice WHERE id = NEW.id;
END;

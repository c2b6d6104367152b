ALTER TABLE campaign_decision DROP CONSTRAINT campaign_decision_kind_check;
ALTER TABLE campaign_decision ADD CONSTRAINT campaign_decision_kind_check CHECK (
    (kind = 'operator' AND operator_code IS NOT NULL AND campaign_id IS NULL)
    OR (kind = 'leftover' AND campaign_id IS NOT NULL AND to_campaign_id IS NOT NULL AND to_campaign_id <> campaign_id
        AND amount_fen > 0 AND publication IS NOT NULL)
    OR (kind IN ('exception', 'termination') AND campaign_id IS NOT NULL));

-- A campaign to which money came is given up by two persons.
CREATE FUNCTION campaign_terminate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM campaign_decision WHERE campaign_id = NEW.id AND kind = 'termination' AND state = 'approved') THEN
        RAISE EXCEPTION 'campaign_undecided' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_terminate_guard BEFORE UPDATE OF state ON campaign FOR EACH ROW
    WHEN (NEW.state = 'terminated' AND OLD.state <> 'terminated') EXECUTE FUNCTION campaign_terminate_guard();

-- What was published with an update was looked at by whoever published it: nothing joins it later. The lock makes whoever attaches
-- wait for whoever publishes, and the other way round.
CREATE FUNCTION attachment_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found TEXT;
BEGIN
    SELECT state INTO found FROM campaign_update WHERE id = substr(NEW.object, 17)::uuid FOR SHARE;
    IF found = 'published' THEN
        RAISE EXCEPTION 'attachment_published' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attachment_published BEFORE INSERT ON attachment FOR EACH ROW
    WHEN (NEW.object LIKE 'campaign_update:%') EXECUTE FUNCTION attachment_published();

CREATE TRIGGER gift_alert_decided BEFORE UPDATE ON gift_alert FOR EACH ROW
    WHEN (OLD.state <> 'open' OR (NEW.id, NEW.donation_id, NEW.ground, NEW.total_fen, NEW.created_us)
        IS DISTINCT FROM (OLD.id, OLD.donation_id, OLD.ground, OLD.total_fen, OLD.created_us)) EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER gift_alert_no_delete BEFORE DELETE OR TRUNCATE ON gift_alert FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER campaign_comment_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_comment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Guards on PostgreSQL of teams and tributes. Each refusal is named after the rule it keeps.

-- ---- teams (facts: charity 3.2) ----

CREATE TRIGGER team_born BEFORE INSERT ON team FOR EACH ROW
    WHEN (NEW.state <> 'open' OR NEW.name IS NULL) EXECUTE FUNCTION refuse_named('team_born');
CREATE TRIGGER team_fixed BEFORE UPDATE OF id, campaign_id, donor_id, goal_fen, created_us ON team
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
-- A name goes with its founder and never becomes another; what is closed stays closed.
CREATE TRIGGER team_named BEFORE UPDATE OF name ON team FOR EACH ROW
    WHEN (NEW.name IS NOT NULL AND NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION refuse_named('team_fixed');
CREATE TRIGGER team_closed BEFORE UPDATE OF state, closed_us ON team FOR EACH ROW
    WHEN (OLD.state = 'closed' AND (NEW.state <> 'closed' OR NEW.closed_us IS DISTINCT FROM OLD.closed_us))
    EXECUTE FUNCTION refuse_named('team_closed');
CREATE TRIGGER team_no_delete BEFORE DELETE OR TRUNCATE ON team FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER team_moderation_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON team_moderation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ---- gifts ----

-- A gift goes through a team of its own campaign. Asked only of a gift that has a team.
CREATE FUNCTION donation_team() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM team WHERE id = NEW.team_id AND campaign_id = NEW.campaign_id) THEN
        PERFORM refuse_because('donation_team');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER donation_team BEFORE INSERT ON donation FOR EACH ROW WHEN (NEW.team_id IS NOT NULL) EXECUTE FUNCTION donation_team();
-- As it was wished it stays. A tribute goes when its donor is erased.
CREATE TRIGGER donation_team_fixed BEFORE UPDATE OF team_id, payer_code ON donation FOR EACH ROW
    WHEN (NEW.team_id IS DISTINCT FROM OLD.team_id OR NEW.payer_code IS DISTINCT FROM OLD.payer_code)
    EXECUTE FUNCTION refuse_named('donation_fixed');
CREATE TRIGGER donation_tribute BEFORE UPDATE OF tribute, tribute_sealed, tribute_shown ON donation FOR EACH ROW
    WHEN ((NEW.tribute IS DISTINCT FROM OLD.tribute OR NEW.tribute_sealed IS DISTINCT FROM OLD.tribute_sealed
        OR NEW.tribute_shown <> OLD.tribute_shown)
    AND (NEW.tribute IS NOT NULL OR NEW.tribute_sealed IS NOT NULL OR NEW.donor_id IS NULL OR length(NEW.content) > 0))
    EXECUTE FUNCTION refuse_named('donation_fixed');

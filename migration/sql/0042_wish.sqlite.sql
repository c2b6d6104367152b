-- Guards on SQLite of teams and tributes. Each refusal is named after the rule it keeps.

-- ---- teams (facts: charity 3.2) ----

CREATE TRIGGER team_stands BEFORE INSERT ON team BEGIN
    SELECT RAISE(ABORT, 'team_pkey') FROM team WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'team_born') WHERE NEW.state <> 'open' OR NEW.name IS NULL;
END;
CREATE TRIGGER team_fixed BEFORE UPDATE OF id, campaign_id, donor_id, goal_fen, created_us ON team
BEGIN SELECT RAISE(ABORT, 'team_fixed'); END;
-- A name goes with its founder and never becomes another; what is closed stays closed.
CREATE TRIGGER team_named BEFORE UPDATE OF name ON team WHEN NEW.name IS NOT NULL AND NEW.name IS NOT OLD.name
BEGIN SELECT RAISE(ABORT, 'team_fixed'); END;
CREATE TRIGGER team_closed BEFORE UPDATE OF state, closed_us ON team
WHEN OLD.state = 'closed' AND (NEW.state <> 'closed' OR NEW.closed_us IS NOT OLD.closed_us)
BEGIN SELECT RAISE(ABORT, 'team_closed'); END;
CREATE TRIGGER team_no_delete BEFORE DELETE ON team BEGIN SELECT RAISE(ABORT, 'team_fixed'); END;

CREATE TRIGGER team_moderation_stands BEFORE INSERT ON team_moderation BEGIN
    SELECT RAISE(ABORT, 'team_moderation_pkey') FROM team_moderation WHERE team_id = NEW.team_id AND seq = NEW.seq;
END;
CREATE TRIGGER team_moderation_no_update BEFORE UPDATE ON team_moderation BEGIN SELECT RAISE(ABORT, 'team_moderation_immutable'); END;
CREATE TRIGGER team_moderation_no_delete BEFORE DELETE ON team_moderation BEGIN SELECT RAISE(ABORT, 'team_moderation_immutable'); END;

-- ---- gifts ----

-- A gift goes through a team of its own campaign. Asked only of a gift that has a team.
CREATE TRIGGER donation_team BEFORE INSERT ON donation WHEN NEW.team_id IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'donation_team') WHERE NOT EXISTS (SELECT 1 FROM team WHERE id = NEW.team_id AND campaign_id = NEW.campaign_id);
END;
-- As it was wished it stays. A tribute goes when its donor is erased.
CREATE TRIGGER donation_team_fixed BEFORE UPDATE OF team_id, payer_code ON donation
WHEN NEW.team_id IS NOT OLD.team_id OR NEW.payer_code IS NOT OLD.payer_code
BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;
CREATE TRIGGER donation_tribute BEFORE UPDATE OF tribute, tribute_sealed, tribute_shown ON donation
WHEN (NEW.tribute IS NOT OLD.tribute OR NEW.tribute_sealed IS NOT OLD.tribute_sealed OR NEW.tribute_shown <> OLD.tribute_shown)
    AND (NEW.tribute IS NOT NULL OR NEW.tribute_sealed IS NOT NULL OR NEW.donor_id IS NULL OR length(NEW.content) > 0)
BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;

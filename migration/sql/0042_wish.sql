-- What a donor wishes with a gift beyond its campaign and amount (facts: charity 3.2): a tribute, a team; and the credit code an organisation's
-- receipt is made out with. Nothing of it is written for a gift without.

-- A team gives together to one campaign (一起捐). Its name is the founder's words and goes with them. What it raised is counted from its gifts.
CREATE TABLE team (
    id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    donor_id UUID NOT NULL,
    name TEXT,
    name_state TEXT NOT NULL,
    goal_fen BIGINT,
    state TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    closed_us BIGINT,
    CONSTRAINT team_pkey PRIMARY KEY (id),
    CONSTRAINT team_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT team_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT team_name_check CHECK (name IS NULL OR length(name) BETWEEN 1 AND 20),
    CONSTRAINT team_name_state_check CHECK (name_state IN ('passed', 'review', 'risky')),
    CONSTRAINT team_goal_check CHECK (goal_fen IS NULL OR goal_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT team_state_check CHECK (state IN ('open', 'closed')),
    CONSTRAINT team_closed_check CHECK ((state = 'closed') = (closed_us IS NOT NULL))
) /*strict*/;

CREATE INDEX team_campaign_idx ON team (campaign_id, created_us, id);
CREATE INDEX team_donor_idx ON team (donor_id, created_us, id);

-- A team's name hidden or shown again, or the team closed, by a person and with a reason.
CREATE TABLE team_moderation (
    team_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    step TEXT NOT NULL,
    reason TEXT NOT NULL,
    author_id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    CONSTRAINT team_moderation_pkey PRIMARY KEY (team_id, seq),
    CONSTRAINT team_moderation_team_fkey FOREIGN KEY (team_id) REFERENCES team (id),
    CONSTRAINT team_moderation_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT team_moderation_step_check CHECK (step IN ('hidden', 'shown', 'closed'))
) /*strict*/;

-- In whose honour or memory a gift is given; whose name that is, sealed like the donor's; whether the donor says it may stand on the wall.
ALTER TABLE donation ADD COLUMN tribute TEXT CONSTRAINT donation_tribute_kind_check CHECK (tribute IN ('honour', 'memory'));
ALTER TABLE donation ADD COLUMN tribute_sealed BYTEA CONSTRAINT donation_tribute_check CHECK ((tribute IS NULL) = (tribute_sealed IS NULL));
ALTER TABLE donation ADD COLUMN tribute_shown BOOLEAN NOT NULL DEFAULT FALSE CONSTRAINT donation_tribute_shown_check CHECK (NOT tribute_shown OR tribute IS NOT NULL);
-- The team it was given through. That the team is the campaign's own is asked by a guard, which costs a gift without a team nothing.
ALTER TABLE donation ADD COLUMN team_id UUID;
-- 统一社会信用代码 of the organisation that gave it.
ALTER TABLE donation ADD COLUMN payer_code TEXT CONSTRAINT donation_payer_check CHECK (payer_code IS NULL OR counterparty IS NOT NULL);

CREATE INDEX donation_team_idx ON donation (team_id, confirmed_us, id) WHERE team_id IS NOT NULL;

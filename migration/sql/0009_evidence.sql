-- What proves a step, who stood in for whoever approved one, how a campaign is given up, and which gifts compliance looks at.

-- An approval given with a lent role also names whom the approver stood in for: not the author either (facts: charity 6.6a).
ALTER TABLE refund ADD COLUMN decider_for_id UUID CONSTRAINT refund_decider_for_fkey REFERENCES staff (id)
    CONSTRAINT refund_decider_for_check CHECK (decider_for_id IS NULL OR (decider_for_id <> decider_id
        AND (requester_id IS NULL OR decider_for_id <> requester_id)));
ALTER TABLE refund ADD COLUMN outcome_approver_for_id UUID CONSTRAINT refund_outcome_for_fkey REFERENCES staff (id)
    CONSTRAINT refund_outcome_for_check CHECK (outcome_approver_for_id IS NULL OR (outcome_approver_for_id <> outcome_approver_id
        AND outcome_approver_for_id <> outcome_author_id));
ALTER TABLE refund ADD COLUMN cover_approver_for_id UUID CONSTRAINT refund_cover_for_fkey REFERENCES staff (id)
    CONSTRAINT refund_cover_for_check CHECK (cover_approver_for_id IS NULL OR (cover_approver_for_id <> cover_approver_id
        AND cover_approver_for_id <> cover_author_id AND (requester_id IS NULL OR cover_approver_for_id <> requester_id)));
ALTER TABLE transfer ADD COLUMN approver_for_id UUID CONSTRAINT transfer_approver_for_fkey REFERENCES staff (id)
    CONSTRAINT transfer_approver_for_check CHECK (approver_for_id IS NULL OR (approver_for_id <> approver_id AND approver_for_id <> author_id));
ALTER TABLE transfer ADD COLUMN outcome_approver_for_id UUID CONSTRAINT transfer_outcome_for_fkey REFERENCES staff (id)
    CONSTRAINT transfer_outcome_for_check CHECK (outcome_approver_for_id IS NULL OR (outcome_approver_for_id <> outcome_approver_id
        AND outcome_approver_for_id <> outcome_author_id));
ALTER TABLE donation ADD COLUMN approver_for_id UUID CONSTRAINT donation_approver_for_fkey REFERENCES staff (id)
    CONSTRAINT donation_approver_for_check CHECK (approver_for_id IS NULL OR (approver_for_id <> approver_id AND approver_for_id <> author_id));
ALTER TABLE resolution ADD COLUMN approver_for_id UUID CONSTRAINT resolution_approver_for_fkey REFERENCES staff (id)
    CONSTRAINT resolution_approver_for_check CHECK (approver_for_id IS NULL OR (approver_for_id <> approver_id AND approver_for_id <> author_id));

-- What reviewers and the author say about a section of a plan; it stands with the version and the round of review it was said in.
CREATE TABLE campaign_comment (
    id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    version BIGINT NOT NULL,
    round BIGINT NOT NULL,
    section TEXT NOT NULL,
    words TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT campaign_comment_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_comment_plan_fkey FOREIGN KEY (campaign_id, version) REFERENCES campaign_plan (campaign_id, version),
    CONSTRAINT campaign_comment_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_comment_section_check CHECK (section IN ('head', 'purpose', 'area', 'responsible', 'ways', 'beneficiaries', 'budget',
        'leftover', 'cooperation', 'milestones', 'remarks'))
) /*strict*/;

CREATE INDEX campaign_comment_campaign_idx ON campaign_comment (campaign_id, created_us, id);

-- ---- gifts that are large, or add up (facts: charity 2.12; written by app) ----

-- Such a gift, seen by compliance alone. It was taken and stays what it is; watch_name_id says that its giver's name stands on a list.
CREATE TABLE gift_alert (
    id UUID NOT NULL,
    donation_id UUID NOT NULL,
    ground TEXT NOT NULL,
    gifts BIGINT NOT NULL,
    total_fen BIGINT NOT NULL,
    watch_name_id UUID,
    state TEXT NOT NULL,
    decider_id UUID,
    reason TEXT,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT gift_alert_pkey PRIMARY KEY (id),
    CONSTRAINT gift_alert_once_key UNIQUE (donation_id),
    CONSTRAINT gift_alert_donation_fkey FOREIGN KEY (donation_id) REFERENCES donation (id),
    CONSTRAINT gift_alert_name_fkey FOREIGN KEY (watch_name_id) REFERENCES watch_name (id),
    CONSTRAINT gift_alert_decider_fkey FOREIGN KEY (decider_id) REFERENCES staff (id),
    CONSTRAINT gift_alert_ground_check CHECK (ground IN ('single', 'repeated')),
    CONSTRAINT gift_alert_total_check CHECK (gifts >= 1 AND total_fen > 0),
    CONSTRAINT gift_alert_state_check CHECK (state IN ('open', 'cleared', 'reported')),
    CONSTRAINT gift_alert_decided_check CHECK (state = 'open' OR (decider_id IS NOT NULL AND reason IS NOT NULL))
) /*strict*/;

CREATE INDEX gift_alert_created_idx ON gift_alert (created_us, id);

-- Up to when gifts were looked at.
CREATE TABLE gift_watch (
    id BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    CONSTRAINT gift_watch_pkey PRIMARY KEY (id),
    CONSTRAINT gift_watch_one_check CHECK (id = 1)
) /*strict*/;

INSERT INTO gift_watch (id, until_us) VALUES (1, 0);

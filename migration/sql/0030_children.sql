-- Staff who work with children's data ask those responsible for it, for one child, for some days (未成年人网络保护条例 36; facts: charity 2.11, 5).
CREATE TABLE child_access (
    id UUID NOT NULL,
    payee_id UUID NOT NULL,
    reason TEXT NOT NULL,
    days BIGINT NOT NULL,
    state TEXT NOT NULL,
    requester_id UUID NOT NULL,
    requester_for_id UUID,
    created_us BIGINT NOT NULL,
    decider_id UUID,
    decider_for_id UUID,
    decision_reason TEXT,
    decided_us BIGINT,
    ends_us BIGINT,
    CONSTRAINT child_access_pkey PRIMARY KEY (id),
    CONSTRAINT child_access_payee_fkey FOREIGN KEY (payee_id) REFERENCES payee (id),
    CONSTRAINT child_access_requester_fkey FOREIGN KEY (requester_id) REFERENCES staff (id),
    CONSTRAINT child_access_requester_for_fkey FOREIGN KEY (requester_for_id) REFERENCES staff (id),
    CONSTRAINT child_access_decider_fkey FOREIGN KEY (decider_id) REFERENCES staff (id),
    CONSTRAINT child_access_decider_for_fkey FOREIGN KEY (decider_for_id) REFERENCES staff (id),
    CONSTRAINT child_access_state_check CHECK (state IN ('asked', 'granted', 'declined')),
    CONSTRAINT child_access_days_check CHECK (days BETWEEN 1 AND 30),
    CONSTRAINT child_access_decided_check CHECK ((state = 'asked') = (decider_id IS NULL) AND (state = 'asked') = (decided_us IS NULL)),
    CONSTRAINT child_access_ends_check CHECK ((state = 'granted') = (ends_us IS NOT NULL)),
    CONSTRAINT child_access_own_check CHECK (decider_id IS NULL OR decider_id <> requester_id),
    CONSTRAINT child_access_acting_check CHECK (decider_for_id IS NULL OR decider_for_id <> requester_id)
) /*strict*/;

-- One question at a time.
CREATE UNIQUE INDEX child_access_open_key ON child_access (payee_id, requester_id) WHERE state = 'asked';
CREATE INDEX child_access_created_idx ON child_access (created_us, id);

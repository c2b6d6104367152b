-- People: the wish of somebody who was paid to be erased, for whom a partner was registered, and on which order a campaign stands still.

-- A payee's wish to be erased, put down by one person and decided by another (个人信息保护法 47; facts: charity 2.11, 2.13). What the vouchers of
-- money that was paid need is kept until kept_until, sealed and used for nothing (restricted); then the key goes (erased). What nothing keeps is
-- erased with the decision. reason says how the wish came, and holds nothing personal.
CREATE TABLE payee_erasure (
    id UUID NOT NULL,
    payee_id UUID NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    author_for_id UUID,
    created_us BIGINT NOT NULL,
    decider_id UUID,
    decider_for_id UUID,
    decision_reason TEXT,
    decided_us BIGINT,
    -- The last day on which the law keeps the vouchers.
    kept_until TEXT,
    erased_us BIGINT,
    CONSTRAINT payee_erasure_pkey PRIMARY KEY (id),
    CONSTRAINT payee_erasure_payee_fkey FOREIGN KEY (payee_id) REFERENCES payee (id),
    CONSTRAINT payee_erasure_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT payee_erasure_author_for_fkey FOREIGN KEY (author_for_id) REFERENCES staff (id),
    CONSTRAINT payee_erasure_decider_fkey FOREIGN KEY (decider_id) REFERENCES staff (id),
    CONSTRAINT payee_erasure_decider_for_fkey FOREIGN KEY (decider_for_id) REFERENCES staff (id),
    CONSTRAINT payee_erasure_state_check CHECK (state IN ('asked', 'declined', 'restricted', 'erased')),
    CONSTRAINT payee_erasure_decided_check CHECK ((state = 'asked') = (decider_id IS NULL) AND (state = 'asked') = (decided_us IS NULL)
        AND (state = 'asked') = (decision_reason IS NULL)),
    CONSTRAINT payee_erasure_kept_check CHECK (CASE state WHEN 'restricted' THEN kept_until IS NOT NULL WHEN 'erased' THEN true
        ELSE kept_until IS NULL END),
    CONSTRAINT payee_erasure_erased_check CHECK ((state = 'erased') = (erased_us IS NOT NULL)),
    CONSTRAINT payee_erasure_day_check CHECK (kept_until IS NULL OR length(kept_until) = 10),
    CONSTRAINT payee_erasure_own_check CHECK (decider_id IS NULL OR decider_id <> author_id),
    CONSTRAINT payee_erasure_acting_check CHECK (decider_for_id IS NULL OR decider_for_id <> author_id)
) /*strict*/;

-- One wish at a time, and one that was followed.
CREATE UNIQUE INDEX payee_erasure_live_key ON payee_erasure (payee_id) WHERE state <> 'declined';
CREATE INDEX payee_erasure_created_idx ON payee_erasure (created_us, id);
CREATE INDEX payee_erasure_kept_idx ON payee_erasure (kept_until) WHERE state = 'restricted';

-- The campaign a partner was first registered for: those who manage it see the partner, wherever its charity is.
ALTER TABLE partner ADD COLUMN campaign_id UUID CONSTRAINT partner_campaign_fkey REFERENCES campaign (id);

-- The authority's order that a suspension follows: an order stops a campaign once. Of suspensions before this table nobody wrote down which it
-- was; all orders that were there then count as used.
ALTER TABLE suspension ADD COLUMN order_id UUID CONSTRAINT suspension_order_fkey REFERENCES attachment (id);
CREATE UNIQUE INDEX suspension_order_key ON suspension (order_id);

-- Whose an account was is asked of each payout.
CREATE INDEX payee_account_hmac_idx ON payee_account (account_hmac);

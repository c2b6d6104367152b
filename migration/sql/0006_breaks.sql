-- What is done about a break (差错处理): proposed by one person, decided by another. A return goes back through the channel and is
-- sent until it is done. Written by app.
CREATE TABLE resolution (
    id UUID NOT NULL,
    break_id UUID NOT NULL,
    choice TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    attempt BIGINT NOT NULL,
    channel_refund_id TEXT,
    last_error TEXT,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    next_try_us BIGINT NOT NULL,
    finished_us BIGINT,
    CONSTRAINT resolution_pkey PRIMARY KEY (id),
    CONSTRAINT resolution_break_fkey FOREIGN KEY (break_id) REFERENCES discrepancy (id),
    CONSTRAINT resolution_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT resolution_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT resolution_state_check CHECK (state IN ('proposed', 'declined', 'approved', 'processing', 'failed', 'done')),
    CONSTRAINT resolution_decided_check CHECK (state = 'proposed' OR approver_id IS NOT NULL),
    CONSTRAINT resolution_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT resolution_attempt_check CHECK (attempt >= 1)
) /*strict*/;

-- One way at a time out of a break.
CREATE UNIQUE INDEX resolution_open_key ON resolution (break_id) WHERE state <> 'declined';
CREATE INDEX resolution_due_idx ON resolution (next_try_us, id) WHERE state IN ('approved', 'processing');

-- A refund of money that is spent already (entry 4e): the head of finance proposes that the general fund bears it, the chair
-- decides, and neither of them asked for the refund.
ALTER TABLE refund ADD COLUMN cover_author_id UUID CONSTRAINT refund_cover_author_fkey REFERENCES staff (id)
    CONSTRAINT refund_cover_own_check CHECK (cover_author_id IS NULL OR requester_id IS NULL OR cover_author_id <> requester_id);
ALTER TABLE refund ADD COLUMN cover_approver_id UUID CONSTRAINT refund_cover_approver_fkey REFERENCES staff (id)
    CONSTRAINT refund_cover_check CHECK (cover_approver_id IS NULL OR (cover_author_id IS NOT NULL AND cover_author_id <> cover_approver_id
        AND (requester_id IS NULL OR cover_approver_id <> requester_id)));

-- A break belongs to a day and a desk; some have money in 2209 待查款, others are differences that were found by comparing.
ALTER TABLE discrepancy
    ADD COLUMN suspense BOOLEAN NOT NULL DEFAULT true,
    ADD COLUMN day TEXT,
    ADD COLUMN owner TEXT NOT NULL DEFAULT 'cashier',
    ADD COLUMN settled_us BIGINT,
    ADD COLUMN cleared_us BIGINT;
UPDATE discrepancy SET day = COALESCE((SELECT e.event_date FROM entry e WHERE e.reference = 'suspense:' || item),
    to_char(to_timestamp(created_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'));
ALTER TABLE discrepancy
    ALTER COLUMN day SET NOT NULL,
    ALTER COLUMN suspense DROP DEFAULT,
    ALTER COLUMN owner DROP DEFAULT,
    DROP CONSTRAINT discrepancy_item_key,
    DROP CONSTRAINT discrepancy_state_check,
    ADD CONSTRAINT discrepancy_state_check CHECK (state IN ('open', 'resolved', 'cleared')),
    ADD CONSTRAINT discrepancy_cleared_check CHECK ((state = 'cleared') = (cleared_us IS NOT NULL) AND NOT (suspense AND state = 'cleared')),
    ADD CONSTRAINT discrepancy_owner_check CHECK (owner IN ('cashier', 'bookkeeper'));

-- The same difference is written once; what a later bill has cleared up is history, and may be found again.
CREATE UNIQUE INDEX discrepancy_item_key ON discrepancy (class, item) WHERE state <> 'cleared';
CREATE INDEX discrepancy_day_idx ON discrepancy (book_id, day);

CREATE FUNCTION discrepancy_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'discrepancy_over' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER discrepancy_over BEFORE UPDATE OF state ON discrepancy FOR EACH ROW
WHEN (OLD.state <> 'open' AND NEW.state <> OLD.state) EXECUTE FUNCTION discrepancy_over();
CREATE TRIGGER discrepancy_found BEFORE UPDATE OF suspense, day ON discrepancy FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- A transfer's line in the channel's fund-flow bill, and in the bank's statement. A line proves what otherwise two persons confirm.
ALTER TABLE transfer
    ADD COLUMN flow_no TEXT,
    ADD COLUMN bank_line TEXT,
    ADD COLUMN return_no TEXT,
    ALTER COLUMN author_id DROP NOT NULL,
    ADD CONSTRAINT transfer_flow_key UNIQUE (book_id, flow_no),
    ADD CONSTRAINT transfer_author_check CHECK (author_id IS NOT NULL OR flow_no IS NOT NULL),
    DROP CONSTRAINT transfer_approved_check,
    ADD CONSTRAINT transfer_approved_check CHECK (state IN ('proposed', 'rejected') OR approver_id IS NOT NULL
        OR (author_id IS NULL AND flow_no IS NOT NULL)),
    DROP CONSTRAINT transfer_outcome_check,
    ADD CONSTRAINT transfer_outcome_check CHECK (state NOT IN ('arrived', 'returned')
        OR (outcome_author_id IS NOT NULL AND outcome_approver_id IS NOT NULL)
        OR (state = 'arrived' AND kind = 'withdrawal' AND bank_line IS NOT NULL)
        OR (state = 'arrived' AND kind = 'top_up' AND flow_no IS NOT NULL)
        OR (state = 'returned' AND return_no IS NOT NULL));

CREATE TRIGGER bill_fixed BEFORE UPDATE OF id, book_id, day, kind, sha256, content, actor, received_us ON bill
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bill_replaced BEFORE UPDATE OF replaced_us ON bill FOR EACH ROW WHEN (OLD.replaced_us IS NOT NULL) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER bill_no_delete BEFORE DELETE OR TRUNCATE ON bill FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER reconciliation_run_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_run FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

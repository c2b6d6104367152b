-- Guards of giving on PostgreSQL. Each refusal is named after the rule it keeps.

ALTER TABLE resolution
    DROP CONSTRAINT resolution_state_check,
    ADD CONSTRAINT resolution_state_check CHECK (state IN ('proposed', 'declined', 'approved', 'processing', 'failed', 'done', 'superseded')),
    DROP CONSTRAINT resolution_decided_check,
    ADD CONSTRAINT resolution_decided_check CHECK (state IN ('proposed', 'superseded') OR approver_id IS NOT NULL);
ALTER TABLE discrepancy
    DROP CONSTRAINT discrepancy_class_check,
    ADD CONSTRAINT discrepancy_class_check CHECK (class IN ('missing_here', 'missing_there', 'amount', 'fee', 'status', 'duplicate_here', 'duplicate_there', 'refund_missing_here',
        'refund_missing_there', 'refund_amount', 'settlement_amount', 'paid_after_close', 'paid_twice', 'unknown_line', 'currency', 'loan_amount', 'loan_split',
        'loan_rounding', 'loan_balance', 'loan_arrears', 'loan_class', 'loan_total', 'loan_date', 'loan_missing_here', 'loan_missing_there',
        'loan_duplicate_there', 'loan_unknown_line'));
ALTER TABLE donation
    DROP CONSTRAINT donation_general_check,
    ADD CONSTRAINT donation_general_check CHECK (book_id IS NULL OR channel <> 'wechat' OR (confirmed_us IS NOT NULL AND transaction_id IS NOT NULL)),
    DROP CONSTRAINT donation_wechat_check,
    ADD CONSTRAINT donation_wechat_check CHECK (channel <> 'wechat' OR donor_id IS NOT NULL OR book_id IS NOT NULL);

DROP TRIGGER resolution_decided ON resolution;
CREATE TRIGGER resolution_decided BEFORE UPDATE ON resolution FOR EACH ROW WHEN (OLD.state IN ('declined', 'done', 'superseded'))
    EXECUTE FUNCTION refuse_decided();

-- Money that names an order goes to the general fund only after the channel could not give it back, and money in suspense alone
-- (docs/decisions/0025).
CREATE FUNCTION resolution_general() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM discrepancy d WHERE d.id = NEW.break_id AND d.suspense AND (d.donation_id IS NULL
            OR EXISTS (SELECT 1 FROM resolution r WHERE r.break_id = d.id AND r.choice = 'return' AND r.state = 'failed'))) THEN
        PERFORM refuse_because('resolution_general');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER resolution_general BEFORE INSERT ON resolution FOR EACH ROW WHEN (NEW.choice = 'general') EXECUTE FUNCTION resolution_general();

-- Money in suspense is a gift by such a decision alone: that payment, all of it, of the one who ordered, to the campaign of its order or to the
-- general fund of the charity it came to. A gift by WeChat comes into the books paid in no other way.
CREATE FUNCTION donation_adopted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM resolution r JOIN discrepancy d ON d.id = r.break_id LEFT JOIN donation o ON o.id = d.donation_id
            WHERE r.id = NEW.id AND r.state = 'proposed' AND d.suspense AND d.state = 'open' AND d.item = NEW.transaction_id
            AND d.amount_fen = NEW.amount_fen AND NEW.donor_id IS NOT DISTINCT FROM o.donor_id
            AND CASE r.choice WHEN 'gift' THEN o.campaign_id = NEW.campaign_id WHEN 'general' THEN NEW.book_id = d.book_id ELSE false END) THEN
        PERFORM refuse_because('donation_adopted');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER donation_adopted BEFORE INSERT ON donation FOR EACH ROW WHEN (NEW.transaction_id IS NOT NULL) EXECUTE FUNCTION donation_adopted();
CREATE FUNCTION resolution_adopted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM discrepancy d JOIN donation g ON g.id = NEW.id
            WHERE d.id = NEW.break_id AND g.transaction_id = d.item AND g.confirmed_us IS NOT NULL) THEN
        PERFORM refuse_because('resolution_adopted');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER resolution_adopted BEFORE UPDATE OF state ON resolution FOR EACH ROW
    WHEN (NEW.state = 'done' AND OLD.state <> 'done' AND NEW.choice IN ('gift', 'general')) EXECUTE FUNCTION resolution_adopted();

-- A payment is in the books once: what stands in suspense, or went back out of it, settles no order, and what is a gift is not suspended.
CREATE FUNCTION donation_suspended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM discrepancy d WHERE d.item = NEW.transaction_id AND d.suspense
            AND NOT EXISTS (SELECT 1 FROM resolution r WHERE r.break_id = d.id AND r.choice = 'follow' AND r.state = 'done')) THEN
        PERFORM refuse_because('donation_suspended');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER donation_suspended BEFORE UPDATE OF transaction_id ON donation FOR EACH ROW
    WHEN (NEW.transaction_id IS NOT NULL AND OLD.transaction_id IS NULL) EXECUTE FUNCTION donation_suspended();
CREATE FUNCTION discrepancy_gift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM donation WHERE transaction_id = NEW.item AND confirmed_us IS NOT NULL) THEN
        PERFORM refuse_because('discrepancy_gift');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER discrepancy_gift BEFORE INSERT ON discrepancy FOR EACH ROW WHEN (NEW.suspense) EXECUTE FUNCTION discrepancy_gift();

-- A campaign is not closed while money that came for an order of it waits for a decision (facts: charity 3.1).
CREATE FUNCTION campaign_suspense() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM discrepancy d JOIN donation o ON o.id = d.donation_id
            WHERE o.campaign_id = NEW.id AND d.suspense AND d.state = 'open') THEN
        PERFORM refuse_because('campaign_suspense');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_suspense BEFORE UPDATE OF state ON campaign FOR EACH ROW WHEN (NEW.state = 'closed' AND OLD.state <> 'closed')
    EXECUTE FUNCTION campaign_suspense();

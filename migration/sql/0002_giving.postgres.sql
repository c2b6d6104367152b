-- Guards on PostgreSQL: a campaign is approved only with two approvals of its round; trails are append-only.

CREATE FUNCTION campaign_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'campaign_not_approved' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.author_id <> OLD.author_id THEN
        RAISE EXCEPTION 'campaign_author_fixed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state IN ('approved', 'open') AND OLD.state <> NEW.state
       AND (SELECT count(*) FROM campaign_approval WHERE campaign_id = NEW.id AND round = NEW.round) < 2 THEN
        RAISE EXCEPTION 'campaign_not_approved' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER campaign_guard BEFORE INSERT OR UPDATE ON campaign FOR EACH ROW EXECUTE FUNCTION campaign_guard();

CREATE TRIGGER campaign_approval_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_approval FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER campaign_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER donation_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON donation_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refund_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%_fixed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- What was paid for is fixed: amount, campaign and donor of a gift never change once it exists, nor does a refund's amount.
CREATE TRIGGER donation_fixed BEFORE UPDATE OF amount_fen, campaign_id, donor_id, channel ON donation FOR EACH ROW
WHEN (NEW.amount_fen <> OLD.amount_fen OR NEW.campaign_id <> OLD.campaign_id OR NEW.donor_id IS DISTINCT FROM OLD.donor_id OR NEW.channel <> OLD.channel)
EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER refund_fixed BEFORE UPDATE OF amount_fen, donation_id ON refund FOR EACH ROW
WHEN (NEW.amount_fen <> OLD.amount_fen OR NEW.donation_id <> OLD.donation_id)
EXECUTE FUNCTION refuse_fixed();

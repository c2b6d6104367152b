-- Guards on SQLite: a campaign is approved only with two approvals of its round; trails are append-only.

CREATE TRIGGER campaign_guard BEFORE UPDATE OF state ON campaign WHEN NEW.state IN ('approved', 'open') AND OLD.state <> NEW.state BEGIN
    SELECT RAISE(ABORT, 'campaign_not_approved')
        WHERE (SELECT count(*) FROM campaign_approval WHERE campaign_id = NEW.id AND round = NEW.round) < 2;
END;
CREATE TRIGGER campaign_insert_guard BEFORE INSERT ON campaign WHEN NEW.state <> 'draft' BEGIN
    SELECT RAISE(ABORT, 'campaign_not_approved');
END;
CREATE TRIGGER campaign_author_guard BEFORE UPDATE OF author_id ON campaign WHEN NEW.author_id <> OLD.author_id BEGIN
    SELECT RAISE(ABORT, 'campaign_author_fixed');
END;

CREATE TRIGGER campaign_approval_no_update BEFORE UPDATE ON campaign_approval BEGIN SELECT RAISE(ABORT, 'campaign_approval_immutable'); END;
CREATE TRIGGER campaign_approval_no_delete BEFORE DELETE ON campaign_approval BEGIN SELECT RAISE(ABORT, 'campaign_approval_immutable'); END;
CREATE TRIGGER campaign_approval_guard BEFORE INSERT ON campaign_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_approval_immutable') FROM campaign_approval
        WHERE campaign_id = NEW.campaign_id AND round = NEW.round AND (step = NEW.step OR approver_id = NEW.approver_id);
END;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log_immutable'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log_immutable'); END;
CREATE TRIGGER audit_log_guard BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log_immutable') FROM audit_log WHERE id = NEW.id; END;
CREATE TRIGGER campaign_history_no_update BEFORE UPDATE ON campaign_history BEGIN SELECT RAISE(ABORT, 'campaign_history_immutable'); END;
CREATE TRIGGER campaign_history_no_delete BEFORE DELETE ON campaign_history BEGIN SELECT RAISE(ABORT, 'campaign_history_immutable'); END;
CREATE TRIGGER donation_history_no_update BEFORE UPDATE ON donation_history BEGIN SELECT RAISE(ABORT, 'donation_history_immutable'); END;
CREATE TRIGGER donation_history_no_delete BEFORE DELETE ON donation_history BEGIN SELECT RAISE(ABORT, 'donation_history_immutable'); END;
CREATE TRIGGER refund_history_no_update BEFORE UPDATE ON refund_history BEGIN SELECT RAISE(ABORT, 'refund_history_immutable'); END;
CREATE TRIGGER refund_history_no_delete BEFORE DELETE ON refund_history BEGIN SELECT RAISE(ABORT, 'refund_history_immutable'); END;

-- What was paid for is fixed: amount, campaign and donor of a gift never change once it exists, nor does a refund's amount.
CREATE TRIGGER donation_fixed BEFORE UPDATE OF amount_fen, campaign_id, donor_id, channel ON donation
WHEN NEW.amount_fen <> OLD.amount_fen OR NEW.campaign_id <> OLD.campaign_id OR NEW.donor_id IS NOT OLD.donor_id OR NEW.channel <> OLD.channel
BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;
CREATE TRIGGER refund_fixed BEFORE UPDATE OF amount_fen, donation_id ON refund
WHEN NEW.amount_fen <> OLD.amount_fen OR NEW.donation_id <> OLD.donation_id
BEGIN SELECT RAISE(ABORT, 'refund_fixed'); END;

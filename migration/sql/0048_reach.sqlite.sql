-- Guards of reach on SQLite. Each refusal is named after the rule it keeps.

-- ---- who acts for whose books (facts: charity 1, 6.6a; docs/decisions/0026) ----

DROP TRIGGER disbursement_approval_role;
CREATE TRIGGER disbursement_approval_role BEFORE INSERT ON disbursement_approval BEGIN
    SELECT RAISE(ABORT, 'disbursement_approval_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN disbursement d ON d.id = NEW.disbursement_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.acting_for_id AND h.book_id = d.book_id
        AND (h.path IS NULL OR h.path = h.seat OR substr(d.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(d.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.at_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND CASE h.role WHEN 'project_manager' THEN NEW.step = 1
            WHEN 'finance_head' THEN NEW.step = CASE d.profile WHEN 'small' THEN 1 ELSE 2 END
            WHEN 'chair' THEN NEW.step = 3 OR (NEW.step = 2 AND d.profile = 'small') ELSE 0 END);
END;
DROP TRIGGER campaign_approval_role;
CREATE TRIGGER campaign_approval_role BEFORE INSERT ON campaign_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_approval_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN campaign c ON c.id = NEW.campaign_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.acting_for_id AND h.book_id = c.book_id
        AND (h.path IS NULL OR h.path = h.seat OR substr(c.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(c.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.at_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND h.role = CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END);
END;
DROP TRIGGER campaign_change_approval_role;
CREATE TRIGGER campaign_change_approval_role BEFORE INSERT ON campaign_change_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_change_approval_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN campaign_change x ON x.id = NEW.change_id
        JOIN campaign c ON c.id = x.campaign_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.acting_for_id AND h.book_id = c.book_id
        AND (h.path IS NULL OR h.path = h.seat OR substr(c.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(c.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.at_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND h.role = CASE NEW.step WHEN 'manager' THEN 'project_manager' ELSE 'finance_head' END);
END;
DROP TRIGGER payout_payer_role;
CREATE TRIGGER payout_payer_role BEFORE UPDATE OF state ON payout WHEN NEW.state = 'scheduled' AND OLD.state IN ('approved', 'retried') BEGIN
    -- In whose name is not written down; asked of each payout of thousands.
    SELECT RAISE(ABORT, 'payout_payer_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN disbursement d ON d.id = NEW.disbursement_id
        WHERE h.staff_id = NEW.payer_id AND h.book_id = d.book_id
        AND (h.path IS NULL OR h.path = h.seat OR substr(d.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(d.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.scheduled_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND h.role = 'cashier');
END;
DROP TRIGGER payout_confirmer_role;
CREATE TRIGGER payout_confirmer_role BEFORE UPDATE OF state ON payout WHEN NEW.state IN ('confirmed', 'bounced') AND OLD.state IN ('sent', 'confirmed')
    AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_confirmer_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN disbursement d ON d.id = NEW.disbursement_id
        WHERE h.staff_id = NEW.confirmer_id AND h.lender_id IS NEW.confirmer_for_id AND h.book_id = d.book_id
        AND (h.path IS NULL OR h.path = h.seat OR substr(d.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(d.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.changed_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND h.role IN ('bookkeeper', 'finance_head'));
END;

-- Whoever says what came of money that was paid keeps the books or heads finance.
CREATE TRIGGER payout_settlement_role BEFORE UPDATE OF state ON payout_settlement WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_settlement_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN payout o ON o.id = NEW.payout_id
        JOIN disbursement d ON d.id = o.disbursement_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.approver_for_id AND h.book_id = d.book_id
        AND (h.path IS NULL OR h.path = h.seat OR substr(d.unit_path, 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(d.unit_path, 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.decided_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND h.role IN ('bookkeeper', 'finance_head'));
END;

-- A refund is decided by the head of finance, in a small foundation by the chair, too, and with what the general fund bears of it by the chair
-- alone. How a failed one ends is decided by whoever decides refunds.
CREATE TRIGGER refund_decider_role BEFORE UPDATE OF state ON refund WHEN OLD.state = 'requested' AND NEW.state IN ('approved', 'declined') BEGIN
    SELECT RAISE(ABORT, 'refund_decider_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN donation g ON g.id = NEW.donation_id
        LEFT JOIN campaign c ON c.id = g.campaign_id LEFT JOIN charity y ON y.book_id = COALESCE(c.book_id, g.book_id)
        WHERE h.staff_id = NEW.decider_id AND h.lender_id IS NEW.decider_for_id AND h.book_id = COALESCE(c.book_id, g.book_id)
        AND (h.path IS NULL OR h.path = h.seat OR substr(COALESCE(c.unit_path, h.seat, '/'), 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(COALESCE(c.unit_path, h.seat, '/'), 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.decided_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND CASE WHEN NEW.cover_approver_id IS NOT NULL THEN h.role = 'chair'
            ELSE h.role = 'finance_head' OR (h.role = 'chair' AND y.profile = 'small') END);
END;
CREATE TRIGGER refund_outcome_role BEFORE UPDATE OF state ON refund WHEN NEW.state IN ('paid_by_bank', 'given_up') AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'refund_outcome_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h JOIN donation g ON g.id = NEW.donation_id
        LEFT JOIN campaign c ON c.id = g.campaign_id LEFT JOIN charity y ON y.book_id = COALESCE(c.book_id, g.book_id)
        WHERE h.staff_id = NEW.outcome_approver_id AND h.lender_id IS NEW.outcome_approver_for_id AND h.book_id = COALESCE(c.book_id, g.book_id)
        AND (h.path IS NULL OR h.path = h.seat OR substr(COALESCE(c.unit_path, h.seat, '/'), 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(COALESCE(c.unit_path, h.seat, '/'), 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.finished_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND (h.role = 'finance_head' OR (h.role = 'chair' AND y.profile = 'small')));
END;

-- What two persons decide about a campaign is decided by the head of finance or the chair.
CREATE TRIGGER campaign_decision_role BEFORE UPDATE OF state ON campaign_decision WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'campaign_decision_role') WHERE NOT EXISTS (SELECT 1 FROM acting_role h LEFT JOIN campaign c ON c.id = NEW.campaign_id
        WHERE h.staff_id = NEW.approver_id AND h.lender_id IS NEW.acting_for_id AND h.book_id = NEW.book_id
        AND (h.path IS NULL OR h.path = h.seat OR substr(COALESCE(c.unit_path, h.seat, '/'), 1, length(h.path)) = h.path)
        AND (h.lent_path IS NULL OR h.lent_path = h.seat OR substr(COALESCE(c.unit_path, h.seat, '/'), 1, length(h.lent_path)) = h.lent_path)
        AND (h.starts_on IS NULL OR date(NEW.decided_us / 1000000 + 28800, 'unixepoch') BETWEEN h.starts_on AND h.ends_on)
        AND h.role IN ('finance_head', 'chair'));
END;

-- A charity raises money for whoever is in its part of the tree, and keeps the books of nobody else.
CREATE TRIGGER campaign_foreign BEFORE INSERT ON campaign BEGIN
    SELECT RAISE(ABORT, 'campaign_foreign') FROM charity c JOIN unit u ON u.id = c.unit_id
        WHERE c.book_id = NEW.book_id AND substr(NEW.unit_path, 1, length(u.path)) <> u.path;
END;
CREATE TRIGGER campaign_foreign_update BEFORE UPDATE OF book_id, unit_path ON campaign
WHEN NEW.book_id <> OLD.book_id OR NEW.unit_path <> OLD.unit_path BEGIN
    SELECT RAISE(ABORT, 'campaign_foreign') FROM charity c JOIN unit u ON u.id = c.unit_id
        WHERE c.book_id = NEW.book_id AND substr(NEW.unit_path, 1, length(u.path)) <> u.path;
END;

-- Whoever is paid, under whatever entry of the register, says neither what the bank did nor what came of the money: else they are paid twice, or
-- have paid back what never came.
CREATE TRIGGER payout_confirmer_paid BEFORE UPDATE OF state ON payout WHEN NEW.state IN ('confirmed', 'bounced') AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_hands') FROM payee p WHERE p.id IN (NEW.payee_id, NEW.beneficiary_id)
        AND (p.staff_id IN (NEW.confirmer_id, NEW.confirmer_for_id) OR EXISTS (SELECT 1 FROM payee_account h JOIN payee q ON q.id = h.payee_id
            WHERE h.account_hmac = p.account_hmac AND q.book_id = p.book_id AND q.staff_id IN (NEW.confirmer_id, NEW.confirmer_for_id)));
END;
CREATE TRIGGER payout_settlement_paid BEFORE UPDATE OF state ON payout_settlement WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_settlement_persons') FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id) WHERE o.id = NEW.payout_id
        AND (p.staff_id IN (NEW.approver_id, NEW.approver_for_id) OR EXISTS (SELECT 1 FROM payee_account h JOIN payee q ON q.id = h.payee_id
            WHERE h.account_hmac = p.account_hmac AND q.book_id = p.book_id AND q.staff_id IN (NEW.approver_id, NEW.approver_for_id)));
END;

-- ---- in what relation somebody is paid for another (facts: charity 2.11) ----

-- The words stay as they were written; those of before are sealed once.
DROP TRIGGER payout_fixed;
CREATE TRIGGER payout_fixed BEFORE UPDATE OF id, disbursement_id, position, payee_id, beneficiary_id, amount_fen, created_us ON payout
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;
CREATE TRIGGER payout_relation BEFORE UPDATE OF relation, relation_sealed ON payout
WHEN (NEW.relation IS NOT OLD.relation OR NEW.relation_sealed IS NOT OLD.relation_sealed)
    AND NOT (COALESCE(OLD.relation, '') <> '' AND OLD.relation_sealed IS NULL AND NEW.relation IS '' AND NEW.relation_sealed IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;

-- Guards on PostgreSQL of columns that a third hostile test changed by hand. Each refusal is named after the rule it keeps. What no step of
-- this house ever changes is refused outright; what a step changes goes the way of that step.

-- ---- gifts and refunds (facts: charity 3.2) ----

-- A gift goes the ways of its table. What was given back grows by the refund that is under way, on top of those that arrived.
CREATE TRIGGER donation_steps BEFORE UPDATE OF state ON donation FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN (
    'created paying', 'created paid', 'created closed', 'paying paid', 'paying closed', 'paid settled', 'paid refund_requested',
    'settled refund_requested', 'partly_refunded refund_requested', 'refund_requested paid', 'refund_requested settled',
    'refund_requested partly_refunded', 'refund_requested refunding', 'refunding partly_refunded', 'refunding refunded',
    'refunding refund_failed', 'refund_failed refunding', 'refund_failed paid', 'refund_failed settled', 'refund_failed partly_refunded',
    'refund_failed refunded'))
    EXECUTE FUNCTION refuse_named('donation_steps');
CREATE FUNCTION donation_refunded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM refund WHERE donation_id = NEW.id AND state IN ('approved', 'processing', 'failed')
            AND amount_fen = NEW.refunded_fen - OLD.refunded_fen)
       OR OLD.refunded_fen <> COALESCE((SELECT SUM(amount_fen) FROM refund WHERE donation_id = NEW.id
            AND state IN ('succeeded', 'paid_by_bank')), 0) THEN
        PERFORM refuse_because('donation_refunded');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER donation_refunded BEFORE UPDATE OF refunded_fen ON donation FOR EACH ROW WHEN (NEW.refunded_fen <> OLD.refunded_fen)
    EXECUTE FUNCTION donation_refunded();
-- The payment that made it a gift stays the one. As it was wished it is shown; a donor asks for a receipt afterwards, and is erased.
CREATE TRIGGER donation_confirmed BEFORE UPDATE OF confirmed_us, transaction_id ON donation FOR EACH ROW
    WHEN ((OLD.confirmed_us IS NOT NULL AND NEW.confirmed_us IS DISTINCT FROM OLD.confirmed_us)
    OR (OLD.transaction_id IS NOT NULL AND NEW.transaction_id IS DISTINCT FROM OLD.transaction_id))
    EXECUTE FUNCTION refuse_named('donation_fixed');
CREATE TRIGGER donation_wish BEFORE UPDATE OF anonymity, show_amount, receipt ON donation FOR EACH ROW
    WHEN (NEW.show_amount <> OLD.show_amount OR (NEW.receipt <> OLD.receipt AND NEW.receipt <> 'requested')
    OR (NEW.anonymity <> OLD.anonymity AND (NEW.anonymity <> 'hidden' OR NEW.donor_id IS NULL OR NEW.name_sealed IS NOT NULL
        OR NEW.nickname_sealed IS NOT NULL OR NEW.message IS NOT NULL OR length(NEW.content) > 0)))
    EXECUTE FUNCTION refuse_named('donation_fixed');

CREATE TRIGGER refund_steps BEFORE UPDATE OF state ON refund FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN (
    'requested approved', 'requested declined', 'approved processing', 'approved succeeded', 'approved failed', 'processing succeeded',
    'processing failed', 'failed approved', 'failed succeeded', 'failed paid_by_bank', 'failed given_up'))
    EXECUTE FUNCTION refuse_named('refund_steps');
-- Of a refund that has ended only the donor's words go, with the donor.
CREATE TRIGGER refund_over BEFORE UPDATE OF id, donation_id, amount_fen, reason, state, attempt, requested_by, requester_id, requester_for_id,
    decider_id, decider_for_id, cover_author_id, cover_author_for_id, cover_approver_id, cover_approver_for_id, outcome_author_id,
    outcome_author_for_id, outcome_approver_id, outcome_approver_for_id, channel_refund_id, last_error, created_us, decided_us, next_try_us,
    finished_us ON refund FOR EACH ROW
    WHEN (OLD.state IN ('succeeded', 'paid_by_bank', 'given_up', 'declined'))
    EXECUTE FUNCTION refuse_named('refund_over');
-- What was decided stays; the channel's number is that of the attempt, and the next attempt has another.
CREATE TRIGGER refund_decided BEFORE UPDATE OF decided_us, finished_us, channel_refund_id, attempt ON refund FOR EACH ROW
    WHEN ((OLD.decided_us IS NOT NULL AND NEW.decided_us IS DISTINCT FROM OLD.decided_us)
    OR (NEW.finished_us IS DISTINCT FROM OLD.finished_us AND NEW.state NOT IN ('succeeded', 'paid_by_bank', 'given_up', 'declined'))
    OR (OLD.channel_refund_id IS NOT NULL AND NEW.channel_refund_id IS DISTINCT FROM OLD.channel_refund_id
        AND NOT (OLD.state = 'failed' AND NEW.state = 'approved'))
    OR NEW.attempt <> OLD.attempt + (OLD.state = 'failed' AND NEW.state = 'approved')::int)
    EXECUTE FUNCTION refuse_named('refund_decided');
CREATE TRIGGER refund_decider BEFORE UPDATE OF decider_id, decider_for_id, cover_author_id, cover_author_for_id, cover_approver_id,
    cover_approver_for_id ON refund FOR EACH ROW
    WHEN (OLD.decider_id IS NOT NULL AND (NEW.decider_id IS DISTINCT FROM OLD.decider_id OR NEW.decider_for_id IS DISTINCT FROM OLD.decider_for_id
    OR NEW.cover_author_id IS DISTINCT FROM OLD.cover_author_id OR NEW.cover_author_for_id IS DISTINCT FROM OLD.cover_author_for_id
    OR NEW.cover_approver_id IS DISTINCT FROM OLD.cover_approver_id OR NEW.cover_approver_for_id IS DISTINCT FROM OLD.cover_approver_for_id))
    EXECUTE FUNCTION refuse_named('refund_persons');
CREATE TRIGGER refund_outcome BEFORE UPDATE OF outcome_approver_id, outcome_approver_for_id ON refund FOR EACH ROW
    WHEN ((NEW.outcome_approver_id IS DISTINCT FROM OLD.outcome_approver_id
        OR NEW.outcome_approver_for_id IS DISTINCT FROM OLD.outcome_approver_for_id)
    AND NEW.state NOT IN ('paid_by_bank', 'given_up'))
    EXECUTE FUNCTION refuse_named('refund_persons');

-- A list is decided with its decider, not before.
CREATE TRIGGER gift_list_undecided BEFORE UPDATE OF state, approver_id, approver_for_id, decided_us ON gift_list FOR EACH ROW
    WHEN (NEW.state = 'proposed' AND (NEW.approver_id IS NOT NULL OR NEW.approver_for_id IS NOT NULL OR NEW.decided_us IS NOT NULL))
    EXECUTE FUNCTION refuse_named('gift_list_persons');
CREATE TRIGGER gift_alert_open BEFORE UPDATE OF state, decider_id, reason, decided_us, gifts, watch_name_id ON gift_alert FOR EACH ROW
    WHEN (NEW.gifts <> OLD.gifts OR NEW.watch_name_id IS DISTINCT FROM OLD.watch_name_id
    OR (NEW.state = 'open') <> (NEW.decided_us IS NULL) OR (NEW.state = 'open') <> (NEW.decider_id IS NULL)
    OR (NEW.state = 'open') <> (NEW.reason IS NULL))
    EXECUTE FUNCTION refuse_named('gift_alert_decided');

-- ---- campaigns (facts: charity 3.1, 3.3) ----

-- Where a campaign was opened, and when, stands from then on.
CREATE TRIGGER campaign_opening BEFORE UPDATE OF opened_us, operator_code, platform_number, platform_url, channel ON campaign FOR EACH ROW
    WHEN ((OLD.opened_us IS NOT NULL AND (NEW.opened_us IS DISTINCT FROM OLD.opened_us OR NEW.operator_code IS DISTINCT FROM OLD.operator_code
        OR NEW.platform_number IS DISTINCT FROM OLD.platform_number OR NEW.platform_url IS DISTINCT FROM OLD.platform_url
        OR NEW.channel <> OLD.channel))
    OR (OLD.opened_us IS NULL AND NEW.opened_us IS NOT NULL AND NEW.state NOT IN ('open', 'emergency_open')))
    EXECUTE FUNCTION refuse_named('campaign_opening_fixed');
-- A line is called what the plan in force calls it.
CREATE FUNCTION budget_line_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM campaign_plan p, jsonb_array_elements(p.content::jsonb #> '{terms,budget}') b
        WHERE p.campaign_id = NEW.campaign_id AND p.state = 'in_force' AND b ->> 'code' = NEW.code
        AND btrim(b ->> 'name', E' \t\n\r\u00a0\u3000') = NEW.name) THEN
        PERFORM refuse_because('budget_line_not_planned');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_line_named BEFORE UPDATE OF name ON budget_line FOR EACH ROW WHEN (NEW.name <> OLD.name)
    EXECUTE FUNCTION budget_line_named();

-- ---- spending (facts: charity 3.5) ----

CREATE TRIGGER payout_reference BEFORE UPDATE OF bank_reference, state ON payout FOR EACH ROW
    WHEN (NEW.bank_reference IS DISTINCT FROM OLD.bank_reference AND (NEW.state = OLD.state
        OR NEW.state NOT IN ('scheduled', 'confirmed', 'bounced')))
    EXECUTE FUNCTION refuse_named('payout_fixed');
-- A payee is who they were written down as; a bank comes with its account.
CREATE TRIGGER payee_sealed BEFORE UPDATE OF name_sealed, phone_sealed, division ON payee
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER payee_bank BEFORE UPDATE OF bank_sealed ON payee FOR EACH ROW
    WHEN (NEW.bank_sealed IS DISTINCT FROM OLD.bank_sealed AND NEW.account_sealed IS NOT DISTINCT FROM OLD.account_sealed)
    EXECUTE FUNCTION refuse_named('payee_account_unconfirmed');

-- ---- the books (facts: charity 6.1) ----

CREATE TRIGGER account_dimensions BEFORE UPDATE OF budget_line, channel, bank_account, contract, payable ON account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER book_fixed BEFORE UPDATE OF id, code, kind, chart, credit_code, created_us ON book
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER transfer_fixed BEFORE UPDATE OF kind, amount_fen, bank_account, note, created_us ON transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER transfer_steps BEFORE UPDATE OF state ON transfer FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN (
    'proposed departed', 'proposed rejected', 'departed arrival_proposed', 'departed return_proposed', 'departed arrived', 'departed returned',
    'arrival_proposed arrived', 'arrival_proposed departed', 'return_proposed returned', 'return_proposed departed'))
    EXECUTE FUNCTION refuse_named('transfer_steps');
-- Who says and who confirms what became of it, and when, is written with its step.
CREATE TRIGGER transfer_outcome BEFORE UPDATE OF outcome_author_id, outcome_author_for_id, outcome_approver_id, outcome_approver_for_id
    ON transfer FOR EACH ROW
    WHEN (NEW.state = OLD.state AND (NEW.outcome_author_id IS DISTINCT FROM OLD.outcome_author_id
    OR NEW.outcome_author_for_id IS DISTINCT FROM OLD.outcome_author_for_id OR NEW.outcome_approver_id IS DISTINCT FROM OLD.outcome_approver_id
    OR NEW.outcome_approver_for_id IS DISTINCT FROM OLD.outcome_approver_for_id))
    EXECUTE FUNCTION refuse_named('transfer_persons');
CREATE TRIGGER transfer_moments BEFORE UPDATE OF departed_us, finished_us ON transfer FOR EACH ROW
    WHEN ((NEW.departed_us IS DISTINCT FROM OLD.departed_us AND NOT (OLD.state = 'proposed' AND NEW.state = 'departed'))
    OR (NEW.finished_us IS DISTINCT FROM OLD.finished_us AND (NEW.state = OLD.state OR NEW.state NOT IN ('arrived', 'returned'))))
    EXECUTE FUNCTION refuse_named('transfer_fixed');

-- What a break says stays as it was found. That the row of stray money was found in a fund-flow bill is said once, where there is a bill.
CREATE TRIGGER discrepancy_said BEFORE UPDATE OF expected_fen, detail, proposal, owner ON discrepancy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE FUNCTION discrepancy_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.settled_us IS NOT NULL OR NOT NEW.suspense THEN
        PERFORM refuse_because('discrepancy_fixed');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM bill WHERE kind = 'fund_flow' AND replaced_us IS NULL) THEN
        PERFORM refuse_because('discrepancy_unsettled');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER discrepancy_settled BEFORE UPDATE OF settled_us ON discrepancy FOR EACH ROW
    WHEN (NEW.settled_us IS DISTINCT FROM OLD.settled_us) EXECUTE FUNCTION discrepancy_settled();

-- ---- lending (facts: lending 1, 4, 6) ----

-- Whose officer somebody is, is said anew; what was said is not changed.
CREATE TRIGGER bank_seat_fixed BEFORE UPDATE OF staff_id, bank_id, author_id, created_us ON bank_seat
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER loan_pool_no_delete BEFORE DELETE OR TRUNCATE ON loan_pool FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER loan_pool_said BEFORE UPDATE OF author_id, created_us ON loan_pool
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

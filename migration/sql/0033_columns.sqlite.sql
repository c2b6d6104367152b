-- Guards on SQLite of columns that a third hostile test changed by hand. Each refusal is named after the rule it keeps. What no step of this
-- house ever changes is refused outright; what a step changes goes the way of that step.

-- ---- gifts and refunds (facts: charity 3.2) ----

-- A gift goes the ways of its table. What was given back grows by the refund that is under way, on top of those that arrived.
CREATE TRIGGER donation_steps BEFORE UPDATE OF state ON donation
WHEN NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN (
    'created paying', 'created paid', 'created closed', 'paying paid', 'paying closed', 'paid settled', 'paid refund_requested',
    'settled refund_requested', 'partly_refunded refund_requested', 'refund_requested paid', 'refund_requested settled',
    'refund_requested partly_refunded', 'refund_requested refunding', 'refunding partly_refunded', 'refunding refunded',
    'refunding refund_failed', 'refund_failed refunding', 'refund_failed paid', 'refund_failed settled', 'refund_failed partly_refunded',
    'refund_failed refunded')
BEGIN SELECT RAISE(ABORT, 'donation_steps'); END;
CREATE TRIGGER donation_refunded BEFORE UPDATE OF refunded_fen ON donation WHEN NEW.refunded_fen <> OLD.refunded_fen
BEGIN
    SELECT RAISE(ABORT, 'donation_refunded') WHERE NOT EXISTS (SELECT 1 FROM refund WHERE donation_id = NEW.id
            AND state IN ('approved', 'processing', 'failed') AND amount_fen = NEW.refunded_fen - OLD.refunded_fen)
        OR OLD.refunded_fen <> COALESCE((SELECT SUM(amount_fen) FROM refund WHERE donation_id = NEW.id
            AND state IN ('succeeded', 'paid_by_bank')), 0);
END;
-- The payment that made it a gift stays the one. As it was wished it is shown; a donor asks for a receipt afterwards, and is erased.
CREATE TRIGGER donation_confirmed BEFORE UPDATE OF confirmed_us, transaction_id ON donation
WHEN (OLD.confirmed_us IS NOT NULL AND NEW.confirmed_us IS NOT OLD.confirmed_us)
    OR (OLD.transaction_id IS NOT NULL AND NEW.transaction_id IS NOT OLD.transaction_id)
BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;
CREATE TRIGGER donation_wish BEFORE UPDATE OF anonymity, show_amount, receipt ON donation
WHEN NEW.show_amount <> OLD.show_amount OR (NEW.receipt <> OLD.receipt AND NEW.receipt <> 'requested')
    OR (NEW.anonymity <> OLD.anonymity AND (NEW.anonymity <> 'hidden' OR NEW.donor_id IS NULL OR NEW.name_sealed IS NOT NULL
        OR NEW.nickname_sealed IS NOT NULL OR NEW.message IS NOT NULL OR length(NEW.content) > 0))
BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;

CREATE TRIGGER refund_steps BEFORE UPDATE OF state ON refund
WHEN NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN (
    'requested approved', 'requested declined', 'approved processing', 'approved succeeded', 'approved failed', 'processing succeeded',
    'processing failed', 'failed approved', 'failed succeeded', 'failed paid_by_bank', 'failed given_up')
BEGIN SELECT RAISE(ABORT, 'refund_steps'); END;
-- Of a refund that has ended only the donor's words go, with the donor.
CREATE TRIGGER refund_over BEFORE UPDATE OF id, donation_id, amount_fen, reason, state, attempt, requested_by, requester_id, requester_for_id,
    decider_id, decider_for_id, cover_author_id, cover_author_for_id, cover_approver_id, cover_approver_for_id, outcome_author_id,
    outcome_author_for_id, outcome_approver_id, outcome_approver_for_id, channel_refund_id, last_error, created_us, decided_us, next_try_us,
    finished_us ON refund
WHEN OLD.state IN ('succeeded', 'paid_by_bank', 'given_up', 'declined')
BEGIN SELECT RAISE(ABORT, 'refund_over'); END;
-- What was decided stays; the channel's number is that of the attempt, and the next attempt has another.
CREATE TRIGGER refund_decided BEFORE UPDATE OF decided_us, finished_us, channel_refund_id, attempt ON refund
WHEN (OLD.decided_us IS NOT NULL AND NEW.decided_us IS NOT OLD.decided_us)
    OR (NEW.finished_us IS NOT OLD.finished_us AND NEW.state NOT IN ('succeeded', 'paid_by_bank', 'given_up', 'declined'))
    OR (OLD.channel_refund_id IS NOT NULL AND NEW.channel_refund_id IS NOT OLD.channel_refund_id
        AND NOT (OLD.state = 'failed' AND NEW.state = 'approved'))
    OR NEW.attempt <> OLD.attempt + (OLD.state = 'failed' AND NEW.state = 'approved')
BEGIN SELECT RAISE(ABORT, 'refund_decided'); END;
CREATE TRIGGER refund_decider BEFORE UPDATE OF decider_id, decider_for_id, cover_author_id, cover_author_for_id, cover_approver_id,
    cover_approver_for_id ON refund
WHEN OLD.decider_id IS NOT NULL AND (NEW.decider_id IS NOT OLD.decider_id OR NEW.decider_for_id IS NOT OLD.decider_for_id
    OR NEW.cover_author_id IS NOT OLD.cover_author_id OR NEW.cover_author_for_id IS NOT OLD.cover_author_for_id
    OR NEW.cover_approver_id IS NOT OLD.cover_approver_id OR NEW.cover_approver_for_id IS NOT OLD.cover_approver_for_id)
BEGIN SELECT RAISE(ABORT, 'refund_persons'); END;
CREATE TRIGGER refund_outcome BEFORE UPDATE OF outcome_approver_id, outcome_approver_for_id ON refund
WHEN (NEW.outcome_approver_id IS NOT OLD.outcome_approver_id OR NEW.outcome_approver_for_id IS NOT OLD.outcome_approver_for_id)
    AND NEW.state NOT IN ('paid_by_bank', 'given_up')
BEGIN SELECT RAISE(ABORT, 'refund_persons'); END;

-- A list is decided with its decider, not before.
CREATE TRIGGER gift_list_undecided BEFORE UPDATE OF state, approver_id, approver_for_id, decided_us ON gift_list
WHEN NEW.state = 'proposed' AND (NEW.approver_id IS NOT NULL OR NEW.approver_for_id IS NOT NULL OR NEW.decided_us IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'gift_list_persons'); END;
CREATE TRIGGER gift_alert_open BEFORE UPDATE OF state, decider_id, reason, decided_us, gifts, watch_name_id ON gift_alert
WHEN NEW.gifts <> OLD.gifts OR NEW.watch_name_id IS NOT OLD.watch_name_id
    OR (NEW.state = 'open') <> (NEW.decided_us IS NULL) OR (NEW.state = 'open') <> (NEW.decider_id IS NULL)
    OR (NEW.state = 'open') <> (NEW.reason IS NULL)
BEGIN SELECT RAISE(ABORT, 'gift_alert_decided'); END;

-- ---- campaigns (facts: charity 3.1, 3.3) ----

-- Where a campaign was opened, and when, stands from then on.
CREATE TRIGGER campaign_opening BEFORE UPDATE OF opened_us, operator_code, platform_number, platform_url, channel ON campaign
WHEN (OLD.opened_us IS NOT NULL AND (NEW.opened_us IS NOT OLD.opened_us OR NEW.operator_code IS NOT OLD.operator_code
        OR NEW.platform_number IS NOT OLD.platform_number OR NEW.platform_url IS NOT OLD.platform_url OR NEW.channel <> OLD.channel))
    OR (OLD.opened_us IS NULL AND NEW.opened_us IS NOT NULL AND NEW.state NOT IN ('open', 'emergency_open'))
BEGIN SELECT RAISE(ABORT, 'campaign_opening_fixed'); END;
-- A line is called what the plan in force calls it.
CREATE TRIGGER budget_line_named BEFORE UPDATE OF name ON budget_line WHEN NEW.name <> OLD.name
BEGIN
    SELECT RAISE(ABORT, 'budget_line_not_planned') WHERE NOT EXISTS (
        SELECT 1 FROM campaign_plan p, json_each(p.content, '$.terms.budget') b WHERE p.campaign_id = NEW.campaign_id AND p.state = 'in_force'
            AND json_extract(b.value, '$.code') = NEW.code
            AND trim(json_extract(b.value, '$.name'), ' ' || char(9, 10, 13, 160, 12288)) = NEW.name);
END;

-- ---- spending (facts: charity 3.5) ----

CREATE TRIGGER payout_reference BEFORE UPDATE OF bank_reference, state ON payout
WHEN NEW.bank_reference IS NOT OLD.bank_reference AND (NEW.state = OLD.state OR NEW.state NOT IN ('scheduled', 'confirmed', 'bounced'))
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;
-- A payee is who they were written down as; a bank comes with its account.
CREATE TRIGGER payee_sealed BEFORE UPDATE OF name_sealed, phone_sealed, division ON payee
BEGIN SELECT RAISE(ABORT, 'payee_fixed'); END;
CREATE TRIGGER payee_bank BEFORE UPDATE OF bank_sealed ON payee
WHEN NEW.bank_sealed IS NOT OLD.bank_sealed AND NEW.account_sealed IS OLD.account_sealed
BEGIN SELECT RAISE(ABORT, 'payee_account_unconfirmed'); END;
-- What is asked anew does not take the place of what is asked.
CREATE TRIGGER child_access_keeps BEFORE UPDATE OF state ON child_access BEGIN
    SELECT RAISE(ABORT, 'child_access_open_key') FROM child_access WHERE rowid <> OLD.rowid AND payee_id = NEW.payee_id
        AND requester_id = NEW.requester_id AND state = 'asked' AND NEW.state = 'asked';
END;

-- ---- the books (facts: charity 6.1) ----

CREATE TRIGGER account_dimensions BEFORE UPDATE OF budget_line, channel, bank_account, contract, payable ON account
BEGIN SELECT RAISE(ABORT, 'account_immutable'); END;
CREATE TRIGGER book_fixed BEFORE UPDATE OF id, code, kind, chart, credit_code, created_us ON book
BEGIN SELECT RAISE(ABORT, 'book_fixed'); END;

CREATE TRIGGER transfer_fixed BEFORE UPDATE OF kind, amount_fen, bank_account, note, created_us ON transfer
BEGIN SELECT RAISE(ABORT, 'transfer_fixed'); END;
CREATE TRIGGER transfer_steps BEFORE UPDATE OF state ON transfer
WHEN NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN (
    'proposed departed', 'proposed rejected', 'departed arrival_proposed', 'departed return_proposed', 'departed arrived', 'departed returned',
    'arrival_proposed arrived', 'arrival_proposed departed', 'return_proposed returned', 'return_proposed departed')
BEGIN SELECT RAISE(ABORT, 'transfer_steps'); END;
-- Who says and who confirms what became of it, and when, is written with its step.
CREATE TRIGGER transfer_outcome BEFORE UPDATE OF outcome_author_id, outcome_author_for_id, outcome_approver_id, outcome_approver_for_id
    ON transfer
WHEN NEW.state = OLD.state AND (NEW.outcome_author_id IS NOT OLD.outcome_author_id
    OR NEW.outcome_author_for_id IS NOT OLD.outcome_author_for_id OR NEW.outcome_approver_id IS NOT OLD.outcome_approver_id
    OR NEW.outcome_approver_for_id IS NOT OLD.outcome_approver_for_id)
BEGIN SELECT RAISE(ABORT, 'transfer_persons'); END;
CREATE TRIGGER transfer_moments BEFORE UPDATE OF departed_us, finished_us ON transfer
WHEN (NEW.departed_us IS NOT OLD.departed_us AND NOT (OLD.state = 'proposed' AND NEW.state = 'departed'))
    OR (NEW.finished_us IS NOT OLD.finished_us AND (NEW.state = OLD.state OR NEW.state NOT IN ('arrived', 'returned')))
BEGIN SELECT RAISE(ABORT, 'transfer_fixed'); END;

-- What a break says stays as it was found. That the row of stray money was found in a fund-flow bill is said once, where there is a bill.
CREATE TRIGGER discrepancy_said BEFORE UPDATE OF expected_fen, detail, proposal, owner ON discrepancy
BEGIN SELECT RAISE(ABORT, 'discrepancy_fixed'); END;
CREATE TRIGGER discrepancy_settled BEFORE UPDATE OF settled_us ON discrepancy WHEN NEW.settled_us IS NOT OLD.settled_us
BEGIN
    SELECT RAISE(ABORT, 'discrepancy_fixed') WHERE OLD.settled_us IS NOT NULL OR NOT NEW.suspense;
    SELECT RAISE(ABORT, 'discrepancy_unsettled') WHERE NOT EXISTS (
        SELECT 1 FROM bill WHERE kind = 'fund_flow' AND replaced_us IS NULL);
END;

-- ---- lending (facts: lending 1, 4, 6) ----

-- Whose officer somebody is, is said anew; what was said is not changed.
CREATE TRIGGER bank_seat_fixed BEFORE UPDATE OF staff_id, bank_id, author_id, created_us ON bank_seat
BEGIN SELECT RAISE(ABORT, 'bank_seat_fixed'); END;
CREATE TRIGGER loan_pool_no_delete BEFORE DELETE ON loan_pool BEGIN SELECT RAISE(ABORT, 'loan_pool_fixed'); END;
CREATE TRIGGER loan_pool_stands BEFORE INSERT ON loan_pool
BEGIN
    SELECT RAISE(ABORT, 'loan_pool_pkey') FROM loan_pool WHERE programme_id = NEW.programme_id;
END;
CREATE TRIGGER loan_pool_said BEFORE UPDATE OF author_id, created_us ON loan_pool BEGIN SELECT RAISE(ABORT, 'loan_pool_fixed'); END;

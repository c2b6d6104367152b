-- Guards on SQLite that a hostile test found missing. Each refusal is named after the rule it keeps.

-- ---- persons (facts: charity 3.5, 6.6a) ----

-- What is done in somebody's name counts as theirs: no two approvals of a round in one person's name, and none in the author's.
CREATE TRIGGER campaign_approval_persons BEFORE INSERT ON campaign_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_approval_persons') FROM campaign_approval WHERE campaign_id = NEW.campaign_id AND round = NEW.round
        AND (approver_id = NEW.acting_for_id OR acting_for_id IN (NEW.approver_id, NEW.acting_for_id));
    SELECT RAISE(ABORT, 'campaign_approval_persons') FROM campaign
        WHERE id = NEW.campaign_id AND author_for_id IN (NEW.approver_id, NEW.acting_for_id);
END;
CREATE TRIGGER campaign_change_approval_persons BEFORE INSERT ON campaign_change_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_change_approval_persons') FROM campaign_change_approval WHERE change_id = NEW.change_id
        AND (approver_id = NEW.acting_for_id OR acting_for_id IN (NEW.approver_id, NEW.acting_for_id));
    SELECT RAISE(ABORT, 'campaign_change_approval_persons') FROM campaign_change
        WHERE id = NEW.change_id AND author_for_id IN (NEW.approver_id, NEW.acting_for_id);
END;
CREATE TRIGGER disbursement_approval_persons BEFORE INSERT ON disbursement_approval BEGIN
    SELECT RAISE(ABORT, 'disbursement_approval_persons') FROM disbursement_approval
        WHERE disbursement_id = NEW.disbursement_id AND round = NEW.round
        AND (approver_id = NEW.acting_for_id OR acting_for_id IN (NEW.approver_id, NEW.acting_for_id));
    SELECT RAISE(ABORT, 'disbursement_approval_persons') FROM disbursement
        WHERE id = NEW.disbursement_id AND author_for_id IN (NEW.approver_id, NEW.acting_for_id);
END;
CREATE TRIGGER campaign_decision_persons BEFORE UPDATE OF approver_id, acting_for_id ON campaign_decision
WHEN NEW.author_for_id IN (NEW.approver_id, NEW.acting_for_id)
BEGIN SELECT RAISE(ABORT, 'campaign_decision_persons'); END;
CREATE TRIGGER cooperation_persons BEFORE UPDATE OF evaluator_id ON cooperation WHEN NEW.evaluator_id IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'cooperation_persons') FROM campaign WHERE id = NEW.campaign_id AND author_for_id = NEW.evaluator_id;
END;
CREATE TRIGGER campaign_author_for_fixed BEFORE UPDATE OF author_for_id ON campaign WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'campaign_author_fixed'); END;
CREATE TRIGGER campaign_change_author_for_fixed BEFORE UPDATE OF author_for_id ON campaign_change
WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'campaign_change_fixed'); END;
CREATE TRIGGER campaign_decision_author_for_fixed BEFORE UPDATE OF author_for_id ON campaign_decision
WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'campaign_decision_fixed'); END;

-- A role is lent by two persons, of whom one is the lender, and nobody proposes one for themselves.
CREATE TRIGGER delegation_proposed BEFORE INSERT ON delegation WHEN NEW.author_id = NEW.holder_id OR NEW.approver_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'delegation_unasked'); END;
CREATE TRIGGER delegation_agreed BEFORE UPDATE OF approver_id ON delegation
WHEN NEW.approver_id IS NOT NULL AND NEW.lender_id NOT IN (NEW.author_id, NEW.approver_id)
BEGIN SELECT RAISE(ABORT, 'delegation_unasked'); END;

-- Who granted a role is somebody of the house, written as this house writes ids, so that two who are one are told apart from two.
CREATE TRIGGER staff_role_persons BEFORE INSERT ON staff_role BEGIN
    SELECT RAISE(ABORT, 'staff_role_persons') WHERE NEW.granted_by <> 'command line' AND NOT EXISTS (SELECT 1 FROM staff
        WHERE lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-'
            || substr(hex(id), 21)) = NEW.granted_by);
    SELECT RAISE(ABORT, 'staff_role_persons') WHERE NEW.approved_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff
        WHERE lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-'
            || substr(hex(id), 21)) = NEW.approved_by);
END;
CREATE TRIGGER staff_role_approver BEFORE UPDATE OF approved_by ON staff_role WHEN NEW.approved_by IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'staff_role_persons') WHERE NOT EXISTS (SELECT 1 FROM staff
        WHERE lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-'
            || substr(hex(id), 21)) = NEW.approved_by);
END;
-- Whoever asks for credentials to be reset asks for the roles anew.
CREATE TRIGGER staff_role_granter BEFORE UPDATE OF granted_by ON staff_role WHEN NEW.granted_by <> OLD.granted_by BEGIN
    SELECT RAISE(ABORT, 'staff_role_persons') WHERE NOT EXISTS (SELECT 1 FROM staff
        WHERE lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-'
            || substr(hex(id), 21)) = NEW.granted_by);
END;

-- Whoever entered a gift, asked for a refund or a transfer stays who did; whoever confirmed it too.
CREATE TRIGGER donation_persons BEFORE UPDATE OF author_id, approver_id, approver_for_id ON donation
WHEN NEW.author_id IS NOT OLD.author_id OR (OLD.approver_id IS NOT NULL AND (NEW.approver_id IS NOT OLD.approver_id
    OR NEW.approver_for_id IS NOT OLD.approver_for_id))
BEGIN SELECT RAISE(ABORT, 'donation_persons'); END;
CREATE TRIGGER refund_persons BEFORE UPDATE OF requested_by, requester_id ON refund
WHEN NEW.requested_by <> OLD.requested_by OR NEW.requester_id IS NOT OLD.requester_id
BEGIN SELECT RAISE(ABORT, 'refund_persons'); END;
CREATE TRIGGER transfer_persons BEFORE UPDATE OF author_id, approver_id, approver_for_id ON transfer
WHEN NEW.author_id IS NOT OLD.author_id OR (OLD.approver_id IS NOT NULL AND (NEW.approver_id IS NOT OLD.approver_id
    OR NEW.approver_for_id IS NOT OLD.approver_for_id))
BEGIN SELECT RAISE(ABORT, 'transfer_persons'); END;
-- What was confirmed of a payment changes with its state only.
CREATE TRIGGER payout_outcome_fixed BEFORE UPDATE OF confirmer_id, paid_on, state ON payout
WHEN (NEW.state = OLD.state OR NEW.state NOT IN ('scheduled', 'confirmed', 'bounced'))
    AND (NEW.confirmer_id IS NOT OLD.confirmer_id OR NEW.paid_on IS NOT OLD.paid_on)
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;

-- ---- campaigns (facts: charity 3.1) ----

-- From one state to those that follow it; what was suspended goes back to where it stood, or is open if it was filed meanwhile.
CREATE TRIGGER campaign_steps BEFORE UPDATE OF state ON campaign WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'campaign_steps') WHERE (OLD.state || ' ' || NEW.state) NOT IN (
        'draft submitted', 'submitted draft', 'submitted org_review', 'org_review finance_review', 'finance_review approved',
        'submitted rejected', 'org_review rejected', 'finance_review rejected', 'approved rejected', 'rejected draft', 'approved filing',
        'filing approved', 'filing filed', 'filed scheduled', 'scheduled filed', 'scheduled open', 'approved emergency_open',
        'filing emergency_open', 'emergency_open open', 'open paused', 'paused open', 'open ended', 'paused ended', 'emergency_open ended',
        'ended executing', 'closing executing', 'executing closing', 'terminated closing', 'closing closed', 'open suspended',
        'paused suspended', 'emergency_open suspended', 'ended suspended', 'executing suspended', 'closing suspended', 'suspended open',
        'suspended paused', 'suspended emergency_open', 'suspended ended', 'suspended executing', 'suspended closing', 'draft cancelled',
        'submitted cancelled', 'org_review cancelled', 'finance_review cancelled', 'approved cancelled', 'filing cancelled',
        'filed cancelled', 'scheduled cancelled', 'rejected cancelled', 'paused cancelled', 'ended cancelled', 'suspended cancelled',
        'open terminated', 'paused terminated', 'emergency_open terminated', 'ended terminated', 'executing terminated');
    SELECT RAISE(ABORT, 'campaign_steps') WHERE OLD.state = 'suspended' AND NEW.state NOT IN ('cancelled', OLD.suspended_from)
        AND NOT (NEW.state = 'open' AND OLD.suspended_from = 'emergency_open' AND NEW.filing_number IS NOT NULL);
END;
-- The approvals of a round are its own: the next round begins with the next draft.
CREATE TRIGGER campaign_round BEFORE UPDATE OF round, state ON campaign
WHEN NEW.round <> OLD.round + (OLD.state = 'rejected' AND NEW.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'campaign_round'); END;
-- A filing is written once: the charity's own number, another for every campaign. What changes later is a change with its own evidence.
CREATE TRIGGER campaign_unfiled BEFORE INSERT ON campaign WHEN NEW.filing_submitted_on IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'campaign_filing_fixed'); END;
CREATE TRIGGER campaign_filing_fixed BEFORE UPDATE OF filing_number, filed_on, filing_submitted_on ON campaign
WHEN (OLD.filing_number IS NOT NULL AND (NEW.filing_number IS NOT OLD.filing_number OR NEW.filed_on IS NOT OLD.filed_on
        OR NEW.filing_submitted_on IS NOT OLD.filing_submitted_on))
    OR (OLD.state = 'filing' AND NEW.filing_submitted_on <> OLD.filing_submitted_on)
BEGIN SELECT RAISE(ABORT, 'campaign_filing_fixed'); END;
CREATE TRIGGER campaign_filing_number BEFORE UPDATE OF filing_number ON campaign
WHEN NEW.filing_number IS NOT NULL AND OLD.filing_number IS NULL BEGIN
    SELECT RAISE(ABORT, 'campaign_filing_number_check') WHERE length(NEW.filing_number) <> 24 OR substr(NEW.filing_number, 19, 1) <> 'A'
        OR substr(NEW.filing_number, 20) GLOB '*[^0-9]*'
        OR NOT EXISTS (SELECT 1 FROM book WHERE id = NEW.book_id AND credit_code = substr(NEW.filing_number, 1, 18));
    SELECT RAISE(ABORT, 'campaign_filing_number_key') FROM campaign WHERE filing_number = NEW.filing_number AND id <> NEW.id;
END;
-- What is in force or declined is history.
CREATE TRIGGER campaign_change_over BEFORE UPDATE ON campaign_change WHEN OLD.state IN ('in_force', 'declined')
BEGIN SELECT RAISE(ABORT, 'campaign_change_fixed'); END;

-- The budget and the steps of the project are those of the plan in force.
CREATE TRIGGER budget_line_planned_insert BEFORE INSERT ON budget_line BEGIN
    SELECT RAISE(ABORT, 'budget_line_not_planned') WHERE NOT EXISTS (SELECT 1 FROM campaign_plan p, json_each(p.content, '$.terms.budget') b
        WHERE p.campaign_id = NEW.campaign_id AND p.state = 'in_force' AND json_extract(b.value, '$.code') = NEW.code
        AND json_extract(b.value, '$.kind') = NEW.kind AND CAST(replace(json_extract(b.value, '$.planned'), '.', '') AS INTEGER) = NEW.planned_fen);
END;
CREATE TRIGGER budget_line_planned BEFORE UPDATE OF planned_fen, kind ON budget_line
WHEN NEW.planned_fen <> OLD.planned_fen OR NEW.kind <> OLD.kind BEGIN
    SELECT RAISE(ABORT, 'budget_line_not_planned') WHERE NOT EXISTS (SELECT 1 FROM campaign_plan p, json_each(p.content, '$.terms.budget') b
        WHERE p.campaign_id = NEW.campaign_id AND p.state = 'in_force' AND json_extract(b.value, '$.code') = NEW.code
        AND json_extract(b.value, '$.kind') = NEW.kind AND CAST(replace(json_extract(b.value, '$.planned'), '.', '') AS INTEGER) = NEW.planned_fen);
END;
CREATE TRIGGER milestone_no_delete BEFORE DELETE ON milestone BEGIN
    SELECT RAISE(ABORT, 'milestone_fixed') FROM campaign_plan p, json_each(p.content, '$.terms.milestones') m
        WHERE p.campaign_id = OLD.campaign_id AND p.state = 'in_force' AND json_extract(m.value, '$.code') = OLD.code;
END;

-- ---- what stands is not taken away ----

CREATE TRIGGER campaign_no_delete BEFORE DELETE ON campaign BEGIN SELECT RAISE(ABORT, 'campaign_fixed'); END;
CREATE TRIGGER donation_no_delete BEFORE DELETE ON donation BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;
CREATE TRIGGER refund_no_delete BEFORE DELETE ON refund BEGIN SELECT RAISE(ABORT, 'refund_fixed'); END;
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer_fixed'); END;
CREATE TRIGGER cooperation_no_delete BEFORE DELETE ON cooperation BEGIN SELECT RAISE(ABORT, 'cooperation_fixed'); END;
CREATE TRIGGER payout_notice_no_delete BEFORE DELETE ON payout_notice BEGIN SELECT RAISE(ABORT, 'payout_notice_fixed'); END;

-- REPLACE passes a DELETE trigger unless recursive_triggers is on, which a stranger's connection does not set. So every table whose rows
-- are not deleted refuses a row that would take the place of one, by the name of the key (tests/migrations.rs finds the table that was
-- forgotten). Where the program itself says ON CONFLICT DO NOTHING, the row that stands stays, in silence. Where the key of a table
-- is missing below, an older guard of its own keeps it.
-- What was published is asked first: what stands in silence below is no way around it.
DROP TRIGGER attachment_published;
CREATE TRIGGER attachment_stands BEFORE INSERT ON attachment BEGIN
    SELECT RAISE(ABORT, 'attachment_published') FROM campaign_update WHERE NEW.object LIKE 'campaign_update:%' AND state = 'published'
        AND 'campaign_update:' || lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4)
            || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)) = NEW.object;
    SELECT RAISE(ABORT, 'attachment_pkey') FROM attachment WHERE id = NEW.id;
    SELECT RAISE(IGNORE) FROM attachment WHERE object = NEW.object AND kind = NEW.kind AND hash = NEW.hash AND withdrawn_us IS NULL AND
        NEW.withdrawn_us IS NULL;
END;
CREATE TRIGGER audited_year_stands BEFORE INSERT ON audited_year BEGIN
    SELECT RAISE(ABORT, 'audited_year_pkey') FROM audited_year WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'audited_year_live_key') FROM audited_year WHERE book_id = NEW.book_id AND year = NEW.year AND state <> 'declined' AND
        NEW.state <> 'declined';
END;
CREATE TRIGGER bank_stands BEFORE INSERT ON bank BEGIN
    SELECT RAISE(ABORT, 'bank_pkey') FROM bank WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'bank_code_key') FROM bank WHERE code = NEW.code;
END;
CREATE TRIGGER bank_balance_stands BEFORE INSERT ON bank_balance BEGIN
    SELECT RAISE(ABORT, 'bank_balance_pkey') FROM bank_balance WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'bank_balance_open_key') FROM bank_balance WHERE book_id = NEW.book_id AND bank_account = NEW.bank_account AND month =
        NEW.month AND state = 'prepared' AND NEW.state = 'prepared';
END;
CREATE TRIGGER bank_claim_stands BEFORE INSERT ON bank_claim BEGIN
    SELECT RAISE(ABORT, 'bank_claim_pkey') FROM bank_claim WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'bank_claim_open_key') FROM bank_claim WHERE line_id = NEW.line_id AND state <> 'declined' AND NEW.state <> 'declined';
END;
CREATE TRIGGER bank_line_stands BEFORE INSERT ON bank_line BEGIN
    SELECT RAISE(ABORT, 'bank_line_pkey') FROM bank_line WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'bank_line_identity_key') FROM bank_line WHERE book_id = NEW.book_id AND bank_account = NEW.bank_account AND identity =
        NEW.identity AND occurrence = NEW.occurrence;
END;
CREATE TRIGGER bank_match_stands BEFORE INSERT ON bank_match BEGIN
    SELECT RAISE(ABORT, 'bank_match_pair_key') FROM bank_match WHERE line_id = NEW.line_id AND entry_id = NEW.entry_id AND untied_us IS NULL AND
        NEW.untied_us IS NULL;
END;
CREATE TRIGGER bank_statement_stands BEFORE INSERT ON bank_statement BEGIN
    SELECT RAISE(ABORT, 'bank_statement_pkey') FROM bank_statement WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'bank_statement_content_key') FROM bank_statement WHERE book_id = NEW.book_id AND bank_account = NEW.bank_account AND
        sha256 = NEW.sha256;
END;
CREATE TRIGGER bill_stands BEFORE INSERT ON bill BEGIN
    SELECT RAISE(ABORT, 'bill_pkey') FROM bill WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'bill_in_force_key') FROM bill WHERE book_id = NEW.book_id AND day = NEW.day AND kind = NEW.kind AND replaced_us IS NULL
        AND NEW.replaced_us IS NULL;
    SELECT RAISE(ABORT, 'bill_content_key') FROM bill WHERE book_id = NEW.book_id AND day = NEW.day AND kind = NEW.kind AND sha256 = NEW.sha256;
END;
CREATE TRIGGER bill_history_stands BEFORE INSERT ON bill_history BEGIN
    SELECT RAISE(ABORT, 'bill_history_pkey') FROM bill_history WHERE id = NEW.id;
END;
CREATE TRIGGER budget_line_stands BEFORE INSERT ON budget_line BEGIN
    SELECT RAISE(ABORT, 'budget_line_pkey') FROM budget_line WHERE campaign_id = NEW.campaign_id AND code = NEW.code;
END;
CREATE TRIGGER buffered_line_stands BEFORE INSERT ON buffered_line BEGIN
    SELECT RAISE(ABORT, 'buffered_line_pkey') FROM buffered_line WHERE id = NEW.id;
    SELECT RAISE(IGNORE) FROM buffered_line WHERE book_id = NEW.book_id AND day = NEW.day AND side = NEW.side AND class = NEW.class AND item =
        NEW.item AND left_us IS NULL AND NEW.left_us IS NULL;
END;
CREATE TRIGGER campaign_stands BEFORE INSERT ON campaign BEGIN
    SELECT RAISE(ABORT, 'campaign_pkey') FROM campaign WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'campaign_filing_number_key') FROM campaign WHERE filing_number = NEW.filing_number;
END;
CREATE TRIGGER campaign_change_stands BEFORE INSERT ON campaign_change BEGIN
    SELECT RAISE(ABORT, 'campaign_change_pkey') FROM campaign_change WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'campaign_change_open_key') FROM campaign_change WHERE campaign_id = NEW.campaign_id AND state IN ('submitted',
        'manager_approved', 'approved') AND NEW.state IN ('submitted', 'manager_approved', 'approved');
    SELECT RAISE(ABORT, 'campaign_change_version_key') FROM campaign_change WHERE campaign_id = NEW.campaign_id AND version = NEW.version;
END;
CREATE TRIGGER campaign_comment_stands BEFORE INSERT ON campaign_comment BEGIN
    SELECT RAISE(ABORT, 'campaign_comment_pkey') FROM campaign_comment WHERE id = NEW.id;
END;
CREATE TRIGGER campaign_decision_stands BEFORE INSERT ON campaign_decision BEGIN
    SELECT RAISE(ABORT, 'campaign_decision_pkey') FROM campaign_decision WHERE id = NEW.id;
END;
CREATE TRIGGER campaign_history_stands BEFORE INSERT ON campaign_history BEGIN
    SELECT RAISE(ABORT, 'campaign_history_pkey') FROM campaign_history WHERE campaign_id = NEW.campaign_id AND seq = NEW.seq;
END;
CREATE TRIGGER campaign_plan_stands BEFORE INSERT ON campaign_plan BEGIN
    SELECT RAISE(ABORT, 'campaign_plan_in_force_key') FROM campaign_plan WHERE campaign_id = NEW.campaign_id AND state = 'in_force' AND NEW.state
        = 'in_force';
END;
CREATE TRIGGER campaign_update_stands BEFORE INSERT ON campaign_update BEGIN
    SELECT RAISE(ABORT, 'campaign_update_pkey') FROM campaign_update WHERE id = NEW.id;
END;
CREATE TRIGGER cash_count_stands BEFORE INSERT ON cash_count BEGIN
    SELECT RAISE(ABORT, 'cash_count_pkey') FROM cash_count WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'cash_count_open_key') FROM cash_count WHERE book_id = NEW.book_id AND box = NEW.box AND state = 'counted' AND NEW.state =
        'counted';
END;
CREATE TRIGGER complaint_stands BEFORE INSERT ON complaint BEGIN
    SELECT RAISE(ABORT, 'complaint_pkey') FROM complaint WHERE id = NEW.id;
END;
CREATE TRIGGER cooperation_stands BEFORE INSERT ON cooperation BEGIN
    SELECT RAISE(ABORT, 'cooperation_pkey') FROM cooperation WHERE campaign_id = NEW.campaign_id;
END;
CREATE TRIGGER day_seal_stands BEFORE INSERT ON day_seal BEGIN
    SELECT RAISE(ABORT, 'day_seal_previous_key') FROM day_seal WHERE book_id = NEW.book_id AND previous = NEW.previous;
END;
CREATE TRIGGER delegation_stands BEFORE INSERT ON delegation BEGIN
    SELECT RAISE(ABORT, 'delegation_pkey') FROM delegation WHERE id = NEW.id;
END;
CREATE TRIGGER disbursement_stands BEFORE INSERT ON disbursement BEGIN
    SELECT RAISE(ABORT, 'disbursement_file_key') FROM disbursement WHERE campaign_id = NEW.campaign_id AND file_hash = NEW.file_hash AND state <>
        'cancelled' AND NEW.state <> 'cancelled';
END;
CREATE TRIGGER disbursement_history_stands BEFORE INSERT ON disbursement_history BEGIN
    SELECT RAISE(ABORT, 'disbursement_history_pkey') FROM disbursement_history WHERE disbursement_id = NEW.disbursement_id AND seq = NEW.seq;
END;
CREATE TRIGGER disclosure_stands BEFORE INSERT ON disclosure BEGIN
    SELECT RAISE(ABORT, 'disclosure_event_key') FROM disclosure WHERE event_id = NEW.event_id AND version = 1 AND NEW.version = 1;
    SELECT RAISE(ABORT, 'disclosure_period_key') FROM disclosure WHERE campaign_id = NEW.campaign_id AND kind = NEW.kind AND through_day =
        NEW.through_day AND version = 1 AND kind IN ('emergency_receipts', 'raising_status', 'project_progress') AND NEW.version = 1 AND NEW.kind
        IN ('emergency_receipts', 'raising_status', 'project_progress');
    SELECT RAISE(ABORT, 'disclosure_report_key') FROM disclosure WHERE campaign_id = NEW.campaign_id AND kind = NEW.kind AND version = 1 AND kind
        IN ('raising_report', 'project_report') AND NEW.version = 1 AND NEW.kind IN ('raising_report', 'project_report');
    SELECT RAISE(ABORT, 'disclosure_year_key') FROM disclosure WHERE book_id = NEW.book_id AND kind = NEW.kind AND year = NEW.year AND version = 1
        AND NEW.version = 1;
    SELECT RAISE(ABORT, 'disclosure_version_key') FROM disclosure WHERE series_id = NEW.series_id AND version = NEW.version;
END;
CREATE TRIGGER disclosure_publication_stands BEFORE INSERT ON disclosure_publication BEGIN
    SELECT RAISE(ABORT, 'disclosure_publication_place_key') FROM disclosure_publication WHERE disclosure_id = NEW.disclosure_id AND place =
        NEW.place;
END;
CREATE TRIGGER discrepancy_stands BEFORE INSERT ON discrepancy BEGIN
    SELECT RAISE(ABORT, 'discrepancy_pkey') FROM discrepancy WHERE id = NEW.id;
    SELECT RAISE(IGNORE) FROM discrepancy WHERE book_id = NEW.book_id AND class = NEW.class AND item = NEW.item AND suspense = NEW.suspense
        AND amount_fen = NEW.amount_fen AND expected_fen IS NEW.expected_fen AND state <> 'cleared' AND NEW.state <> 'cleared';
END;
CREATE TRIGGER donation_stands BEFORE INSERT ON donation BEGIN
    SELECT RAISE(ABORT, 'donation_pkey') FROM donation WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'donation_transaction_key') FROM donation WHERE transaction_id = NEW.transaction_id;
    SELECT RAISE(ABORT, 'donation_bank_key') FROM donation WHERE bank_account = NEW.bank_account AND bank_reference = NEW.bank_reference;
END;
CREATE TRIGGER donation_history_stands BEFORE INSERT ON donation_history BEGIN
    SELECT RAISE(IGNORE) FROM donation_history WHERE donation_id = NEW.donation_id AND at_us = NEW.at_us AND to_state = NEW.to_state;
END;
CREATE TRIGGER duty_notice_stands BEFORE INSERT ON duty_notice BEGIN
    SELECT RAISE(IGNORE) FROM duty_notice WHERE kind = NEW.kind AND subject = NEW.subject AND due = NEW.due AND level = NEW.level;
END;
CREATE TRIGGER enquiry_stands BEFORE INSERT ON enquiry BEGIN
    SELECT RAISE(ABORT, 'enquiry_pkey') FROM enquiry WHERE id = NEW.id;
END;
CREATE TRIGGER enterprise_need_stands BEFORE INSERT ON enterprise_need BEGIN
    SELECT RAISE(ABORT, 'enterprise_need_pkey') FROM enterprise_need WHERE id = NEW.id;
END;
CREATE TRIGGER gift_alert_stands BEFORE INSERT ON gift_alert BEGIN
    SELECT RAISE(ABORT, 'gift_alert_pkey') FROM gift_alert WHERE id = NEW.id;
    SELECT RAISE(IGNORE) FROM gift_alert WHERE donation_id = NEW.donation_id;
END;
CREATE TRIGGER gift_code_stands BEFORE INSERT ON gift_code BEGIN
    SELECT RAISE(ABORT, 'gift_code_pkey') FROM gift_code WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'gift_code_key') FROM gift_code WHERE code = NEW.code;
END;
CREATE TRIGGER gift_list_stands BEFORE INSERT ON gift_list BEGIN
    SELECT RAISE(ABORT, 'gift_list_pkey') FROM gift_list WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'gift_list_content_key') FROM gift_list WHERE campaign_id = NEW.campaign_id AND sha256 = NEW.sha256 AND state <>
        'declined' AND NEW.state <> 'declined';
END;
CREATE TRIGGER loan_application_stands BEFORE INSERT ON loan_application BEGIN
    SELECT RAISE(ABORT, 'loan_application_change_key') FROM loan_application WHERE contract_id = NEW.contract_id AND state IN ('draft', 'applied',
        'recommended', 'bank_review', 'approved') AND NEW.state IN ('draft', 'applied', 'recommended', 'bank_review', 'approved');
END;
CREATE TRIGGER loan_application_history_stands BEFORE INSERT ON loan_application_history BEGIN
    SELECT RAISE(ABORT, 'loan_application_history_pkey') FROM loan_application_history WHERE application_id = NEW.application_id AND seq = NEW.seq;
END;
CREATE TRIGGER loan_consent_stands BEFORE INSERT ON loan_consent BEGIN
    SELECT RAISE(ABORT, 'loan_consent_pkey') FROM loan_consent WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'loan_consent_live_key') FROM loan_consent WHERE donor_id = NEW.donor_id AND bank_id = NEW.bank_id AND scope = NEW.scope
        AND withdrawn_us IS NULL AND NEW.withdrawn_us IS NULL;
END;
CREATE TRIGGER loan_contract_stands BEFORE INSERT ON loan_contract BEGIN
    SELECT RAISE(ABORT, 'loan_contract_replaced_key') FROM loan_contract WHERE replaces_id = NEW.replaces_id AND state <> 'withdrawn' AND
        NEW.state <> 'withdrawn';
    SELECT RAISE(ABORT, 'loan_contract_number_key') FROM loan_contract WHERE bank_id = NEW.bank_id AND number = NEW.number;
    SELECT RAISE(ABORT, 'loan_contract_application_key') FROM loan_contract WHERE application_id = NEW.application_id;
END;
CREATE TRIGGER loan_contract_history_stands BEFORE INSERT ON loan_contract_history BEGIN
    SELECT RAISE(ABORT, 'loan_contract_history_pkey') FROM loan_contract_history WHERE contract_id = NEW.contract_id AND seq = NEW.seq;
END;
CREATE TRIGGER loan_day_stands BEFORE INSERT ON loan_day BEGIN
    SELECT RAISE(ABORT, 'loan_day_pkey') FROM loan_day WHERE programme_id = NEW.programme_id AND day = NEW.day;
END;
CREATE TRIGGER loan_decision_stands BEFORE INSERT ON loan_decision BEGIN
    SELECT RAISE(ABORT, 'loan_decision_person_key') FROM loan_decision WHERE application_id = NEW.application_id AND round = NEW.round AND
        decider_id = NEW.decider_id;
END;
CREATE TRIGGER loan_event_stands BEFORE INSERT ON loan_event
WHEN NEW.reverses IS NOT NULL OR NEW.serial IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'loan_event_reverses_key') FROM loan_event WHERE reverses = NEW.reverses;
    SELECT RAISE(ABORT, 'loan_event_serial_key') FROM loan_event WHERE programme_id = NEW.programme_id AND serial = NEW.serial;
END;
CREATE TRIGGER loan_file_stands BEFORE INSERT ON loan_file BEGIN
    SELECT RAISE(ABORT, 'loan_file_pkey') FROM loan_file WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'loan_file_sequence_key') FROM loan_file WHERE programme_id = NEW.programme_id AND sequence = NEW.sequence;
END;
CREATE TRIGGER loan_paper_stands BEFORE INSERT ON loan_paper BEGIN
    SELECT RAISE(ABORT, 'loan_paper_once_key') FROM loan_paper WHERE application_id = NEW.application_id AND kind = NEW.kind AND hash = NEW.hash
        AND withdrawn_us IS NULL AND NEW.withdrawn_us IS NULL;
END;
CREATE TRIGGER loan_product_stands BEFORE INSERT ON loan_product BEGIN
    SELECT RAISE(ABORT, 'loan_product_pkey') FROM loan_product WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'loan_product_code_key') FROM loan_product WHERE bank_id = NEW.bank_id AND code = NEW.code;
END;
CREATE TRIGGER loan_quota_stands BEFORE INSERT ON loan_quota BEGIN
    SELECT RAISE(ABORT, 'loan_quota_pkey') FROM loan_quota WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'loan_quota_place_key') FROM loan_quota WHERE unit_id = NEW.unit_id AND product_id = NEW.product_id AND year = NEW.year;
END;
CREATE TRIGGER loan_relation_stands BEFORE INSERT ON loan_relation BEGIN
    SELECT RAISE(ABORT, 'loan_relation_pkey') FROM loan_relation WHERE id = NEW.id;
END;
CREATE TRIGGER loan_subsidy_stands BEFORE INSERT ON loan_subsidy BEGIN
    SELECT RAISE(ABORT, 'loan_subsidy_pkey') FROM loan_subsidy WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'loan_subsidy_once_key') FROM loan_subsidy WHERE contract_id = NEW.contract_id AND instalment = NEW.instalment;
END;
CREATE TRIGGER lpr_stands BEFORE INSERT ON lpr BEGIN
    SELECT RAISE(ABORT, 'lpr_pkey') FROM lpr WHERE tenor = NEW.tenor AND published_on = NEW.published_on;
END;
CREATE TRIGGER major_event_stands BEFORE INSERT ON major_event BEGIN
    SELECT RAISE(ABORT, 'major_event_emergency_key') FROM major_event WHERE campaign_id = NEW.campaign_id AND kind = 'emergency_over' AND NEW.kind
        = 'emergency_over';
END;
CREATE TRIGGER manual_voucher_stands BEFORE INSERT ON manual_voucher BEGIN
    SELECT RAISE(ABORT, 'manual_voucher_pkey') FROM manual_voucher WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'manual_voucher_opening_key') FROM manual_voucher WHERE book_id = NEW.book_id AND kind = 'opening' AND state <>
        'discarded' AND NEW.kind = 'opening' AND NEW.state <> 'discarded';
    SELECT RAISE(ABORT, 'manual_voucher_reverses_key') FROM manual_voucher WHERE reverses_id = NEW.reverses_id AND state <> 'discarded' AND
        NEW.state <> 'discarded';
    SELECT RAISE(ABORT, 'manual_voucher_entry_key') FROM manual_voucher WHERE entry_id = NEW.entry_id;
    SELECT RAISE(IGNORE) FROM manual_voucher WHERE template_id = NEW.template_id AND event_date = NEW.event_date;
END;
CREATE TRIGGER milestone_stands BEFORE INSERT ON milestone BEGIN
    SELECT RAISE(ABORT, 'milestone_pkey') FROM milestone WHERE campaign_id = NEW.campaign_id AND code = NEW.code;
END;
CREATE TRIGGER moderation_stands BEFORE INSERT ON moderation BEGIN
    SELECT RAISE(ABORT, 'moderation_pkey') FROM moderation WHERE donation_id = NEW.donation_id AND seq = NEW.seq;
END;
CREATE TRIGGER need_follow_up_stands BEFORE INSERT ON need_follow_up BEGIN
    SELECT RAISE(ABORT, 'need_follow_up_pkey') FROM need_follow_up WHERE id = NEW.id;
END;
CREATE TRIGGER need_match_stands BEFORE INSERT ON need_match BEGIN
    SELECT RAISE(ABORT, 'need_match_pkey') FROM need_match WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'need_match_once_key') FROM need_match WHERE need_id = NEW.need_id AND product_id = NEW.product_id;
END;
CREATE TRIGGER payee_stands BEFORE INSERT ON payee BEGIN
    SELECT RAISE(ABORT, 'payee_pkey') FROM payee WHERE id = NEW.id;
END;
CREATE TRIGGER payee_account_stands BEFORE INSERT ON payee_account BEGIN
    SELECT RAISE(ABORT, 'payee_account_pkey') FROM payee_account WHERE payee_id = NEW.payee_id AND seq = NEW.seq;
END;
CREATE TRIGGER payment_file_stands BEFORE INSERT ON payment_file BEGIN
    SELECT RAISE(ABORT, 'payment_file_pkey') FROM payment_file WHERE id = NEW.id;
END;
CREATE TRIGGER payout_stands BEFORE INSERT ON payout BEGIN
    SELECT RAISE(ABORT, 'payout_position_key') FROM payout WHERE disbursement_id = NEW.disbursement_id AND position = NEW.position;
END;
CREATE TRIGGER payout_history_stands BEFORE INSERT ON payout_history BEGIN
    SELECT RAISE(IGNORE) FROM payout_history WHERE payout_id = NEW.payout_id AND attempt = NEW.attempt AND to_state = NEW.to_state AND at_us =
        NEW.at_us;
END;
CREATE TRIGGER payout_notice_stands BEFORE INSERT ON payout_notice BEGIN
    SELECT RAISE(IGNORE) FROM payout_notice WHERE disbursement_id = NEW.disbursement_id AND staff_id = NEW.staff_id;
END;
CREATE TRIGGER product_version_stands BEFORE INSERT ON product_version BEGIN
    SELECT RAISE(ABORT, 'product_version_pkey') FROM product_version WHERE product_id = NEW.product_id AND version = NEW.version;
END;
CREATE TRIGGER profile_change_stands BEFORE INSERT ON profile_change BEGIN
    SELECT RAISE(ABORT, 'profile_change_pkey') FROM profile_change WHERE id = NEW.id;
END;
CREATE TRIGGER receipt_stands BEFORE INSERT ON receipt BEGIN
    SELECT RAISE(ABORT, 'receipt_pkey') FROM receipt WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'receipt_live_key') FROM receipt WHERE donation_id = NEW.donation_id AND state = 'issued' AND NEW.state = 'issued';
    SELECT RAISE(ABORT, 'receipt_number_key') FROM receipt WHERE code = NEW.code AND number = NEW.number;
    SELECT RAISE(ABORT, 'receipt_reversal_key') FROM receipt WHERE reversal_code = NEW.reversal_code AND reversal_number = NEW.reversal_number;
END;
CREATE TRIGGER reconciliation_rule_stands BEFORE INSERT ON reconciliation_rule BEGIN
    SELECT RAISE(ABORT, 'reconciliation_rule_pkey') FROM reconciliation_rule WHERE id = NEW.id;
END;
CREATE TRIGGER reconciliation_run_stands BEFORE INSERT ON reconciliation_run BEGIN
    SELECT RAISE(ABORT, 'reconciliation_run_pkey') FROM reconciliation_run WHERE id = NEW.id;
END;
CREATE TRIGGER refund_stands BEFORE INSERT ON refund BEGIN
    SELECT RAISE(ABORT, 'refund_pkey') FROM refund WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'refund_open_key') FROM refund WHERE donation_id = NEW.donation_id AND state IN ('requested', 'approved', 'processing',
        'failed') AND NEW.state IN ('requested', 'approved', 'processing', 'failed');
END;
CREATE TRIGGER refund_history_stands BEFORE INSERT ON refund_history BEGIN
    SELECT RAISE(ABORT, 'refund_history_pkey') FROM refund_history WHERE refund_id = NEW.refund_id AND at_us = NEW.at_us AND to_state =
        NEW.to_state;
END;
CREATE TRIGGER resolution_stands BEFORE INSERT ON resolution BEGIN
    SELECT RAISE(ABORT, 'resolution_pkey') FROM resolution WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'resolution_open_key') FROM resolution WHERE break_id = NEW.break_id AND state <> 'declined' AND NEW.state <> 'declined';
END;
CREATE TRIGGER role_grant_stands BEFORE INSERT ON role_grant BEGIN
    SELECT RAISE(ABORT, 'role_grant_pkey') FROM role_grant WHERE id = NEW.id;
END;
CREATE TRIGGER screening_hit_stands BEFORE INSERT ON screening_hit BEGIN
    SELECT RAISE(ABORT, 'screening_hit_pkey') FROM screening_hit WHERE id = NEW.id;
    SELECT RAISE(IGNORE) FROM screening_hit WHERE payee_id = NEW.payee_id AND watch_name_id = NEW.watch_name_id;
END;
CREATE TRIGGER staff_role_stands BEFORE INSERT ON staff_role BEGIN
    SELECT RAISE(ABORT, 'staff_role_pkey') FROM staff_role WHERE staff_id = NEW.staff_id AND role = NEW.role;
END;
CREATE TRIGGER subject_stands BEFORE INSERT ON subject BEGIN
    SELECT RAISE(ABORT, 'subject_pkey') FROM subject WHERE chart = NEW.chart AND code = NEW.code;
END;
CREATE TRIGGER suspension_stands BEFORE INSERT ON suspension BEGIN
    SELECT RAISE(ABORT, 'suspension_pkey') FROM suspension WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'suspension_open_key') FROM suspension WHERE campaign_id = NEW.campaign_id AND lifted_us IS NULL AND NEW.lifted_us IS NULL;
END;
CREATE TRIGGER transfer_stands BEFORE INSERT ON transfer BEGIN
    SELECT RAISE(ABORT, 'transfer_pkey') FROM transfer WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'transfer_flow_key') FROM transfer WHERE book_id = NEW.book_id AND flow_no = NEW.flow_no;
END;
CREATE TRIGGER unmasking_stands BEFORE INSERT ON unmasking BEGIN
    SELECT RAISE(ABORT, 'unmasking_pkey') FROM unmasking WHERE id = NEW.id;
END;
CREATE TRIGGER voucher_template_stands BEFORE INSERT ON voucher_template BEGIN
    SELECT RAISE(ABORT, 'voucher_template_pkey') FROM voucher_template WHERE id = NEW.id;
END;
CREATE TRIGGER watch_name_stands BEFORE INSERT ON watch_name BEGIN
    SELECT RAISE(ABORT, 'watch_name_pkey') FROM watch_name WHERE id = NEW.id;
    SELECT RAISE(IGNORE) FROM watch_name WHERE list = NEW.list AND name_hmac = NEW.name_hmac;
END;
-- Totals are added to by an upsert, so a guard cannot tell that from a replacement; the audit can. What an account is stays.
CREATE TRIGGER account_stands BEFORE INSERT ON account BEGIN
    SELECT RAISE(ABORT, 'account_immutable') FROM account WHERE id = NEW.id
        AND (book_id <> NEW.book_id OR subject <> NEW.subject OR name <> NEW.name OR campaign_id IS NOT NEW.campaign_id);
    SELECT RAISE(ABORT, 'account_name_key') FROM account WHERE book_id = NEW.book_id AND name = NEW.name AND id <> NEW.id;
END;

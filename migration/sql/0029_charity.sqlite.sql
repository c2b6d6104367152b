-- Guards on SQLite that a second hostile test found missing. Each refusal is named after the rule it keeps.

-- ---- certificates (facts: charity 2.1 Art. 22) ----

-- Registered by one person, confirmed by another, revoked once; nothing else of it changes, and what counts is not taken away.
CREATE TRIGGER certificate_registered BEFORE INSERT ON certificate
WHEN NEW.confirmer_id IS NOT NULL OR NEW.confirmer_for_id IS NOT NULL OR NEW.confirmed_us IS NOT NULL OR NEW.revoked_on IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'certificate_unconfirmed'); END;
CREATE TRIGGER certificate_stands BEFORE INSERT ON certificate BEGIN
    SELECT RAISE(ABORT, 'certificate_pkey') FROM certificate WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'certificate_number_key') FROM certificate WHERE book_id = NEW.book_id AND number = NEW.number;
END;
CREATE TRIGGER certificate_fixed BEFORE UPDATE OF id, book_id, number, issuer, issued_on, expires_on, author_id, author_for_id, created_us
ON certificate BEGIN SELECT RAISE(ABORT, 'certificate_fixed'); END;
CREATE TRIGGER certificate_confirmed BEFORE UPDATE OF confirmer_id, confirmer_for_id, confirmed_us ON certificate BEGIN
    SELECT RAISE(ABORT, 'certificate_fixed') WHERE OLD.confirmed_us IS NOT NULL OR OLD.revoked_on IS NOT NULL;
    SELECT RAISE(ABORT, 'certificate_unconfirmed') WHERE NEW.confirmer_id IS NULL OR NEW.confirmed_us IS NULL;
    SELECT RAISE(ABORT, 'certificate_persons') WHERE NEW.author_for_id IN (NEW.confirmer_id, NEW.confirmer_for_id);
END;
CREATE TRIGGER certificate_revoked BEFORE UPDATE OF revoked_on ON certificate
WHEN OLD.revoked_on IS NOT NULL AND NEW.revoked_on IS NOT OLD.revoked_on
BEGIN SELECT RAISE(ABORT, 'certificate_fixed'); END;
CREATE TRIGGER certificate_no_delete BEFORE DELETE ON certificate WHEN OLD.confirmed_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'certificate_fixed'); END;

-- The account and the merchant number that money comes to, which each plan is compared with when its campaign opens: no step of this house
-- changes them, and no hand does.
CREATE TRIGGER charity_fixed BEFORE UPDATE OF book_id, unit_id, mchid, bank_account, created_us ON charity
BEGIN SELECT RAISE(ABORT, 'charity_fixed'); END;
CREATE TRIGGER charity_no_delete BEFORE DELETE ON charity BEGIN SELECT RAISE(ABORT, 'charity_fixed'); END;
CREATE TRIGGER charity_stands BEFORE INSERT ON charity BEGIN
    SELECT RAISE(ABORT, 'charity_pkey') FROM charity WHERE book_id = NEW.book_id;
    SELECT RAISE(ABORT, 'charity_merchant_key') FROM charity WHERE mchid = NEW.mchid;
END;

-- A parent campaign holds no money of its own: nothing is asked of it.
CREATE TRIGGER disbursement_parent BEFORE INSERT ON disbursement BEGIN
    SELECT RAISE(ABORT, 'disbursement_parent') FROM campaign WHERE id = NEW.campaign_id AND kind = 'parent';
END;

-- ---- persons (facts: charity 3.5, 6.6a) ----

-- Whoever had something written down in their name is not the second person, and stays who had it written.
CREATE TRIGGER payout_settlement_persons BEFORE UPDATE OF approver_id ON payout_settlement
WHEN NEW.approver_id = NEW.author_for_id
BEGIN SELECT RAISE(ABORT, 'payout_settlement_persons'); END;
CREATE TRIGGER payee_persons BEFORE UPDATE OF account_confirmed_by ON payee
WHEN NEW.account_confirmed_by = NEW.account_changed_for
BEGIN SELECT RAISE(ABORT, 'payee_persons'); END;
CREATE TRIGGER donation_author_for BEFORE UPDATE OF approver_id, approver_for_id ON donation
WHEN NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)
BEGIN SELECT RAISE(ABORT, 'donation_persons'); END;
CREATE TRIGGER gift_list_persons BEFORE UPDATE OF approver_id, approver_for_id ON gift_list
WHEN NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)
BEGIN SELECT RAISE(ABORT, 'gift_list_persons'); END;
CREATE TRIGGER bank_claim_persons BEFORE UPDATE OF approver_id, approver_for_id ON bank_claim
WHEN NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)
BEGIN SELECT RAISE(ABORT, 'bank_claim_persons'); END;
CREATE TRIGGER bank_balance_persons BEFORE UPDATE OF reviewer_id, reviewer_for_id ON bank_balance
WHEN NEW.author_for_id IN (NEW.reviewer_id, NEW.reviewer_for_id)
BEGIN SELECT RAISE(ABORT, 'bank_balance_persons'); END;
CREATE TRIGGER refund_author_for BEFORE UPDATE OF decider_id, decider_for_id, cover_approver_id, cover_approver_for_id, outcome_approver_id, outcome_approver_for_id ON refund
WHEN NEW.requester_for_id IN (NEW.decider_id, NEW.decider_for_id) OR NEW.cover_author_for_id IN (NEW.cover_approver_id, NEW.cover_approver_for_id)
    OR NEW.outcome_author_for_id IN (NEW.outcome_approver_id, NEW.outcome_approver_for_id)
BEGIN SELECT RAISE(ABORT, 'refund_persons'); END;
CREATE TRIGGER transfer_author_for BEFORE UPDATE OF approver_id, approver_for_id, outcome_approver_id, outcome_approver_for_id ON transfer
WHEN NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)
    OR NEW.outcome_author_for_id IN (NEW.outcome_approver_id, NEW.outcome_approver_for_id)
BEGIN SELECT RAISE(ABORT, 'transfer_persons'); END;
CREATE TRIGGER resolution_persons BEFORE UPDATE OF approver_id, approver_for_id ON resolution
WHEN NEW.author_for_id IN (NEW.approver_id, NEW.approver_for_id)
BEGIN SELECT RAISE(ABORT, 'resolution_persons'); END;
CREATE TRIGGER profile_change_persons BEFORE UPDATE OF approver_id, acting_for_id ON profile_change
WHEN NEW.author_for_id IN (NEW.approver_id, NEW.acting_for_id)
BEGIN SELECT RAISE(ABORT, 'profile_change_persons'); END;
CREATE TRIGGER payout_settlement_author_for_fixed BEFORE UPDATE OF author_for_id ON payout_settlement WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'payout_settlement_persons'); END;
CREATE TRIGGER donation_author_for_fixed BEFORE UPDATE OF author_for_id ON donation WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'donation_persons'); END;
CREATE TRIGGER gift_list_author_for_fixed BEFORE UPDATE OF author_for_id ON gift_list WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'gift_list_persons'); END;
CREATE TRIGGER bank_claim_author_for_fixed BEFORE UPDATE OF author_for_id ON bank_claim WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'bank_claim_persons'); END;
CREATE TRIGGER bank_balance_author_for_fixed BEFORE UPDATE OF author_for_id ON bank_balance WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'bank_balance_persons'); END;
CREATE TRIGGER refund_requester_for_fixed BEFORE UPDATE OF requester_for_id ON refund WHEN NEW.requester_for_id IS NOT OLD.requester_for_id
BEGIN SELECT RAISE(ABORT, 'refund_persons'); END;
CREATE TRIGGER transfer_author_for_fixed BEFORE UPDATE OF author_for_id ON transfer WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'transfer_persons'); END;
CREATE TRIGGER resolution_author_for_fixed BEFORE UPDATE OF author_for_id ON resolution WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'resolution_persons'); END;
CREATE TRIGGER profile_change_author_for_fixed BEFORE UPDATE OF author_for_id ON profile_change WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'profile_change_persons'); END;
CREATE TRIGGER payee_changed_for_fixed BEFORE UPDATE OF account_changed_for ON payee
WHEN NEW.account_changed_for IS NOT OLD.account_changed_for AND NEW.account_changed_us IS OLD.account_changed_us
BEGIN SELECT RAISE(ABORT, 'payee_persons'); END;

-- ---- what stands is not taken away ----

-- UPDATE OR REPLACE takes away the row whose key it takes, and asks no DELETE trigger unless recursive_triggers is on. So what may not be
-- deleted refuses a key that is another row's (tests/migrations.rs finds the table that was forgotten). Where a key is missing below,
-- nothing of it can be changed at all.
CREATE TRIGGER attachment_keeps BEFORE UPDATE OF withdrawn_us ON attachment BEGIN
    SELECT RAISE(ABORT, 'attachment_once_key') FROM attachment WHERE rowid <> OLD.rowid AND object = NEW.object AND kind = NEW.kind AND hash
        = NEW.hash AND withdrawn_us IS NULL AND NEW.withdrawn_us IS NULL;
END;
CREATE TRIGGER audited_year_keeps BEFORE UPDATE OF state ON audited_year BEGIN
    SELECT RAISE(ABORT, 'audited_year_live_key') FROM audited_year WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND year = NEW.year
        AND state <> 'declined' AND NEW.state <> 'declined';
END;
CREATE TRIGGER bank_balance_keeps BEFORE UPDATE OF state ON bank_balance BEGIN
    SELECT RAISE(ABORT, 'bank_balance_open_key') FROM bank_balance WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND bank_account =
        NEW.bank_account AND month = NEW.month AND state = 'prepared' AND NEW.state = 'prepared';
END;
CREATE TRIGGER bank_claim_keeps BEFORE UPDATE OF state ON bank_claim BEGIN
    SELECT RAISE(ABORT, 'bank_claim_open_key') FROM bank_claim WHERE rowid <> OLD.rowid AND line_id = NEW.line_id AND state <> 'declined'
        AND NEW.state <> 'declined';
END;
CREATE TRIGGER bank_match_keeps BEFORE UPDATE OF untied_us ON bank_match BEGIN
    SELECT RAISE(ABORT, 'bank_match_pair_key') FROM bank_match WHERE rowid <> OLD.rowid AND line_id = NEW.line_id AND entry_id =
        NEW.entry_id AND untied_us IS NULL AND NEW.untied_us IS NULL;
END;
CREATE TRIGGER bill_keeps BEFORE UPDATE OF replaced_us ON bill BEGIN
    SELECT RAISE(ABORT, 'bill_in_force_key') FROM bill WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND day = NEW.day AND kind =
        NEW.kind AND replaced_us IS NULL AND NEW.replaced_us IS NULL;
END;
CREATE TRIGGER buffered_line_keeps BEFORE UPDATE OF left_us ON buffered_line BEGIN
    SELECT RAISE(ABORT, 'buffered_line_item_key') FROM buffered_line WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND day = NEW.day
        AND side = NEW.side AND class = NEW.class AND item = NEW.item AND left_us IS NULL AND NEW.left_us IS NULL;
END;
CREATE TRIGGER campaign_keeps BEFORE UPDATE OF filing_number, id ON campaign BEGIN
    SELECT RAISE(ABORT, 'campaign_filing_number_key') FROM campaign WHERE rowid <> OLD.rowid AND filing_number = NEW.filing_number AND
        filing_number IS NOT NULL AND NEW.filing_number IS NOT NULL;
    SELECT RAISE(ABORT, 'campaign_pkey') FROM campaign WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER campaign_change_keeps BEFORE UPDATE OF state ON campaign_change BEGIN
    SELECT RAISE(ABORT, 'campaign_change_open_key') FROM campaign_change WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND
        state IN ('submitted', 'manager_approved', 'approved') AND NEW.state IN ('submitted', 'manager_approved', 'approved');
END;
CREATE TRIGGER campaign_plan_keeps BEFORE UPDATE OF campaign_id, state, version ON campaign_plan BEGIN
    SELECT RAISE(ABORT, 'campaign_plan_in_force_key') FROM campaign_plan WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND
        state = 'in_force' AND NEW.state = 'in_force';
    SELECT RAISE(ABORT, 'campaign_plan_pkey') FROM campaign_plan WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND version =
        NEW.version;
END;
CREATE TRIGGER campaign_update_keeps BEFORE UPDATE OF id ON campaign_update BEGIN
    SELECT RAISE(ABORT, 'campaign_update_pkey') FROM campaign_update WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER cash_count_keeps BEFORE UPDATE OF state ON cash_count BEGIN
    SELECT RAISE(ABORT, 'cash_count_open_key') FROM cash_count WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND box = NEW.box AND
        state = 'counted' AND NEW.state = 'counted';
END;
CREATE TRIGGER cooperation_keeps BEFORE UPDATE OF campaign_id ON cooperation BEGIN
    SELECT RAISE(ABORT, 'cooperation_pkey') FROM cooperation WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id;
END;
CREATE TRIGGER delegation_keeps BEFORE UPDATE OF id ON delegation BEGIN
    SELECT RAISE(ABORT, 'delegation_pkey') FROM delegation WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER disbursement_keeps BEFORE UPDATE OF campaign_id, file_hash, state, id ON disbursement BEGIN
    SELECT RAISE(ABORT, 'disbursement_file_key') FROM disbursement WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND file_hash
        = NEW.file_hash AND file_hash IS NOT NULL AND state <> 'cancelled' AND NEW.file_hash IS NOT NULL AND NEW.state <> 'cancelled';
    SELECT RAISE(ABORT, 'disbursement_pkey') FROM disbursement WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER donation_keeps BEFORE UPDATE OF bank_account, bank_reference, transaction_id, id ON donation BEGIN
    SELECT RAISE(ABORT, 'donation_bank_key') FROM donation WHERE rowid <> OLD.rowid AND bank_account = NEW.bank_account AND bank_reference =
        NEW.bank_reference;
    SELECT RAISE(ABORT, 'donation_transaction_key') FROM donation WHERE rowid <> OLD.rowid AND transaction_id = NEW.transaction_id;
    SELECT RAISE(ABORT, 'donation_pkey') FROM donation WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER enquiry_keeps BEFORE UPDATE OF id ON enquiry BEGIN
    SELECT RAISE(ABORT, 'enquiry_pkey') FROM enquiry WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER gift_alert_keeps BEFORE UPDATE OF donation_id, id ON gift_alert BEGIN
    SELECT RAISE(ABORT, 'gift_alert_once_key') FROM gift_alert WHERE rowid <> OLD.rowid AND donation_id = NEW.donation_id;
    SELECT RAISE(ABORT, 'gift_alert_pkey') FROM gift_alert WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER gift_list_keeps BEFORE UPDATE OF state ON gift_list BEGIN
    SELECT RAISE(ABORT, 'gift_list_content_key') FROM gift_list WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND sha256 =
        NEW.sha256 AND state <> 'declined' AND NEW.state <> 'declined';
END;
CREATE TRIGGER loan_application_keeps BEFORE UPDATE OF contract_id, state, id ON loan_application BEGIN
    SELECT RAISE(ABORT, 'loan_application_change_key') FROM loan_application WHERE rowid <> OLD.rowid AND contract_id = NEW.contract_id AND
        contract_id IS NOT NULL AND state IN ('draft', 'applied', 'recommended', 'bank_review', 'approved') AND NEW.contract_id IS NOT NULL
        AND NEW.state IN ('draft', 'applied', 'recommended', 'bank_review', 'approved');
    SELECT RAISE(ABORT, 'loan_application_pkey') FROM loan_application WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER loan_consent_keeps BEFORE UPDATE OF donor_id, bank_id, scope, withdrawn_us, id ON loan_consent BEGIN
    SELECT RAISE(ABORT, 'loan_consent_live_key') FROM loan_consent WHERE rowid <> OLD.rowid AND donor_id = NEW.donor_id AND bank_id =
        NEW.bank_id AND scope = NEW.scope AND withdrawn_us IS NULL AND NEW.withdrawn_us IS NULL;
    SELECT RAISE(ABORT, 'loan_consent_pkey') FROM loan_consent WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER loan_contract_keeps BEFORE UPDATE OF state ON loan_contract BEGIN
    SELECT RAISE(ABORT, 'loan_contract_replaced_key') FROM loan_contract WHERE rowid <> OLD.rowid AND replaces_id = NEW.replaces_id AND
        replaces_id IS NOT NULL AND state <> 'withdrawn' AND NEW.replaces_id IS NOT NULL AND NEW.state <> 'withdrawn';
END;
CREATE TRIGGER loan_day_keeps BEFORE UPDATE OF programme_id, day ON loan_day BEGIN
    SELECT RAISE(ABORT, 'loan_day_pkey') FROM loan_day WHERE rowid <> OLD.rowid AND programme_id = NEW.programme_id AND day = NEW.day;
END;
CREATE TRIGGER loan_event_keeps BEFORE UPDATE OF reverses, programme_id, serial, id ON loan_event BEGIN
    SELECT RAISE(ABORT, 'loan_event_reverses_key') FROM loan_event WHERE rowid <> OLD.rowid AND reverses = NEW.reverses AND reverses IS NOT
        NULL AND NEW.reverses IS NOT NULL;
    SELECT RAISE(ABORT, 'loan_event_serial_key') FROM loan_event WHERE rowid <> OLD.rowid AND programme_id = NEW.programme_id AND serial =
        NEW.serial AND serial IS NOT NULL AND NEW.serial IS NOT NULL;
    SELECT RAISE(ABORT, 'loan_event_pkey') FROM loan_event WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER loan_paper_keeps BEFORE UPDATE OF application_id, kind, hash, withdrawn_us, id ON loan_paper BEGIN
    SELECT RAISE(ABORT, 'loan_paper_once_key') FROM loan_paper WHERE rowid <> OLD.rowid AND application_id = NEW.application_id AND kind =
        NEW.kind AND hash = NEW.hash AND withdrawn_us IS NULL AND NEW.withdrawn_us IS NULL;
    SELECT RAISE(ABORT, 'loan_paper_pkey') FROM loan_paper WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER lpr_keeps BEFORE UPDATE OF tenor, published_on ON lpr BEGIN
    SELECT RAISE(ABORT, 'lpr_pkey') FROM lpr WHERE rowid <> OLD.rowid AND tenor = NEW.tenor AND published_on = NEW.published_on;
END;
CREATE TRIGGER manual_voucher_keeps BEFORE UPDATE OF state, entry_id ON manual_voucher BEGIN
    SELECT RAISE(ABORT, 'manual_voucher_opening_key') FROM manual_voucher WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND kind =
        'opening' AND state <> 'discarded' AND NEW.kind = 'opening' AND NEW.state <> 'discarded';
    SELECT RAISE(ABORT, 'manual_voucher_reverses_key') FROM manual_voucher WHERE rowid <> OLD.rowid AND reverses_id = NEW.reverses_id AND
        state <> 'discarded' AND NEW.state <> 'discarded';
    SELECT RAISE(ABORT, 'manual_voucher_entry_key') FROM manual_voucher WHERE rowid <> OLD.rowid AND entry_id = NEW.entry_id;
END;
CREATE TRIGGER milestone_keeps BEFORE UPDATE OF campaign_id, code ON milestone BEGIN
    SELECT RAISE(ABORT, 'milestone_pkey') FROM milestone WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND code = NEW.code;
END;
CREATE TRIGGER need_match_keeps BEFORE UPDATE OF need_id, product_id, id ON need_match BEGIN
    SELECT RAISE(ABORT, 'need_match_once_key') FROM need_match WHERE rowid <> OLD.rowid AND need_id = NEW.need_id AND product_id =
        NEW.product_id;
    SELECT RAISE(ABORT, 'need_match_pkey') FROM need_match WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER payee_keeps BEFORE UPDATE OF id ON payee BEGIN
    SELECT RAISE(ABORT, 'payee_pkey') FROM payee WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER payout_notice_keeps BEFORE UPDATE OF disbursement_id, staff_id ON payout_notice BEGIN
    SELECT RAISE(ABORT, 'payout_notice_pkey') FROM payout_notice WHERE rowid <> OLD.rowid AND disbursement_id = NEW.disbursement_id AND
        staff_id = NEW.staff_id;
END;
CREATE TRIGGER payout_settlement_keeps BEFORE UPDATE OF id ON payout_settlement BEGIN
    SELECT RAISE(ABORT, 'payout_settlement_pkey') FROM payout_settlement WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER product_version_keeps BEFORE UPDATE OF product_id, version ON product_version BEGIN
    SELECT RAISE(ABORT, 'product_version_pkey') FROM product_version WHERE rowid <> OLD.rowid AND product_id = NEW.product_id AND version =
        NEW.version;
END;
CREATE TRIGGER profile_change_keeps BEFORE UPDATE OF id ON profile_change BEGIN
    SELECT RAISE(ABORT, 'profile_change_pkey') FROM profile_change WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER receipt_keeps BEFORE UPDATE OF state, reversal_code, reversal_number ON receipt BEGIN
    SELECT RAISE(ABORT, 'receipt_live_key') FROM receipt WHERE rowid <> OLD.rowid AND donation_id = NEW.donation_id AND state = 'issued' AND
        NEW.state = 'issued';
    SELECT RAISE(ABORT, 'receipt_reversal_key') FROM receipt WHERE rowid <> OLD.rowid AND reversal_code = NEW.reversal_code AND
        reversal_number = NEW.reversal_number;
END;
CREATE TRIGGER refund_keeps BEFORE UPDATE OF donation_id, state, id ON refund BEGIN
    SELECT RAISE(ABORT, 'refund_open_key') FROM refund WHERE rowid <> OLD.rowid AND donation_id = NEW.donation_id AND state IN ('requested',
        'approved', 'processing', 'failed') AND NEW.state IN ('requested', 'approved', 'processing', 'failed');
    SELECT RAISE(ABORT, 'refund_pkey') FROM refund WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER resolution_keeps BEFORE UPDATE OF state ON resolution BEGIN
    SELECT RAISE(ABORT, 'resolution_open_key') FROM resolution WHERE rowid <> OLD.rowid AND break_id = NEW.break_id AND state <> 'declined'
        AND NEW.state <> 'declined';
END;
CREATE TRIGGER screening_hit_keeps BEFORE UPDATE OF payee_id, watch_name_id, id ON screening_hit BEGIN
    SELECT RAISE(ABORT, 'screening_hit_once_key') FROM screening_hit WHERE rowid <> OLD.rowid AND payee_id = NEW.payee_id AND watch_name_id
        = NEW.watch_name_id;
    SELECT RAISE(ABORT, 'screening_hit_pkey') FROM screening_hit WHERE rowid <> OLD.rowid AND id = NEW.id;
END;
CREATE TRIGGER suspension_keeps BEFORE UPDATE OF lifted_us ON suspension BEGIN
    SELECT RAISE(ABORT, 'suspension_open_key') FROM suspension WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND lifted_us IS
        NULL AND NEW.lifted_us IS NULL;
END;
CREATE TRIGGER transfer_keeps BEFORE UPDATE OF book_id, flow_no, id ON transfer BEGIN
    SELECT RAISE(ABORT, 'transfer_flow_key') FROM transfer WHERE rowid <> OLD.rowid AND book_id = NEW.book_id AND flow_no = NEW.flow_no;
    SELECT RAISE(ABORT, 'transfer_pkey') FROM transfer WHERE rowid <> OLD.rowid AND id = NEW.id;
END;

-- Guards of spending on SQLite (facts: charity 3.5, 6.6a). They compare natural persons and hold for every role.

CREATE TRIGGER payee_fixed BEFORE UPDATE OF id, book_id, unit_path, kind, part, minor, staff_id, name_hmac, author_id, created_us ON payee
WHEN NEW.id <> OLD.id OR NEW.book_id <> OLD.book_id OR NEW.unit_path <> OLD.unit_path OR NEW.kind <> OLD.kind OR NEW.part <> OLD.part
    OR NEW.minor <> OLD.minor OR NEW.staff_id IS NOT OLD.staff_id OR NEW.name_hmac <> OLD.name_hmac OR NEW.author_id <> OLD.author_id
    OR NEW.created_us <> OLD.created_us
BEGIN SELECT RAISE(ABORT, 'payee_fixed'); END;
CREATE TRIGGER payee_related BEFORE UPDATE OF related ON payee WHEN OLD.related AND NOT NEW.related
BEGIN SELECT RAISE(ABORT, 'payee_related'); END;
CREATE TRIGGER payee_account BEFORE UPDATE OF account_sealed, account_hmac, account_changed_us, account_changed_by ON payee
WHEN NEW.account_hmac IS NOT OLD.account_hmac OR NEW.account_sealed IS NOT OLD.account_sealed
    OR NEW.account_changed_us IS NOT OLD.account_changed_us OR NEW.account_changed_by IS NOT OLD.account_changed_by
BEGIN
    SELECT RAISE(ABORT, 'payee_account_unconfirmed') WHERE NEW.account_confirmed_by IS NOT NULL OR NEW.account_changed_us IS NULL
        OR NEW.account_changed_us < COALESCE(OLD.account_changed_us, OLD.created_us);
END;
CREATE TRIGGER payee_no_delete BEFORE DELETE ON payee BEGIN SELECT RAISE(ABORT, 'payee_fixed'); END;
CREATE TRIGGER payee_account_no_update BEFORE UPDATE ON payee_account BEGIN SELECT RAISE(ABORT, 'payee_account_immutable'); END;
CREATE TRIGGER payee_account_no_delete BEFORE DELETE ON payee_account BEGIN SELECT RAISE(ABORT, 'payee_account_immutable'); END;

CREATE TRIGGER disbursement_insert BEFORE INSERT ON disbursement BEGIN
    SELECT RAISE(ABORT, 'disbursement_not_approved') WHERE NEW.state <> 'draft' OR NEW.round <> 1;
    SELECT RAISE(ABORT, 'disbursement_fixed') FROM disbursement WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'disbursement_foreign') WHERE NOT EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND book_id = NEW.book_id);
END;
CREATE TRIGGER disbursement_fixed BEFORE UPDATE ON disbursement
WHEN NEW.id <> OLD.id OR NEW.book_id <> OLD.book_id OR NEW.campaign_id <> OLD.campaign_id OR NEW.unit_path <> OLD.unit_path
    OR NEW.author_id <> OLD.author_id OR NEW.author_for_id IS NOT OLD.author_for_id OR NEW.created_us <> OLD.created_us
    OR (OLD.state <> 'draft' AND (NEW.amount_fen <> OLD.amount_fen OR NEW.line_code <> OLD.line_code OR NEW.kind <> OLD.kind
        OR NEW.payouts <> OLD.payouts OR NEW.purpose <> OLD.purpose OR NEW.content <> OLD.content OR NEW.file_hash IS NOT OLD.file_hash
        OR (NEW.state <> 'draft' AND (NEW.profile IS NOT OLD.profile OR NEW.needed IS NOT OLD.needed))))
    OR NEW.round <> OLD.round + (OLD.state IN ('submitted', 'pm_approved', 'finance_approved') AND NEW.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'disbursement_fixed'); END;
CREATE TRIGGER disbursement_no_delete BEFORE DELETE ON disbursement BEGIN SELECT RAISE(ABORT, 'disbursement_fixed'); END;
CREATE TRIGGER disbursement_steps BEFORE UPDATE OF state ON disbursement WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'disbursement_steps') WHERE (OLD.state || ' ' || NEW.state) NOT IN (
        'draft submitted', 'draft cancelled', 'submitted draft', 'submitted pm_approved', 'submitted approved', 'submitted cancelled',
        'pm_approved draft', 'pm_approved finance_approved', 'pm_approved approved', 'pm_approved cancelled', 'finance_approved draft',
        'finance_approved approved', 'finance_approved cancelled', 'approved finished', 'approved cancelled', 'finished approved');
END;
CREATE TRIGGER disbursement_submission BEFORE UPDATE OF state ON disbursement WHEN NEW.state = 'submitted' AND OLD.state <> NEW.state BEGIN
    SELECT RAISE(ABORT, 'disbursement_profile') WHERE NOT EXISTS (SELECT 1 FROM charity c WHERE c.book_id = NEW.book_id
        AND c.profile = NEW.profile AND NEW.needed = CASE c.profile WHEN 'full' THEN 2 + (NEW.amount_fen > c.third_limit_fen)
            ELSE 1 + (NEW.amount_fen > c.single_limit_fen) END);
    SELECT RAISE(ABORT, 'disbursement_payouts') WHERE (SELECT count(*) FROM payout WHERE disbursement_id = NEW.id) <> NEW.payouts
        OR (SELECT COALESCE(SUM(amount_fen), 0) FROM payout WHERE disbursement_id = NEW.id) <> NEW.amount_fen;
    SELECT RAISE(ABORT, 'disbursement_document') WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL
        AND object = 'disbursement:' || lower(substr(hex(NEW.id), 1, 8) || '-' || substr(hex(NEW.id), 9, 4) || '-' || substr(hex(NEW.id), 13, 4)
            || '-' || substr(hex(NEW.id), 17, 4) || '-' || substr(hex(NEW.id), 21)));
    SELECT RAISE(ABORT, 'disbursement_related') FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
        WHERE o.disbursement_id = NEW.id AND (p.related OR p.staff_id IN (NEW.author_id, NEW.author_for_id));
END;
CREATE TRIGGER disbursement_approved BEFORE UPDATE OF state ON disbursement
WHEN NEW.state IN ('pm_approved', 'finance_approved', 'approved') AND OLD.state <> NEW.state BEGIN
    SELECT RAISE(ABORT, 'disbursement_not_approved') WHERE
        (SELECT count(*) FROM disbursement_approval WHERE disbursement_id = NEW.id AND round = NEW.round AND amount_fen = NEW.amount_fen)
        < CASE NEW.state WHEN 'pm_approved' THEN 1 WHEN 'finance_approved' THEN 2 ELSE NEW.needed END;
    SELECT RAISE(ABORT, 'campaign_frozen') FROM campaign WHERE id = NEW.campaign_id AND frozen AND OLD.state <> 'finished';
END;
CREATE TRIGGER disbursement_finished BEFORE UPDATE OF state ON disbursement
WHEN (NEW.state = 'finished' OR (NEW.state = 'cancelled' AND OLD.state = 'approved')) AND OLD.state <> NEW.state BEGIN
    SELECT RAISE(ABORT, 'disbursement_unpaid') FROM payout WHERE disbursement_id = NEW.id AND state NOT IN ('confirmed', 'cancelled');
END;

CREATE TRIGGER disbursement_approval_guard BEFORE INSERT ON disbursement_approval BEGIN
    SELECT RAISE(ABORT, 'disbursement_approval_immutable') FROM disbursement_approval
        WHERE disbursement_id = NEW.disbursement_id AND round = NEW.round AND (step = NEW.step OR approver_id = NEW.approver_id);
    SELECT RAISE(ABORT, 'disbursement_approval_paper') WHERE NOT EXISTS (SELECT 1 FROM disbursement WHERE id = NEW.disbursement_id
        AND round = NEW.round AND amount_fen = NEW.amount_fen AND author_for_id IS NOT NEW.approver_id
        AND NEW.step = CASE state WHEN 'submitted' THEN 1 WHEN 'pm_approved' THEN 2 WHEN 'finance_approved' THEN 3 END);
    SELECT RAISE(ABORT, 'disbursement_related') FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id)
        WHERE o.disbursement_id = NEW.disbursement_id AND p.staff_id IN (NEW.approver_id, NEW.acting_for_id);
END;
CREATE TRIGGER disbursement_approval_no_update BEFORE UPDATE ON disbursement_approval BEGIN SELECT RAISE(ABORT, 'disbursement_approval_immutable'); END;
CREATE TRIGGER disbursement_approval_no_delete BEFORE DELETE ON disbursement_approval BEGIN SELECT RAISE(ABORT, 'disbursement_approval_immutable'); END;
CREATE TRIGGER disbursement_history_no_update BEFORE UPDATE ON disbursement_history BEGIN SELECT RAISE(ABORT, 'disbursement_history_immutable'); END;
CREATE TRIGGER disbursement_history_no_delete BEFORE DELETE ON disbursement_history BEGIN SELECT RAISE(ABORT, 'disbursement_history_immutable'); END;

CREATE TRIGGER payment_file_fixed BEFORE UPDATE OF id, book_id, bank_account, lines, total_fen, hash, content, request, author_id, created_us ON payment_file
BEGIN SELECT RAISE(ABORT, 'payment_file_fixed'); END;
CREATE TRIGGER payment_file_steps BEFORE UPDATE OF state ON payment_file WHEN OLD.state <> 'made' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'payment_file_fixed'); END;
CREATE TRIGGER payment_file_no_delete BEFORE DELETE ON payment_file BEGIN SELECT RAISE(ABORT, 'payment_file_fixed'); END;

CREATE TRIGGER payout_insert BEFORE INSERT ON payout BEGIN
    SELECT RAISE(ABORT, 'payout_fixed') WHERE NEW.state <> 'planned' OR NEW.attempt <> 1 OR NEW.payer_id IS NOT NULL OR NEW.confirmer_id IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM disbursement WHERE id = NEW.disbursement_id AND state = 'draft');
    SELECT RAISE(ABORT, 'payout_fixed') FROM payout WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'payout_foreign') WHERE (SELECT count(*) FROM payee p JOIN disbursement d ON d.book_id = p.book_id
        WHERE d.id = NEW.disbursement_id AND p.id IN (NEW.payee_id, NEW.beneficiary_id)) <> 1 + (NEW.beneficiary_id IS NOT NULL);
END;
CREATE TRIGGER payout_delete BEFORE DELETE ON payout BEGIN
    SELECT RAISE(ABORT, 'payout_fixed') WHERE NOT EXISTS (SELECT 1 FROM disbursement WHERE id = OLD.disbursement_id AND state = 'draft');
END;
CREATE TRIGGER payout_fixed BEFORE UPDATE OF id, disbursement_id, position, payee_id, beneficiary_id, relation, amount_fen, created_us ON payout
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;
CREATE TRIGGER payout_persons_fixed BEFORE UPDATE OF payment_file_id, payer_id, account_hmac, scheduled_us, attempt ON payout
WHEN NEW.state = OLD.state AND (NEW.payment_file_id IS NOT OLD.payment_file_id OR NEW.payer_id IS NOT OLD.payer_id
    OR NEW.account_hmac IS NOT OLD.account_hmac OR NEW.scheduled_us IS NOT OLD.scheduled_us OR NEW.attempt <> OLD.attempt)
BEGIN SELECT RAISE(ABORT, 'payout_fixed'); END;
CREATE TRIGGER payout_steps BEFORE UPDATE OF state ON payout WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_steps') WHERE (OLD.state || ' ' || NEW.state) NOT IN (
        'planned approved', 'planned cancelled', 'approved scheduled', 'approved cancelled', 'retried scheduled', 'retried cancelled',
        'scheduled retried', 'scheduled sent', 'sent confirmed', 'sent bounced', 'confirmed bounced', 'bounced retried', 'bounced cancelled');
    SELECT RAISE(ABORT, 'payout_not_approved') WHERE NEW.state IN ('approved', 'scheduled', 'sent', 'confirmed')
        AND NOT EXISTS (SELECT 1 FROM disbursement WHERE id = NEW.disbursement_id AND state = 'approved');
    SELECT RAISE(ABORT, 'payout_settled') FROM payout_settlement WHERE OLD.state = 'confirmed' AND payout_id = NEW.id AND state <> 'declined';
    SELECT RAISE(ABORT, 'payout_attempt') WHERE NEW.attempt <> OLD.attempt + (OLD.state = 'bounced' AND NEW.state = 'retried');
    SELECT RAISE(ABORT, 'payout_persons_fixed') WHERE NEW.state IN ('sent', 'confirmed') AND (NEW.payment_file_id IS NOT OLD.payment_file_id
        OR NEW.payer_id IS NOT OLD.payer_id OR NEW.account_hmac IS NOT OLD.account_hmac OR NEW.scheduled_us IS NOT OLD.scheduled_us);
END;
CREATE TRIGGER payout_pay BEFORE UPDATE OF state ON payout WHEN NEW.state IN ('scheduled', 'sent') AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'payout_own') FROM disbursement d WHERE d.id = NEW.disbursement_id AND (NEW.payer_id IN (d.author_id, d.author_for_id)
        OR EXISTS (SELECT 1 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round
            AND NEW.payer_id IN (a.approver_id, a.acting_for_id)));
    SELECT RAISE(ABORT, 'campaign_frozen') FROM disbursement d JOIN campaign c ON c.id = d.campaign_id WHERE d.id = NEW.disbursement_id AND c.frozen;
    SELECT RAISE(ABORT, 'disbursement_related') FROM payee p WHERE p.id IN (NEW.payee_id, NEW.beneficiary_id)
        AND (p.related OR p.staff_id = NEW.payer_id);
    SELECT RAISE(ABORT, 'payout_held') FROM screening_hit h WHERE h.payee_id IN (NEW.payee_id, NEW.beneficiary_id) AND h.state <> 'cleared';
    SELECT RAISE(ABORT, 'payout_account') WHERE NOT EXISTS (SELECT 1 FROM payee p WHERE p.id = NEW.payee_id AND p.account_hmac = NEW.account_hmac);
    SELECT RAISE(ABORT, 'payout_account_quiet') FROM payee p JOIN charity c ON c.book_id = p.book_id WHERE p.id = NEW.payee_id
        AND p.account_changed_us IS NOT NULL AND p.account_confirmed_by IS NULL
        AND NEW.scheduled_us < p.account_changed_us + c.account_quiet_days * 86400000000;
END;
CREATE TRIGGER payout_history_no_update BEFORE UPDATE ON payout_history BEGIN SELECT RAISE(ABORT, 'payout_history_immutable'); END;
CREATE TRIGGER payout_history_no_delete BEFORE DELETE ON payout_history BEGIN SELECT RAISE(ABORT, 'payout_history_immutable'); END;

CREATE TRIGGER payout_settlement_insert BEFORE INSERT ON payout_settlement BEGIN
    SELECT RAISE(ABORT, 'payout_settlement_decided') WHERE NEW.state <> 'proposed';
    SELECT RAISE(ABORT, 'payout_settlement_decided') FROM payout_settlement WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'payout_settlement_amount') WHERE NOT EXISTS (SELECT 1 FROM payout WHERE id = NEW.payout_id AND state = 'confirmed'
        AND amount_fen >= NEW.amount_fen + (SELECT COALESCE(SUM(amount_fen), 0) FROM payout_settlement
            WHERE payout_id = NEW.payout_id AND state <> 'declined'));
END;
CREATE TRIGGER payout_settlement_decided BEFORE UPDATE ON payout_settlement
WHEN OLD.state <> 'proposed' OR NEW.id <> OLD.id OR NEW.payout_id <> OLD.payout_id OR NEW.kind <> OLD.kind OR NEW.amount_fen <> OLD.amount_fen
    OR NEW.author_id <> OLD.author_id
BEGIN SELECT RAISE(ABORT, 'payout_settlement_decided'); END;
CREATE TRIGGER payout_settlement_no_delete BEFORE DELETE ON payout_settlement BEGIN SELECT RAISE(ABORT, 'payout_settlement_decided'); END;

CREATE TRIGGER watch_name_fixed BEFORE UPDATE OF id, list, name_hmac, name_sealed, author_id, created_us ON watch_name BEGIN SELECT RAISE(ABORT, 'watch_name_fixed'); END;
CREATE TRIGGER watch_name_no_delete BEFORE DELETE ON watch_name BEGIN SELECT RAISE(ABORT, 'watch_name_fixed'); END;
CREATE TRIGGER screening_hit_decided BEFORE UPDATE ON screening_hit WHEN OLD.state <> 'open' OR NEW.id <> OLD.id OR NEW.payee_id <> OLD.payee_id
    OR NEW.watch_name_id <> OLD.watch_name_id BEGIN SELECT RAISE(ABORT, 'screening_hit_decided'); END;
CREATE TRIGGER screening_hit_no_delete BEFORE DELETE ON screening_hit BEGIN SELECT RAISE(ABORT, 'screening_hit_decided'); END;

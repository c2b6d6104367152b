-- A loan may be used for another purpose (挪用), and that may be mended; by which payment a foundation paid a subsidy; on PostgreSQL.
ALTER TABLE loan_event DROP CONSTRAINT loan_event_kind_check;
ALTER TABLE loan_event ADD CONSTRAINT loan_event_kind_check CHECK (kind IN ('payout', 'repayment', 'prepayment', 'rate', 'misuse', 'misuse_mended',
    'class', 'reversal', 'subsidy', 'waiver', 'compensation', 'recovery', 'write_off', 'replaced', 'credit_back'));

-- Who says that it is, or is no longer, says by which paper.
DROP TRIGGER loan_event_explained ON loan_event;
CREATE TRIGGER loan_event_explained BEFORE INSERT ON loan_event FOR EACH ROW
    WHEN (NEW.file_id IS NULL AND NEW.kind IN ('misuse', 'misuse_mended', 'class', 'waiver', 'compensation', 'write_off', 'reversal')
        AND btrim(COALESCE(NEW.reason, '')) = '')
    EXECUTE FUNCTION loan_refused('loan_event_unexplained');

-- A claim says once, when its money comes, by which payment: one that the bank has made, and no more of it than did not come back.
CREATE FUNCTION loan_subsidy_paid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most BIGINT;
BEGIN
    SELECT amount_fen INTO most FROM payout WHERE id = NEW.payout_id AND state = 'confirmed' FOR NO KEY UPDATE;
    IF most IS NULL OR NEW.state <> 'received' OR most < NEW.received_fen + (SELECT COALESCE(SUM(s.received_fen), 0) FROM loan_subsidy s
            WHERE s.payout_id = NEW.payout_id AND s.id <> NEW.id) + (SELECT COALESCE(SUM(x.amount_fen), 0) FROM payout_settlement x
            WHERE x.payout_id = NEW.payout_id AND x.kind = 'recovered' AND x.state <> 'declined') THEN
        PERFORM refuse_because('loan_subsidy_payout');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER loan_subsidy_paid BEFORE UPDATE ON loan_subsidy FOR EACH ROW WHEN (OLD.payout_id IS DISTINCT FROM NEW.payout_id)
    EXECUTE FUNCTION loan_subsidy_paid();
CREATE TRIGGER loan_subsidy_not_yet_paid BEFORE INSERT ON loan_subsidy FOR EACH ROW WHEN (NEW.payout_id IS NOT NULL)
    EXECUTE FUNCTION loan_refused('loan_subsidy_payout');

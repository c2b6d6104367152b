CREATE FUNCTION refuse_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%_ended', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER receipt_fixed BEFORE UPDATE OF id, donation_id, code, number, check_code, issued_on, amount_fen, author_id, created_us ON receipt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER receipt_ended BEFORE UPDATE ON receipt FOR EACH ROW WHEN (OLD.state <> 'issued') EXECUTE FUNCTION refuse_ended();
CREATE TRIGGER receipt_no_delete BEFORE DELETE OR TRUNCATE ON receipt FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER enquiry_answered BEFORE UPDATE ON enquiry FOR EACH ROW WHEN (OLD.state = 'answered') EXECUTE FUNCTION refuse_ended();
CREATE TRIGGER enquiry_no_delete BEFORE DELETE OR TRUNCATE ON enquiry FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

CREATE TRIGGER receipt_fixed BEFORE UPDATE OF id, donation_id, code, number, check_code, issued_on, amount_fen, author_id, created_us ON receipt
BEGIN SELECT RAISE(ABORT, 'receipt_fixed'); END;
CREATE TRIGGER receipt_ended BEFORE UPDATE ON receipt WHEN OLD.state <> 'issued' BEGIN SELECT RAISE(ABORT, 'receipt_ended'); END;
CREATE TRIGGER receipt_no_delete BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'receipt_fixed'); END;
CREATE TRIGGER enquiry_answered BEFORE UPDATE ON enquiry WHEN OLD.state = 'answered' BEGIN SELECT RAISE(ABORT, 'enquiry_answered'); END;
CREATE TRIGGER enquiry_no_delete BEFORE DELETE ON enquiry BEGIN SELECT RAISE(ABORT, 'enquiry_answered'); END;

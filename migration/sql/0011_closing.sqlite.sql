CREATE TRIGGER voucher_no_update BEFORE UPDATE ON voucher BEGIN SELECT RAISE(ABORT, 'voucher_immutable'); END;
CREATE TRIGGER voucher_no_delete BEFORE DELETE ON voucher BEGIN SELECT RAISE(ABORT, 'voucher_immutable'); END;
CREATE TRIGGER day_seal_no_update BEFORE UPDATE ON day_seal BEGIN SELECT RAISE(ABORT, 'day_seal_immutable'); END;
CREATE TRIGGER day_seal_no_delete BEFORE DELETE ON day_seal BEGIN SELECT RAISE(ABORT, 'day_seal_immutable'); END;

CREATE TRIGGER voucher_guard BEFORE INSERT ON voucher BEGIN
    SELECT RAISE(ABORT, 'voucher_immutable') FROM voucher WHERE (book_id = NEW.book_id AND number = NEW.number) OR entry_id = NEW.entry_id;
    SELECT RAISE(ABORT, 'voucher_gap') WHERE NEW.number <> 1 + COALESCE((SELECT max(number) FROM voucher WHERE book_id = NEW.book_id), 0);
    SELECT RAISE(ABORT, 'voucher_foreign') FROM entry WHERE id = NEW.entry_id AND book_id <> NEW.book_id;
END;

-- Nothing may join a sealed day, so a day is closed before it is sealed; days are sealed in their order.
CREATE TRIGGER day_seal_guard BEFORE INSERT ON day_seal BEGIN
    SELECT RAISE(ABORT, 'day_seal_immutable') FROM day_seal WHERE book_id = NEW.book_id AND day >= NEW.day;
    SELECT RAISE(ABORT, 'day_open') FROM book WHERE id = NEW.book_id AND (closed_through IS NULL OR closed_through < NEW.day);
END;

CREATE TRIGGER book_stays_closed BEFORE UPDATE OF closed_through ON book
WHEN OLD.closed_through IS NOT NULL AND (NEW.closed_through IS NULL OR NEW.closed_through < OLD.closed_through)
BEGIN SELECT RAISE(ABORT, 'book_closed'); END;

CREATE TRIGGER voucher_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER day_seal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON day_seal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION voucher_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fresh v JOIN entry e ON e.id = v.entry_id WHERE e.book_id <> v.book_id) THEN
        RAISE EXCEPTION 'voucher_foreign' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM (SELECT book_id, min(number) AS least FROM fresh GROUP BY book_id) f
        CROSS JOIN LATERAL (SELECT count(*) AS n, max(v.number) AS most FROM voucher v WHERE v.book_id = f.book_id AND v.number >= f.least) s
        WHERE s.n <> s.most - f.least + 1
           OR (f.least > 1 AND NOT EXISTS (SELECT 1 FROM voucher v WHERE v.book_id = f.book_id AND v.number = f.least - 1))
    ) THEN
        RAISE EXCEPTION 'voucher_gap' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER voucher_guard AFTER INSERT ON voucher REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION voucher_guard();

-- Nothing may join a sealed day, so a day is closed before it is sealed; days are sealed in their order.
CREATE FUNCTION day_seal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM day_seal WHERE book_id = NEW.book_id AND day >= NEW.day) THEN
        RAISE EXCEPTION 'day_seal_immutable' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM book WHERE id = NEW.book_id AND (closed_through IS NULL OR closed_through < NEW.day)) THEN
        RAISE EXCEPTION 'day_open' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER day_seal_guard BEFORE INSERT ON day_seal FOR EACH ROW EXECUTE FUNCTION day_seal_guard();

CREATE FUNCTION book_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'book_closed' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER book_stays_closed BEFORE UPDATE OF closed_through ON book FOR EACH ROW
WHEN (OLD.closed_through IS NOT NULL AND (NEW.closed_through IS NULL OR NEW.closed_through < OLD.closed_through))
EXECUTE FUNCTION book_stays_closed();

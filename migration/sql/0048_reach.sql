-- Reach: whoever approves, pays, confirms or decides holds their role for the legal entity whose books it is about, not merely over a unit above
-- (docs/decisions/0026).

-- Who holds which role for whose books: at the unit of the legal entity or below it; over the whole tree, for those above which there is no other.
-- A book of no legal entity is kept wherever the role is held. A place has to begin with path and with lent_path, where they are given and are not
-- the legal entity's own unit (seat): its own people act wherever the thing is.
CREATE VIEW acting_role AS
SELECT h.staff_id, h.lender_id, h.role, h.path, h.lent_path, h.starts_on, h.ends_on, b.id AS book_id, u.path AS seat
FROM held_role h CROSS JOIN book b LEFT JOIN charity c ON c.book_id = b.id LEFT JOIN unit u ON u.id = c.unit_id
WHERE u.path IS NULL OR substr(h.path, 1, length(u.path)) = u.path
    OR (h.path IS NULL AND NOT EXISTS (SELECT 1 FROM charity x JOIN unit y ON y.id = x.unit_id
        WHERE y.path <> u.path AND substr(u.path, 1, length(y.path)) = y.path));

-- In what relation whoever is paid stands to a child or another beneficiary (监护人) tells of both: sealed with the beneficiary's key, like the name.
-- relation is empty then; words of before this column stand there in clear until the job seals them.
ALTER TABLE payout ADD COLUMN relation_sealed BYTEA;

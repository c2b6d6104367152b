-- Hands: how somebody is close is sealed with their key, and who holds which role where is asked of whoever approves.

-- How a payee is close to a manager or a donor (慈善法 40, 59), in words, sealed like the name. related_note holds the words of before this column
-- in clear, until the job seals them; nothing new is written there.
ALTER TABLE payee ADD COLUMN related_sealed BYTEA;

-- Who holds which role over which part of the tree: their own, or lent to them by somebody who holds it, from a day to a day. A place has to begin
-- with path and with lent_path, where they are given: nobody lends more than they hold.
CREATE VIEW held_role AS
SELECT r.staff_id AS staff_id, CAST(NULL AS UUID) AS lender_id, r.role AS role, u.path AS path, CAST(NULL AS TEXT) AS lent_path,
    CAST(NULL AS TEXT) AS starts_on, CAST(NULL AS TEXT) AS ends_on
FROM staff_role r JOIN staff s ON s.id = r.staff_id LEFT JOIN unit u ON u.id = r.unit_id WHERE s.active
UNION ALL
SELECT d.holder_id, d.lender_id, d.role, u.path, v.path, d.starts_on, d.ends_on
FROM delegation d JOIN staff h ON h.id = d.holder_id JOIN staff l ON l.id = d.lender_id
JOIN staff_role r ON r.staff_id = d.lender_id AND r.role = d.role
LEFT JOIN unit u ON u.id = r.unit_id LEFT JOIN unit v ON v.id = d.unit_id
WHERE h.active AND l.active AND d.approver_id IS NOT NULL AND d.revoked_us IS NULL;

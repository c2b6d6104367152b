SELECT e.reference, e.kind, e.total_fen, p.least_fen, p.most_fen FROM entry e
LEFT JOIN paper p ON p.reference = e.reference AND p.kind = e.kind AND p.book_id = e.book_id
WHERE e.kind <> 'donation' AND (NOT CASE
    -- A fee is the channel's word: its bill of that day, about a payment that stands here or about which two persons followed it. How much
    -- the bill says of it is in the bytes of the bill, which the reconciliation compares.
    WHEN e.kind IN ('fee', 'fee_returned') THEN e.document IS NOT NULL
        AND (e.reference = e.kind || ':' || e.document
            OR SUBSTR(e.reference, 1, LENGTH(e.kind || e.document) + 2) = e.kind || ':' || e.document || ':')
        AND EXISTS (SELECT 1 FROM bill b WHERE b.book_id = e.book_id AND b.day = e.event_date AND b.kind LIKE 'trade%')
        AND (e.kind = 'fee_returned'
            OR EXISTS (SELECT 1 FROM donation d WHERE d.transaction_id = e.document AND d.amount_fen >= e.total_fen)
            OR EXISTS (SELECT 1 FROM entry s WHERE s.reference IN ('suspense:' || e.document, 'channel_difference:' || e.document))
            OR EXISTS (SELECT 1 FROM discrepancy d JOIN resolution r ON r.break_id = d.id
                WHERE d.item = e.document AND d.book_id = e.book_id AND r.state = 'done' AND r.choice = 'follow'))
    -- So is what its bills say otherwise: two persons followed them. A refund of ours is named by its own reference.
    WHEN e.kind IN ('payment_difference', 'refund_difference', 'line_difference') THEN e.document IS NOT NULL
        AND (e.reference = 'channel_difference:' || e.document
            OR SUBSTR(e.reference, 1, LENGTH(e.document) + 20) = 'channel_difference:' || e.document || ':')
        AND EXISTS (SELECT 1 FROM discrepancy d JOIN resolution r ON r.break_id = d.id
            WHERE d.book_id = e.book_id AND r.state = 'done' AND r.choice = 'follow'
            AND (d.item = e.document
                OR (e.document LIKE 'refund_sent:%' AND SUBSTR(d.item, 1, 33) = REPLACE(SUBSTR(e.document, 13), '-', '') || '-')
                OR (e.document LIKE 'suspense_returned:%'
                    AND SUBSTR(d.item, 1, 34) = 'B' || REPLACE(SUBSTR(e.document, 19), '-', '') || '-')))
    -- The end of a year is named by its book and year, and closes it.
    WHEN e.kind = 'closing' OR (e.kind = 'release' AND e.reference LIKE 'year_end:%') THEN
        e.book_date LIKE '%-12-31' AND e.reference IN (
            'year_end:' || text(e.book_id) || ':' || SUBSTR(e.book_date, 1, 4) || CASE e.kind WHEN 'release' THEN ':release' ELSE ':income' END,
            'year_end:' || text(e.book_id) || ':' || SUBSTR(e.book_date, 1, 4) || CASE e.kind WHEN 'release' THEN ':release' ELSE ':expense' END)
        AND EXISTS (SELECT 1 FROM book b WHERE b.id = e.book_id AND b.closed_through >= e.book_date)
    -- A day of a programme is booked in pieces.
    WHEN e.kind = 'loan_day' THEN EXISTS (SELECT 1 FROM loan_programme g JOIN loan_day d ON d.programme_id = g.id AND d.day = e.event_date
        WHERE g.book_id = e.book_id AND e.reference LIKE 'loan_day:' || text(g.id) || ':' || d.day || ':%')
    ELSE p.reference IS NOT NULL AND e.total_fen BETWEEN p.least_fen AND p.most_fen
END
-- What has no paper of its own moves nothing but what it is for.
OR (e.kind IN ('release', 'closing') AND EXISTS (SELECT 1 FROM posting q JOIN account a ON a.id IN (q.debit_account, q.credit_account)
    WHERE q.entry_id = e.id AND NOT (a.subject IN ('3101', '3102')
        OR (e.kind = 'closing' AND SUBSTR(a.subject, 1, 1) IN ('3', '4', '5'))))))
ORDER BY e.id LIMIT 100

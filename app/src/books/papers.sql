WITH tie AS (
    -- What was booked from a line of the bank, in its turn.
    SELECT m.line_id, l.book_id, m.amount_fen, m.untied_us, k.kind,
        ROW_NUMBER() OVER (PARTITION BY m.line_id, m.rule ORDER BY m.at_us, m.id) AS turn
    FROM bank_match m JOIN bank_line l ON l.id = m.line_id
    JOIN (SELECT 'interest' AS rule, 'bank_interest' AS kind UNION ALL SELECT 'charge', 'bank_charge' UNION ALL SELECT 'cash', 'cash_banked'
        UNION ALL SELECT 'platform', 'platform_settled' UNION ALL SELECT 'unclaimed', 'unclaimed') k ON k.rule = m.rule
),
line AS (
    SELECT kind || ':' || text(line_id) || CASE WHEN turn = 1 THEN '' ELSE ':' || CAST(turn AS TEXT) END AS reference,
        kind, book_id, ABS(amount_fen) AS fen, untied_us
    FROM tie
),
-- An entry by its paper: what it is called, what it is, whose it is, how much it may be, and whether there must be one.
known AS (
    SELECT 'voucher:' || text(v.id) AS reference, CASE v.kind WHEN 'ordinary' THEN 'voucher' ELSE v.kind END AS kind, v.book_id AS book_id,
        -- An adjustment goes through the net assets, and takes releases along.
        CASE v.kind WHEN 'adjustment' THEN 1 ELSE v.total_fen END AS least_fen,
        CASE v.kind WHEN 'adjustment' THEN 4 * v.total_fen ELSE v.total_fen END AS most_fen, 1 AS needed
    FROM manual_voucher v WHERE v.state = 'posted' AND v.kind <> 'reversal'
    UNION ALL
    SELECT 'reversal:voucher:' || text(v.reverses_id), 'reversal', v.book_id, 1, 4 * v.total_fen, 1
    FROM manual_voucher v WHERE v.state = 'posted' AND v.kind = 'reversal'
    UNION ALL
    SELECT reference, kind, book_id, fen, fen, 1 FROM line
    UNION ALL
    SELECT 'reversal:' || reference, 'reversal', book_id, fen, fen, 1 FROM line WHERE untied_us IS NOT NULL
    UNION ALL
    SELECT 'unclaimed_returned:' || text(c.id), 'unclaimed_returned', l.book_id, l.amount_fen, l.amount_fen, 1
    FROM bank_claim c JOIN bank_line l ON l.id = c.line_id WHERE c.choice = 'return' AND c.state = 'done'
    UNION ALL
    SELECT 'transfer_left:' || text(t.id), t.kind, t.book_id, t.amount_fen, t.amount_fen, 1
    FROM transfer t WHERE t.state NOT IN ('proposed', 'rejected')
    UNION ALL
    SELECT 'transfer_done:' || text(t.id), t.kind, t.book_id, t.amount_fen, t.amount_fen, 1
    FROM transfer t WHERE t.state IN ('arrived', 'returned')
    UNION ALL
    SELECT 'cash_count:' || text(c.id), 'cash_difference', c.book_id, ABS(c.counted_fen - c.booked_fen), ABS(c.counted_fen - c.booked_fen), 1
    FROM cash_count c WHERE c.state IN ('different', 'settled')
    UNION ALL
    SELECT 'cash_count_settled:' || text(c.id), 'cash_difference', c.book_id, ABS(c.counted_fen - c.booked_fen),
        ABS(c.counted_fen - c.booked_fen), 1
    FROM cash_count c WHERE c.state = 'settled'
    UNION ALL
    SELECT 'suspense:' || d.item, 'suspense', d.book_id, d.amount_fen, d.amount_fen, 1 FROM discrepancy d WHERE d.suspense
    UNION ALL
    SELECT 'suspense_returned:' || text(r.id), 'suspense_returned', d.book_id, d.amount_fen, d.amount_fen, 1
    FROM resolution r JOIN discrepancy d ON d.id = r.break_id WHERE d.suspense AND r.state = 'done' AND r.choice = 'return'
    UNION ALL
    SELECT 'reversal:suspense:' || d.item, 'reversal', d.book_id, d.amount_fen, d.amount_fen, 0
    FROM resolution r JOIN discrepancy d ON d.id = r.break_id WHERE d.suspense AND r.state = 'done' AND r.choice = 'follow'
    UNION ALL
    SELECT 'refund:' || text(r.id), 'refund_decided', COALESCE(c.book_id, d.book_id), r.amount_fen, r.amount_fen, 1
    FROM refund r JOIN donation d ON d.id = r.donation_id LEFT JOIN campaign c ON c.id = d.campaign_id
    WHERE r.state NOT IN ('requested', 'declined')
    UNION ALL
    SELECT 'refund_covered:' || text(r.id), 'refund_covered', COALESCE(c.book_id, d.book_id), 1, r.amount_fen, 1
    FROM refund r JOIN donation d ON d.id = r.donation_id LEFT JOIN campaign c ON c.id = d.campaign_id WHERE r.cover_approver_id IS NOT NULL
    UNION ALL
    SELECT 'refund_sent:' || text(r.id), 'refund_sent', COALESCE(c.book_id, d.book_id), r.amount_fen, r.amount_fen, 1
    FROM refund r JOIN donation d ON d.id = r.donation_id LEFT JOIN campaign c ON c.id = d.campaign_id
    WHERE r.state IN ('succeeded', 'paid_by_bank')
    UNION ALL
    SELECT 'refund_given_up:' || text(r.id), 'refund_given_up', COALESCE(c.book_id, d.book_id), r.amount_fen, r.amount_fen, 1
    FROM refund r JOIN donation d ON d.id = r.donation_id LEFT JOIN campaign c ON c.id = d.campaign_id WHERE r.state = 'given_up'
    UNION ALL
    SELECT 'refund_cover_returned:' || text(r.id), 'refund_cover_returned', COALESCE(c.book_id, d.book_id), 1, r.amount_fen, 1
    FROM refund r JOIN donation d ON d.id = r.donation_id LEFT JOIN campaign c ON c.id = d.campaign_id
    WHERE r.state = 'given_up' AND r.cover_approver_id IS NOT NULL
    UNION ALL
    SELECT 'leftover:' || text(x.id), 'leftover', x.book_id, x.amount_fen, x.amount_fen, 1
    FROM campaign_decision x WHERE x.kind = 'leftover' AND x.state = 'approved'
    UNION ALL
    SELECT 'disbursement:' || text(d.id), 'disbursement', d.book_id, d.amount_fen, d.amount_fen, 1
    FROM disbursement d WHERE d.approved_us IS NOT NULL AND d.kind <> 'advance'
    UNION ALL
    SELECT 'disbursement_paid:' || text(o.id) || ':' || CAST(h.attempt AS TEXT), 'disbursement_paid', d.book_id, o.amount_fen, o.amount_fen, 1
    FROM (SELECT DISTINCT payout_id, attempt FROM payout_history WHERE to_state = 'confirmed') h
    JOIN payout o ON o.id = h.payout_id JOIN disbursement d ON d.id = o.disbursement_id
    UNION ALL
    SELECT 'disbursement_bounced:' || text(o.id) || ':' || CAST(h.attempt AS TEXT), 'disbursement_bounced', d.book_id, o.amount_fen,
        o.amount_fen, 1
    FROM (SELECT DISTINCT payout_id, attempt FROM payout_history WHERE from_state = 'confirmed' AND to_state = 'bounced') h
    JOIN payout o ON o.id = h.payout_id JOIN disbursement d ON d.id = o.disbursement_id
    UNION ALL
    -- What is taken back of an ended year takes its release along.
    SELECT 'disbursement_cancelled:' || text(o.id), 'disbursement_cancelled', d.book_id, o.amount_fen, 2 * o.amount_fen, 1
    FROM payout o JOIN disbursement d ON d.id = o.disbursement_id
    WHERE o.state = 'cancelled' AND d.approved_us IS NOT NULL AND d.kind <> 'advance'
    UNION ALL
    SELECT 'disbursement_settled:' || text(s.id), CASE s.kind WHEN 'recovered' THEN 'disbursement_recovered' ELSE 'advance_accounted' END,
        d.book_id, s.amount_fen, CASE s.kind WHEN 'recovered' THEN 2 * s.amount_fen ELSE s.amount_fen END, 1
    FROM payout_settlement s JOIN payout o ON o.id = s.payout_id JOIN disbursement d ON d.id = o.disbursement_id WHERE s.state = 'confirmed'
    UNION ALL
    -- A release has no paper but the line of the trail that was written with it; the last one has its campaign.
    SELECT x.reference, 'release', c.book_id, x.fen, x.fen, 1
    FROM (SELECT {release} AS reference, l.object, CAST(REPLACE(REPLACE({amount}, '.', ''), '-', '') AS BIGINT) AS fen
        FROM audit_log l WHERE l.action = 'campaign.release') x
    JOIN campaign c ON x.object = 'campaign:' || text(c.id) WHERE x.reference IS NOT NULL
    UNION ALL
    SELECT 'release:' || text(c.id), 'release', c.book_id, 1, 9000000000000000000, 0 FROM campaign c WHERE c.state = 'closed'
    UNION ALL
    -- In a memo book an event takes along what it changes of the days before, and books nothing if it changes nothing.
    SELECT 'loan_event:' || text(v.id), CASE WHEN v.kind = 'prepayment' THEN 'loan_repayment'
            WHEN v.kind IN ('rate', 'class', 'waiver', 'misuse', 'misuse_mended', 'reversal') THEN 'loan_change' ELSE 'loan_' || v.kind END,
        g.book_id, 1, 9000000000000000000, 0
    FROM loan_event v JOIN loan_programme g ON g.id = v.programme_id
    UNION ALL
    SELECT 'reversal:loan_event:' || text(v.reverses), 'reversal', g.book_id, 1, 9000000000000000000, 0
    FROM loan_event v JOIN loan_programme g ON g.id = v.programme_id WHERE v.reverses IS NOT NULL
    UNION ALL
    SELECT 'loan_subsidy:' || text(s.id), 'loan_subsidy_claimed', g.book_id, 1, s.amount_fen, 0
    FROM loan_subsidy s JOIN loan_programme g ON g.id = s.programme_id
    UNION ALL
    -- What came, and as much again at most for the borrower; what the payer cut is booked back.
    SELECT 'loan_subsidy_received:' || text(s.id), 'loan_subsidy_received', g.book_id, CASE s.received_fen WHEN 0 THEN 1 ELSE s.received_fen END,
        s.received_fen + s.amount_fen, CASE s.received_fen WHEN 0 THEN 0 ELSE 1 END
    FROM loan_subsidy s JOIN loan_programme g ON g.id = s.programme_id WHERE s.state IN ('received', 'rejected')
    UNION ALL
    SELECT 'loan_subsidy_withdrawn:' || text(s.id), 'loan_subsidy_withdrawn', g.book_id, 1, s.amount_fen, 0
    FROM loan_subsidy s JOIN loan_programme g ON g.id = s.programme_id WHERE s.state = 'withdrawn'
),
-- The casts let SQLite find them by reference.
paper AS MATERIALIZED (
    SELECT CAST(reference AS TEXT) AS reference, CAST(kind AS TEXT) AS kind, book_id, least_fen, most_fen, needed FROM known
)

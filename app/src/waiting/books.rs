//! The books: breaks, vouchers, counts, the ends of months and years.

use domain::role::Role;

use super::{OF_BOOK, SECOND, Source, WaitingKind, to};

pub(super) fn sources() -> Vec<Source> {
    use Role::{Auditor, Bookkeeper, Cashier, Chair, FinanceHead};
    vec![
        Source {
            kind: WaitingKind::Break,
            from: "discrepancy t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id \
                   LEFT JOIN resolution r ON r.break_id = t.id AND r.state NOT IN ('declined', 'superseded') \
                   AND NOT (r.state = 'failed' AND EXISTS (SELECT 1 FROM resolution o WHERE o.break_id = t.id AND o.state = 'proposed'))",
            place: OF_BOOK,
            title: "t.class",
            note: "CAST(t.day AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![
                to(&[Bookkeeper], "t.state = 'open' AND r.id IS NULL"),
                // What is about loans is the bookkeeper's.
                to(&[Cashier], "t.state = 'open' AND r.id IS NULL AND t.contract_id IS NULL"),
                to(
                    &SECOND,
                    "t.state = 'open' AND r.state = 'proposed' AND r.author_id <> $1 AND (r.author_for_id IS NULL OR r.author_for_id <> $1)",
                ),
                to(
                    &[FinanceHead],
                    "t.state = 'open' AND r.state = 'failed' AND r.author_id <> $1 AND (r.author_for_id IS NULL OR r.author_for_id <> $1)",
                ),
            ],
        },
        Source {
            kind: WaitingKind::Voucher,
            from: "manual_voucher t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.summary",
            note: "'退回：' || t.returned_because",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.total_fen",
            since: "t.changed_us",
            waits: vec![
                to(&[FinanceHead], "t.state = 'submitted' AND t.author_id <> $1 AND t.submitter_id <> $1"),
                // What a template proposed, and what was sent back.
                to(
                    &[Bookkeeper],
                    "t.state = 'draft' AND (t.template_id IS NOT NULL OR (t.returned_because IS NOT NULL AND t.author_id = $1))",
                ),
            ],
        },
        Source {
            kind: WaitingKind::CashCount,
            from: "cash_count t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.box",
            note: "CAST(t.counted_on AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.counted_fen",
            since: "t.created_us",
            waits: vec![
                to(&SECOND, "t.state = 'counted' AND t.counter_id <> $1"),
                to(&[FinanceHead, Chair], "t.state = 'different' AND t.counter_id <> $1 AND t.witness_id <> $1"),
            ],
        },
        // Months that are over, by book: what is sealed day by day waits for its lock like what is not.
        Source {
            kind: WaitingKind::MonthLock,
            from: "book t LEFT JOIN charity h ON h.book_id = t.id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.name",
            note: "CAST(t.locked_through AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            // The month that waits is found afterwards, see `since_months`.
            since: "CAST($3 AS BIGINT)",
            waits: vec![to(
                &[Bookkeeper, FinanceHead],
                "EXISTS (SELECT 1 FROM account a JOIN account_day d ON d.account_id = a.id WHERE a.book_id = t.id AND d.day < $4 \
                 AND (t.locked_through IS NULL OR d.day > t.locked_through))",
            )],
        },
        Source {
            kind: WaitingKind::YearClosing,
            from: "(SELECT x.id, x.book_id, x.state, x.author_id, x.year, x.created_us, b.name FROM year_closing x JOIN book b ON b.id = x.book_id) t \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.name",
            note: "CAST(t.year AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead, Chair], "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::AuditReport,
            from: "audited_year t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.report_number",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead, Chair], "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::AccountChange,
            from: "(SELECT x.id, x.book_id, x.state, x.author_id, x.author_for_id, x.valid_from, x.created_us, b.name \
                   FROM charity_account_change x JOIN book b ON b.id = x.book_id) t \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.name",
            note: "CAST(t.valid_from AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(
                &[FinanceHead, Chair],
                "t.state = 'proposed' AND t.author_id <> $1 AND (t.author_for_id IS NULL OR t.author_for_id <> $1)",
            )],
        },
        // Months that are over, by charity: the thing is the charity.
        Source {
            kind: WaitingKind::SmallReview,
            from: "(SELECT d.book_id AS id, MIN(b.name) AS name, MIN(COALESCE(u.path, '/')) AS path, count(*) AS papers, \
                   MIN(d.approved_us) AS first_us FROM disbursement d JOIN book b ON b.id = d.book_id \
                   LEFT JOIN charity h ON h.book_id = d.book_id LEFT JOIN unit u ON u.id = h.unit_id \
                   WHERE d.profile = 'small' AND d.approved_us < $3 AND NOT EXISTS (SELECT 1 FROM small_review r \
                   WHERE r.book_id = d.book_id AND d.approved_us >= r.first_us AND d.approved_us < r.until_us) GROUP BY d.book_id) t",
            place: "t.path",
            title: "t.name",
            note: "CAST(t.papers AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.first_us",
            waits: vec![to(&[Auditor], "t.papers > 0")],
        },
    ]
}

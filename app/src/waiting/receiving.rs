//! Money that comes and goes beside the papers: refunds, withdrawals, and what the bank shows.

use domain::role::Role;

use super::{OF_BOOK, OF_GIFT, PURPOSE, SECOND, Source, WaitingKind, to};

pub(super) fn sources() -> Vec<Source> {
    use Role::{Bookkeeper, Cashier, Chair, FinanceHead};
    vec![
        Source {
            kind: WaitingKind::Refund,
            from: "refund t JOIN donation d ON d.id = t.donation_id LEFT JOIN campaign c ON c.id = d.campaign_id \
                   LEFT JOIN charity h ON h.book_id = d.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_GIFT,
            title: PURPOSE,
            note: "t.reason",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![
                to(&[FinanceHead], "t.state = 'requested' AND (t.requester_id IS NULL OR t.requester_id <> $1)"),
                to(&[Cashier, Bookkeeper], "t.state = 'failed' AND t.outcome_author_id IS NULL"),
                to(&[FinanceHead], "t.state = 'failed' AND t.outcome_author_id <> $1"),
                // In a small foundation the chair decides, too.
                to(
                    &[Chair],
                    "(t.state = 'requested' AND (t.requester_id IS NULL OR t.requester_id <> $1) \
                     OR t.state = 'failed' AND t.outcome_author_id <> $1) \
                     AND EXISTS (SELECT 1 FROM charity y WHERE y.book_id = COALESCE(c.book_id, d.book_id) AND y.profile = 'small')",
                ),
                to(
                    &[Chair],
                    "t.state = 'requested' AND t.cover_author_id <> $1 AND (t.requester_id IS NULL OR t.requester_id <> $1)",
                ),
            ],
        },
        Source {
            kind: WaitingKind::Transfer,
            from: "transfer t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.bank_account",
            note: "t.kind",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![
                to(&SECOND, "t.state = 'proposed' AND t.author_id <> $1"),
                to(&SECOND, "t.state IN ('arrival_proposed', 'return_proposed') AND t.outcome_author_id <> $1"),
                to(&[Cashier], "t.state = 'departed'"),
            ],
        },
        Source {
            kind: WaitingKind::BankGift,
            from: "donation t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_GIFT,
            title: PURPOSE,
            note: "t.bank_reference",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(
                &SECOND,
                "t.channel = 'bank' AND t.state = 'created' AND t.list_id IS NULL AND t.author_id <> $1",
            )],
        },
        Source {
            kind: WaitingKind::BankLine,
            from: "bank_line t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.bank_account",
            note: "t.reference",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(&SECOND, "t.state = 'open'")],
        },
        Source {
            kind: WaitingKind::BankClaim,
            from: "bank_claim t JOIN bank_line l ON l.id = t.line_id LEFT JOIN charity h ON h.book_id = l.book_id \
                   LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "l.bank_account",
            note: "l.reference",
            last_day: "CAST(NULL AS TEXT)",
            fen: "l.amount_fen",
            since: "t.created_us",
            waits: vec![to(&SECOND, "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::GiftList,
            from: "gift_list t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_GIFT,
            title: PURPOSE,
            note: "t.place",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.total_fen",
            since: "t.created_us",
            waits: vec![to(&SECOND, "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::BankBalance,
            from: "bank_balance t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_BOOK,
            title: "t.month",
            note: "t.bank_account",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.adjusted_fen",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead], "t.state = 'prepared' AND t.author_id <> $1")],
        },
    ]
}

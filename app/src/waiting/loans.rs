//! Loans: what an office of the League recommends, and what a bank decides and signs.

use domain::role::Role;

use super::{Source, WaitingKind, to};

pub(super) fn sources() -> Vec<Source> {
    use Role::{BankOfficer, LeagueOfficer};
    vec![
        // An office's own files; those of the offices below once their day has passed.
        Source {
            kind: WaitingKind::LoanApplication,
            from: "loan_application t JOIN loan_product p ON p.id = t.product_id",
            place: "t.office_path",
            title: "p.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.changed_us",
            waits: vec![to(&[LeagueOfficer], OF_AN_OFFICE)],
        },
        Source {
            kind: WaitingKind::LoanDecision,
            from: "loan_application t JOIN loan_product p ON p.id = t.product_id",
            place: "t.unit_path",
            title: "p.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.sent_us",
            waits: vec![
                to(
                    &[BankOfficer],
                    "t.state = 'bank_review' AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id) \
                     AND NOT EXISTS (SELECT 1 FROM loan_relation r WHERE r.application_id = t.id AND r.staff_id = $1)",
                ),
                to(&[LeagueOfficer], LATE_AT_THE_BANK),
            ],
        },
        Source {
            kind: WaitingKind::LoanSignature,
            from: "loan_application t JOIN loan_product p ON p.id = t.product_id",
            place: "t.unit_path",
            title: "p.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.approved_fen",
            since: "t.changed_us",
            waits: vec![to(
                &[BankOfficer],
                "t.state = 'approved' AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id)",
            )],
        },
        Source {
            kind: WaitingKind::LoanProduct,
            from: "(SELECT v.product_id AS id, p.name, p.bank_id, v.author_id, v.created_us FROM product_version v \
                   JOIN loan_product p ON p.id = v.product_id WHERE v.state = 'draft') t",
            place: "(SELECT u.path FROM unit u WHERE u.parent_id IS NULL ORDER BY u.path LIMIT 1)",
            title: "t.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![
                to(&[LeagueOfficer], "t.author_id <> $1"),
                to(
                    &[BankOfficer],
                    "t.author_id <> $1 AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id)",
                ),
            ],
        },
        Source {
            kind: WaitingKind::NeedMatch,
            from: "need_match t JOIN enterprise_need n ON n.id = t.need_id",
            place: "n.unit_path",
            title: "n.enterprise",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "n.amount_fen",
            since: "t.created_us",
            waits: vec![to(
                &[BankOfficer],
                "t.state = 'proposed' AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id)",
            )],
        },
    ]
}

/// A file waits for those whose office it is in, by a role of theirs or one that is lent to them, and for those above once it is late;
/// not for who has spoken already in this round, nor for who is close to the borrower.
const OF_AN_OFFICE: &str = "t.state = 'applied' AND (t.escalated_us IS NOT NULL \
     OR EXISTS (SELECT 1 FROM staff_role r JOIN unit u ON u.id = r.unit_id \
        WHERE r.staff_id = $1 AND r.role = 'league_officer' AND u.path = t.office_path) \
     OR EXISTS (SELECT 1 FROM delegation d JOIN unit u ON u.id = d.unit_id \
        WHERE d.holder_id = $1 AND d.role = 'league_officer' AND u.path = t.office_path)) \
     AND NOT EXISTS (SELECT 1 FROM loan_decision e WHERE e.application_id = t.id AND e.round = t.round AND e.decider_id = $1) \
     AND NOT EXISTS (SELECT 1 FROM loan_relation r WHERE r.application_id = t.id AND r.staff_id = $1)";

/// What a bank leaves lying is seen by the city that recommended it, which may ask the bank and decides nothing.
const LATE_AT_THE_BANK: &str = "t.state = 'bank_review' AND t.escalated_us IS NOT NULL \
     AND (EXISTS (SELECT 1 FROM staff_role r JOIN unit u ON u.id = r.unit_id \
        WHERE r.staff_id = $1 AND r.role = 'league_officer' AND u.path = t.city_path) \
     OR EXISTS (SELECT 1 FROM delegation d JOIN unit u ON u.id = d.unit_id \
        WHERE d.holder_id = $1 AND d.role = 'league_officer' AND u.path = t.city_path))";

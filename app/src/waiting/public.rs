//! What people outside ask for or said, and who has to look at it.

use domain::role::Role;

use super::{FILERS, OF_GIFT, PURPOSE, Source, WaitingKind, to};
use crate::spending::children::GUARDIANS;

pub(super) fn sources() -> Vec<Source> {
    use Role::{Compliance, Disclosure, ProjectManager as Manager};
    vec![
        Source {
            kind: WaitingKind::Enquiry,
            from: "enquiry t LEFT JOIN donation d ON d.id = t.donation_id \
                   LEFT JOIN campaign c ON c.id = COALESCE(t.campaign_id, d.campaign_id) \
                   LEFT JOIN charity h ON h.book_id = d.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_GIFT,
            title: "c.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(t.due_on AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&FILERS, "t.state = 'open'")],
        },
        Source {
            kind: WaitingKind::Complaint,
            from: "complaint t LEFT JOIN campaign c ON c.id = t.campaign_id",
            place: "COALESCE(c.unit_path, '/')",
            title: "c.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&FILERS, "t.state IN ('received', 'taken')")],
        },
        // What a list found is nobody's business but compliance's, and theirs everywhere or nowhere.
        Source {
            kind: WaitingKind::Screening,
            from: "(SELECT id, state, created_us, 'payee' AS ground FROM screening_hit \
                   UNION ALL SELECT id, state, created_us, ground FROM gift_alert) t",
            place: "'/'",
            title: "CAST(NULL AS TEXT)",
            note: "t.ground",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[Compliance], "t.state = 'open'")],
        },
        Source {
            kind: WaitingKind::ChildAccess,
            from: "child_access t JOIN payee p ON p.id = t.payee_id JOIN staff s ON s.id = t.requester_id",
            place: "p.unit_path",
            title: "s.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(
                &GUARDIANS,
                "t.state = 'asked' AND t.requester_id <> $1 AND (t.requester_for_id IS NULL OR t.requester_for_id <> $1)",
            )],
        },
        Source {
            kind: WaitingKind::PayeeErasure,
            from: "payee_erasure t JOIN payee p ON p.id = t.payee_id JOIN staff s ON s.id = t.author_id",
            place: "p.unit_path",
            title: "s.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(
                &GUARDIANS,
                "t.state = 'asked' AND t.author_id <> $1 AND (t.author_for_id IS NULL OR t.author_for_id <> $1)",
            )],
        },
        Source {
            kind: WaitingKind::Message,
            from: "donation t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: OF_GIFT,
            title: PURPOSE,
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.confirmed_us",
            waits: vec![to(
                &[Disclosure, Manager],
                "t.message_state <> 'none' AND t.message_state = 'review' AND t.confirmed_us IS NOT NULL",
            )],
        },
        Source {
            kind: WaitingKind::TeamName,
            from: "team t JOIN campaign c ON c.id = t.campaign_id",
            place: "c.unit_path",
            title: "c.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.goal_fen",
            since: "t.created_us",
            waits: vec![to(&[Disclosure, Manager], "t.name_state = 'review' AND t.name IS NOT NULL")],
        },
    ]
}

//! The house itself: who may do what, and whose account is new.

use domain::role::Role;
use sea_orm::Iterable;

use super::{OF_BOOK, Source, WaitingKind, to};

pub(super) fn sources() -> Vec<Source> {
    use Role::Admin;
    vec![
        Source {
            kind: WaitingKind::RoleGrant,
            from: "role_grant t LEFT JOIN unit u ON u.id = t.unit_id",
            place: OF_BOOK,
            title: "t.role",
            note: "(SELECT s.name FROM staff s WHERE s.id = t.staff_id)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[Admin], "t.state = 'proposed' AND t.author_id <> $1 AND t.staff_id <> $1")],
        },
        Source {
            kind: WaitingKind::Delegation,
            from: "delegation t LEFT JOIN unit u ON u.id = t.unit_id",
            place: OF_BOOK,
            title: "t.role",
            note: "(SELECT s.name FROM staff s WHERE s.id = t.holder_id)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            // What a lender asks for waits for an administrator, and the other way round.
            waits: vec![
                to(
                    &[Admin],
                    "t.approver_id IS NULL AND t.revoked_us IS NULL AND t.ends_on >= $5 AND t.author_id = t.lender_id \
                     AND t.author_id <> $1 AND t.holder_id <> $1",
                ),
                to(
                    &Role::iter().collect::<Vec<_>>(),
                    "t.approver_id IS NULL AND t.revoked_us IS NULL AND t.ends_on >= $5 AND t.author_id <> $1 AND t.lender_id = $1",
                ),
            ],
        },
        // Who asked for it stands with the roles, as text.
        Source {
            kind: WaitingKind::Account,
            from: "(SELECT s.id, s.name, s.username, MIN(COALESCE(u.path, '/')) AS path, MIN(r.granted_by) AS asked_by, \
                   MAX(r.granted_us) AS asked_us FROM staff s JOIN staff_role r ON r.staff_id = s.id LEFT JOIN unit u ON u.id = r.unit_id \
                   WHERE s.password_hash = 'awaiting credentials' GROUP BY s.id, s.name, s.username) t",
            place: "t.path",
            title: "t.name",
            note: "t.username",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.asked_us",
            waits: vec![to(&[Admin], "t.id <> $1 AND t.asked_by <> $2")],
        },
    ]
}

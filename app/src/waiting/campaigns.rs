//! Campaigns: plans to be reviewed, changes of them, what two persons decide.

use domain::role::Role;

use super::{FILERS, Source, WaitingKind, to};

pub(super) fn sources() -> Vec<Source> {
    use Role::{Chair, FinanceHead, Organiser, ProjectManager as Manager};
    vec![
        Source {
            kind: WaitingKind::Campaign,
            from: "campaign t",
            place: "t.unit_path",
            title: "t.name",
            note: "CASE WHEN t.state = 'rejected' THEN '退回：' || (SELECT h.reason FROM campaign_history h WHERE h.campaign_id = t.id \
                   AND h.to_state = 'rejected' ORDER BY h.seq DESC LIMIT 1) END",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.target_fen",
            since: "t.changed_us",
            waits: vec![
                to(&[Manager], "t.state IN ('submitted', 'org_review') AND t.author_id <> $1"),
                to(
                    &[FinanceHead],
                    "t.state = 'finance_review' AND t.author_id <> $1 AND NOT EXISTS (SELECT 1 FROM campaign_approval a \
                     WHERE a.campaign_id = t.id AND a.round = t.round AND a.approver_id = $1)",
                ),
                to(&FILERS, "t.state IN ('approved', 'filing')"),
                to(&[Manager], "t.state = 'filed'"),
                to(&[Organiser, Manager], "t.state = 'rejected' AND t.author_id = $1"),
            ],
        },
        Source {
            kind: WaitingKind::CampaignChange,
            from: "campaign_change t JOIN campaign c ON c.id = t.campaign_id",
            place: "c.unit_path",
            title: "c.name",
            note: "t.reason",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![
                to(&[Manager], "t.state = 'submitted' AND t.author_id <> $1"),
                to(
                    &[FinanceHead],
                    "t.state = 'manager_approved' AND t.author_id <> $1 AND NOT EXISTS (SELECT 1 FROM campaign_change_approval a \
                     WHERE a.change_id = t.id AND a.approver_id = $1)",
                ),
                to(&FILERS, "t.state = 'approved'"),
            ],
        },
        Source {
            kind: WaitingKind::CampaignDecision,
            from: "campaign_decision t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: "COALESCE(c.unit_path, u.path, '/')",
            title: "c.name",
            note: "t.kind",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead, Chair], "t.state = 'proposed' AND t.author_id <> $1")],
        },
    ]
}

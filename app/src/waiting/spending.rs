//! Spending: papers, payments, the bank's word on them, money that comes back.

use crowdfunding::spending::AUTHORS;
use domain::charity::Profile;
use domain::disbursement::{DisbursementState, approvers};
use domain::role::Role;
use sea_orm::ActiveEnum;

use super::{SECOND, Source, WaitingKind, to};

pub(super) fn sources() -> Vec<Source> {
    use Role::{Cashier, ProjectManager as Manager};
    vec![
        Source {
            kind: WaitingKind::Disbursement,
            from: "disbursement t",
            place: "t.unit_path",
            title: "t.purpose",
            note: "CASE WHEN t.state = 'draft' THEN '退回：' || (SELECT h.reason FROM disbursement_history h WHERE h.disbursement_id = t.id \
                   ORDER BY h.seq DESC LIMIT 1) ELSE (SELECT c.name FROM campaign c WHERE c.id = t.campaign_id) END",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.changed_us",
            waits: approvals()
                .into_iter()
                .chain([to(&AUTHORS, "t.state = 'draft' AND t.round > 1 AND t.author_id = $1")])
                .collect(),
        },
        Source {
            kind: WaitingKind::Payment,
            from: "disbursement t",
            place: "t.unit_path",
            title: "t.purpose",
            note: "CASE WHEN EXISTS (SELECT 1 FROM payout o WHERE o.disbursement_id = t.id AND o.state = 'bounced') THEN '有退票，更正账户后重新付款' \
                   ELSE (SELECT c.name FROM campaign c WHERE c.id = t.campaign_id) END",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.changed_us",
            waits: vec![
                to(
                    &[Cashier],
                    "t.state = 'approved' AND t.author_id <> $1 AND EXISTS (SELECT 1 FROM payout o WHERE o.disbursement_id = t.id \
                     AND o.state IN ('approved', 'retried')) AND NOT EXISTS (SELECT 1 FROM disbursement_approval a \
                     WHERE a.disbursement_id = t.id AND a.round = t.round AND a.approver_id = $1)",
                ),
                // What came back is paid again, or given up, by whoever looks after it.
                to(
                    &[Cashier, Manager],
                    "t.state = 'approved' AND EXISTS (SELECT 1 FROM payout o WHERE o.disbursement_id = t.id AND o.state = 'bounced')",
                ),
            ],
        },
        Source {
            kind: WaitingKind::PaymentFile,
            from: "payment_file t",
            place: "(SELECT MIN(d.unit_path) FROM payout o JOIN disbursement d ON d.id = o.disbursement_id WHERE o.payment_file_id = t.id)",
            title: "t.bank_account",
            note: "CAST(t.lines AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.total_fen",
            since: "COALESCE(t.sent_us, t.created_us)",
            // A file stays sent; it waits while the bank has not said of every payment in it what it did.
            waits: vec![to(
                &SECOND,
                "t.state = 'sent' AND t.author_id <> $1 \
                 AND EXISTS (SELECT 1 FROM payout o WHERE o.payment_file_id = t.id AND o.state = 'sent') \
                 AND NOT EXISTS (SELECT 1 FROM payout o JOIN disbursement d ON d.id = o.disbursement_id \
                 WHERE o.payment_file_id = t.id AND d.profile = 'full' AND (d.author_id = $1 OR EXISTS (SELECT 1 \
                 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round AND a.approver_id = $1)))",
            )],
        },
        Source {
            kind: WaitingKind::Settlement,
            from: "payout_settlement t JOIN payout o ON o.id = t.payout_id JOIN disbursement d ON d.id = o.disbursement_id",
            place: "d.unit_path",
            title: "d.purpose",
            note: "t.kind",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(
                &SECOND,
                "t.state = 'proposed' AND t.author_id <> $1 AND (d.profile <> 'full' OR (d.author_id <> $1 AND NOT EXISTS (SELECT 1 \
                 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round AND a.approver_id = $1)))",
            )],
        },
    ]
}

/// Who approves a paper at which step, by the profile it was handed in under.
fn approvals() -> Vec<(Vec<Role>, String)> {
    let states = [DisbursementState::Submitted, DisbursementState::PmApproved, DisbursementState::FinanceApproved];
    let mut waits = Vec::new();
    for profile in [Profile::Full, Profile::Small] {
        for state in states {
            let Some(step) = state.step() else { continue };
            let condition = format!(
                "t.profile = '{}' AND t.state = '{}' AND t.author_id <> $1 AND (t.author_for_id IS NULL OR t.author_for_id <> $1) \
                 AND NOT EXISTS (SELECT 1 FROM disbursement_approval a WHERE a.disbursement_id = t.id AND a.round = t.round \
                 AND a.approver_id = $1)",
                profile.to_value(),
                state.to_value(),
            );
            waits.push((approvers(profile, step).to_vec(), condition));
        }
    }
    waits
}

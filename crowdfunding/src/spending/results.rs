//! What the bank did with the payments of a file, as another person than who sent it reads it on the statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::disbursement::{DisbursementEvent, DisbursementKind, DisbursementState, PayoutEvent, PayoutState};
use domain::role::{Grant, Member, Role};
use domain::{BusinessDate, CampaignId, DisbursementId, PaymentFileId, PayoutId, StaffId, Timestamp};
use entity::{Rows, Tx, payout as row};
use ledger::Entry;
use sea_orm::{ConnectionTrait, Set};

use super::SpendingError;
use super::disbursement::{advance, apart, book, required, spending_of};
use super::due::rows_of;
use super::file::locked_file;
use super::line::{self, Change};
use super::payout::{Step, finish, not_paid, record};
use super::postings::{self, Spending};
use crate::history::state;

/// Who confirms what the bank did.
const CONFIRMERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

/// What the bank did with a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It paid.
    Paid {
        /// The day on its statement.
        on: BusinessDate,
        /// Its number there.
        reference: Option<String>,
    },
    /// It could not, or the money came back.
    Bounced {
        /// The day on its statement.
        on: BusinessDate,
        /// In its words.
        reason: String,
    },
}

/// What became of one payout, as somebody reads it on the bank's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which payout: the reference in the file.
    pub payout: PayoutId,
    /// What the bank did.
    pub outcome: Outcome,
}

/// What the bank did with payments of a file, read by another person than the one who sent it, and than those who wrote or approved the
/// papers where all duties are apart. Books what was paid (12b, 13a) and what
/// came back after it was paid (12c). Saying the same again changes nothing. Answers how many payouts changed.
pub async fn results(
    tx: &Tx,
    now: Timestamp,
    id: PaymentFileId,
    verdicts: &[Verdict],
    by: &Member,
) -> Result<u64, SpendingError> {
    by.must_be(&CONFIRMERS)?;
    let (file, papers) = locked_file(tx, id, by).await?;
    let mut granted = Vec::with_capacity(papers.len());
    for paper in papers.values() {
        granted.push((paper, by.acts(&CONFIRMERS, paper.book_id, &paper.unit_path)?));
    }
    let own = |grant: &Grant| by.is_among(grant, [Some(file.author_id)]);
    if file.author_id == by.id || granted.iter().any(|(_, grant)| own(grant)) {
        return Err(SpendingError::OtherPerson);
    }
    apart(tx, &granted, by).await?;
    let acting_for: HashMap<DisbursementId, StaffId> =
        granted.iter().filter_map(|(paper, grant)| Some((paper.id, grant.acting_for?))).collect();
    let said = verdicts_by_payout(verdicts, now, file.created_us)?;
    let ids: Vec<PayoutId> = said.keys().copied().collect();
    let rows = rows_of(tx, &ids, true).await?;
    if rows.len() != ids.len() || rows.iter().any(|payout| payout.payment_file_id != Some(id)) {
        return Err(SpendingError::NoSuchPayout);
    }
    let grants: Vec<&Grant> = granted.iter().map(|(_, grant)| *grant).collect();
    not_paid(tx, &ids, by, &grants).await?;
    let mut spendings: HashMap<DisbursementId, Spending> = HashMap::new();
    // A file holds few papers and many payouts.
    for paper in papers.values() {
        spendings.insert(paper.id, spending_of(tx, paper).await?);
    }
    let mut changes: BTreeMap<(CampaignId, String), Change> = BTreeMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut moved: Vec<(&row::Model, &Outcome, PayoutState)> = Vec::new();
    for payout in &rows {
        let (Some(outcome), Some(spending)) = (said.get(&payout.id), spendings.get(&payout.disbursement_id)) else {
            return Err(SpendingError::Conflict);
        };
        let event = match outcome {
            Outcome::Paid { .. } if payout.state == PayoutState::Confirmed => continue,
            Outcome::Bounced { .. } if payout.state == PayoutState::Bounced => continue,
            Outcome::Paid { .. } => PayoutEvent::Confirm,
            Outcome::Bounced { .. } => PayoutEvent::Bounce,
        };
        let to = payout.state.on(event)?;
        let (amount, attempt, bank) = (payout.amount_fen, payout.attempt, file.bank_account.as_str());
        let change = match outcome {
            Outcome::Paid { on, .. } => {
                entries.push(postings::paid(spending, payout.id, attempt, amount, bank, *on).by(by.id.to_string()));
                Some(Change::redeemed(amount))
            }
            Outcome::Bounced { on, .. } if payout.state == PayoutState::Confirmed => {
                if payout.paid_on.is_some_and(|paid| *on < paid) {
                    return Err(SpendingError::Invalid {
                        field: "on", problem: "退票日期不得早于付款之日"
                    });
                }
                entries.push(postings::bounced(spending, payout.id, attempt, amount, bank, *on).by(by.id.to_string()));
                Some(Change::redeemed(amount).back())
            }
            Outcome::Bounced { .. } => None,
        };
        if let (Some(change), DisbursementKind::Advance) = (change, spending.kind) {
            let sum =
                changes.entry((spending.campaign, spending.line.clone())).or_insert(Change { committed: 0, used: 0 });
            sum.committed += change.committed;
            sum.used += change.used;
        }
        moved.push((payout, outcome, to));
    }
    if moved.is_empty() {
        return Ok(0);
    }
    // What was thought finished is open again before a payout of it moves.
    let reopened = moved.iter().filter(|(payout, ..)| payout.state == PayoutState::Confirmed);
    let reopened: BTreeSet<DisbursementId> = reopened.map(|(payout, ..)| payout.disbursement_id).collect();
    for paper in papers.values().filter(|p| reopened.contains(&p.id) && p.state == DisbursementState::Finished) {
        let to = paper.state.on(DisbursementEvent::Reopen)?;
        advance(tx, now, paper.clone(), to, &by.id.to_string(), None, |paper| paper.finished_us = Set(None)).await?;
    }
    write_verdicts(tx, now, &moved, by, &acting_for).await?;
    for ((campaign, code), change) in changes {
        line::change(tx, campaign, &code, change).await?;
    }
    book(tx, now, &entries).await?;
    let touched: BTreeSet<DisbursementId> = moved.iter().map(|(payout, ..)| payout.disbursement_id).collect();
    finish(tx, now, &touched, by).await?;
    Ok(moved.len() as u64)
}

/// The verdicts by payout, if they make sense.
fn verdicts_by_payout(
    verdicts: &[Verdict],
    now: Timestamp,
    made: Timestamp,
) -> Result<BTreeMap<PayoutId, &Outcome>, SpendingError> {
    let mut said = BTreeMap::new();
    for verdict in verdicts {
        let (on, long) = match &verdict.outcome {
            Outcome::Paid { on, reference } => (on, reference.as_deref().map_or(0, |text| text.chars().count()) > 64),
            Outcome::Bounced { on, reason } => (on, required(reason).is_err()),
        };
        if *on > BusinessDate::of(now) || *on < BusinessDate::of(made) {
            return Err(SpendingError::Invalid {
                field: "on", problem: "银行日期须在付款文件制作之后、今天及以前"
            });
        }
        if long {
            return Err(SpendingError::Invalid {
                field: "results", problem: "请填写退票原因；银行流水号最多64字"
            });
        }
        if said.insert(verdict.payout, &verdict.outcome).is_some() {
            return Err(SpendingError::Invalid { field: "results", problem: "同一笔付款出现了两次" });
        }
    }
    if said.is_empty() {
        return Err(SpendingError::Invalid { field: "results", problem: "请填写至少一笔结果" });
    }
    Ok(said)
}

async fn write_verdicts(
    tx: &Tx,
    now: Timestamp,
    moved: &[(&row::Model, &Outcome, PayoutState)],
    by: &Member,
    acting_for: &HashMap<DisbursementId, StaffId>,
) -> Result<(), SpendingError> {
    let lender = |payout: &row::Model| acting_for.get(&payout.disbursement_id).map(|lender| lender.uuid());
    let rows = Rows::new()
        .uuid("id", moved.iter().map(|(payout, ..)| payout.id.uuid()))
        .text("from_state", moved.iter().map(|(payout, ..)| state(payout.state)))
        .text("to_state", moved.iter().map(|(.., to)| state(*to)))
        .uuid_or_null("for_id", moved.iter().map(|(payout, ..)| lender(payout)))
        .text_or_null(
            "paid_on",
            moved.iter().map(|(_, outcome, _)| match outcome {
                Outcome::Paid { on, .. } => Some(on.to_string()),
                Outcome::Bounced { .. } => None,
            }),
        )
        .text_or_null(
            "bank_reference",
            moved.iter().map(|(_, outcome, _)| match outcome {
                Outcome::Paid { reference, .. } => reference.clone(),
                Outcome::Bounced { .. } => None,
            }),
        )
        .text_or_null(
            "last_error",
            moved.iter().map(|(_, outcome, _)| match outcome {
                Outcome::Paid { .. } => None,
                Outcome::Bounced { reason, .. } => Some(reason.trim().to_owned()),
            }),
        );
    let sql = "UPDATE payout SET state = r.to_state, confirmer_id = $1, confirmer_for_id = r.for_id, changed_us = $2, paid_on = r.paid_on, \
               bank_reference = r.bank_reference, last_error = r.last_error \
               FROM {rows} WHERE payout.id = r.id AND payout.state = r.from_state";
    let values = [by.id.into(), now.into()];
    let statement = rows.statement(tx.get_database_backend(), sql, values);
    if tx.execute_raw(statement).await?.rows_affected() != moved.len() as u64 {
        return Err(SpendingError::Conflict);
    }
    let steps: Vec<Step<'_>> = moved
        .iter()
        .map(|(payout, outcome, to)| Step {
            id: payout.id,
            attempt: payout.attempt,
            from: payout.state,
            to: *to,
            reason: match outcome {
                Outcome::Paid { .. } => None,
                Outcome::Bounced { reason, .. } => Some(reason.trim()),
            },
        })
        .collect();
    Ok(record(tx, now, &by.id.to_string(), &steps).await?)
}

//! Payouts one by one: their steps, paid again or given up, and who may see them. Many at once take as many statements as one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::disbursement::{DisbursementKind, DisbursementState, PayoutEvent, PayoutState};
use domain::role::{Grant, Member, Role};
use domain::{BusinessDate, CampaignId, DisbursementId, Money, PayeeId, PayoutId, StaffId, Timestamp};
use entity::{ListOrder, Rows, Tx, campaign, disbursement, listed, payout as row, payout_settlement};
use sea_orm::sea_query::{LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Set,
};

use super::disbursement::{advance, book, closing, may_know, required, spending_of};
use super::due::{lock_papers, nobody_restricted};
use super::line::{self, Change};
use super::{READERS, SpendingError, postings};
use crate::history::state;

/// A step of a payout.
pub(super) struct Step<'a> {
    pub(super) id: PayoutId,
    pub(super) attempt: i64,
    pub(super) from: PayoutState,
    pub(super) to: PayoutState,
    pub(super) reason: Option<&'a str>,
}

pub(super) async fn record(tx: &Tx, now: Timestamp, actor: &str, steps: &[Step<'_>]) -> Result<(), DbErr> {
    let rows = Rows::new()
        .uuid("payout_id", steps.iter().map(|step| step.id.uuid()))
        .int("attempt", steps.iter().map(|step| step.attempt))
        .text("from_state", steps.iter().map(|step| state(step.from)))
        .text("to_state", steps.iter().map(|step| state(step.to)))
        .text_or_null("reason", steps.iter().map(|step| step.reason.map(str::to_owned)));
    let sql = "INSERT INTO payout_history (payout_id, attempt, to_state, at_us, from_state, actor, reason) \
               SELECT payout_id, attempt, to_state, $1, from_state, $2, reason FROM {rows} WHERE true ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [now.into(), actor.into()])).await?;
    Ok(())
}

/// Refuses whoever is paid by one of these payouts, under whatever entry of the register, or stands in for them: they say neither what the bank did
/// nor what came of the money. One statement.
pub(super) async fn not_paid(tx: &Tx, ids: &[PayoutId], by: &Member, grants: &[&Grant]) -> Result<(), SpendingError> {
    let rows = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
    let sql = "SELECT DISTINCT s.id FROM {rows} JOIN payout o ON o.id = r.id JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id) \
               LEFT JOIN payee_account h ON h.account_hmac = p.account_hmac LEFT JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id \
               JOIN staff s ON s.id IN (p.staff_id, q.staff_id)";
    let mut staff: Vec<StaffId> = Vec::new();
    for row in tx.query_all_raw(rows.statement(tx.get_database_backend(), sql, [])).await? {
        staff.push(row.try_get("", "id")?);
    }
    if grants.iter().any(|grant| by.is_among(grant, staff.iter().copied().map(Some))) {
        return Err(SpendingError::OtherPerson);
    }
    Ok(())
}

/// Ends papers none of whose payouts is open any more. They are locked.
pub(super) async fn finish(
    tx: &Tx,
    now: Timestamp,
    papers: &BTreeSet<DisbursementId>,
    by: &Member,
) -> Result<(), SpendingError> {
    let rows = Rows::new().uuid("id", papers.iter().map(|id| id.uuid()));
    let sql = "SELECT DISTINCT o.disbursement_id, o.state FROM {rows} JOIN payout o ON o.disbursement_id = r.id";
    let mut states: BTreeMap<DisbursementId, Vec<PayoutState>> = BTreeMap::new();
    for row in tx.query_all_raw(rows.statement(tx.get_database_backend(), sql, [])).await? {
        states.entry(row.try_get("", "disbursement_id")?).or_default().push(row.try_get("", "state")?);
    }
    let papers = disbursement::Entity::find()
        .filter(disbursement::Column::Id.is_in(papers.iter().copied()))
        .filter(disbursement::Column::State.eq(DisbursementState::Approved))
        .all(tx)
        .await?;
    // Few papers, however many payouts.
    for paper in papers {
        let Some(event) = states.get(&paper.id).and_then(|states| closing(states)) else { continue };
        let to = paper.state.on(event)?;
        advance(tx, now, paper, to, &by.id.to_string(), None, |paper| paper.finished_us = Set(Some(now))).await?;
    }
    Ok(())
}

/// A payout and its paper, locked, for whoever may know of them.
pub(super) async fn locked(
    tx: &Tx,
    id: PayoutId,
    by: &Member,
) -> Result<(disbursement::Model, row::Model), SpendingError> {
    by.must_be(&READERS)?;
    let seen = row::Entity::find_by_id(id).one(tx).await?.ok_or(SpendingError::NoSuchPayout)?;
    let papers = lock_papers(tx, &BTreeSet::from([seen.disbursement_id]), by).await;
    let papers = papers.map_err(|error| match error {
        SpendingError::NoSuchDisbursement => SpendingError::NoSuchPayout,
        other => other,
    })?;
    let paper = papers.into_values().next().ok_or(SpendingError::NoSuchPayout)?;
    let payout = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok((paper, payout.ok_or(SpendingError::NoSuchPayout)?))
}

/// What bounced shall be paid again, to the payee's account of today. Of whoever wished to be forgotten meanwhile it is given up instead.
pub async fn retry(tx: &Tx, now: Timestamp, id: PayoutId, by: &Member) -> Result<row::Model, SpendingError> {
    const ROLES: [Role; 2] = [Role::Cashier, Role::ProjectManager];
    let (paper, payout) = locked(tx, id, by).await?;
    by.acts(&ROLES, paper.book_id, &paper.unit_path)?;
    let to = payout.state.on(PayoutEvent::Retry)?;
    let people: Vec<PayeeId> = [Some(payout.payee_id), payout.beneficiary_id].into_iter().flatten().collect();
    nobody_restricted(tx, &people).await?;
    let attempt = payout.attempt + 1;
    let step = Step { id, attempt, from: payout.state, to, reason: None };
    let mut active: row::ActiveModel = payout.into();
    active.state = Set(to);
    active.attempt = Set(attempt);
    active.changed_us = Set(now);
    let payout = active.update(tx).await?;
    record(tx, now, &by.id.to_string(), &[step]).await?;
    Ok(payout)
}

/// Gives a payout up before it is paid (entry 12e); the money is the campaign's again.
pub async fn cancel_payout(
    tx: &Tx,
    now: Timestamp,
    id: PayoutId,
    reason: &str,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    const ROLES: [Role; 2] = [Role::ProjectManager, Role::FinanceHead];
    let reason = required(reason)?;
    let (paper, payout) = locked(tx, id, by).await?;
    by.acts(&ROLES, paper.book_id, &paper.unit_path)?;
    if payout.state == PayoutState::Planned {
        // The paper as a whole is given up then.
        return Err(payout.state.on(PayoutEvent::Schedule).err().map_or(SpendingError::Conflict, Into::into));
    }
    let to = payout.state.on(PayoutEvent::Cancel)?;
    let (amount, attempt) = (payout.amount_fen, payout.attempt);
    let step = Step { id, attempt, from: payout.state, to, reason: Some(reason) };
    let mut active: row::ActiveModel = payout.into();
    active.state = Set(to);
    active.changed_us = Set(now);
    let payout = active.update(tx).await?;
    record(tx, now, &by.id.to_string(), &[step]).await?;
    line::change(tx, paper.campaign_id, &paper.line_code, Change::approved(paper.kind, amount).back()).await?;
    let papers = BTreeSet::from([paper.id]);
    finish(tx, now, &papers, by).await?;
    if paper.kind == DisbursementKind::Advance {
        ledger::release_commitment(tx, paper.book_id, paper.campaign_id, amount).await??;
    } else {
        let spending = spending_of(tx, &paper).await?;
        let prior_year = of_closed_year(tx, &paper).await?;
        let entry = postings::cancelled(&spending, id, amount, prior_year, BusinessDate::of(now));
        book(tx, now, &[entry.by(by.id.to_string())]).await?;
    }
    Ok(payout)
}

/// Whether the books of the year a paper was approved in are closed: then its expense is taken back through 320101.
pub(super) async fn of_closed_year(tx: &Tx, paper: &disbursement::Model) -> Result<bool, SpendingError> {
    let book = entity::book::Entity::find_by_id(paper.book_id).one(tx).await?.ok_or(SpendingError::NoCharity)?;
    let year = paper.approved_us.map(|approved| BusinessDate::of(approved).year());
    let end = year.and_then(|year| BusinessDate::new(year, 12, 31));
    Ok(matches!((book.closed_through, end), (Some(closed), Some(end)) if closed >= end))
}

/// A payout, for whoever may know of its paper.
pub async fn payout(
    db: &impl ConnectionTrait,
    id: PayoutId,
    by: &Member,
) -> Result<(disbursement::Model, row::Model), SpendingError> {
    by.must_be(&READERS)?;
    let payout = row::Entity::find_by_id(id).one(db).await?.ok_or(SpendingError::NoSuchPayout)?;
    let paper = disbursement::Entity::find_by_id(payout.disbursement_id).one(db).await?;
    let paper = paper.ok_or(SpendingError::NoSuchPayout)?;
    may_know(by, &paper.unit_path, SpendingError::NoSuchPayout)?;
    Ok((paper, payout))
}

/// Which payouts are wanted; nothing narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayoutSearch {
    /// In one of these states.
    pub states: Vec<PayoutState>,
    /// Of a campaign: of it and its leaves, or with a line of it alone, as [`super::lines_paid`] counts them.
    pub campaign: Option<CampaignId>,
    /// Charged to the budget line of this code.
    pub line: Option<String>,
    /// To this payee, or for them.
    pub payee: Option<PayeeId>,
    /// Under this number of the bank.
    pub reference: Option<String>,
    /// In which order; with nothing said, those of some states the longest unchanged first, and all of them the last changed first.
    pub order: Option<ListOrder>,
}

impl From<PayoutState> for PayoutSearch {
    fn from(state: PayoutState) -> PayoutSearch {
        PayoutSearch { states: vec![state], ..PayoutSearch::default() }
    }
}

/// What was paid back of payouts, as it was confirmed; those of which nothing was are left out. One statement.
pub async fn recovered(db: &impl ConnectionTrait, ids: &[PayoutId]) -> Result<HashMap<PayoutId, Money>, DbErr> {
    use payout_settlement::Column as S;
    let rows = payout_settlement::Entity::find()
        .filter(S::PayoutId.is_in(ids.iter().copied()))
        .filter(S::Kind.eq("recovered"))
        .filter(S::State.eq("confirmed"))
        .all(db)
        .await?;
    let mut back: HashMap<PayoutId, Money> = HashMap::new();
    for row in rows {
        let sum = back.entry(row.payout_id).or_default();
        *sum = sum.checked_add(row.amount_fen).unwrap_or(Money::MAX);
    }
    Ok(back)
}

/// A page of payouts, by their last change or by amount.
pub async fn payouts(
    db: &impl ConnectionTrait,
    wanted: &PayoutSearch,
    by: &Member,
    after: Option<PayoutId>,
    limit: u64,
) -> Result<Vec<row::Model>, SpendingError> {
    use row::Column as C;
    by.must_be(&READERS)?;
    let mut papers = Query::select();
    papers.column(disbursement::Column::Id).from(disbursement::Entity).cond_where(super::disbursement::within(
        disbursement::Column::UnitPath,
        by,
        &READERS,
    ));
    if let Some(campaign) = wanted.campaign {
        let mut leaves = Query::select();
        leaves.column(campaign::Column::Id).from(campaign::Entity).and_where(campaign::Column::ParentId.eq(campaign));
        let mut of = Condition::any().add(disbursement::Column::CampaignId.eq(campaign));
        if wanted.line.is_none() {
            of = of.add(disbursement::Column::CampaignId.in_subquery(leaves));
        }
        papers.cond_where(of);
    }
    if let Some(line) = &wanted.line {
        papers.and_where(disbursement::Column::LineCode.eq(line.as_str()));
    }
    let mut query = row::Entity::find().filter(C::DisbursementId.in_subquery(papers));
    if !wanted.states.is_empty() {
        query = query.filter(C::State.is_in(wanted.states.iter().copied()));
    }
    if let Some(payee) = wanted.payee {
        query = query.filter(Condition::any().add(C::PayeeId.eq(payee)).add(C::BeneficiaryId.eq(payee)));
    }
    if let Some(reference) = &wanted.reference {
        query = query.filter(C::BankReference.eq(reference.as_str()));
    }
    let usual = if !wanted.states.is_empty() { ListOrder::Oldest } else { ListOrder::Newest };
    let order = wanted.order.unwrap_or(usual);
    let last = match after {
        Some(after) => Some(payout(db, after, by).await?.1),
        None => None,
    };
    let (key, last) = if order.is_by_amount() {
        (C::AmountFen, last.map(|last| (last.amount_fen.into(), last.id.into())))
    } else {
        (C::ChangedUs, last.map(|last| (last.changed_us.into(), last.id.into())))
    };
    Ok(listed(query, (key, C::Id), order.is_down(), last).limit(limit).all(db).await?)
}

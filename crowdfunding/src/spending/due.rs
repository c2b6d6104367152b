//! What is to be paid now, looked at before it goes into a payment file: papers, payouts and payees under lock, and whoever makes the file.

use std::collections::{BTreeSet, HashMap};

use domain::disbursement::PayoutEvent;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignId, DisbursementId, PayeeId, PayoutId, StaffId, Timestamp};
use entity::{Rows, Tx, campaign, charity, disbursement, disbursement_approval, payee, payout as row, screening_hit};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

use super::SpendingError;
use super::disbursement::may_know;
use super::payee::payees_of;

/// A payout that is to be paid, with its paper and its payee; locked.
#[derive(Clone, Debug)]
pub struct Due {
    /// The payout.
    pub payout: row::Model,
    /// Its paper.
    pub paper: disbursement::Model,
    /// Who receives it.
    pub payee: payee::Model,
}

/// What is asked to be paid: whole papers and single payouts. Locked in order: papers, payouts, payees (shared). Refused if one is not to be
/// paid now, by this person.
pub async fn due(
    tx: &Tx,
    now: Timestamp,
    papers: &[DisbursementId],
    payouts: &[PayoutId],
    by: &Member,
) -> Result<Vec<Due>, SpendingError> {
    by.must_be(&[Role::Cashier])?;
    let named = rows_of(tx, payouts, false).await?;
    if named.len() != payouts.iter().collect::<BTreeSet<_>>().len() {
        return Err(SpendingError::NoSuchPayout);
    }
    let papers: BTreeSet<DisbursementId> =
        papers.iter().copied().chain(named.iter().map(|payout| payout.disbursement_id)).collect();
    let loaded = lock_papers(tx, &papers, by).await?;
    let whole: BTreeSet<DisbursementId> =
        papers.iter().copied().filter(|id| !named.iter().any(|payout| payout.disbursement_id == *id)).collect();
    let mut ids: BTreeSet<PayoutId> = payouts.iter().copied().collect();
    if !whole.is_empty() {
        let rows = Rows::new().uuid("id", whole.iter().map(|id| id.uuid()));
        let sql = "SELECT o.id FROM {rows} JOIN payout o ON o.disbursement_id = r.id WHERE o.state IN ('approved', 'retried')";
        for row in tx.query_all_raw(rows.statement(tx.get_database_backend(), sql, [])).await? {
            ids.insert(row.try_get("", "id")?);
        }
    }
    if ids.is_empty() {
        return Err(SpendingError::Invalid { field: "payouts", problem: "没有待付的款项" });
    }
    if ids.len() > 5_000 {
        return Err(SpendingError::Invalid { field: "payouts", problem: "每个付款文件最多5000笔" });
    }
    let ids: Vec<PayoutId> = ids.into_iter().collect();
    let rows = rows_of(tx, &ids, true).await?;
    let people = lock_payees(tx, &rows).await?;
    look_at_papers(tx, &loaded, by).await?;
    look_at_payees(tx, now, &rows, &people).await?;
    let mut due = Vec::with_capacity(rows.len());
    for payout in rows {
        payout.state.on(PayoutEvent::Schedule)?;
        let paper = loaded.get(&payout.disbursement_id).ok_or(SpendingError::Conflict)?.clone();
        let payee = people.get(&payout.payee_id).ok_or(SpendingError::Conflict)?.clone();
        if payee.account_hmac.is_none() {
            return Err(SpendingError::NoAccount);
        }
        due.push(Due { payout, paper, payee });
    }
    due.sort_by_key(|due| (due.paper.created_us, due.paper.id, due.payout.position));
    let books: BTreeSet<BookId> = due.iter().map(|due| due.paper.book_id).collect();
    if books.len() > 1 {
        return Err(SpendingError::Invalid {
            field: "payouts", problem: "一个付款文件只能包含一个账套的款项"
        });
    }
    Ok(due)
}

pub(super) async fn rows_of(tx: &Tx, ids: &[PayoutId], lock: bool) -> Result<Vec<row::Model>, DbErr> {
    let backend = tx.get_database_backend();
    let rows = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
    let lock = if lock && backend == sea_orm::DbBackend::Postgres { " FOR NO KEY UPDATE" } else { "" };
    let sql = format!("SELECT o.* FROM payout o WHERE o.id IN (SELECT id FROM {{rows}}) ORDER BY o.id{lock}");
    let found = tx.query_all_raw(rows.statement(backend, &sql, [])).await?;
    found.iter().map(|row| row::Model::from_query_result(row, "")).collect()
}

/// Locks campaigns (shared) and papers, and refuses whoever may not know of one.
pub(super) async fn lock_papers(
    tx: &Tx,
    ids: &BTreeSet<DisbursementId>,
    by: &Member,
) -> Result<HashMap<DisbursementId, disbursement::Model>, SpendingError> {
    let seen = disbursement::Entity::find().filter(disbursement::Column::Id.is_in(ids.iter().copied())).all(tx).await?;
    if seen.len() != ids.len() {
        return Err(SpendingError::NoSuchDisbursement);
    }
    for paper in &seen {
        may_know(by, &paper.unit_path, SpendingError::NoSuchDisbursement)?;
    }
    let campaigns: BTreeSet<CampaignId> = seen.iter().map(|paper| paper.campaign_id).collect();
    campaign::Entity::find()
        .filter(campaign::Column::Id.is_in(campaigns))
        .order_by_asc(campaign::Column::Id)
        .lock(LockType::Share)
        .all(tx)
        .await?;
    let locked = disbursement::Entity::find()
        .filter(disbursement::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(disbursement::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    Ok(locked.into_iter().map(|paper| (paper.id, paper)).collect())
}

async fn lock_payees(tx: &Tx, rows: &[row::Model]) -> Result<HashMap<PayeeId, payee::Model>, SpendingError> {
    let mut ids: Vec<PayeeId> = rows.iter().map(|payout| payout.payee_id).collect();
    ids.extend(rows.iter().filter_map(|payout| payout.beneficiary_id));
    if tx.get_database_backend() == sea_orm::DbBackend::Postgres {
        let set = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
        let sql = "SELECT id FROM payee WHERE id IN (SELECT id FROM {rows}) ORDER BY id FOR SHARE";
        tx.query_all_raw(set.statement(tx.get_database_backend(), sql, [])).await?;
    }
    payees_of(tx, ids).await
}

/// Whoever pays has neither written nor approved, and the campaign's money is not frozen.
async fn look_at_papers(
    tx: &Tx,
    papers: &HashMap<DisbursementId, disbursement::Model>,
    by: &Member,
) -> Result<(), SpendingError> {
    let approvals = disbursement_approval::Entity::find()
        .filter(disbursement_approval::Column::DisbursementId.is_in(papers.keys().copied()))
        .all(tx)
        .await?;
    let frozen: BTreeSet<CampaignId> = campaign::Entity::find()
        .filter(campaign::Column::Id.is_in(papers.values().map(|paper| paper.campaign_id)))
        .filter(campaign::Column::Frozen.eq(true))
        .all(tx)
        .await?
        .into_iter()
        .map(|campaign| campaign.id)
        .collect();
    for paper in papers.values() {
        let grant = by.acts(&[Role::Cashier], paper.book_id, &paper.unit_path)?;
        let mine = approvals.iter().filter(|a| a.disbursement_id == paper.id && a.round == paper.round);
        let persons: BTreeSet<StaffId> = mine
            .flat_map(|approval| [Some(approval.approver_id), approval.acting_for_id])
            .chain([Some(paper.author_id), paper.author_for_id])
            .flatten()
            .collect();
        if persons.contains(&by.id) || grant.acting_for.is_some_and(|lender| persons.contains(&lender)) {
            return Err(SpendingError::OtherPerson);
        }
        if frozen.contains(&paper.campaign_id) {
            return Err(SpendingError::Frozen);
        }
    }
    Ok(())
}

/// Refuses a payee who is declared close, or whose money would go to an account that one who is has now or had: a declaration cannot be left
/// behind by writing the same person down again, nor by moving the account away (慈善法 Art. 40, 59).
pub(super) async fn nobody_close(tx: &Tx, people: &[PayeeId]) -> Result<(), SpendingError> {
    let set = Rows::new().uuid("id", people.iter().map(|id| id.uuid()));
    let sql = "SELECT p.id FROM {rows} JOIN payee p ON p.id = r.id WHERE p.related = $1 OR EXISTS \
               (SELECT 1 FROM payee_account h JOIN payee q ON q.id = h.payee_id WHERE h.account_hmac = p.account_hmac AND q.book_id = p.book_id \
               AND q.related = $1) LIMIT 1";
    let close = tx.query_one_raw(set.statement(tx.get_database_backend(), sql, [true.into()])).await?;
    if close.is_some() { Err(SpendingError::Related) } else { Ok(()) }
}

/// Refuses a payee, or somebody it is for, whose data is kept for the vouchers alone: to them nothing is paid anew (个人信息保护法 47).
pub(super) async fn nobody_restricted(tx: &Tx, people: &[PayeeId]) -> Result<(), SpendingError> {
    let set = Rows::new().uuid("id", people.iter().map(|id| id.uuid()));
    let sql = "SELECT e.id FROM {rows} JOIN payee_erasure e ON e.payee_id = r.id WHERE e.state IN ('restricted', 'erased') LIMIT 1";
    let gone = tx.query_one_raw(set.statement(tx.get_database_backend(), sql, [])).await?;
    if gone.is_some() { Err(SpendingError::PayeeRestricted) } else { Ok(()) }
}

/// Nobody close, nobody who wished to be forgotten, nobody looked at, no account that changed lately. The database asks the same of each row.
async fn look_at_payees(
    tx: &Tx,
    now: Timestamp,
    rows: &[row::Model],
    people: &HashMap<PayeeId, payee::Model>,
) -> Result<(), SpendingError> {
    let everybody: Vec<PayeeId> = people.keys().copied().collect();
    nobody_close(tx, &everybody).await?;
    nobody_restricted(tx, &everybody).await?;
    let set = Rows::new().uuid("id", people.keys().map(|id| id.uuid()));
    let sql = "SELECT h.* FROM {rows} JOIN screening_hit h ON h.payee_id = r.id WHERE h.state <> 'cleared' LIMIT 1";
    let held = tx.query_all_raw(set.statement(tx.get_database_backend(), sql, [])).await?;
    if held.iter().map(|row| screening_hit::Model::from_query_result(row, "")).next().is_some() {
        return Err(SpendingError::InHand);
    }
    let books: BTreeSet<BookId> = people.values().map(|payee| payee.book_id).collect();
    let charities: HashMap<BookId, i64> = charity::Entity::find()
        .filter(charity::Column::BookId.is_in(books))
        .all(tx)
        .await?
        .into_iter()
        .map(|charity| (charity.book_id, charity.account_quiet_days))
        .collect();
    for payee in rows.iter().filter_map(|payout| people.get(&payout.payee_id)) {
        let (Some(changed), None) = (payee.account_changed_us, payee.account_confirmed_by) else { continue };
        let days = charities.get(&payee.book_id).copied().unwrap_or_default();
        let quiet = std::time::Duration::from_secs(86_400 * u64::try_from(days).unwrap_or_default());
        let from = changed.after(quiet);
        if now < from {
            return Err(SpendingError::AccountQuiet { from: BusinessDate::of(from).next() });
        }
    }
    Ok(())
}

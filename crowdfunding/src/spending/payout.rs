//! Payouts: into a payment file, to the bank, and what the bank says of each. Many at once take as many statements as one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::disbursement::{DisbursementEvent, DisbursementKind, DisbursementState, PayoutEvent, PayoutState};
use domain::role::{Grant, Member, Role};
use domain::{
    BookId, BusinessDate, CampaignId, DisbursementId, Money, PayeeId, PaymentFileId, PayoutId, StaffId, Timestamp,
    UnitPath,
};
use entity::{
    ListOrder, Rows, Tx, campaign, charity, disbursement, disbursement_approval, execute, listed, payee, payment_file,
    payout as row, payout_settlement, screening_hit,
};
use ledger::Entry;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Set,
};

use super::disbursement::{advance, apart, book, closing, may_know, required, spending_of};
use super::line::{self, Change};
use super::payee::payees_of;
use super::postings::{self, Spending};
use super::{READERS, SpendingError};
use crate::CrowdfundingError;
use crate::bank_gift::bank_account_known;
use crate::history::state;
use crate::reach::{book_place, books_within};

/// Who confirms what the bank did.
const CONFIRMERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

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

/// A payment file to be made.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Made by the client.
    pub id: PaymentFileId,
    /// Our short name of the bank account it is paid from.
    pub bank_account: String,
    /// SHA-256 of the plain bytes.
    pub hash: Vec<u8>,
    /// The bytes, sealed.
    pub content: Vec<u8>,
    /// A digest of what was asked for.
    pub request: Vec<u8>,
}

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

async fn rows_of(tx: &Tx, ids: &[PayoutId], lock: bool) -> Result<Vec<row::Model>, DbErr> {
    let backend = tx.get_database_backend();
    let rows = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
    let lock = if lock && backend == sea_orm::DbBackend::Postgres { " FOR NO KEY UPDATE" } else { "" };
    let sql = format!("SELECT o.* FROM payout o WHERE o.id IN (SELECT id FROM {{rows}}) ORDER BY o.id{lock}");
    let found = tx.query_all_raw(rows.statement(backend, &sql, [])).await?;
    found.iter().map(|row| row::Model::from_query_result(row, "")).collect()
}

/// Locks campaigns (shared) and papers, and refuses whoever may not know of one.
async fn lock_papers(
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

async fn lock_payees(tx: &Tx, rows: &[row::Model]) -> Result<HashMap<domain::PayeeId, payee::Model>, SpendingError> {
    let mut ids: Vec<domain::PayeeId> = rows.iter().map(|payout| payout.payee_id).collect();
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
        let grant = by.may(&[Role::Cashier], &paper.unit_path)?;
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
pub(super) async fn nobody_close(tx: &Tx, people: &[domain::PayeeId]) -> Result<(), SpendingError> {
    let set = Rows::new().uuid("id", people.iter().map(|id| id.uuid()));
    let sql = "SELECT p.id FROM {rows} JOIN payee p ON p.id = r.id WHERE p.related = $1 OR EXISTS \
               (SELECT 1 FROM payee_account h JOIN payee q ON q.id = h.payee_id WHERE h.account_hmac = p.account_hmac AND q.book_id = p.book_id \
               AND q.related = $1) LIMIT 1";
    let close = tx.query_one_raw(set.statement(tx.get_database_backend(), sql, [true.into()])).await?;
    if close.is_some() { Err(SpendingError::Related) } else { Ok(()) }
}

/// Nobody close, nobody looked at, no account that changed lately. The database asks the same of each row.
async fn look_at_payees(
    tx: &Tx,
    now: Timestamp,
    rows: &[row::Model],
    people: &HashMap<domain::PayeeId, payee::Model>,
) -> Result<(), SpendingError> {
    nobody_close(tx, &people.keys().copied().collect::<Vec<_>>()).await?;
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

/// Refuses the name of a bank account that is none of the book's.
pub(super) async fn of_bank_account(tx: &Tx, book: BookId, name: &str) -> Result<(), SpendingError> {
    bank_account_known(tx, book, name).await.map_err(|error| match error {
        CrowdfundingError::Invalid { field, problem } => SpendingError::Invalid { field, problem },
        CrowdfundingError::Db(error) => error.into(),
        _ => SpendingError::Conflict,
    })
}

/// Puts what is due into a payment file. The same file asked for again is the one that stands (the caller looks first, by [`file_of`]).
pub async fn schedule(
    tx: &Tx,
    now: Timestamp,
    new: NewFile,
    due: &[Due],
    by: &Member,
) -> Result<payment_file::Model, SpendingError> {
    let first = due.first().ok_or(SpendingError::Conflict)?;
    let total = Money::checked_sum(due.iter().map(|due| due.payout.amount_fen)).ok_or(SpendingError::Conflict)?;
    let bank_account = new.bank_account.trim().to_owned();
    if !(1..=40).contains(&bank_account.chars().count()) {
        return Err(SpendingError::Invalid {
            field: "bank_account", problem: "请填写银行账户简称，最多40字"
        });
    }
    of_bank_account(tx, first.paper.book_id, &bank_account).await?;
    let file = payment_file::ActiveModel {
        id: Set(new.id),
        book_id: Set(first.paper.book_id),
        bank_account: Set(bank_account),
        state: Set("made".to_owned()),
        lines: Set(due.len() as i64),
        total_fen: Set(total),
        hash: Set(new.hash),
        content: Set(new.content),
        request: Set(new.request),
        author_id: Set(by.id),
        created_us: Set(now),
        sent_us: Set(None),
    }
    .insert(tx)
    .await?;
    let rows = Rows::new()
        .uuid("id", due.iter().map(|due| due.payout.id.uuid()))
        .bytes("hmac", due.iter().map(|due| due.payee.account_hmac.clone().unwrap_or_default()));
    let sql = "UPDATE payout SET state = 'scheduled', payment_file_id = $1, payer_id = $2, scheduled_us = $3, changed_us = $3, \
               account_hmac = r.hmac, confirmer_id = NULL, confirmer_for_id = NULL, paid_on = NULL, bank_reference = NULL \
               FROM {rows} WHERE payout.id = r.id AND payout.state IN ('approved', 'retried')";
    let values = [new.id.into(), by.id.into(), now.into()];
    let changed = tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await?.rows_affected();
    if changed != due.len() as u64 {
        return Err(SpendingError::Conflict);
    }
    let steps: Vec<Step<'_>> = due
        .iter()
        .map(|due| Step {
            id: due.payout.id,
            attempt: due.payout.attempt,
            from: due.payout.state,
            to: PayoutState::Scheduled,
            reason: None,
        })
        .collect();
    record(tx, now, &by.id.to_string(), &steps).await?;
    Ok(file)
}

/// A step of a payout.
struct Step<'a> {
    id: PayoutId,
    attempt: i64,
    from: PayoutState,
    to: PayoutState,
    reason: Option<&'a str>,
}

async fn record(tx: &Tx, now: Timestamp, actor: &str, steps: &[Step<'_>]) -> Result<(), DbErr> {
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

/// A file, for whoever may know of its book or of every paper in it.
pub async fn file(
    db: &impl ConnectionTrait,
    id: PaymentFileId,
    by: &Member,
) -> Result<payment_file::Model, SpendingError> {
    by.must_be(&FILE_READERS)?;
    let file = payment_file::Entity::find_by_id(id).one(db).await?.ok_or(SpendingError::NoSuchFile)?;
    if by.may(&FILE_READERS, &book_place(db, file.book_id).await?).is_ok() {
        return Ok(file);
    }
    // What travelled in it may travel in another by now; then only the book's own people know of it.
    let places = places(db, id).await?;
    let known = !places.is_empty() && places.iter().all(|place| by.may(&FILE_READERS, place).is_ok());
    if known { Ok(file) } else { Err(SpendingError::NoSuchFile) }
}

/// Who may see payment files.
const FILE_READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// The payouts that travel in a file, paper by paper.
pub async fn payouts_in(db: &impl ConnectionTrait, id: PaymentFileId) -> Result<Vec<row::Model>, DbErr> {
    row::Entity::find()
        .filter(row::Column::PaymentFileId.eq(id))
        .order_by_asc(row::Column::DisbursementId)
        .order_by_asc(row::Column::Position)
        .all(db)
        .await
}

/// A file by id, whoever asks.
pub async fn file_of(db: &impl ConnectionTrait, id: PaymentFileId) -> Result<Option<payment_file::Model>, DbErr> {
    payment_file::Entity::find_by_id(id).one(db).await
}

/// Where the papers of a file have their place.
async fn places(db: &impl ConnectionTrait, id: PaymentFileId) -> Result<Vec<UnitPath>, DbErr> {
    let sql = "SELECT DISTINCT d.unit_path FROM payout o JOIN disbursement d ON d.id = o.disbursement_id WHERE o.payment_file_id = $1";
    let statement = sea_orm::Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
    db.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "unit_path")).collect()
}

/// A page of payment files, newest first: those of books, or all of whose papers, where the reader may look.
pub async fn files(
    db: &impl ConnectionTrait,
    by: &Member,
    state: Option<&str>,
    after: Option<PaymentFileId>,
    limit: u64,
) -> Result<Vec<payment_file::Model>, SpendingError> {
    by.must_be(&FILE_READERS)?;
    let mut hidden = Query::select();
    hidden
        .column((row::Entity, row::Column::PaymentFileId))
        .from(row::Entity)
        .inner_join(
            disbursement::Entity,
            Expr::col((disbursement::Entity, disbursement::Column::Id))
                .equals((row::Entity, row::Column::DisbursementId)),
        )
        .and_where(Expr::col((row::Entity, row::Column::PaymentFileId)).is_not_null());
    for part in by.parts(&FILE_READERS) {
        let column = Expr::col((disbursement::Entity, disbursement::Column::UnitPath));
        hidden.and_where(column.not_like(format!("{}%", part.as_str())));
    }
    let travelling = row::Entity::find()
        .select_only()
        .column(row::Column::PaymentFileId)
        .filter(row::Column::PaymentFileId.is_not_null())
        .into_query();
    let mut query = payment_file::Entity::find();
    if let Some(books) = books_within(by, &FILE_READERS) {
        let papers = Condition::all()
            .add(payment_file::Column::Id.in_subquery(travelling))
            .add(payment_file::Column::Id.not_in_subquery(hidden));
        query = query.filter(Condition::any().add(payment_file::Column::BookId.in_subquery(books)).add(papers));
    }
    if let Some(state) = state {
        query = query.filter(payment_file::Column::State.eq(state));
    }
    if let Some(after) = after {
        let last = file(db, after, by).await?;
        query = query.filter(
            Condition::any().add(payment_file::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all()
                    .add(payment_file::Column::CreatedUs.eq(last.created_us))
                    .add(payment_file::Column::Id.lt(last.id)),
            ),
        );
    }
    let newest_first = query.order_by_desc(payment_file::Column::CreatedUs).order_by_desc(payment_file::Column::Id);
    Ok(newest_first.limit(limit).all(db).await?)
}

/// A file, locked behind its papers.
async fn locked_file(tx: &Tx, id: PaymentFileId, by: &Member) -> Result<payment_file::Model, SpendingError> {
    file(tx, id, by).await?;
    let papers = papers_of(tx, "payment_file_id", &[id.uuid()]).await?;
    lock_papers(tx, &papers, by).await?;
    let file = payment_file::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    file.ok_or(SpendingError::NoSuchFile)
}

/// The papers of payouts that have one of these values in a column.
async fn papers_of(
    db: &impl ConnectionTrait,
    column: &'static str,
    values: &[uuid::Uuid],
) -> Result<BTreeSet<DisbursementId>, DbErr> {
    let rows = Rows::new().uuid("value", values.iter().copied());
    let sql =
        format!("SELECT DISTINCT o.disbursement_id FROM payout o WHERE o.{column} IN (SELECT value FROM {{rows}})");
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), &sql, [])).await?;
    found.iter().map(|row| row.try_get("", "disbursement_id")).collect()
}

/// The cashier who made it has handed it to the bank.
pub async fn send(
    tx: &Tx,
    now: Timestamp,
    id: PaymentFileId,
    by: &Member,
) -> Result<payment_file::Model, SpendingError> {
    turn(tx, now, id, by, ("sent", PayoutState::Sent)).await
}

/// It was not handed in after all; its payouts wait again.
pub async fn withdraw(
    tx: &Tx,
    now: Timestamp,
    id: PaymentFileId,
    by: &Member,
) -> Result<payment_file::Model, SpendingError> {
    turn(tx, now, id, by, ("withdrawn", PayoutState::Retried)).await
}

/// What becomes of a file, and of its payouts with it.
async fn turn(
    tx: &Tx,
    now: Timestamp,
    id: PaymentFileId,
    by: &Member,
    (state, payouts): (&str, PayoutState),
) -> Result<payment_file::Model, SpendingError> {
    by.must_be(&[Role::Cashier])?;
    let file = locked_file(tx, id, by).await?;
    own(&file, by)?;
    if file.state == state {
        return Ok(file);
    }
    move_all(tx, now, &file, payouts, by).await?;
    let mut file: payment_file::ActiveModel = file.into();
    file.state = Set(state.to_owned());
    if payouts == PayoutState::Sent {
        file.sent_us = Set(Some(now));
    }
    Ok(file.update(tx).await?)
}

/// Only whoever made a file hands it in: the file says who pays.
fn own(file: &payment_file::Model, by: &Member) -> Result<(), SpendingError> {
    if file.author_id == by.id { Ok(()) } else { Err(SpendingError::OtherPerson) }
}

/// Moves every scheduled payout of a file that was made and not handed in.
async fn move_all(
    tx: &Tx,
    now: Timestamp,
    file: &payment_file::Model,
    to: PayoutState,
    by: &Member,
) -> Result<(), SpendingError> {
    if file.state != "made" {
        return Err(SpendingError::Decided);
    }
    let sql = "INSERT INTO payout_history (payout_id, attempt, to_state, at_us, from_state, actor) \
               SELECT id, attempt, $1, $2, 'scheduled', $3 FROM payout WHERE payment_file_id = $4 AND state = 'scheduled'";
    execute(tx, sql, [state(to).into(), now.into(), by.id.to_string().into(), file.id.into()]).await?;
    let sql = "UPDATE payout SET state = $1, changed_us = $2 WHERE payment_file_id = $3 AND state = 'scheduled'";
    let moved = execute(tx, sql, [state(to).into(), now.into(), file.id.into()]).await?;
    if moved != u64::try_from(file.lines).unwrap_or_default() { Err(SpendingError::Conflict) } else { Ok(()) }
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
    let file = locked_file(tx, id, by).await?;
    let papers = papers_of(tx, "payment_file_id", &[id.uuid()]).await?;
    let papers = lock_papers(tx, &papers, by).await?;
    let mut granted = Vec::with_capacity(papers.len());
    for paper in papers.values() {
        granted.push((paper, by.may(&CONFIRMERS, &paper.unit_path)?));
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

/// Ends papers none of whose payouts is open any more. They are locked.
async fn finish(tx: &Tx, now: Timestamp, papers: &BTreeSet<DisbursementId>, by: &Member) -> Result<(), SpendingError> {
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

/// What bounced shall be paid again, to the payee's account of today.
pub async fn retry(tx: &Tx, now: Timestamp, id: PayoutId, by: &Member) -> Result<row::Model, SpendingError> {
    const ROLES: [Role; 2] = [Role::Cashier, Role::ProjectManager];
    let (paper, payout) = locked(tx, id, by).await?;
    by.may(&ROLES, &paper.unit_path)?;
    let to = payout.state.on(PayoutEvent::Retry)?;
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
    by.may(&ROLES, &paper.unit_path)?;
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

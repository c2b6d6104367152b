//! Payment files: made of what is due, handed to the bank or withdrawn, and who may see them.

use std::collections::{BTreeSet, HashMap};

use domain::disbursement::PayoutState;
use domain::role::{Member, Role};
use domain::{BookId, DisbursementId, Money, PaymentFileId, Timestamp, UnitPath};
use entity::{Rows, Tx, disbursement, execute, payment_file, payout as row};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Set,
};

use super::SpendingError;
use super::due::{Due, lock_papers};
use super::payout::{Step, record};
use crate::CrowdfundingError;
use crate::bank_gift::bank_account_known;
use crate::history::state;
use crate::reach::{book_place, books_within};

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

/// A file, locked behind its papers, and these.
pub(super) async fn locked_file(
    tx: &Tx,
    id: PaymentFileId,
    by: &Member,
) -> Result<(payment_file::Model, HashMap<DisbursementId, disbursement::Model>), SpendingError> {
    file(tx, id, by).await?;
    let papers = papers_of(tx, "payment_file_id", &[id.uuid()]).await?;
    let papers = lock_papers(tx, &papers, by).await?;
    let file = payment_file::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok((file.ok_or(SpendingError::NoSuchFile)?, papers))
}

/// The papers of payouts that have one of these values in a column.
pub(super) async fn papers_of(
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
    let (file, papers) = locked_file(tx, id, by).await?;
    own(&file, by)?;
    if file.state == state {
        return Ok(file);
    }
    // Whose role went elsewhere meanwhile hands nothing in.
    for paper in papers.values() {
        by.acts(&[Role::Cashier], paper.book_id, &paper.unit_path)?;
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

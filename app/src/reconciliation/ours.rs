//! Our side of a day: what moved on 1009 微信余额 in the books.

use std::collections::HashMap;

use domain::{AccountId, BookId, BusinessDate, Money};
use entity::{Rows, book};
use ledger::Account;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Statement};

/// A posting on 1009 微信余额.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Movement {
    pub(super) reference: String,
    pub(super) kind: String,
    pub(super) document: Option<String>,
    pub(super) book_date: BusinessDate,
    pub(super) event_date: BusinessDate,
    /// Debits are positive.
    pub(super) amount_fen: Money,
}

/// What moved for events of a day, and what was booked on it.
pub(super) async fn movements(
    db: &impl ConnectionTrait,
    book: BookId,
    day: BusinessDate,
) -> Result<Vec<Movement>, DbErr> {
    // An event of an open day is booked on it; of a closed day, on the first open one.
    let closed = book::Entity::find_by_id(book).one(db).await?.and_then(|book| book.closed_through);
    let last = closed.map_or(day, |closed| closed.next().max(day));
    let account: AccountId = Account::wechat_balance(book).id();
    let sql = "SELECT e.reference, e.kind, e.document, e.book_date, e.event_date, \
                   CASE WHEN p.debit_account = $4 THEN p.amount_fen ELSE -p.amount_fen END AS amount_fen \
               FROM entry e JOIN posting p ON p.entry_id = e.id \
               WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 AND (e.event_date = $2 OR e.book_date = $2) \
                   AND (p.debit_account = $4 OR p.credit_account = $4)";
    let values: [sea_orm::Value; 4] = [book.into(), day.into(), last.into(), account.into()];
    Movement::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).all(db).await
}

/// The entries that stand under these references: their documents and amounts.
pub(super) async fn standing(
    db: &impl ConnectionTrait,
    references: Vec<String>,
) -> Result<HashMap<String, (Option<String>, Money)>, DbErr> {
    #[derive(FromQueryResult)]
    struct Found {
        reference: String,
        document: Option<String>,
        total_fen: Money,
    }
    if references.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Rows::new().text("reference", references);
    let sql = "SELECT e.reference, e.document, e.total_fen FROM {rows} JOIN entry e ON e.reference = r.reference";
    let found = Found::find_by_statement(rows.statement(db.get_database_backend(), sql, [])).all(db).await?;
    Ok(found.into_iter().map(|one| (one.reference, (one.document, one.total_fen))).collect())
}

//! Books: one for each legal entity, or a memo ledger. An entry never crosses books.

use domain::{BookId, BusinessDate, Timestamp};
use entity::{Tx, book};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, QueryOrder, Set, Statement};

use crate::subject::{CHART, LOAN_CHART};

/// What a book is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookKind {
    /// The books of a charity.
    Charity,
    /// A ledger that only follows somebody else's figures.
    Memo,
}

/// A book to be opened.
#[derive(Clone, Debug)]
pub struct NewBook {
    /// Its id.
    pub id: BookId,
    /// A short unique word, used in file names and on reports.
    pub code: String,
    /// The legal entity.
    pub name: String,
    /// What it is kept for.
    pub kind: BookKind,
    /// 统一社会信用代码 of the entity.
    pub credit_code: Option<String>,
}

/// Why a book was not closed.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// Periods close forwards only.
    #[error("the book is closed through {0} already")]
    ClosedFurther(BusinessDate),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// Opens a book; a book that stands under this id stays as it is.
pub async fn create_book(tx: &Tx, new: NewBook, now: Timestamp) -> Result<book::Model, DbErr> {
    if let Some(standing) = book::Entity::find_by_id(new.id).one(tx).await? {
        return Ok(standing);
    }
    let (kind, chart) = match new.kind {
        BookKind::Charity => ("charity", CHART),
        BookKind::Memo => ("memo", LOAN_CHART),
    };
    book::ActiveModel {
        id: Set(new.id),
        code: Set(new.code),
        name: Set(new.name),
        kind: Set(kind.to_owned()),
        chart: Set(chart.to_owned()),
        credit_code: Set(new.credit_code),
        closed_through: Set(None),
        locked_through: Set(None),
        created_us: Set(now),
    }
    .insert(tx)
    .await
}

/// All books, by code.
pub async fn books(db: &impl ConnectionTrait) -> Result<Vec<book::Model>, DbErr> {
    book::Entity::find().order_by_asc(book::COLUMN.code).all(db).await
}

/// Closes every day up to and including `day`. Postings under way hold the book's row shared, so this waits for them and they
/// for it: no entry slips into a period while it closes.
pub async fn close_through(tx: &Tx, id: BookId, day: BusinessDate) -> Result<(), BookError> {
    let backend = tx.get_database_backend();
    let closed = tx
        .execute_raw(Statement::from_sql_and_values(
            backend,
            "UPDATE book SET closed_through = $1 WHERE id = $2 AND (closed_through IS NULL OR closed_through <= $1)",
            [day.into(), id.into()],
        ))
        .await?;
    if closed.rows_affected() == 1 {
        return Ok(());
    }
    let book = book::Entity::find_by_id(id).one(tx).await?.ok_or(BookError::NoSuchBook)?;
    Err(BookError::ClosedFurther(book.closed_through.unwrap_or(day)))
}

/// Locks every month up to `day`, the last of one, and closes its days; those of them that are sealed are closed already.
pub async fn lock_through(tx: &Tx, id: BookId, day: BusinessDate) -> Result<(), BookError> {
    match close_through(tx, id, day).await {
        Ok(()) | Err(BookError::ClosedFurther(_)) => {}
        Err(error) => return Err(error),
    }
    let locked = tx
        .execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "UPDATE book SET locked_through = $1 WHERE id = $2 AND (locked_through IS NULL OR locked_through < $1)",
            [day.into(), id.into()],
        ))
        .await?;
    if locked.rows_affected() == 1 { Ok(()) } else { Err(BookError::ClosedFurther(day)) }
}

//! Our side of a day: what moved on 1009 微信余额 in the books.

use std::collections::HashMap;

use domain::{AccountId, BookId, BusinessDate, Money, Timestamp};
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

impl Movement {
    /// The channel's number of a payment.
    pub(super) fn transaction(&self) -> &str {
        self.document.as_deref().unwrap_or_default()
    }

    /// What left, positive.
    pub(super) fn out(&self) -> Money {
        Money::from_fen(-self.amount_fen.fen())
    }

    /// Whether it is a payment of an event of this day.
    pub(super) fn received_on(&self, day: BusinessDate) -> bool {
        self.event_date == day && matches!(self.kind.as_str(), "donation" | "suspense")
    }

    /// Whether it is a refund or a return of an event of this day.
    pub(super) fn sent_on(&self, day: BusinessDate) -> bool {
        self.event_date == day && matches!(self.kind.as_str(), "refund_sent" | "suspense_returned")
    }
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
    // Either side of the posting by itself: each has an index that leads from the account to the entry, whatever the planner believes of
    // a day that has only just been written.
    let side = |amount: &str, account: &str| {
        format!(
            "SELECT e.reference, e.kind, e.document, e.book_date, e.event_date, {amount} AS amount_fen \
             FROM entry e JOIN posting p ON p.{account} = $4 AND p.entry_id = e.id \
             WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 AND (e.event_date = $2 OR e.book_date = $2)"
        )
    };
    let sql =
        format!("{} UNION ALL {}", side("p.amount_fen", "debit_account"), side("-p.amount_fen", "credit_account"));
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

/// A gift that was paid through the channel.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct PaidGift {
    transaction_id: String,
    pub(super) paid_us: Timestamp,
}

/// The gifts that were paid by these payments.
pub(super) async fn paid_gifts(
    db: &impl ConnectionTrait,
    transactions: Vec<String>,
) -> Result<HashMap<String, PaidGift>, DbErr> {
    if transactions.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Rows::new().text("transaction_id", transactions);
    let sql = "SELECT d.transaction_id, d.paid_us FROM {rows} JOIN donation d ON d.transaction_id = r.transaction_id \
               WHERE d.paid_us IS NOT NULL";
    let found = PaidGift::find_by_statement(rows.statement(db.get_database_backend(), sql, [])).all(db).await?;
    Ok(found.into_iter().map(|gift| (gift.transaction_id.clone(), gift)).collect())
}

//! What the books say: balances on any day, statements of accounts, the trial balance.

use domain::{AccountId, BookId, BusinessDate, EntryId, Money};
use entity::{account, entry, posting};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Statement};
use uuid::Uuid;

use crate::Account;

/// What went in and out of an account, up to a day or up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// All debits.
    pub debit: Money,
    /// All credits.
    pub credit: Money,
}

impl Balance {
    /// Debits less credits: positive for what we have, negative for what we owe.
    pub fn net(self) -> Money {
        Money::from_fen(self.debit.fen() - self.credit.fen())
    }
}

/// The balance of an account at the end of a day, or now. An account nobody posted to has none.
pub async fn balance(
    db: &impl ConnectionTrait,
    account: &Account,
    day: Option<BusinessDate>,
) -> Result<Balance, DbErr> {
    let id = account.id();
    let Some(day) = day else {
        let row = account::Entity::find_by_id(id).one(db).await?;
        return Ok(row.map(|row| Balance { debit: row.debit_fen, credit: row.credit_fen }).unwrap_or_default());
    };
    let sql = "SELECT CAST(COALESCE(SUM(debit_fen), 0) AS BIGINT) AS debit_fen, CAST(COALESCE(SUM(credit_fen), 0) AS BIGINT) AS credit_fen \
               FROM account_day WHERE account_id = $1 AND day <= $2";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into(), day.into()]);
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(Balance::default()) };
    Ok(Balance { debit: row.try_get("", "debit_fen")?, credit: row.try_get("", "credit_fen")? })
}

/// A line of the trial balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialLine {
    /// The book's code.
    pub book: String,
    /// The account's id.
    pub account_id: AccountId,
    /// The account's canonical name.
    pub account: String,
    /// The subject's name.
    pub subject: String,
    /// The balance, if it is a debit balance.
    pub debit: Money,
    /// The balance, if it is a credit balance.
    pub credit: Money,
}

/// Every account of every book (or of one) with its balance at the end of a day, or now. Sorted by book and account; the two
/// columns add up to the same sum.
pub async fn trial_balance(
    db: &impl ConnectionTrait,
    book: Option<BookId>,
    day: Option<BusinessDate>,
) -> Result<Vec<TrialLine>, DbErr> {
    let totals = match day {
        None => "SELECT id AS account_id, debit_fen, credit_fen FROM account".to_owned(),
        Some(day) => format!(
            "SELECT account_id, CAST(SUM(debit_fen) AS BIGINT) AS debit_fen, CAST(SUM(credit_fen) AS BIGINT) AS credit_fen \
             FROM account_day WHERE day <= '{day}' GROUP BY account_id"
        ),
    };
    let filter = if book.is_some() { "WHERE b.id = $1" } else { "" };
    let sql = format!(
        "SELECT b.code AS book, a.id AS account_id, a.name AS account, s.name AS subject, t.debit_fen, t.credit_fen \
         FROM ({totals}) t JOIN account a ON a.id = t.account_id JOIN book b ON b.id = a.book_id \
         JOIN subject s ON s.chart = a.chart AND s.code = a.subject {filter} ORDER BY b.code, a.name"
    );
    let values: Vec<sea_orm::Value> = book.into_iter().map(Into::into).collect();
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter()
        .map(|row| {
            let net = row.try_get::<i64>("", "debit_fen")? - row.try_get::<i64>("", "credit_fen")?;
            Ok(TrialLine {
                book: row.try_get("", "book")?,
                account_id: row.try_get("", "account_id")?,
                account: row.try_get("", "account")?,
                subject: row.try_get("", "subject")?,
                debit: Money::from_fen(net.max(0)),
                credit: Money::from_fen((-net).max(0)),
            })
        })
        .collect()
}

/// The short names of the bank accounts (1002) that a book has ever booked on.
pub async fn bank_accounts(db: &impl ConnectionTrait, book: BookId) -> Result<Vec<String>, DbErr> {
    let found = account::Entity::find().filter(account::COLUMN.book_id.eq(book));
    let found = found.filter(account::COLUMN.bank_account.is_not_null()).all(db).await?;
    Ok(found.into_iter().filter_map(|row| row.bank_account).collect())
}

/// The accounts of a book, by name.
pub async fn accounts(db: &impl ConnectionTrait, book: BookId) -> Result<Vec<account::Model>, DbErr> {
    account::Entity::find().filter(account::COLUMN.book_id.eq(book)).order_by_asc(account::COLUMN.name).all(db).await
}

/// A line of an account's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The entry.
    pub entry_id: EntryId,
    /// Its line.
    pub line: i64,
    /// The entry's reference.
    pub reference: String,
    /// The business event.
    pub kind: String,
    /// The day it is booked on.
    pub book_date: BusinessDate,
    /// The day it happened.
    pub event_date: BusinessDate,
    /// The account on the other side.
    pub contra: String,
    /// Debited here.
    pub debit: Money,
    /// Credited here.
    pub credit: Money,
}

/// A page of what was posted to an account, in the order of booking, after the line named.
pub async fn statement(
    db: &impl ConnectionTrait,
    account: AccountId,
    after: Option<(EntryId, i64)>,
    limit: u64,
) -> Result<Vec<StatementLine>, DbErr> {
    let (entry_id, line) = after.unwrap_or((Uuid::nil().into(), -1));
    let half = |own: &str, other: &str, debit: &str, credit: &str| {
        format!(
            "SELECT p.entry_id, p.line, e.reference, e.kind, e.book_date, e.event_date, c.name AS contra, {debit} AS debit_fen, \
             {credit} AS credit_fen FROM posting p JOIN entry e ON e.id = p.entry_id JOIN account c ON c.id = p.{other} \
             WHERE p.{own} = $1 AND (p.entry_id > $2 OR (p.entry_id = $2 AND p.line > $3))"
        )
    };
    let sql = format!(
        "SELECT * FROM ({} UNION ALL {}) t ORDER BY entry_id, line LIMIT {limit}",
        half("debit_account", "credit_account", "p.amount_fen", "0"),
        half("credit_account", "debit_account", "0", "p.amount_fen"),
    );
    let values: [sea_orm::Value; 3] = [account.into(), entry_id.into(), line.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter()
        .map(|row| {
            Ok(StatementLine {
                entry_id: row.try_get("", "entry_id")?,
                line: row.try_get("", "line")?,
                reference: row.try_get("", "reference")?,
                kind: row.try_get("", "kind")?,
                book_date: row.try_get("", "book_date")?,
                event_date: row.try_get("", "event_date")?,
                contra: row.try_get("", "contra")?,
                debit: Money::from_fen(row.try_get::<i64>("", "debit_fen")?),
                credit: Money::from_fen(row.try_get::<i64>("", "credit_fen")?),
            })
        })
        .collect()
}

/// An entry and its lines, by reference.
pub async fn entry_by_reference(
    db: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<(entry::Model, Vec<posting::Model>)>, DbErr> {
    let Some(found) = entry::Entity::find().filter(entry::COLUMN.reference.eq(reference)).one(db).await? else {
        return Ok(None);
    };
    let lines = posting::Entity::find()
        .filter(posting::COLUMN.entry_id.eq(found.id))
        .order_by_asc(posting::COLUMN.line)
        .all(db)
        .await?;
    Ok(Some((found, lines)))
}

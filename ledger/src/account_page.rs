//! An account's statement (明细账) as people read it: a period, day after day, with the balance it opens with and what each line brings
//! it to.
//!
//! A page costs three statements: what stood before its first day comes from the totals of days, the rest from the lines of that day,
//! so the last page of a large account costs as little as its first.

use std::fmt;
use std::str::FromStr;

use domain::{AccountId, BusinessDate, EntryId, Money};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use uuid::Uuid;

/// A place in an account's statement: after this line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPlace {
    /// The book date of the line.
    pub day: BusinessDate,
    /// Its entry.
    pub entry: EntryId,
    /// Its number in the entry.
    pub line: i64,
}

impl fmt::Display for AccountPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.day, self.entry, self.line)
    }
}

/// A text that is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place is written day.entry.line")]
pub struct NoPlace;

impl FromStr for AccountPlace {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<AccountPlace, NoPlace> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(NoPlace);
        let day = next()?.parse().map_err(|_| NoPlace)?;
        let entry = next()?.parse().map_err(|_| NoPlace)?;
        let line = next()?.parse().map_err(|_| NoPlace)?;
        Ok(AccountPlace { day, entry, line })
    }
}

/// A line of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLine {
    /// Where it stands.
    pub place: AccountPlace,
    /// The entry's reference.
    pub reference: String,
    /// The business event.
    pub kind: String,
    /// The day it happened.
    pub event_date: BusinessDate,
    /// The number of the source document.
    pub document: Option<String>,
    /// A remark.
    pub memo: Option<String>,
    /// The account on the other side.
    pub contra: AccountId,
    /// Debited here.
    pub debit: Money,
    /// Credited here.
    pub credit: Money,
    /// Debits less credits after this line.
    pub balance: Money,
}

/// A page of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPage {
    /// Debits less credits before its first line.
    pub opening: Money,
    /// Its lines.
    pub lines: Vec<AccountLine>,
}

/// A page of what was posted to an account between two days, both included, in the order of book date and booking, after a place.
pub async fn account_page(
    db: &impl ConnectionTrait,
    account: AccountId,
    (from, to): (BusinessDate, BusinessDate),
    after: Option<AccountPlace>,
    limit: u64,
) -> Result<AccountPage, DbErr> {
    let backend = db.get_database_backend();
    let start = after.map_or(from, |place| place.day);
    let mut net = one(
        db,
        "SELECT CAST(COALESCE(SUM(debit_fen - credit_fen), 0) AS BIGINT) AS fen FROM account_day WHERE account_id = $1 AND day < $2",
        vec![account.into(), start.into()],
    )
    .await?;
    if let Some(place) = after {
        let half = |own: &str, sign: &str| {
            format!(
                "SELECT {sign}p.amount_fen AS fen FROM posting p JOIN entry e ON e.id = p.entry_id WHERE p.{own} = $1 AND e.book_date = $2 \
                 AND (p.entry_id < $3 OR (p.entry_id = $3 AND p.line <= $4))"
            )
        };
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(t.fen), 0) AS BIGINT) AS fen FROM ({} UNION ALL {}) t",
            half("debit_account", ""),
            half("credit_account", "-")
        );
        let values = vec![account.into(), place.day.into(), place.entry.into(), place.line.into()];
        net += one(db, &sql, values).await?;
    }
    let half = |own: &str, other: &str, debit: &str, credit: &str| {
        format!(
            "SELECT p.entry_id, p.line, e.reference, e.kind, e.book_date, e.event_date, e.document, e.memo, p.{other} AS contra, \
             {debit} AS debit_fen, {credit} AS credit_fen FROM posting p JOIN entry e ON e.id = p.entry_id \
             WHERE p.{own} = $1 AND e.book_date >= $2 AND e.book_date <= $3 \
             AND (e.book_date > $2 OR p.entry_id > $4 OR (p.entry_id = $4 AND p.line > $5))"
        )
    };
    let sql = format!(
        "SELECT * FROM ({} UNION ALL {}) t ORDER BY book_date, entry_id, line LIMIT {limit}",
        half("debit_account", "credit_account", "p.amount_fen", "0"),
        half("credit_account", "debit_account", "0", "p.amount_fen"),
    );
    let (entry_id, line) = after.map_or((Uuid::nil().into(), -1), |place| (place.entry, place.line));
    let values: [sea_orm::Value; 5] = [account.into(), start.into(), to.into(), entry_id.into(), line.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, &sql, values)).await?;
    let opening = Money::from_fen(net);
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let (debit, credit): (i64, i64) = (row.try_get("", "debit_fen")?, row.try_get("", "credit_fen")?);
        net += debit - credit;
        lines.push(AccountLine {
            place: AccountPlace {
                day: row.try_get("", "book_date")?,
                entry: row.try_get("", "entry_id")?,
                line: row.try_get("", "line")?,
            },
            reference: row.try_get("", "reference")?,
            kind: row.try_get("", "kind")?,
            event_date: row.try_get("", "event_date")?,
            document: row.try_get("", "document")?,
            memo: row.try_get("", "memo")?,
            contra: row.try_get("", "contra")?,
            debit: Money::from_fen(debit),
            credit: Money::from_fen(credit),
            balance: Money::from_fen(net),
        });
    }
    Ok(AccountPage { opening, lines })
}

async fn one(db: &impl ConnectionTrait, sql: &str, values: Vec<sea_orm::Value>) -> Result<i64, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    match db.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "fen"),
        None => Ok(0),
    }
}

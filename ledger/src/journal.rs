//! The journal (序时账): the entries of a book with their lines, day after day.
//!
//! It is read as one stream, so a book of any size takes little memory. Read it on a snapshot ([`entity::Db::snapshot`]), and what
//! stands beside it (balances, accounts) is of the same moment.

use std::collections::BTreeMap;

use domain::{AccountId, BookId, BusinessDate, EntryId, Money, Timestamp};
use entity::Tx;
use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryResult, Statement, StreamTrait};

use crate::Balance;

/// An entry as the journal shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its id.
    pub id: EntryId,
    /// 凭证号, once its day is sealed, and the salt of its leaf.
    pub voucher: Option<(i64, Vec<u8>)>,
    /// Its unique name.
    pub reference: String,
    /// The business event.
    pub kind: String,
    /// The day it is booked on.
    pub book_date: BusinessDate,
    /// The day it happened.
    pub event_date: BusinessDate,
    /// When it was booked.
    pub booked_us: Timestamp,
    /// Who did it: a natural person's id, or `system`.
    pub actor: String,
    /// Which way a gift came.
    pub channel: Option<String>,
    /// The other party, where it is an organisation.
    pub counterparty: Option<String>,
    /// The number of the source document.
    pub document: Option<String>,
    /// A remark for the bookkeeper.
    pub memo: Option<String>,
    /// The entry this one takes back.
    pub reverses: Option<EntryId>,
    /// Its lines.
    pub lines: Vec<JournalLine>,
}

/// One line: an amount from the credit account to the debit account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalLine {
    /// The account debited.
    pub debit: AccountId,
    /// The account credited.
    pub credit: AccountId,
    /// More than nothing.
    pub amount: Money,
    /// Which public total it moves: `cash`, `goods` or `none`.
    pub raised: String,
}

impl JournalEntry {
    /// The voucher's lines as a bookkeeper writes them: one an account and side, debits first.
    pub fn voucher_lines(&self) -> Vec<(AccountId, Balance)> {
        let mut debits: BTreeMap<AccountId, i64> = BTreeMap::new();
        let mut credits: BTreeMap<AccountId, i64> = BTreeMap::new();
        for line in &self.lines {
            *debits.entry(line.debit).or_default() += line.amount.fen();
            *credits.entry(line.credit).or_default() += line.amount.fen();
        }
        let debits =
            debits.into_iter().map(|(id, fen)| (id, Balance { debit: Money::from_fen(fen), ..Balance::default() }));
        let credits =
            credits.into_iter().map(|(id, fen)| (id, Balance { credit: Money::from_fen(fen), ..Balance::default() }));
        debits.chain(credits).collect()
    }
}

/// Reads the journal of a book between two days, both included, in the order of book date, booking and id, and hands each entry to
/// `each`. The first error of either side ends it.
pub async fn journal<E: From<DbErr> + Send>(
    tx: &Tx,
    book: BookId,
    from: Option<BusinessDate>,
    to: Option<BusinessDate>,
    each: &mut (dyn FnMut(JournalEntry) -> Result<(), E> + Send),
) -> Result<(), E> {
    let sql = "SELECT e.id, v.number, v.salt, e.reference, e.kind, e.book_date, e.event_date, e.booked_us, e.actor, e.channel, \
               e.counterparty, e.document, e.memo, e.reverses, p.debit_account, p.credit_account, p.amount_fen, p.raised \
               FROM entry e JOIN posting p ON p.entry_id = e.id LEFT JOIN voucher v ON v.entry_id = e.id \
               WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 \
               ORDER BY e.book_date, e.booked_us, e.id, p.line";
    let from = from.map_or_else(String::new, |day| day.to_string());
    let to = to.map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string());
    let backend = ConnectionTrait::get_database_backend(tx);
    let statement = Statement::from_sql_and_values(backend, sql, [book.into(), from.into(), to.into()]);
    let mut rows = StreamTrait::stream_raw(tx, statement).await?;
    let mut entry: Option<JournalEntry> = None;
    while let Some(row) = rows.try_next().await? {
        let id: EntryId = row.try_get("", "id")?;
        if entry.as_ref().is_none_or(|entry| entry.id != id)
            && let Some(whole) = entry.replace(header(id, &row)?)
        {
            each(whole)?;
        }
        if let Some(entry) = &mut entry {
            entry.lines.push(JournalLine {
                debit: row.try_get("", "debit_account")?,
                credit: row.try_get("", "credit_account")?,
                amount: row.try_get("", "amount_fen")?,
                raised: row.try_get("", "raised")?,
            });
        }
    }
    entry.map_or(Ok(()), each)
}

fn header(id: EntryId, row: &QueryResult) -> Result<JournalEntry, DbErr> {
    let number: Option<i64> = row.try_get("", "number")?;
    let salt: Option<Vec<u8>> = row.try_get("", "salt")?;
    Ok(JournalEntry {
        id,
        voucher: number.zip(salt),
        reference: row.try_get("", "reference")?,
        kind: row.try_get("", "kind")?,
        book_date: row.try_get("", "book_date")?,
        event_date: row.try_get("", "event_date")?,
        booked_us: row.try_get("", "booked_us")?,
        actor: row.try_get("", "actor")?,
        channel: row.try_get("", "channel")?,
        counterparty: row.try_get("", "counterparty")?,
        document: row.try_get("", "document")?,
        memo: row.try_get("", "memo")?,
        reverses: row.try_get("", "reverses")?,
        lines: Vec::new(),
    })
}

/// What went in and out of each account of a book up to a day, or up to now.
pub async fn balances(
    db: &impl ConnectionTrait,
    book: BookId,
    day: Option<BusinessDate>,
) -> Result<BTreeMap<AccountId, Balance>, DbErr> {
    let sql = "SELECT d.account_id, CAST(SUM(d.debit_fen) AS BIGINT) AS debit_fen, CAST(SUM(d.credit_fen) AS BIGINT) AS credit_fen \
               FROM account a JOIN account_day d ON d.account_id = a.id WHERE a.book_id = $1 AND d.day <= $2 GROUP BY d.account_id";
    let day = day.map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string());
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(
            ConnectionTrait::get_database_backend(db),
            sql,
            [book.into(), day.into()],
        ))
        .await?;
    rows.iter()
        .map(|row| {
            let balance = Balance { debit: row.try_get("", "debit_fen")?, credit: row.try_get("", "credit_fen")? };
            Ok((row.try_get("", "account_id")?, balance))
        })
        .collect()
}

/// The first and the last day something is booked on in a book.
pub async fn booked_days(
    db: &impl ConnectionTrait,
    book: BookId,
) -> Result<Option<(BusinessDate, BusinessDate)>, DbErr> {
    let sql = "SELECT min(d.day) AS first, max(d.day) AS last FROM account a JOIN account_day d ON d.account_id = a.id WHERE a.book_id = $1";
    let row = db
        .query_one_raw(Statement::from_sql_and_values(ConnectionTrait::get_database_backend(db), sql, [book.into()]))
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(row.try_get::<Option<BusinessDate>>("", "first")?.zip(row.try_get("", "last")?))
}

/// The subjects of every chart, by chart and code.
pub async fn subjects(db: &impl ConnectionTrait) -> Result<BTreeMap<(String, String), entity::subject::Model>, DbErr> {
    let rows = entity::subject::Entity::find().all(db).await?;
    Ok(rows.into_iter().map(|row| ((row.chart.clone(), row.code.clone()), row)).collect())
}

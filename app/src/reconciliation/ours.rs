//! Our side of a day: what moved on 1009 微信余额 in the books.

use std::collections::{HashMap, HashSet};
use std::pin::pin;

use domain::transfer::TransferKind;
use domain::{AccountId, BookId, BusinessDate, DonationId, Money, Timestamp, TransferId};
use entity::{Rows, book, transfer};
use futures_util::TryStreamExt;
use ledger::Account;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement, StreamTrait,
};

use super::channel::fee_reference;
use super::transit::NOT_SHOWN;
use crate::postings::{self, Moved};

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
    fn received_on(&self, day: BusinessDate) -> bool {
        self.event_date == day && matches!(self.kind.as_str(), "donation" | "suspense")
    }

    /// Whether it is a refund or a return of an event of this day.
    pub(super) fn sent_on(&self, day: BusinessDate) -> bool {
        self.event_date == day && matches!(self.kind.as_str(), "refund_sent" | "suspense_returned")
    }
}

/// Our payments of the events of a day; what was taken out of suspense again because the channel never had it is none.
pub(super) fn received(ours: &[Movement], day: BusinessDate) -> Vec<&Movement> {
    let taken_back: HashSet<&str> =
        ours.iter().filter(|one| one.kind == "reversal").map(|one| one.reference.as_str()).collect();
    let stands =
        |one: &&Movement| taken_back.is_empty() || !taken_back.contains(format!("reversal:{}", one.reference).as_str());
    ours.iter().filter(|one| one.received_on(day)).filter(stands).collect()
}

/// The numbers of which the books follow the channel's bills.
pub(super) fn followed(ours: &[Movement], what: Moved) -> HashSet<&str> {
    ours.iter().filter(|one| one.kind == what.kind()).map(Movement::transaction).collect()
}

/// What moved for events of a day, and what was booked on it.
pub(super) async fn movements(
    db: &(impl ConnectionTrait + StreamTrait),
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
    let backend = ConnectionTrait::get_database_backend(db);
    // Row by row: the rows of a great day take many times the room of what is kept of them.
    let mut rows = pin!(StreamTrait::stream_raw(db, Statement::from_sql_and_values(backend, sql, values)).await?);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await? {
        found.push(Movement::from_query_result(&row, "")?);
    }
    Ok(found)
}

/// What was booked on 1009 微信余额 after a day's report was made, of the days up to it and of those behind it up to another.
pub(super) async fn since(
    db: &impl ConnectionTrait,
    book: BookId,
    (day, ran): (BusinessDate, Timestamp),
    last: BusinessDate,
) -> Result<Vec<Movement>, DbErr> {
    let account: AccountId = Account::wechat_balance(book).id();
    let sql = "SELECT e.reference, e.kind, e.document, e.book_date, e.event_date, \
               CASE WHEN p.debit_account = $1 THEN p.amount_fen ELSE -p.amount_fen END AS amount_fen \
               FROM entry e JOIN posting p ON p.entry_id = e.id AND (p.debit_account = $1 OR p.credit_account = $1) \
               WHERE e.book_id = $2 AND e.book_date <= $3 AND (e.book_date > $4 OR e.booked_us > $5) ORDER BY e.id";
    let values = [account.into(), book.into(), last.into(), day.into(), ran.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Movement::find_by_statement(statement).all(db).await
}

/// The entries that stand under these references and are not reversed: their documents and amounts.
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
    let sql = "SELECT e.reference, e.document, e.total_fen FROM {rows} JOIN entry e ON e.reference = r.reference \
               WHERE NOT EXISTS (SELECT 1 FROM entry v WHERE v.reverses = e.id)";
    let found = Found::find_by_statement(rows.statement(db.get_database_backend(), sql, [])).all(db).await?;
    Ok(found.into_iter().map(|one| (one.reference, (one.document, one.total_fen))).collect())
}

/// The refunds and returns that stand under these references and left through the channel, not from the bank: the number they left under, where it
/// was noted, and how much.
pub(super) async fn given_back(
    db: &impl ConnectionTrait,
    references: Vec<String>,
) -> Result<HashMap<String, (Option<String>, Money)>, DbErr> {
    let mut found = standing(db, references).await?;
    if found.is_empty() {
        return Ok(found);
    }
    let rows = Rows::new().text("reference", found.keys().cloned());
    let sql = "SELECT e.reference FROM {rows} JOIN entry e ON e.reference = r.reference WHERE e.channel = 'bank'";
    for row in db.query_all_raw(rows.statement(db.get_database_backend(), sql, [])).await? {
        found.remove(&row.try_get::<String>("", "reference")?);
    }
    Ok(found)
}

/// A gift that was paid through the channel.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct PaidGift {
    id: DonationId,
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
    let sql = "SELECT d.id, d.transaction_id, d.paid_us FROM {rows} JOIN donation d ON d.transaction_id = r.transaction_id \
               WHERE d.paid_us IS NOT NULL";
    let found = PaidGift::find_by_statement(rows.statement(db.get_database_backend(), sql, [])).all(db).await?;
    Ok(found.into_iter().map(|gift| (gift.transaction_id.clone(), gift)).collect())
}

/// How often the same may be followed, each time after another bill.
const FOLLOWED_OFTEN: usize = 10;

/// How the books stand to one payment, refund or line of the channel's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stands {
    /// By how much it has moved 1009 微信余额, in fen.
    pub(super) fen: i64,
    /// What of that was booked because the channel's bills were followed.
    pub(super) followed_fen: i64,
    /// In how many entries.
    pub(super) followed: usize,
    /// Whether anything else is booked of it.
    pub(super) booked: bool,
}

/// What the transfers of some numbers have booked at the channel: under the number of its line, of its return, and of a return that was
/// booked because its line is missing.
async fn transfers_of(
    db: &impl ConnectionTrait,
    book: BookId,
    numbers: &[String],
) -> Result<Vec<(String, String, bool)>, DbErr> {
    let unshown: Vec<String> = numbers.iter().map(|number| format!("{NOT_SHOWN}{number}")).collect();
    let ids: Vec<TransferId> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    let which = Condition::any()
        .add(transfer::Column::FlowNo.is_in(numbers))
        .add(transfer::Column::ReturnNo.is_in(numbers.iter().chain(&unshown)))
        .add(transfer::Column::Id.is_in(ids));
    let known = transfer::Entity::find().filter(transfer::Column::BookId.eq(book)).filter(which).all(db).await?;
    let mut booked = Vec::new();
    for one in known {
        let (left, done) = (format!("transfer_left:{}", one.id), format!("transfer_done:{}", one.id));
        let number = one.flow_no.clone().unwrap_or_else(|| one.id.to_string());
        let back = one.return_no.as_deref().map(|back| back.strip_prefix(NOT_SHOWN).unwrap_or(back).to_owned());
        let moved = if one.kind == TransferKind::Withdrawal { left } else { done.clone() };
        booked.push((number, moved, false));
        booked.extend(back.map(|back| (back, done, false)));
    }
    booked.retain(|(number, ..)| numbers.contains(number));
    Ok(booked)
}

/// What the entries of one fee have moved at the channel under whatever day, in fen, and how many there are. One statement.
pub(super) async fn fee_booked(
    db: &impl ConnectionTrait,
    book: BookId,
    (kind, number): (&str, &str),
) -> Result<(i64, usize), DbErr> {
    let references = (0..FOLLOWED_OFTEN).map(|nth| fee_reference(kind, number, nth));
    moved_on(db, &Account::wechat_balance(book), references).await
}

/// What entries under these references have moved on an account, in fen, and how many of them there are. One statement.
pub(super) async fn moved_on(
    db: &impl ConnectionTrait,
    account: &Account,
    references: impl Iterator<Item = String>,
) -> Result<(i64, usize), DbErr> {
    let rows = Rows::new().text("reference", references);
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN p.debit_account = $1 THEN p.amount_fen ELSE -p.amount_fen END), 0) AS BIGINT) AS fen, \
               CAST(COUNT(DISTINCT e.id) AS BIGINT) AS entries \
               FROM {rows} JOIN entry e ON e.reference = r.reference JOIN posting p ON p.entry_id = e.id \
               WHERE p.debit_account = $1 OR p.credit_account = $1";
    let found = db.query_one_raw(rows.statement(db.get_database_backend(), sql, [account.id().into()])).await?;
    let Some(row) = found else { return Ok((0, 0)) };
    let entries: i64 = row.try_get("", "entries")?;
    Ok((row.try_get("", "fen")?, usize::try_from(entries).unwrap_or_default()))
}

/// How the books stand to some of the channel's numbers: what was booked of them, and what was booked because somebody followed its bills.
/// Two statements however many.
pub(super) async fn on_channel(
    db: &impl ConnectionTrait,
    book: BookId,
    what: Moved,
    numbers: &[String],
) -> Result<HashMap<String, Stands>, DbErr> {
    #[derive(FromQueryResult)]
    struct Sum {
        number: String,
        followed: bool,
        fen: i64,
        entries: i64,
    }
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = db.get_database_backend();
    let mut booked: Vec<(String, String, bool)> = Vec::new();
    match what {
        Moved::Payment => {
            for gift in paid_gifts(db, numbers.to_vec()).await?.into_values() {
                booked.push((gift.transaction_id, format!("donation:{}", gift.id), false));
            }
            for number in numbers {
                booked.push((number.clone(), format!("suspense:{number}"), false));
                booked.push((number.clone(), format!("reversal:suspense:{number}"), false));
            }
        }
        Moved::Refund => booked.extend(numbers.iter().map(|number| (number.clone(), number.clone(), false))),
        Moved::Line => booked.extend(transfers_of(db, book, numbers).await?),
    }
    for number in numbers {
        let of_it = (0..FOLLOWED_OFTEN).map(|nth| (number.clone(), postings::difference_reference(number, nth), true));
        booked.extend(of_it);
    }
    let account: AccountId = Account::wechat_balance(book).id();
    let rows = Rows::new()
        .text("number", booked.iter().map(|(number, ..)| number.clone()))
        .text("reference", booked.iter().map(|(_, reference, _)| reference.clone()))
        .bool("followed", booked.iter().map(|(.., followed)| *followed));
    let sql = "SELECT r.number, r.followed, \
               CAST(SUM(CASE WHEN p.debit_account = $1 THEN p.amount_fen ELSE -p.amount_fen END) AS BIGINT) AS fen, CAST(COUNT(DISTINCT e.id) AS BIGINT) AS entries \
               FROM {rows} JOIN entry e ON e.reference = r.reference JOIN posting p ON p.entry_id = e.id \
               WHERE p.debit_account = $1 OR p.credit_account = $1 GROUP BY r.number, r.followed";
    let sums = Sum::find_by_statement(rows.statement(backend, sql, [account.into()])).all(db).await?;
    let mut stands: HashMap<String, Stands> =
        numbers.iter().map(|number| (number.clone(), Stands::default())).collect();
    for sum in sums {
        let one = stands.entry(sum.number).or_default();
        one.fen += sum.fen;
        if sum.followed {
            (one.followed_fen, one.followed) = (sum.fen, usize::try_from(sum.entries).unwrap_or_default());
        } else {
            one.booked = true;
        }
    }
    Ok(stands)
}

//! Booking: the one way into the books.
//!
//! Locks, always in this order: books (shared), accounts by id, funds by book and campaign. Then everything is decided in
//! memory, entry after entry in the caller's order, and written at once. Repeating a batch is safe: an entry that stands under
//! its reference with the same content is answered as [`Posted::AlreadyThere`].

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{AccountId, BookId, BusinessDate, CampaignId, EntryId, Money, Timestamp};
use entity::{Rows, Tx};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult};
use uuid::Uuid;

use crate::fund::{Effect, Side, effects};
use crate::subject::CHART;
use crate::{Account, BookOn, Entry};

/// An entry that stands in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// Booked now.
    Booked {
        /// Its id.
        id: EntryId,
        /// The day it is booked on.
        book_date: BusinessDate,
    },
    /// It stood already, with this content.
    AlreadyThere {
        /// Its id.
        id: EntryId,
        /// The day it is booked on.
        book_date: BusinessDate,
    },
}

impl Posted {
    /// The entry's id, whenever it was booked.
    pub fn id(self) -> EntryId {
        match self {
            Posted::Booked { id, .. } | Posted::AlreadyThere { id, .. } => id,
        }
    }
}

/// Why an entry was not booked. Its neighbours were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The campaign's money would fall below zero (专款专用).
    #[error("the campaign has {available} left, {short} too little")]
    FundShort {
        /// Which campaign.
        campaign: CampaignId,
        /// What it has.
        available: Money,
        /// What is missing.
        short: Money,
    },
    /// The account holds less than the entry takes from it.
    #[error("{account} holds {balance}, {short} too little")]
    Overdrawn {
        /// Which account.
        account: String,
        /// What it holds.
        balance: Money,
        /// What is missing.
        short: Money,
    },
    /// The day is closed.
    #[error("the books are closed through {0}")]
    PeriodClosed(BusinessDate),
    /// Another entry has this reference.
    #[error("the reference is taken by an entry with other content")]
    ReferenceTaken,
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// No lines, an amount that is not positive, an account debited and credited by itself, another book's account, or a sum
    /// beyond what can be written.
    #[error("the entry is not sound")]
    Unsound,
}

/// An entry that will be written, with what was worked out for it.
struct Accepted<'a> {
    entry: &'a Entry,
    id: EntryId,
    book_date: BusinessDate,
    total: Money,
    digest: Vec<u8>,
}

/// Books a slice of entries, in order, and answers for each. Needs a transaction that writes; the entries stand when it commits.
pub async fn post(tx: &Tx, now: Timestamp, entries: &[Entry]) -> Result<Vec<Result<Posted, Refusal>>, DbErr> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let totals: Vec<Option<Money>> = entries.iter().map(Entry::total).collect();
    let sound = || entries.iter().zip(&totals).filter(|(_, total)| total.is_some()).map(|(entry, _)| entry);

    let accounts: BTreeMap<AccountId, &Account> =
        sound().flat_map(Entry::postings).flat_map(|p| [&p.debit, &p.credit]).map(|a| (a.id(), a)).collect();
    let mut touched: BTreeMap<(BookId, CampaignId), Effect> = BTreeMap::new();
    for entry in sound() {
        for (campaign, _) in entry_effects(entry) {
            touched.entry((entry.book, campaign)).or_default();
        }
    }

    let books = lock_books(tx, sound().map(|e| e.book)).await?;
    let accounts: BTreeMap<AccountId, &Account> =
        accounts.into_iter().filter(|(_, account)| books.contains_key(&account.book)).collect();
    touched.retain(|(book, _), _| books.contains_key(book));
    lock_accounts(tx, &accounts).await?;
    let mut funds = lock_funds(tx, &touched).await?;
    let mut held = held(tx, sound()).await?;
    let mut standing = find_standing(tx, sound()).await?;

    let mut answers = Vec::with_capacity(entries.len());
    let mut accepted: Vec<Accepted<'_>> = Vec::with_capacity(entries.len());
    for (entry, total) in entries.iter().zip(&totals) {
        let answer = (|| {
            let total = total.ok_or(Refusal::Unsound)?;
            let digest = entry.digest();
            if let Some((id, book_date, stored)) = standing.get(entry.reference()) {
                return if *stored == digest {
                    Ok(Posted::AlreadyThere { id: *id, book_date: *book_date })
                } else {
                    Err(Refusal::ReferenceTaken)
                };
            }
            let closed = *books.get(&entry.book).ok_or(Refusal::NoSuchBook)?;
            let book_date = match (entry.book_on, closed) {
                (BookOn::EventOrFirstOpen, Some(closed)) => entry.event_date.max(closed.next()),
                (BookOn::EventOrFirstOpen, None) => entry.event_date,
                (BookOn::Day(day), Some(closed)) if day <= closed => return Err(Refusal::PeriodClosed(closed)),
                (BookOn::Day(day), _) => day,
            };
            may_take(entry, &held)?;
            charge_funds(entry, &mut funds, &mut touched)?;
            for p in &entry.postings {
                held.entry(p.debit.id()).and_modify(|fen| *fen += i128::from(p.amount.fen()));
                held.entry(p.credit.id()).and_modify(|fen| *fen -= i128::from(p.amount.fen()));
            }
            let id = EntryId::new();
            standing.insert(entry.reference.clone(), (id, book_date, digest.clone()));
            accepted.push(Accepted { entry, id, book_date, total, digest });
            Ok(Posted::Booked { id, book_date })
        })();
        answers.push(answer);
    }
    if !accepted.is_empty() {
        write(tx, now, &accepted, &touched).await?;
    }
    Ok(answers)
}

fn side(account: &Account) -> Side<'_> {
    Side { code: account.subject.code(), campaign: account.campaign, goods: account.goods }
}

fn entry_effects(entry: &Entry) -> impl Iterator<Item = (CampaignId, Effect)> {
    entry
        .postings
        .iter()
        .flat_map(|p| effects(side(&p.debit), side(&p.credit), i128::from(p.amount.fen()), p.raised))
        .flatten()
}

/// Takes an entry's effects on, or refuses it and leaves everything as it was. Only an entry that lowers what is available can
/// be refused: a fund that is short stays open for money.
fn charge_funds(
    entry: &Entry,
    funds: &mut HashMap<(BookId, CampaignId), i128>,
    touched: &mut BTreeMap<(BookId, CampaignId), Effect>,
) -> Result<(), Refusal> {
    let mut sums: BTreeMap<CampaignId, Effect> = BTreeMap::new();
    for (campaign, effect) in entry_effects(entry) {
        sums.entry(campaign).or_default().add(effect);
    }
    let money = |fen: i128| Money::from_fen(i64::try_from(fen).unwrap_or(i64::MAX));
    for (campaign, effect) in &sums {
        let available = funds.get(&(entry.book, *campaign)).copied().unwrap_or_default();
        let change = effect.received - effect.used;
        if change < 0 && available + change < 0 {
            return Err(Refusal::FundShort {
                campaign: *campaign,
                available: money(available),
                short: money(-(available + change)),
            });
        }
    }
    for (campaign, effect) in sums {
        *funds.entry((entry.book, campaign)).or_default() += effect.received - effect.used;
        touched.entry((entry.book, campaign)).or_default().add(effect);
    }
    Ok(())
}

/// Refuses an entry that takes more from an account than it holds, where the recipe says that this matters.
fn may_take(entry: &Entry, held: &HashMap<AccountId, i128>) -> Result<(), Refusal> {
    for account in &entry.within {
        let id = account.id();
        let balance = held.get(&id).copied().unwrap_or_default();
        let sum = |pick: fn(&crate::Posting) -> &Account| -> i128 {
            entry.postings.iter().filter(|p| pick(p).id() == id).map(|p| i128::from(p.amount.fen())).sum()
        };
        let after = balance + sum(|p| &p.debit) - sum(|p| &p.credit);
        if after < 0 {
            let money = |fen: i128| Money::from_fen(i64::try_from(fen).unwrap_or(i64::MAX));
            return Err(Refusal::Overdrawn { account: account.name(), balance: money(balance), short: money(-after) });
        }
    }
    Ok(())
}

/// What the accounts hold that some entry must stay within; they are locked already.
async fn held(tx: &Tx, entries: impl Iterator<Item = &Entry>) -> Result<HashMap<AccountId, i128>, DbErr> {
    let ids: HashSet<Uuid> = entries.flat_map(|e| &e.within).map(|account| account.id().uuid()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT a.id, a.debit_fen - a.credit_fen AS net_fen FROM {rows} JOIN account a ON a.id = r.id";
    let rows = tx.query_all_raw(Rows::new().uuid("id", ids).statement(tx.get_database_backend(), sql, [])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, i128::from(row.try_get::<i64>("", "net_fen")?)))).collect()
}

/// The books by id with the day they are closed through, locked against closing.
async fn lock_books(
    tx: &Tx,
    books: impl Iterator<Item = BookId>,
) -> Result<HashMap<BookId, Option<BusinessDate>>, DbErr> {
    let backend = tx.get_database_backend();
    let ids: HashSet<Uuid> = books.map(BookId::uuid).collect();
    let lock = if backend == DbBackend::Postgres { " ORDER BY id FOR SHARE" } else { "" };
    let sql = format!("SELECT id, closed_through FROM book WHERE id IN (SELECT id FROM {{rows}}){lock}");
    let rows = tx.query_all_raw(Rows::new().uuid("id", ids).statement(backend, &sql, [])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "closed_through")?))).collect()
}

/// Opens accounts that are new and locks all of them, by id.
async fn lock_accounts(tx: &Tx, accounts: &BTreeMap<AccountId, &Account>) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let all = || accounts.iter();
    let rows = Rows::new()
        .uuid("id", all().map(|(id, _)| id.uuid()))
        .uuid("book_id", all().map(|(_, a)| a.book.uuid()))
        .text("subject", all().map(|(_, a)| a.subject.code()))
        .text("name", all().map(|(_, a)| a.name()))
        .uuid_or_null("campaign_id", all().map(|(_, a)| a.campaign.map(CampaignId::uuid)))
        .text_or_null("budget_line", all().map(|(_, a)| a.budget_line.clone()))
        .text_or_null("channel", all().map(|(_, a)| a.channel.clone()))
        .text_or_null("bank_account", all().map(|(_, a)| a.bank_account.clone()))
        .text_or_null("contract", all().map(|(_, a)| a.contract.clone()))
        .text_or_null("payable", all().map(|(_, a)| a.payable.clone()))
        .bool("goods", all().map(|(_, a)| a.goods));
    let sql = "INSERT INTO account (id, book_id, chart, subject, name, campaign_id, budget_line, channel, bank_account, \
               contract, payable, goods, debit_fen, credit_fen) \
               SELECT id, book_id, $1, subject, name, campaign_id, budget_line, channel, bank_account, contract, payable, \
               goods, 0, 0 FROM {rows} WHERE true ORDER BY id ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(backend, sql, [CHART.into()])).await?;
    if backend == DbBackend::Postgres {
        let ids = Rows::new().uuid("id", all().map(|(id, _)| id.uuid()));
        let sql = "SELECT id FROM account WHERE id IN (SELECT id FROM {rows}) ORDER BY id FOR NO KEY UPDATE";
        tx.query_all_raw(ids.statement(backend, sql, [])).await?;
    }
    Ok(())
}

/// What is available in each fund touched, the rows made where they are new and locked.
async fn lock_funds(
    tx: &Tx,
    touched: &BTreeMap<(BookId, CampaignId), Effect>,
) -> Result<HashMap<(BookId, CampaignId), i128>, DbErr> {
    if touched.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = tx.get_database_backend();
    let keys = || {
        Rows::new()
            .uuid("book_id", touched.keys().map(|(book, _)| book.uuid()))
            .uuid("campaign_id", touched.keys().map(|(_, campaign)| campaign.uuid()))
    };
    let sql = "INSERT INTO fund (book_id, campaign_id, received_fen, committed_fen, used_fen, raised_cash_fen, raised_goods_fen) \
               SELECT book_id, campaign_id, 0, 0, 0, 0, 0 FROM {rows} WHERE true ORDER BY book_id, campaign_id ON CONFLICT DO NOTHING";
    tx.execute_raw(keys().statement(backend, sql, [])).await?;
    let lock =
        if backend == DbBackend::Postgres { " ORDER BY f.book_id, f.campaign_id FOR NO KEY UPDATE OF f" } else { "" };
    let sql = format!(
        "SELECT f.book_id, f.campaign_id, f.received_fen - f.committed_fen - f.used_fen AS available_fen \
         FROM fund f JOIN {{rows}} ON f.book_id = r.book_id AND f.campaign_id = r.campaign_id{lock}"
    );
    let rows = tx.query_all_raw(keys().statement(backend, &sql, [])).await?;
    let read = |row: &QueryResult| {
        let key = (row.try_get("", "book_id")?, row.try_get("", "campaign_id")?);
        Ok((key, i128::from(row.try_get::<i64>("", "available_fen")?)))
    };
    rows.iter().map(read).collect()
}

/// The entries that stand under these references already.
async fn find_standing(
    tx: &Tx,
    entries: impl Iterator<Item = &Entry>,
) -> Result<HashMap<String, (EntryId, BusinessDate, Vec<u8>)>, DbErr> {
    let backend = tx.get_database_backend();
    let sql = "SELECT e.id, e.reference, e.book_date, e.digest FROM {rows} JOIN entry e ON e.reference = r.reference";
    let rows = Rows::new().text("reference", entries.map(|e| e.reference.clone()));
    let rows = tx.query_all_raw(rows.statement(backend, sql, [])).await?;
    let read = |row: &QueryResult| {
        let found = (row.try_get("", "id")?, row.try_get("", "book_date")?, row.try_get("", "digest")?);
        Ok((row.try_get("", "reference")?, found))
    };
    rows.iter().map(read).collect()
}

/// Writes the accepted entries: postings first, then the entries that seal them, then totals, days and funds.
async fn write(
    tx: &Tx,
    now: Timestamp,
    accepted: &[Accepted<'_>],
    touched: &BTreeMap<(BookId, CampaignId), Effect>,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();

    let lines = || accepted.iter().flat_map(|a| a.entry.postings.iter().enumerate().map(move |(line, p)| (a, line, p)));
    let rows = Rows::new()
        .uuid("entry_id", lines().map(|(a, _, _)| a.id.uuid()))
        .int("line", lines().map(|(_, line, _)| line as i64))
        .uuid("debit_account", lines().map(|(_, _, p)| p.debit.id().uuid()))
        .uuid("credit_account", lines().map(|(_, _, p)| p.credit.id().uuid()))
        .int("amount_fen", lines().map(|(_, _, p)| p.amount.fen()))
        .text("raised", lines().map(|(_, _, p)| p.raised.as_str()));
    let sql = "INSERT INTO posting (entry_id, line, debit_account, credit_account, amount_fen, raised) \
               SELECT entry_id, line, debit_account, credit_account, amount_fen, raised FROM {rows}";
    tx.execute_raw(rows.statement(backend, sql, [])).await?;

    let all = || accepted.iter();
    let rows = Rows::new()
        .uuid("id", all().map(|a| a.id.uuid()))
        .uuid("book_id", all().map(|a| a.entry.book.uuid()))
        .text("reference", all().map(|a| a.entry.reference.clone()))
        .text("kind", all().map(|a| a.entry.kind))
        .text("book_date", all().map(|a| a.book_date.to_string()))
        .text("event_date", all().map(|a| a.entry.event_date.to_string()))
        .text("actor", all().map(|a| a.entry.actor.clone()))
        .text("source", all().map(|a| a.entry.source))
        .uuid_or_null("donor_id", all().map(|a| a.entry.donor.map(|id| id.uuid())))
        .text_or_null("channel", all().map(|a| a.entry.channel.map(str::to_owned)))
        .text_or_null("counterparty", all().map(|a| a.entry.counterparty.clone()))
        .text_or_null("document", all().map(|a| a.entry.document.clone()))
        .text_or_null("memo", all().map(|a| a.entry.memo.clone()))
        .uuid_or_null("reverses", all().map(|a| a.entry.reverses.map(|id| id.uuid())))
        .int("postings", all().map(|a| a.entry.postings.len() as i64))
        .int("total_fen", all().map(|a| a.total.fen()))
        .bytes("digest", all().map(|a| a.digest.clone()));
    let sql = "INSERT INTO entry (id, book_id, reference, kind, book_date, event_date, booked_us, actor, source, donor_id, channel, \
               unit, region, counterparty, document, memo, reverses, postings, total_fen, digest) \
               SELECT id, book_id, reference, kind, book_date, event_date, $1, actor, source, donor_id, channel, NULL, NULL, \
               counterparty, document, memo, reverses, postings, total_fen, digest FROM {rows}";
    tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;

    let mut days: BTreeMap<(AccountId, BusinessDate), (i64, i64)> = BTreeMap::new();
    let overflow = || DbErr::Custom("the totals of an account are beyond what can be written".to_owned());
    for (a, _, p) in lines() {
        let fen = p.amount.fen();
        let debit = &mut days.entry((p.debit.id(), a.book_date)).or_default().0;
        *debit = debit.checked_add(fen).ok_or_else(overflow)?;
        let credit = &mut days.entry((p.credit.id(), a.book_date)).or_default().1;
        *credit = credit.checked_add(fen).ok_or_else(overflow)?;
    }
    let mut sums: BTreeMap<AccountId, (i64, i64)> = BTreeMap::new();
    for ((account, _), (debit, credit)) in &days {
        let sum = sums.entry(*account).or_default();
        *sum = (sum.0.checked_add(*debit).ok_or_else(overflow)?, sum.1.checked_add(*credit).ok_or_else(overflow)?);
    }
    let rows = Rows::new()
        .uuid("id", sums.keys().map(|id| id.uuid()))
        .int("debit", sums.values().map(|sum| sum.0))
        .int("credit", sums.values().map(|sum| sum.1));
    let sql = "UPDATE account SET debit_fen = debit_fen + r.debit, credit_fen = credit_fen + r.credit FROM {rows} WHERE account.id = r.id";
    tx.execute_raw(rows.statement(backend, sql, [])).await?;

    let rows = Rows::new()
        .uuid("account_id", days.keys().map(|(id, _)| id.uuid()))
        .text("day", days.keys().map(|(_, day)| day.to_string()))
        .int("debit_fen", days.values().map(|sum| sum.0))
        .int("credit_fen", days.values().map(|sum| sum.1));
    let sql = "INSERT INTO account_day (account_id, day, debit_fen, credit_fen) SELECT account_id, day, debit_fen, credit_fen \
               FROM {rows} WHERE true ON CONFLICT (account_id, day) DO UPDATE SET \
               debit_fen = account_day.debit_fen + excluded.debit_fen, credit_fen = account_day.credit_fen + excluded.credit_fen";
    tx.execute_raw(rows.statement(backend, sql, [])).await?;

    let changed: Vec<_> = touched.iter().filter(|(_, effect)| **effect != Effect::default()).collect();
    if !changed.is_empty() {
        let fen = |fen: i128| i64::try_from(fen).map_err(|_| overflow());
        let column = |pick: fn(&Effect) -> i128| {
            changed.iter().map(|(_, effect)| fen(pick(effect))).collect::<Result<Vec<i64>, DbErr>>()
        };
        let rows = Rows::new()
            .uuid("book_id", changed.iter().map(|((book, _), _)| book.uuid()))
            .uuid("campaign_id", changed.iter().map(|((_, campaign), _)| campaign.uuid()))
            .int("received", column(|e| e.received)?)
            .int("used", column(|e| e.used)?)
            .int("cash", column(|e| e.raised_cash)?)
            .int("goods", column(|e| e.raised_goods)?);
        let sql = "UPDATE fund SET received_fen = received_fen + r.received, used_fen = used_fen + r.used, \
                   raised_cash_fen = raised_cash_fen + r.cash, raised_goods_fen = raised_goods_fen + r.goods \
                   FROM {rows} WHERE fund.book_id = r.book_id AND fund.campaign_id = r.campaign_id";
        tx.execute_raw(rows.statement(backend, sql, [])).await?;
    }
    Ok(())
}

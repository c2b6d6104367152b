//! Booking: the one way into the books.
//!
//! Locks, always in this order: books (shared), accounts by id, funds by book and campaign. Then everything is decided in
//! memory, entry after entry in the caller's order, and written at once. A batch that can only add (gifts: no fund and no
//! account has to suffice) takes the same locks in the same order, but with its last statement: the hot rows are held for that
//! and the commit, and two batches work side by side until then. Repeating a batch is safe: an entry that stands under its
//! reference with the same content is answered as [`Posted::AlreadyThere`].
//!
//! However long the slice, a batch that only adds costs one reading and one writing statement (on SQLite one text of several).
//! Where something has to suffice, five statements lock and read before.

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

    /// The day it is booked on.
    pub fn book_date(self) -> BusinessDate {
        match self {
            Posted::Booked { book_date, .. } | Posted::AlreadyThere { book_date, .. } => book_date,
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

/// A sound entry with what was worked out for it, once.
struct Prepared<'a> {
    entry: &'a Entry,
    total: Money,
    /// Debit and credit account of each line.
    accounts: Vec<(AccountId, AccountId)>,
    /// What it does to each campaign.
    effects: BTreeMap<CampaignId, Effect>,
    digest: Vec<u8>,
}

impl Prepared<'_> {
    fn new(entry: &Entry) -> Option<Prepared<'_>> {
        let total = entry.total()?;
        let accounts: Vec<_> = entry.postings.iter().map(|p| (p.debit.id(), p.credit.id())).collect();
        let mut sums: BTreeMap<CampaignId, Effect> = BTreeMap::new();
        for (campaign, effect) in entry_effects(entry) {
            sums.entry(campaign).or_default().add(effect);
        }
        for (campaign, fen) in &entry.commitments {
            sums.entry(*campaign).or_default().committed += i128::from(*fen);
        }
        let digest = entry.digest(&accounts);
        Some(Prepared { entry, total, accounts, effects: sums, digest })
    }

    /// Whether something has to suffice for it: then it is decided under lock.
    fn may_be_refused(&self) -> bool {
        !self.entry.within.is_empty()
            || !self.entry.commitments.is_empty()
            || self.effects.values().any(|effect| effect.available() < 0)
    }
}

/// An entry that will be written.
struct Accepted<'a> {
    prepared: &'a Prepared<'a>,
    id: EntryId,
    book_date: BusinessDate,
}

/// Books a slice of entries, in order, and answers for each. Needs a transaction that writes; the entries stand when it commits.
pub async fn post(tx: &Tx, now: Timestamp, entries: &[Entry]) -> Result<Vec<Result<Posted, Refusal>>, DbErr> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let prepared: Vec<Option<Prepared<'_>>> = entries.iter().map(Prepared::new).collect();
    let sound = || prepared.iter().flatten();
    let Standing { books, entries: mut standing } = read_standing(tx, sound().map(|p| p.entry)).await?;
    let known = || sound().filter(|p| books.contains_key(&p.entry.book));

    let mut touched: BTreeMap<(BookId, CampaignId), Effect> = BTreeMap::new();
    for p in known() {
        touched.extend(p.effects.keys().map(|campaign| ((p.entry.book, *campaign), Effect::default())));
    }
    let under_lock = known().any(Prepared::may_be_refused);
    let mut funds = HashMap::new();
    let mut held = HashMap::new();
    if under_lock {
        lock_accounts(tx, &accounts_of(known())).await?;
        funds = lock_funds(tx, &touched).await?;
        held = read_held(tx, known().map(|p| p.entry)).await?;
        // Whoever held the locks before may have booked the same.
        standing = read_standing(tx, known().map(|p| p.entry)).await?.entries;
    }

    let mut answers = Vec::with_capacity(entries.len());
    let mut accepted: Vec<Accepted<'_>> = Vec::with_capacity(entries.len());
    for prepared in &prepared {
        let answer = (|| {
            let prepared = prepared.as_ref().ok_or(Refusal::Unsound)?;
            let entry = prepared.entry;
            let closed = *books.get(&entry.book).ok_or(Refusal::NoSuchBook)?;
            if let Some((id, book_date, stored)) = standing.get(entry.reference()) {
                return if *stored == prepared.digest {
                    Ok(Posted::AlreadyThere { id: *id, book_date: *book_date })
                } else {
                    Err(Refusal::ReferenceTaken)
                };
            }
            let book_date = match (entry.book_on, closed) {
                (BookOn::EventOrFirstOpen, Some(closed)) => entry.event_date.max(closed.next()),
                (BookOn::EventOrFirstOpen, None) => entry.event_date,
                (BookOn::Day(day), Some(closed)) if day <= closed => return Err(Refusal::PeriodClosed(closed)),
                (BookOn::DayOrFirstOpen(day), Some(closed)) => day.max(closed.next()),
                (BookOn::Day(day) | BookOn::DayOrFirstOpen(day), _) => day,
            };
            may_take(prepared, &held)?;
            charge_funds(prepared, under_lock, &mut funds, &mut touched)?;
            for (posting, (debit, credit)) in entry.postings.iter().zip(&prepared.accounts) {
                let fen = i128::from(posting.amount.fen());
                held.entry(*debit).and_modify(|net| *net += fen);
                held.entry(*credit).and_modify(|net| *net -= fen);
            }
            let id = EntryId::new();
            standing.insert(entry.reference.clone(), (id, book_date, prepared.digest.clone()));
            accepted.push(Accepted { prepared, id, book_date });
            Ok(Posted::Booked { id, book_date })
        })();
        answers.push(answer);
    }
    if !accepted.is_empty() {
        write(tx, now, &accepted, &touched, under_lock).await?;
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
    prepared: &Prepared<'_>,
    under_lock: bool,
    funds: &mut HashMap<(BookId, CampaignId), i128>,
    touched: &mut BTreeMap<(BookId, CampaignId), Effect>,
) -> Result<(), Refusal> {
    let book = prepared.entry.book;
    let money = |fen: i128| Money::from_fen(i64::try_from(fen).unwrap_or(i64::MAX));
    for (campaign, effect) in prepared.effects.iter().filter(|_| under_lock) {
        let available = funds.get(&(book, *campaign)).copied().unwrap_or_default();
        let change = effect.available();
        if change < 0 && available + change < 0 {
            return Err(Refusal::FundShort {
                campaign: *campaign,
                available: money(available),
                short: money(-(available + change)),
            });
        }
    }
    for (campaign, effect) in &prepared.effects {
        *funds.entry((book, *campaign)).or_default() += effect.available();
        touched.entry((book, *campaign)).or_default().add(*effect);
    }
    Ok(())
}

/// Refuses an entry that takes more from an account than it holds, where the recipe says that this matters.
fn may_take(prepared: &Prepared<'_>, held: &HashMap<AccountId, i128>) -> Result<(), Refusal> {
    let entry = prepared.entry;
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
async fn read_held(tx: &Tx, entries: impl Iterator<Item = &Entry>) -> Result<HashMap<AccountId, i128>, DbErr> {
    let ids: HashSet<Uuid> = entries.flat_map(|e| &e.within).map(|account| account.id().uuid()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT a.id, a.debit_fen - a.credit_fen AS net_fen FROM {rows} JOIN account a ON a.id = r.id";
    let rows = tx.query_all_raw(Rows::new().uuid("id", ids).statement(tx.get_database_backend(), sql, [])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, i128::from(row.try_get::<i64>("", "net_fen")?)))).collect()
}

/// What a batch finds in the books.
struct Standing {
    /// The day each book is closed through; the books are locked against closing.
    books: HashMap<BookId, Option<BusinessDate>>,
    /// The entries that stand under these references already.
    entries: HashMap<String, (EntryId, BusinessDate, Vec<u8>)>,
}

async fn read_standing(tx: &Tx, entries: impl Iterator<Item = &Entry> + Clone) -> Result<Standing, DbErr> {
    let backend = tx.get_database_backend();
    let lock = if backend == DbBackend::Postgres { " ORDER BY id FOR SHARE" } else { "" };
    let sql = format!(
        "WITH q AS MATERIALIZED (SELECT * FROM {{rows}}), \
         b AS MATERIALIZED (SELECT id, closed_through FROM book WHERE id IN (SELECT book_id FROM q){lock}) \
         SELECT b.id AS book_id, b.closed_through, CAST(NULL AS TEXT) AS reference, NULL AS id, NULL AS book_date, NULL AS digest FROM b \
         UNION ALL \
         SELECT e.book_id, NULL, e.reference, e.id, e.book_date, e.digest FROM q JOIN entry e ON e.reference = q.reference"
    );
    let rows = Rows::new()
        .text("reference", entries.clone().map(|e| e.reference.clone()))
        .uuid("book_id", entries.map(|e| e.book.uuid()));
    let mut standing = Standing { books: HashMap::new(), entries: HashMap::new() };
    for row in tx.query_all_raw(rows.statement(backend, &sql, [])).await? {
        match row.try_get::<Option<String>>("", "reference")? {
            None => {
                standing.books.insert(row.try_get("", "book_id")?, row.try_get("", "closed_through")?);
            }
            Some(reference) => {
                let found = (row.try_get("", "id")?, row.try_get("", "book_date")?, row.try_get("", "digest")?);
                standing.entries.insert(reference, found);
            }
        }
    }
    Ok(standing)
}

type Accounts<'a> = BTreeMap<AccountId, &'a Account>;

fn accounts_of<'a>(entries: impl Iterator<Item = &'a Prepared<'a>>) -> Accounts<'a> {
    let mut accounts = BTreeMap::new();
    for p in entries {
        for (posting, (debit, credit)) in p.entry.postings.iter().zip(&p.accounts) {
            accounts.insert(*debit, &posting.debit);
            accounts.insert(*credit, &posting.credit);
        }
    }
    accounts
}

/// The columns of accounts that may be new.
fn account_rows(accounts: &Accounts<'_>) -> Rows {
    let all = || accounts.iter();
    Rows::new()
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
        .bool("goods", all().map(|(_, a)| a.goods))
}

/// Opens accounts that are new and locks all of them, by id.
async fn lock_accounts(tx: &Tx, accounts: &Accounts<'_>) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let sql = "INSERT INTO account (id, book_id, chart, subject, name, campaign_id, budget_line, channel, bank_account, \
               contract, payable, goods, debit_fen, credit_fen) \
               SELECT id, book_id, CASE WHEN subject LIKE 'L%' THEN 'loan' ELSE $1 END, subject, name, campaign_id, budget_line, channel, bank_account, contract, payable, \
               goods, 0, 0 FROM {rows} WHERE true ORDER BY id ON CONFLICT DO NOTHING";
    tx.execute_raw(account_rows(accounts).statement(backend, sql, [CHART.into()])).await?;
    if backend == DbBackend::Postgres {
        let ids = Rows::new().uuid("id", accounts.keys().map(|id| id.uuid()));
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

const LINES: &str = "INSERT INTO posting (entry_id, line, debit_account, credit_account, amount_fen, raised, cash_flow) \
     SELECT entry_id, line, debit_account, credit_account, amount_fen, raised, cash_flow FROM {lines}";
const ENTRIES: &str = "INSERT INTO entry (id, book_id, reference, kind, book_date, event_date, booked_us, actor, source, donor_id, \
     channel, unit, region, counterparty, document, memo, reverses, postings, total_fen, digest) \
     SELECT id, book_id, reference, kind, book_date, event_date, $1, actor, source, donor_id, channel, NULL, NULL, \
     counterparty, document, memo, reverses, postings, total_fen, digest FROM {entries}";
/// Accounts may be new. The code of a loan programme's subject tells its chart.
const ACCOUNTS: &str = "INSERT INTO account (id, book_id, chart, subject, name, campaign_id, budget_line, channel, bank_account, \
     contract, payable, goods, debit_fen, credit_fen) \
     SELECT id, book_id, CASE WHEN subject LIKE 'L%' THEN 'loan' ELSE $2 END, subject, name, campaign_id, budget_line, channel, bank_account, contract, payable, goods, \
     debit_fen, credit_fen FROM {accounts} WHERE true ORDER BY id ON CONFLICT (id) DO UPDATE SET \
     debit_fen = account.debit_fen + excluded.debit_fen, credit_fen = account.credit_fen + excluded.credit_fen";
/// `{after}` says what has to come before.
const DAYS: &str = "INSERT INTO account_day (account_id, day, debit_fen, credit_fen) \
     SELECT account_id, day, debit_fen, credit_fen FROM {days} WHERE {after} ORDER BY account_id, day \
     ON CONFLICT (account_id, day) DO UPDATE SET debit_fen = account_day.debit_fen + excluded.debit_fen, \
     credit_fen = account_day.credit_fen + excluded.credit_fen";
/// Funds that are only added to may be new.
const FUNDS_ADDED: &str = "INSERT INTO fund (book_id, campaign_id, received_fen, committed_fen, used_fen, raised_cash_fen, \
     raised_goods_fen) SELECT book_id, campaign_id, received, 0, used, cash, goods FROM {funds} WHERE {after} \
     ORDER BY book_id, campaign_id ON CONFLICT (book_id, campaign_id) DO UPDATE SET \
     received_fen = fund.received_fen + excluded.received_fen, used_fen = fund.used_fen + excluded.used_fen, \
     raised_cash_fen = fund.raised_cash_fen + excluded.raised_cash_fen, \
     raised_goods_fen = fund.raised_goods_fen + excluded.raised_goods_fen";
/// Where something had to suffice, the row of the fund was made and locked before.
const FUNDS_CHANGED: &str = "UPDATE fund SET received_fen = received_fen + r.received, \
     committed_fen = committed_fen + r.committed, used_fen = used_fen + r.used, \
     raised_cash_fen = raised_cash_fen + r.cash, raised_goods_fen = raised_goods_fen + r.goods \
     FROM {funds} WHERE fund.book_id = r.book_id AND fund.campaign_id = r.campaign_id";

/// Writes the accepted entries with their postings and the totals they change: accounts, days and funds.
async fn write(
    tx: &Tx,
    now: Timestamp,
    accepted: &[Accepted<'_>],
    touched: &BTreeMap<(BookId, CampaignId), Effect>,
    funds_exist: bool,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let changed: Vec<_> = touched.iter().filter(|(_, effect)| **effect != Effect::default()).collect();
    let funds = if funds_exist { FUNDS_CHANGED } else { FUNDS_ADDED };
    let (accounts, days) = total_rows(accepted)?;
    let mut sets = vec![
        ("{lines}", line_rows(accepted)),
        ("{entries}", entry_rows(accepted)),
        ("{accounts}", accounts),
        ("{days}", days),
    ];
    if !changed.is_empty() {
        sets.push(("{funds}", fund_rows(&changed)?));
    }
    let sql = match backend {
        DbBackend::Postgres => {
            // One statement. What is counted of a part above is what makes that part come first: the order of the locks.
            let mut sql = format!("WITH l AS ({LINES}), a AS ({ACCOUNTS} RETURNING 1)");
            sql += &format!(", d AS ({} RETURNING 1)", DAYS.replace("{after}", "(SELECT count(*) FROM a) > 0"));
            if !changed.is_empty() {
                let after = "(SELECT count(*) FROM d) > 0";
                let funds = if funds_exist { format!("{funds} AND {after}") } else { funds.replace("{after}", after) };
                sql += &format!(", f AS ({funds})");
            }
            sql + &format!(" {ENTRIES} ORDER BY reference")
        }
        _ => {
            // One text: the accounts before the entries, whose guard looks for them.
            let mut sql = format!("{LINES};{ACCOUNTS};{ENTRIES};{DAYS}");
            if !changed.is_empty() {
                sql = format!("{sql};{funds}");
            }
            sql.replace("{after}", "true")
        }
    };
    tx.execute_raw(Rows::statements(backend, &sql, [now.into(), CHART.into()], sets)).await?;
    Ok(())
}

fn line_rows(accepted: &[Accepted<'_>]) -> Rows {
    let lines = || {
        accepted.iter().flat_map(|a| {
            let lines = a.prepared.entry.postings.iter().zip(&a.prepared.accounts).enumerate();
            lines.map(move |(line, (posting, accounts))| (a.id, line, posting, accounts))
        })
    };
    Rows::new()
        .uuid("entry_id", lines().map(|(id, ..)| id.uuid()))
        .int("line", lines().map(|(_, line, ..)| line as i64))
        .uuid("debit_account", lines().map(|(.., (debit, _))| debit.uuid()))
        .uuid("credit_account", lines().map(|(.., (_, credit))| credit.uuid()))
        .int("amount_fen", lines().map(|(_, _, p, _)| p.amount.fen()))
        .text("raised", lines().map(|(_, _, p, _)| p.raised.as_str()))
        .text_or_null("cash_flow", lines().map(|(_, _, p, _)| p.cash_flow.map(|flow| flow.key().to_owned())))
}

fn entry_rows(accepted: &[Accepted<'_>]) -> Rows {
    let all = || accepted.iter().map(|a| (a, a.prepared.entry));
    Rows::new()
        .uuid("id", all().map(|(a, _)| a.id.uuid()))
        .uuid("book_id", all().map(|(_, e)| e.book.uuid()))
        .text("reference", all().map(|(_, e)| e.reference.clone()))
        .text("kind", all().map(|(_, e)| e.kind))
        .text("book_date", all().map(|(a, _)| a.book_date.to_string()))
        .text("event_date", all().map(|(_, e)| e.event_date.to_string()))
        .text("actor", all().map(|(_, e)| e.actor.clone()))
        .text("source", all().map(|(_, e)| e.source))
        .uuid_or_null("donor_id", all().map(|(_, e)| e.donor.map(|id| id.uuid())))
        .text_or_null("channel", all().map(|(_, e)| e.channel.map(str::to_owned)))
        .text_or_null("counterparty", all().map(|(_, e)| e.counterparty.clone()))
        .text_or_null("document", all().map(|(_, e)| e.document.clone()))
        .text_or_null("memo", all().map(|(_, e)| e.memo.clone()))
        .uuid_or_null("reverses", all().map(|(_, e)| e.reverses.map(|id| id.uuid())))
        .int("postings", all().map(|(_, e)| e.postings.len() as i64))
        .int("total_fen", all().map(|(a, _)| a.prepared.total.fen()))
        .bytes("digest", all().map(|(a, _)| a.prepared.digest.clone()))
}

fn fen(sum: i128) -> Result<i64, DbErr> {
    i64::try_from(sum).map_err(|_| DbErr::Custom("the totals of an account are beyond what can be written".to_owned()))
}

/// What the accepted entries add to accounts, and to accounts by day.
fn total_rows(accepted: &[Accepted<'_>]) -> Result<(Rows, Rows), DbErr> {
    let accounts = accounts_of(accepted.iter().map(|a| a.prepared));
    let mut days: BTreeMap<(AccountId, BusinessDate), (i128, i128)> = BTreeMap::new();
    let mut sums: BTreeMap<AccountId, (i128, i128)> = BTreeMap::new();
    for a in accepted {
        for (posting, (debit, credit)) in a.prepared.entry.postings.iter().zip(&a.prepared.accounts) {
            let amount = i128::from(posting.amount.fen());
            days.entry((*debit, a.book_date)).or_default().0 += amount;
            days.entry((*credit, a.book_date)).or_default().1 += amount;
            sums.entry(*debit).or_default().0 += amount;
            sums.entry(*credit).or_default().1 += amount;
        }
    }
    // Both maps are sorted by the same ids.
    let accounts = account_rows(&accounts)
        .int("debit_fen", sums.values().map(|sum| fen(sum.0)).collect::<Result<Vec<_>, _>>()?)
        .int("credit_fen", sums.values().map(|sum| fen(sum.1)).collect::<Result<Vec<_>, _>>()?);
    let days = Rows::new()
        .uuid("account_id", days.keys().map(|(id, _)| id.uuid()))
        .text("day", days.keys().map(|(_, day)| day.to_string()))
        .int("debit_fen", days.values().map(|sum| fen(sum.0)).collect::<Result<Vec<_>, _>>()?)
        .int("credit_fen", days.values().map(|sum| fen(sum.1)).collect::<Result<Vec<_>, _>>()?);
    Ok((accounts, days))
}

fn fund_rows(changed: &[(&(BookId, CampaignId), &Effect)]) -> Result<Rows, DbErr> {
    let column = |pick: fn(&Effect) -> i128| {
        changed.iter().map(|(_, effect)| fen(pick(effect))).collect::<Result<Vec<i64>, DbErr>>()
    };
    Ok(Rows::new()
        .uuid("book_id", changed.iter().map(|((book, _), _)| book.uuid()))
        .uuid("campaign_id", changed.iter().map(|((_, campaign), _)| campaign.uuid()))
        .int("received", column(|e| e.received)?)
        .int("committed", column(|e| e.committed)?)
        .int("used", column(|e| e.used)?)
        .int("cash", column(|e| e.raised_cash)?)
        .int("goods", column(|e| e.raised_goods)?))
}

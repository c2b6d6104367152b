//! The proof: every stored number computed again from the postings.
//!
//! It reads in one transaction on a connection that cannot write, so it sees one state of the books however much is booked
//! meanwhile, and changes nothing.

use std::collections::BTreeMap;

use domain::{AccountId, BookId, CampaignId};
use entity::{Tx, account, account_day, fund};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryResult, Statement};
use uuid::Uuid;

use crate::entry::content_digest;
use crate::fund::{Effect, Side, effects};
use crate::{Raised, seal};

/// How many entries are read at once.
const PAGE: u64 = 5_000;

/// A stored number that is not what the postings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was compared: `account`, `account_day`, `fund`, `entry`, …
    pub what: &'static str,
    /// Which one.
    pub key: String,
    /// What is stored.
    pub stored: String,
    /// What the postings say.
    pub computed: String,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// How many numbers were compared.
    pub checked: u64,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

impl AuditReport {
    /// Compares one number.
    pub fn compare(&mut self, what: &'static str, key: impl ToString, stored: impl ToString, computed: impl ToString) {
        self.checked += 1;
        let (stored, computed) = (stored.to_string(), computed.to_string());
        if stored != computed {
            self.differences.push(Difference { what, key: key.to_string(), stored, computed });
        }
    }

    /// Nothing differs.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Audits the ledger: entries against their postings and digests, accounts, days, funds and public totals against the
/// postings, debits against credits, and every seal. Give it a snapshot, so that one state is seen.
pub async fn audit(db: &Tx, progress: &(dyn Fn(u64) + Sync)) -> Result<AuditReport, DbErr> {
    let mut report = AuditReport::default();
    let accounts: BTreeMap<AccountId, account::Model> =
        account::Entity::find().all(db).await?.into_iter().map(|a| (a.id, a)).collect();
    let mut computed = Computed::default();
    let mut after = Uuid::nil();
    let mut read = 0;
    loop {
        let page = page(db, after).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        read += page.len() as u64;
        for entry in &page {
            entry.check(&accounts, &mut report);
            computed.take(entry, &accounts);
        }
        progress(read);
    }
    orphans(db, &mut report).await?;
    seal::audit(db, &mut report).await?;
    computed.compare(db, &accounts, &mut report).await?;
    Ok(report)
}

struct StoredEntry {
    id: Uuid,
    book_id: Uuid,
    reference: String,
    kind: String,
    book_date: String,
    event_date: String,
    reverses: Option<Uuid>,
    donor_id: Option<Uuid>,
    channel: Option<String>,
    counterparty: Option<String>,
    document: Option<String>,
    postings: i64,
    total_fen: i64,
    digest: Vec<u8>,
    lines: Vec<StoredLine>,
}

struct StoredLine {
    debit: AccountId,
    credit: AccountId,
    fen: i64,
    raised: String,
    cash_flow: Option<String>,
}

async fn page(db: &impl ConnectionTrait, after: Uuid) -> Result<Vec<StoredEntry>, DbErr> {
    let sql = format!(
        "SELECT e.id, e.book_id, e.reference, e.kind, e.book_date, e.event_date, e.reverses, e.donor_id, e.channel, e.counterparty, \
         e.document, e.postings, e.total_fen, e.digest, p.debit_account, p.credit_account, p.amount_fen, p.raised, p.cash_flow \
         FROM (SELECT * FROM entry WHERE id > $1 ORDER BY id LIMIT {PAGE}) e LEFT JOIN posting p ON p.entry_id = e.id \
         ORDER BY e.id, p.line"
    );
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [after.into()])).await?;
    let mut entries: Vec<StoredEntry> = Vec::new();
    for row in &rows {
        let id: Uuid = row.try_get("", "id")?;
        if entries.last().is_none_or(|last| last.id != id) {
            entries.push(header(id, row)?);
        }
        if let (Some(fen), Some(entry)) = (row.try_get::<Option<i64>>("", "amount_fen")?, entries.last_mut()) {
            entry.lines.push(StoredLine {
                debit: row.try_get("", "debit_account")?,
                credit: row.try_get("", "credit_account")?,
                fen,
                raised: row.try_get("", "raised")?,
                cash_flow: row.try_get("", "cash_flow")?,
            });
        }
    }
    Ok(entries)
}

fn header(id: Uuid, row: &QueryResult) -> Result<StoredEntry, DbErr> {
    Ok(StoredEntry {
        id,
        book_id: row.try_get("", "book_id")?,
        reference: row.try_get("", "reference")?,
        kind: row.try_get("", "kind")?,
        book_date: row.try_get("", "book_date")?,
        event_date: row.try_get("", "event_date")?,
        reverses: row.try_get("", "reverses")?,
        donor_id: row.try_get("", "donor_id")?,
        channel: row.try_get("", "channel")?,
        counterparty: row.try_get("", "counterparty")?,
        document: row.try_get("", "document")?,
        postings: row.try_get("", "postings")?,
        total_fen: row.try_get("", "total_fen")?,
        digest: row.try_get("", "digest")?,
        lines: Vec::new(),
    })
}

impl StoredEntry {
    fn check(&self, accounts: &BTreeMap<AccountId, account::Model>, report: &mut AuditReport) {
        let reference = &self.reference;
        let total: i128 = self.lines.iter().map(|line| i128::from(line.fen)).sum();
        report.compare("entry.postings", reference, self.postings, self.lines.len());
        report.compare("entry.total", reference, self.total_fen, total);
        let book: BookId = self.book_id.into();
        let at_home = |id: &AccountId| accounts.get(id).is_some_and(|account| account.book_id == book);
        let strangers = self.lines.iter().filter(|line| !at_home(&line.debit) || !at_home(&line.credit)).count();
        report.compare("entry.book", reference, 0, strangers);
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| (line.debit.to_string(), line.credit.to_string(), line.fen, line.raised.as_str()))
            .collect();
        let digest = content_digest(
            &self.book_id.to_string(),
            &self.kind,
            &self.event_date,
            self.reverses.map(|id| id.to_string()).as_deref(),
            self.donor_id.map(|id| id.to_string()).as_deref(),
            self.channel.as_deref(),
            self.counterparty.as_deref(),
            self.document.as_deref(),
            &lines,
            &self.lines.iter().map(|line| line.cash_flow.as_deref()).collect::<Vec<_>>(),
        );
        report.compare("entry.digest", reference, digest == self.digest, true);
    }
}

/// What the postings add up to.
#[derive(Default)]
struct Computed {
    accounts: BTreeMap<AccountId, (i128, i128)>,
    days: BTreeMap<(AccountId, String), (i128, i128)>,
    funds: BTreeMap<(BookId, CampaignId), Effect>,
}

impl Computed {
    fn take(&mut self, entry: &StoredEntry, accounts: &BTreeMap<AccountId, account::Model>) {
        for line in &entry.lines {
            let fen = i128::from(line.fen);
            self.accounts.entry(line.debit).or_default().0 += fen;
            self.accounts.entry(line.credit).or_default().1 += fen;
            self.days.entry((line.debit, entry.book_date.clone())).or_default().0 += fen;
            self.days.entry((line.credit, entry.book_date.clone())).or_default().1 += fen;
            let (Some(debit), Some(credit)) = (accounts.get(&line.debit), accounts.get(&line.credit)) else { continue };
            for (campaign, effect) in
                effects(side(debit), side(credit), fen, Raised::parse(&line.raised)).into_iter().flatten()
            {
                self.funds.entry((entry.book_id.into(), campaign)).or_default().add(effect);
            }
        }
    }

    async fn compare(
        mut self,
        db: &impl ConnectionTrait,
        accounts: &BTreeMap<AccountId, account::Model>,
        report: &mut AuditReport,
    ) -> Result<(), DbErr> {
        let mut books: BTreeMap<BookId, i128> = BTreeMap::new();
        for (id, row) in accounts {
            let (debit, credit) = self.accounts.remove(id).unwrap_or_default();
            report.compare("account.debit", &row.name, row.debit_fen.fen(), debit);
            report.compare("account.credit", &row.name, row.credit_fen.fen(), credit);
            *books.entry(row.book_id).or_default() += debit - credit;
        }
        for (id, _) in self.accounts {
            report.compare("account", id, "missing", "posted to");
        }
        for (book, net) in books {
            report.compare("book.balances", book, 0, net);
        }
        for row in account_day::Entity::find().all(db).await? {
            let (debit, credit) = self.days.remove(&(row.account_id, row.day.to_string())).unwrap_or_default();
            report.compare("account_day.debit", format!("{} {}", row.account_id, row.day), row.debit_fen.fen(), debit);
            report.compare(
                "account_day.credit",
                format!("{} {}", row.account_id, row.day),
                row.credit_fen.fen(),
                credit,
            );
        }
        for ((account, day), _) in self.days {
            report.compare("account_day", format!("{account} {day}"), "missing", "posted to");
        }
        for row in fund::Entity::find().all(db).await? {
            let effect = self.funds.remove(&(row.book_id, row.campaign_id)).unwrap_or_default();
            let key = row.campaign_id.to_string();
            report.compare("fund.received", &key, row.received_fen.fen(), effect.received);
            report.compare("fund.used", &key, row.used_fen.fen(), effect.used);
            report.compare("fund.raised_cash", &key, row.raised_cash_fen.fen(), effect.raised_cash);
            report.compare("fund.raised_goods", &key, row.raised_goods_fen.fen(), effect.raised_goods);
        }
        for ((_, campaign), effect) in self.funds {
            if effect != Effect::default() {
                report.compare("fund", campaign, "missing", "posted to");
            }
        }
        Ok(())
    }
}

fn side(account: &account::Model) -> Side<'_> {
    Side { code: &account.subject, campaign: account.campaign_id, goods: account.goods }
}

/// Postings whose entry does not exist: the database forbids them, the audit looks all the same.
async fn orphans(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM posting p WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = p.entry_id)";
    let backend: DbBackend = db.get_database_backend();
    let orphans: i64 = match db.query_one_raw(Statement::from_string(backend, sql)).await? {
        Some(row) => row.try_get("", "n")?,
        None => 0,
    };
    report.compare("posting.entry", "all", 0, orphans);
    Ok(())
}

//! Gifts booked a second, all to one campaign, every caller answered after its own commit.
//!
//! In one run, on one database: hand-written SQL with a transaction for each gift, 64 clients; the raw batched statements (the
//! same rows, no guards, no checks, no locks) in groups of 64; `ledger::post` behind the group commit with 64 and 512 callers; and
//! these once more with the guards of the database taken away: what the guards cost. They take turns, a second each, since a machine
//! that others use is another one a minute later; a ratio is that of one turn. Prints the median of the turns and the lowest and the highest;
//! the disk's fdatasync rate stands beside them. The aims are in docs/performance.md.
//!
//! `cargo bench --bench gifts` measures SQLite; with `SANGZI_TEST_POSTGRES` set (see `scripts/postgres`) PostgreSQL too.
//!
//! `cargo bench --bench gifts -- growth 10000000` instead fills a database on the disk of `TMPDIR` to so many gifts and says what one more
//! costs on the way there, from ten thousand on (a gift takes about a kilobyte).
#![allow(clippy::float_arithmetic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints ratios")]
#![allow(missing_docs, reason = "a program")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::{BookId, BusinessDate, CampaignId, EntryId, Money, Timestamp};
use entity::{Db, GroupCommit, GroupOptions, Rows};
use ledger::{Account, BookKind, Entry, NewBook, Posted, Raised, Refusal, Subject, post};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

#[path = "house/disk.rs"]
mod disk;
#[path = "house/postgres.rs"]
mod postgres;

use postgres::on_postgres;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: Timestamp = Timestamp::from_seconds(1_768_438_842);
/// How long each is measured in a turn.
const SPAN: Duration = Duration::from_secs(1);
/// How many turns.
const TURNS: usize = 9;

fn gift(book: BookId, campaign: CampaignId) -> Entry {
    let day = BusinessDate::of(NOW);
    Entry::new(book, "donation", format!("donation:{}", Uuid::now_v7()), day).raising(
        Account::wechat_balance(book),
        Account::of_campaign(book, Subject::DONATION_RESTRICTED, campaign),
        Money::from_fen(1_000),
        Raised::Cash,
    )
}

/// What came of one turn.
struct Measured {
    rate: f64,
    took: Vec<Duration>,
}

/// Runs `callers` tasks for `SPAN`; each call of `work` books `weight` gifts.
async fn measure<F, Fut>(callers: usize, weight: usize, work: F) -> Measured
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let work = Arc::new(work);
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut took = Vec::new();
                while start.elapsed() < SPAN {
                    let begun = Instant::now();
                    work().await;
                    took.push(begun.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    Measured { rate: (took.len() * weight) as f64 / start.elapsed().as_secs_f64(), took }
}

/// The turns of one way to book.
#[derive(Default)]
struct Turns {
    rates: Vec<f64>,
    took: Vec<Duration>,
}

impl Turns {
    fn add(&mut self, measured: Measured) {
        self.rates.push(measured.rate);
        self.took.extend(measured.took);
    }

    fn say(&mut self, name: &str) {
        self.took.sort();
        let at = |share: f64| self.took[((self.took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let (low, median, high) = spread(self.rates.iter().copied());
        println!(
            "  {name:<58} {median:>7.0} /s ({low:.0} to {high:.0})   p50 {:.2} ms   p99 {:.2} ms",
            at(0.5),
            at(0.99)
        );
    }

    /// How many times the other, turn by turn.
    fn beside(&self, other: &Turns) -> String {
        let (low, median, high) = spread(self.rates.iter().zip(&other.rates).map(|(ours, theirs)| ours / theirs));
        format!("{median:.2} × ({low:.2} to {high:.2})")
    }
}

/// The lowest, the median, the highest.
fn spread(figures: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    (figures[0], figures[figures.len() / 2], figures[figures.len() - 1])
}

async fn database(url: &str, name: &str) {
    let db = Db::connect(url).await.unwrap();
    Migrator::up(db.migrations(), None).await.unwrap();
    let (book, campaign) = (BookId::new(), CampaignId::new());
    let tx = db.begin().await.unwrap();
    let new =
        NewBook { id: book, code: "b".into(), name: "基金会".into(), kind: BookKind::Charity, credit_code: None };
    ledger::create_book(&tx, new, NOW).await.unwrap();
    post(&tx, NOW, &[gift(book, campaign)]).await.unwrap();
    tx.commit().await.unwrap();
    let postgres = db.backend() == DbBackend::Postgres;
    println!("{name}");

    copies(&db).await;

    // Warm: a few thousand gifts, then fresh statistics.
    let queue = start(&db);
    warm(&queue, book, campaign).await;
    if postgres {
        db.migrations().execute_unprepared("ANALYZE").await.unwrap();
    }

    let ours = |callers| {
        let queue = queue.clone();
        measure(callers, 1, move || {
            let queue = queue.clone();
            async move {
                assert!(queue.submit(gift(book, campaign)).await.unwrap().is_ok());
            }
        })
    };
    let guards = Guards::of(&db).await;
    let (mut hand, mut batched) = (Turns::default(), Turns::default());
    let mut guarded = [64, 512].map(|callers| (callers, Turns::default(), Turns::default()));
    for _ in 0..TURNS {
        let (one, many) = (db.clone(), db.clone());
        hand.add(
            measure(64, 1, move || {
                let db = one.clone();
                async move { by_hand(&db, book, campaign).await }
            })
            .await,
        );
        batched.add(
            measure(if postgres { 2 } else { 1 }, 64, move || {
                let db = many.clone();
                async move { raw(&db, book, campaign).await }
            })
            .await,
        );
        for (callers, with, _) in &mut guarded {
            with.add(ours(*callers).await);
        }
        guards.take_away(&db).await;
        for (callers, _, without) in &mut guarded {
            without.add(ours(*callers).await);
        }
        guards.put_back(&db).await;
    }
    hand.say("by hand, a transaction a gift, 64 clients");
    batched.say("raw batched statements, the same rows, groups of 64");
    for (callers, with, without) in &mut guarded {
        with.say(&format!("ledger::post behind the group commit, {callers} callers"));
        println!("    by hand {}; the raw statement {}", with.beside(&hand), with.beside(&batched));
        without.say(&format!("the same without the guards, {callers} callers"));
        println!("    with the guards {}", with.beside(without));
    }
    println!();
}

/// The guards of entries and postings; the keys stay.
struct Guards {
    away: Vec<String>,
    back: Vec<String>,
}

impl Guards {
    async fn of(db: &Db) -> Guards {
        if db.backend() == DbBackend::Postgres {
            let all = |verb: &str| {
                ["entry", "posting"].map(|table| format!("ALTER TABLE {table} {verb} TRIGGER USER")).to_vec()
            };
            return Guards { away: all("DISABLE"), back: all("ENABLE") };
        }
        let sql = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name IN ('entry_guard', 'posting_guard')";
        let rows = db.read().query_all_raw(Statement::from_string(db.backend(), sql)).await.unwrap();
        Guards {
            away: ["entry_guard", "posting_guard"].map(|name| format!("DROP TRIGGER {name}")).to_vec(),
            back: rows.iter().map(|row| row.try_get("", "sql").unwrap()).collect(),
        }
    }

    async fn take_away(&self, db: &Db) {
        run_all(db, &self.away).await;
    }

    async fn put_back(&self, db: &Db) {
        run_all(db, &self.back).await;
    }
}

async fn run_all(db: &Db, statements: &[String]) {
    for sql in statements {
        db.migrations().execute_unprepared(sql).await.unwrap();
    }
}

/// Copies of the two tables with their indexes, without guards and foreign keys.
async fn copies(db: &Db) {
    let run = async |sql: &str| {
        db.migrations().execute_unprepared(sql).await.unwrap();
    };
    if db.backend() == DbBackend::Postgres {
        run("CREATE TABLE raw_entry (LIKE entry INCLUDING ALL)").await;
        run("CREATE TABLE raw_posting (LIKE posting INCLUDING ALL)").await;
        return;
    }
    let sql = "SELECT sql FROM sqlite_master WHERE tbl_name IN ('entry', 'posting') AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC";
    let made = db.read().query_all_raw(Statement::from_string(db.backend(), sql)).await.unwrap();
    for row in made {
        let sql: String = row.try_get("", "sql").unwrap();
        let copy = ["TABLE ", "INDEX ", " ON "].iter().fold(sql, |sql, word| {
            sql.replace(&format!("{word}entry"), &format!("{word}raw_entry"))
                .replace(&format!("{word}posting"), &format!("{word}raw_posting"))
        });
        // Keys stay; foreign keys do not.
        let lines: Vec<&str> = copy.lines().filter(|line| !line.contains("FOREIGN KEY")).collect();
        run(&lines.join("\n")).await;
    }
}

/// The bound: the rows of 64 gifts, the two balances, what the two accounts have by day, and the fund, batched, with nothing looked at.
async fn raw(db: &Db, book: BookId, campaign: CampaignId) {
    let (wechat, income) = (
        Account::wechat_balance(book).id().uuid(),
        Account::of_campaign(book, Subject::DONATION_RESTRICTED, campaign).id().uuid(),
    );
    let ids: Vec<Uuid> = (0..64).map(|_| Uuid::now_v7()).collect();
    let day = BusinessDate::of(NOW);
    let tx = db.begin().await.unwrap();
    let rows = Rows::new()
        .uuid("id", ids.iter().copied())
        .text("reference", ids.iter().map(|id| format!("donation:{id}")))
        .bytes("digest", ids.iter().map(|_| vec![0; 32]));
    let sql = "INSERT INTO raw_entry (id, book_id, reference, kind, book_date, event_date, booked_us, actor, source, postings, total_fen, digest) \
               SELECT id, $1, reference, 'donation', $2, $2, 0, 'system', 'donation', 1, 1000, digest FROM {rows} WHERE true ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(db.backend(), sql, [book.into(), day.into()])).await.unwrap();
    let rows = Rows::new().uuid("id", ids.iter().copied());
    let sql = "INSERT INTO raw_posting (entry_id, line, debit_account, credit_account, amount_fen, raised) SELECT id, 0, $1, $2, 1000, 'cash' FROM {rows}";
    tx.execute_raw(rows.statement(db.backend(), sql, [wechat.into(), income.into()])).await.unwrap();
    let rows = Rows::new().uuid("id", [wechat, income]).int("debit", [64_000, 0]).int("credit", [0, 64_000]);
    let sql = "UPDATE account SET debit_fen = debit_fen + r.debit, credit_fen = credit_fen + r.credit FROM {rows} WHERE account.id = r.id";
    tx.execute_raw(rows.statement(db.backend(), sql, [])).await.unwrap();
    let rows = Rows::new().uuid("id", [wechat, income]).int("debit", [64_000, 0]).int("credit", [0, 64_000]);
    let sql = "UPDATE account_day SET debit_fen = debit_fen + r.debit, credit_fen = credit_fen + r.credit FROM {rows} \
               WHERE account_day.account_id = r.id AND account_day.day = $1";
    tx.execute_raw(rows.statement(db.backend(), sql, [day.into()])).await.unwrap();
    let sql = "UPDATE fund SET received_fen = received_fen + 64000, raised_cash_fen = raised_cash_fen + 64000 WHERE book_id = $1 AND campaign_id = $2";
    let values = [book.into(), campaign.into()];
    tx.execute_raw(Statement::from_sql_and_values(db.backend(), sql, values)).await.unwrap();
    tx.commit().await.unwrap();
}

type Queue = GroupCommit<Entry, Result<Posted, Refusal>>;

fn start(db: &Db) -> Queue {
    let options = GroupOptions { name: "bench", queue: 4_096, batch: 1_024 };
    GroupCommit::start(db.clone(), options, Arc::new(|tx, entries| Box::pin(post(tx, NOW, entries))))
}

async fn warm(queue: &Queue, book: BookId, campaign: CampaignId) {
    let tasks: Vec<_> = (0..2_000)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.submit(gift(book, campaign)).await.unwrap().is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
}

/// What somebody would write without the ledger: the same rows, one transaction, one statement each, in tables without guards.
async fn by_hand(db: &Db, book: BookId, campaign: CampaignId) {
    static N: AtomicI64 = AtomicI64::new(0);
    let n = N.fetch_add(1, Ordering::Relaxed);
    let (wechat, income) =
        (Account::wechat_balance(book), Account::of_campaign(book, Subject::DONATION_RESTRICTED, campaign));
    let id = EntryId::new();
    let day = BusinessDate::of(NOW);
    let tx = db.begin().await.unwrap();
    let run = async |sql: &str, values: Vec<sea_orm::Value>| {
        tx.execute_raw(Statement::from_sql_and_values(db.backend(), sql, values)).await.unwrap();
    };
    run(
        "INSERT INTO raw_posting (entry_id, line, debit_account, credit_account, amount_fen, raised) VALUES ($1, 0, $2, $3, 1000, 'cash')",
        vec![id.into(), wechat.id().into(), income.id().into()],
    )
    .await;
    run(
        "INSERT INTO raw_entry (id, book_id, reference, kind, book_date, event_date, booked_us, actor, source, postings, total_fen, digest) \
         VALUES ($1, $2, $3, 'by_hand', $4, $4, $5, 'system', 'bench', 1, 1000, $6)",
        vec![id.into(), book.into(), format!("by_hand:{n}").into(), day.into(), NOW.into(), vec![0u8; 32].into()],
    )
    .await;
    let mut accounts = [(wechat.id(), 1_000i64, 0i64), (income.id(), 0, 1_000)];
    accounts.sort();
    for (account, debit, credit) in accounts {
        run(
            "UPDATE account SET debit_fen = debit_fen + $1, credit_fen = credit_fen + $2 WHERE id = $3",
            vec![debit.into(), credit.into(), account.into()],
        )
        .await;
    }
    run(
        "UPDATE fund SET received_fen = received_fen + 1000, raised_cash_fen = raised_cash_fen + 1000 WHERE book_id = $1 AND campaign_id = $2",
        vec![book.into(), campaign.into()],
    )
    .await;
    tx.commit().await.unwrap();
}

/// What a gift costs once there are many: the median of fifty batches at each size.
async fn growth(url: &str, name: &str, most: usize) {
    const BATCH: usize = 1_000;
    let db = Db::connect(url).await.unwrap();
    Migrator::up(db.migrations(), None).await.unwrap();
    let (book, campaign) = (BookId::new(), CampaignId::new());
    let tx = db.begin().await.unwrap();
    let new =
        NewBook { id: book, code: "b".into(), name: "基金会".into(), kind: BookKind::Charity, credit_code: None };
    ledger::create_book(&tx, new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let batch = async || {
        let entries: Vec<Entry> = (0..BATCH).map(|_| gift(book, campaign)).collect();
        let begun = Instant::now();
        let tx = db.begin().await.unwrap();
        assert!(post(&tx, NOW, &entries).await.unwrap().iter().all(Result::is_ok));
        tx.commit().await.unwrap();
        begun.elapsed()
    };
    println!("{name}: one more gift, in batches of {BATCH}, once there are so many");
    let (mut there, mut goal, mut first) = (0, 10_000, None);
    while goal <= most {
        while there < goal {
            batch().await;
            there += BATCH;
        }
        if db.backend() == DbBackend::Postgres {
            db.migrations().execute_unprepared("ANALYZE entry, posting").await.unwrap();
        }
        let mut took = Vec::new();
        for _ in 0..50 {
            took.push(batch().await);
            there += BATCH;
        }
        took.sort();
        let micros = took[took.len() / 2].as_secs_f64() * 1e6 / BATCH as f64;
        let first = *first.get_or_insert(micros);
        println!("  {goal:>10}   {micros:>6.1} µs, {:.2} × the first", micros / first);
        goal *= 10;
    }
    println!();
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().unwrap();
    let asked: Vec<String> = std::env::args().skip_while(|word| word != "growth").collect();
    if let [_, most, ..] = &asked[..] {
        let most = most.parse().unwrap();
        growth(&format!("sqlite://{}", dir.path().join("growth.db").display()), "SQLite", most).await;
        on_postgres(async |url| growth(&url, "PostgreSQL", most).await).await;
        return;
    }
    println!("fdatasync of this disk: {:.0} /s\n", disk::fdatasync_rate(dir.path()));
    database(&format!("sqlite://{}", dir.path().join("bench.db").display()), "SQLite, WAL, synchronous=FULL").await;
    on_postgres(async |url| database(&url, "PostgreSQL, synchronous_commit=on").await).await;
}

//! The ledger on real databases: SQLite always, PostgreSQL when `SANGZI_TEST_POSTGRES` names a server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::sync::Arc;

use domain::{BookId, BusinessDate, CampaignId, Money, Timestamp};
use entity::Db;
use ledger::{Account, BookKind, Entry, NewBook, Posted, Raised, Refusal, Subject, audit, balance, fund, post};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbErr};

struct World {
    db: Db,
    book: BookId,
    _dir: tempfile::TempDir,
}

const NOW: Timestamp = Timestamp::from_seconds(1_768_438_842);

fn day(text: &str) -> BusinessDate {
    text.parse().unwrap()
}

fn fen(fen: i64) -> Money {
    Money::from_fen(fen)
}

async fn open(url: &str, dir: tempfile::TempDir) -> World {
    let db = Db::connect(url).await.unwrap();
    Migrator::up(db.migrations(), None).await.unwrap();
    let book = BookId::new();
    let tx = db.begin().await.unwrap();
    let new = NewBook {
        id: book,
        code: "hebei".into(),
        name: "示例基金会".into(),
        kind: BookKind::Charity,
        credit_code: None,
    };
    ledger::create_book(&tx, new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    World { db, book, _dir: dir }
}

/// Runs a test on a fresh SQLite file and, if there is a server, on a fresh PostgreSQL database.
async fn on_both<F: AsyncFn(&World)>(test: F) {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = open(&format!("sqlite://{}", dir.path().join("books.db").display()), dir).await;
    test(&sqlite).await;
    finish(&sqlite).await;
    if let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") {
        let name = format!("ledger_{}", uuid::Uuid::now_v7().simple());
        let admin = sea_orm::Database::connect(&server).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let postgres = open(&format!("{base}/{name}"), tempfile::tempdir().unwrap()).await;
        test(&postgres).await;
        finish(&postgres).await;
        postgres.db.close().await.unwrap();
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
}

/// Every test ends with the audit.
async fn finish(w: &World) {
    let report = audit(&w.db.snapshot().await.unwrap(), &|_| {}).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.differences);
}

async fn book(w: &World, entries: &[Entry]) -> Vec<Result<Posted, Refusal>> {
    let tx = w.db.begin().await.unwrap();
    let answers = post(&tx, NOW, entries).await.unwrap();
    tx.commit().await.unwrap();
    answers
}

fn gift(w: &World, name: &str, campaign: CampaignId, amount: i64) -> Entry {
    Entry::new(w.book, "donation", format!("donation:{name}"), day("2026-01-15")).raising(
        Account::wechat_balance(w.book),
        Account::of_campaign(w.book, Subject::DONATION_RESTRICTED, campaign),
        fen(amount),
        Raised::Cash,
    )
}

fn spend(w: &World, name: &str, campaign: CampaignId, amount: i64) -> Entry {
    Entry::new(w.book, "grant", format!("grant:{name}"), day("2026-01-16")).posting(
        Account::of_campaign(w.book, Subject::PROGRAMME_COST, campaign),
        Account::bank(w.book, "basic"),
        fen(amount),
    )
}

async fn net(w: &World, account: &Account) -> i64 {
    balance(w.db.read(), account, None).await.unwrap().net().fen()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_booked_once_whoever_repeats_it() {
    on_both(async |w| {
        let x = CampaignId::new();
        let entry = gift(w, "1", x, 10_000);
        let first = book(w, &[entry.clone(), entry.clone()]).await;
        assert!(matches!(first[0], Ok(Posted::Booked { .. })));
        assert!(matches!(first[1], Ok(Posted::AlreadyThere { .. })));
        let again = book(w, std::slice::from_ref(&entry)).await;
        assert_eq!(again[0].as_ref().unwrap().id(), first[0].as_ref().unwrap().id());
        assert_eq!(book(w, &[gift(w, "1", x, 10_001)]).await, [Err(Refusal::ReferenceTaken)]);
        assert_eq!(net(w, &Account::wechat_balance(w.book)).await, 10_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_concerns_that_entry_alone() {
    on_both(async |w| {
        let (x, y) = (CampaignId::new(), CampaignId::new());
        let answers = book(
            w,
            &[
                gift(w, "1", x, 5_000),
                spend(w, "too much", x, 5_001),
                spend(w, "all", x, 5_000),
                spend(w, "one more", x, 1),
                spend(w, "nothing there", y, 1),
                Entry::new(w.book, "odd", "odd:1".into(), day("2026-01-15")),
                Entry::new(BookId::new(), "odd", "odd:2".into(), day("2026-01-15")).posting(
                    Account::bank(w.book, "basic"),
                    Account::wechat_balance(w.book),
                    fen(1),
                ),
                gift(w, "2", y, 1),
            ],
        )
        .await;
        assert!(answers[0].is_ok() && answers[2].is_ok() && answers[7].is_ok(), "{answers:?}");
        assert_eq!(answers[1], Err(Refusal::FundShort { campaign: x, available: fen(5_000), short: fen(1) }));
        assert_eq!(answers[3], Err(Refusal::FundShort { campaign: x, available: fen(0), short: fen(1) }));
        assert_eq!(answers[4], Err(Refusal::FundShort { campaign: y, available: fen(0), short: fen(1) }));
        assert_eq!(answers[5], Err(Refusal::Unsound));
        assert_eq!(answers[6], Err(Refusal::Unsound));
        assert_eq!(fund(w.db.read(), w.book, x).await.unwrap().available(), fen(0));
        assert_eq!(fund(w.db.read(), w.book, x).await.unwrap().raised_cash, fen(5_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_days_take_nothing_and_late_events_find_the_first_open_day() {
    on_both(async |w| {
        let x = CampaignId::new();
        let tx = w.db.begin().await.unwrap();
        ledger::close_through(&tx, w.book, day("2026-01-31")).await.unwrap();
        assert!(ledger::close_through(&tx, w.book, day("2025-12-31")).await.is_err());
        tx.commit().await.unwrap();
        let answers = book(w, &[gift(w, "late", x, 100), gift(w, "exact", x, 100).on(day("2026-01-31"))]).await;
        assert!(matches!(answers[0], Ok(Posted::Booked { book_date, .. }) if book_date == day("2026-02-01")));
        assert_eq!(answers[1], Err(Refusal::PeriodClosed(day("2026-01-31"))));
        let (entry, _) = ledger::entry_by_reference(w.db.read(), "donation:late").await.unwrap().unwrap();
        assert_eq!(entry.event_date, day("2026-01-15"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_mirrors_everything_once() {
    on_both(async |w| {
        let x = CampaignId::new();
        let original = gift(w, "1", x, 700);
        let id = book(w, std::slice::from_ref(&original)).await[0].as_ref().unwrap().id();
        let reversal = Entry::reversal(id, &original, day("2026-01-20"));
        assert!(book(w, std::slice::from_ref(&reversal)).await[0].is_ok());
        assert!(matches!(book(w, &[reversal]).await[0], Ok(Posted::AlreadyThere { .. })));
        let fund = fund(w.db.read(), w.book, x).await.unwrap();
        assert_eq!((fund.raised_cash, fund.received), (fen(0), fen(0)));
        assert_eq!(
            balance(w.db.read(), &Account::wechat_balance(w.book), Some(day("2026-01-19"))).await.unwrap().net(),
            fen(700)
        );
        assert_eq!(net(w, &Account::wechat_balance(w.book)).await, 0);
        let lines = ledger::statement(w.db.read(), Account::wechat_balance(w.book).id(), None, 10).await.unwrap();
        assert_eq!(
            lines.iter().map(|l| l.reference.as_str()).collect::<Vec<_>>(),
            ["donation:1", "reversal:donation:1"]
        );
        let rest =
            ledger::statement(w.db.read(), Account::wechat_balance(w.book).id(), Some((lines[0].entry_id, 0)), 10)
                .await;
        assert_eq!(rest.unwrap().len(), 1);
    })
    .await;
}

/// Postings and their entry as each database wants them: in one statement, or one after the other.
fn together(postgres: bool, lines: &str, entry: &str) -> String {
    if postgres { format!("WITH l AS ({lines}) {entry}") } else { format!("{lines}; {entry}") }
}

/// What stands in the books cannot be changed by SQL either.
#[tokio::test(flavor = "multi_thread")]
async fn direct_sql_changes_nothing() {
    on_both(async |w| {
        let x = CampaignId::new();
        let id = book(w, &[gift(w, "1", x, 700)]).await[0].as_ref().unwrap().id();
        let postgres = w.db.backend() == sea_orm::DbBackend::Postgres;
        let hex = id.simple();
        let literal = if postgres { format!("'{id}'") } else { format!("x'{hex}'") };
        let columns = "id, book_id, reference, kind, book_date, event_date, booked_us, actor, source, postings, total_fen, digest";
        let mut attacks = vec![
            "UPDATE entry SET book_date = '2026-01-01'".to_owned(),
            "DELETE FROM entry".to_owned(),
            "UPDATE posting SET amount_fen = 1".to_owned(),
            "DELETE FROM posting".to_owned(),
            "UPDATE subject SET name = 'x'".to_owned(),
            // A line more for an entry that stands.
            format!(
                "INSERT INTO posting SELECT entry_id, 7, credit_account, debit_account, amount_fen, raised, cash_flow FROM posting WHERE entry_id = {literal}"
            ),
            // The same under a number that looks free.
            format!(
                "INSERT INTO posting SELECT entry_id, -1, credit_account, debit_account, amount_fen, raised, cash_flow FROM posting WHERE entry_id = {literal}"
            ),
            // An entry that says more than its postings.
            format!(
                "INSERT INTO entry ({columns}) SELECT {}, book_id, 'forged', kind, book_date, event_date, booked_us, actor, source, postings, total_fen, digest FROM entry",
                if postgres { "gen_random_uuid()" } else { "randomblob(16)" }
            ),
            "UPDATE fund SET used_fen = received_fen + 1".to_owned(),
            "UPDATE account SET debit_fen = -1".to_owned(),
            "UPDATE account SET book_id = id".to_owned(),
            "DELETE FROM account".to_owned(),
        ];
        if postgres {
            attacks.push("TRUNCATE entry CASCADE".to_owned());
            attacks.push("TRUNCATE posting".to_owned());
        } else {
            attacks.push(format!("INSERT OR REPLACE INTO entry ({columns}) SELECT {columns} FROM entry"));
            attacks.push("INSERT OR REPLACE INTO posting SELECT * FROM posting".to_owned());
            attacks.push("UPDATE account SET debit_fen = 0.5".to_owned());
            attacks.push("UPDATE account SET debit_fen = 'many'".to_owned());
        }
        for attack in attacks {
            let tx = w.db.begin().await.unwrap();
            let refused: Result<_, DbErr> = tx.execute_unprepared(&attack).await;
            assert!(refused.is_err(), "{attack}");
            tx.rollback().await.unwrap();
        }
        // Postings without an entry: refused at once or, at the latest, by the commit.
        let tx = w.db.begin().await.unwrap();
        let orphan = format!(
            "INSERT INTO posting SELECT {}, line, debit_account, credit_account, amount_fen, raised, cash_flow FROM posting",
            if postgres { "gen_random_uuid()" } else { "randomblob(16)" }
        );
        let refused = match tx.execute_unprepared(&orphan).await {
            Ok(_) => tx.commit().await,
            Err(error) => Err(error),
        };
        assert!(refused.is_err(), "postings stand without an entry");
        // A stranger's connection, without our pragmas, replaces nothing either.
        if !postgres {
            let path = w._dir.path().join("books.db");
            let stranger = sea_orm::Database::connect(format!("sqlite://{}", path.display())).await.unwrap();
            for table in ["entry", "posting"] {
                let sql = format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}");
                assert!(stranger.execute_unprepared(&sql).await.is_err(), "{sql}");
            }
            stranger.close().await.unwrap();
        }
        // Closed by another hand: the database refuses what a program forgot to ask.
        let tx = w.db.begin().await.unwrap();
        ledger::close_through(&tx, w.book, day("2026-12-31")).await.unwrap();
        tx.commit().await.unwrap();
        let tx = w.db.begin().await.unwrap();
        let random = if postgres { "gen_random_uuid()" } else { "randomblob(16)" };
        tx.execute_unprepared(&format!("CREATE TEMP TABLE fresh_id AS SELECT {random} AS id")).await.unwrap();
        let lines = "INSERT INTO posting SELECT (SELECT id FROM fresh_id), line, debit_account, credit_account, amount_fen, raised, cash_flow FROM posting";
        let entry = format!("INSERT INTO entry ({columns}) SELECT (SELECT id FROM fresh_id), book_id, 'late', kind, book_date, event_date, booked_us, actor, source, postings, total_fen, digest FROM entry");
        let late = tx.execute_unprepared(&together(postgres, lines, &entry)).await;
        assert!(late.is_err_and(|e| e.to_string().contains("period_closed")));
        tx.rollback().await.unwrap();
    })
    .await;
}

/// Many hands on one account and one fund: nothing lost, nothing twice, and the fund never below zero.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_on_one_hot_account() {
    on_both(async |w| {
        let x = CampaignId::new();
        book(w, &[gift(w, "seed", x, 1_000)]).await;
        let w = Arc::new(World { db: w.db.clone(), book: w.book, _dir: tempfile::tempdir().unwrap() });
        let tasks: Vec<_> = (0..24)
            .map(|task| {
                let w = w.clone();
                tokio::spawn(async move {
                    let mut spent = 0;
                    for round in 0..6 {
                        // The same gift is offered by every task; each tries to spend 100 of what is there; two campaigns in
                        // opposite order provoke a deadlock where locks have no order.
                        let mut batch = vec![
                            gift(&w, &format!("shared {round}"), x, 10),
                            gift(&w, &format!("own {task} {round}"), x, 1),
                            spend(&w, &format!("{task} {round}"), x, 100),
                        ];
                        if task % 2 == 0 {
                            batch.reverse();
                        }
                        let mut answers = loop {
                            let tx = w.db.begin().await.unwrap();
                            match post(&tx, NOW, &batch).await {
                                Ok(answers) => {
                                    tx.commit().await.unwrap();
                                    break answers;
                                }
                                // Another task wrote the shared reference between our look and our insert.
                                Err(error) => assert!(entity::violation(&error).is_some(), "{error}"),
                            }
                        };
                        if task % 2 == 0 {
                            answers.reverse();
                        }
                        assert!(answers[0].is_ok() && answers[1].is_ok());
                        spent += i64::from(answers[2].is_ok()) * 100;
                    }
                    spent
                })
            })
            .collect();
        let mut spent = 0;
        for task in tasks {
            spent += task.await.unwrap();
        }
        let fund = fund(w.db.read(), w.book, x).await.unwrap();
        assert_eq!(fund.raised_cash, fen(1_000 + 6 * 10 + 24 * 6));
        assert_eq!(fund.used, fen(spent));
        assert!(!fund.available().is_negative() && fund.available() < fen(100 + 24));
    })
    .await;
}

mod against_a_model {
    //! Random batches against a model of ten lines.

    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Op {
        Give { name: u8, campaign: u8, amount: i64 },
        Spend { name: u8, campaign: u8, amount: i64 },
        Refund { name: u8, campaign: u8, amount: i64 },
    }

    fn op() -> impl Strategy<Value = Op> {
        (0u8..3, 0u8..12, 0u8..3, -1i64..2_000).prop_map(|(kind, name, campaign, amount)| match kind {
            0 => Op::Give { name, campaign, amount },
            1 => Op::Spend { name, campaign, amount },
            _ => Op::Refund { name, campaign, amount },
        })
    }

    #[test]
    fn the_books_say_what_the_model_says() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut runner =
            TestRunner::new(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() });
        let batches = proptest::collection::vec(proptest::collection::vec(op(), 1..12), 1..6);
        let run = runner.run(&batches, |batches| {
            runtime.block_on(on_both(async |w| {
                let campaigns: Vec<CampaignId> = (0..3).map(|_| CampaignId::new()).collect();
                // The model: known references with content, and what each campaign has and has raised.
                let mut known: BTreeMap<String, (u8, i64)> = BTreeMap::new();
                let mut available = [0i64; 3];
                let mut raised = [0i64; 3];
                for batch in &batches {
                    let entries: Vec<Entry> = batch.iter().map(|op| entry(w, &campaigns, op)).collect();
                    let answers = book(w, &entries).await;
                    for (op, answer) in batch.iter().zip(answers) {
                        let (key, c, amount, change, raise) = match *op {
                            Op::Give { name, campaign, amount } => {
                                (format!("g{name}"), campaign, amount, amount, amount)
                            }
                            Op::Spend { name, campaign, amount } => (format!("s{name}"), campaign, amount, -amount, 0),
                            Op::Refund { name, campaign, amount } => {
                                (format!("r{name}"), campaign, amount, -amount, -amount)
                            }
                        };
                        let i = usize::from(c);
                        let expected = if amount <= 0 {
                            "unsound"
                        } else if let Some(content) = known.get(&key) {
                            if *content == (c, amount) { "there" } else { "taken" }
                        } else if available[i] + change < 0 {
                            "short"
                        } else {
                            known.insert(key, (c, amount));
                            available[i] += change;
                            raised[i] += raise;
                            "booked"
                        };
                        let said = match answer {
                            Ok(Posted::Booked { .. }) => "booked",
                            Ok(Posted::AlreadyThere { .. }) => "there",
                            Err(Refusal::ReferenceTaken) => "taken",
                            Err(Refusal::FundShort { .. }) => "short",
                            Err(Refusal::Unsound) => "unsound",
                            Err(other) => panic!("{other}"),
                        };
                        assert_eq!(said, expected, "{op:?}");
                    }
                }
                for (i, campaign) in campaigns.iter().enumerate() {
                    let fund = fund(w.db.read(), w.book, *campaign).await.unwrap();
                    assert_eq!((fund.available(), fund.raised_cash), (fen(available[i]), fen(raised[i])));
                }
            }));
            Ok(())
        });
        run.unwrap_or_else(|failure| panic!("{failure}\nseed: {:?}", runner.rng()));
    }

    fn entry(w: &World, campaigns: &[CampaignId], op: &Op) -> Entry {
        match *op {
            Op::Give { name, campaign, amount } => {
                gift(w, &format!("g{name}"), campaigns[usize::from(campaign)], amount)
            }
            Op::Spend { name, campaign, amount } => {
                spend(w, &format!("s{name}"), campaigns[usize::from(campaign)], amount)
            }
            Op::Refund { name, campaign, amount } => {
                Entry::new(w.book, "refund", format!("refund:r{name}"), day("2026-01-15")).raising(
                    Account::of_campaign(w.book, Subject::DONATION_RESTRICTED, campaigns[usize::from(campaign)]),
                    Account::payable(w.book, "refund"),
                    fen(amount),
                    Raised::Cash,
                )
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_day_has_numbers_without_gaps_and_nothing_joins_it() {
    on_both(async |w| {
        let x = CampaignId::new();
        let on = |name: &str, on: &str| gift(w, name, x, 100).on(day(on));
        book(w, &[on("1", "2026-01-15"), on("2", "2026-01-15"), on("3", "2026-01-17"), on("4", "2026-01-18")]).await;
        let seal = async |through: &str| {
            let tx = w.db.begin().await.unwrap();
            let sealed = ledger::seal_through(&tx, w.book, day(through), NOW).await;
            tx.commit().await.unwrap();
            sealed
        };
        let seals = seal("2026-01-17").await.unwrap();
        let numbers: Vec<_> = seals.iter().map(|s| (s.day.to_string(), s.first_number, s.last_number)).collect();
        let expected = [("2026-01-15", 1, 2), ("2026-01-16", 3, 2), ("2026-01-17", 3, 3)];
        assert_eq!(numbers, expected.map(|(day, first, last)| (day.to_owned(), first, last)));
        assert_eq!(seals[1].previous.as_ref(), Some(&seals[0].seal));
        // RFC 6962, 2.1: the hash of an empty tree is the hash of nothing.
        assert!(hex::encode(&seals[1].tree_head).starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
        assert!(matches!(seal("2026-01-17").await, Err(ledger::SealError::SealedFurther(_))));

        // What comes late is booked on the first open day and keeps the day it happened.
        let late = book(w, &[gift(w, "late", x, 5)]).await;
        assert!(matches!(late[0], Ok(Posted::Booked { book_date, .. }) if book_date == day("2026-01-18")));
        let again = seal("2026-01-19").await.unwrap();
        assert_eq!((again[0].first_number, again[0].last_number, again[1].last_number), (4, 5, 5));
        assert_eq!(again[0].previous.as_ref(), Some(&seals[2].seal));

        let attacked = async |sql: &str, refusal: &str| {
            let answer = w.db.migrations().execute_unprepared(sql).await;
            assert!(answer.is_err_and(|error| error.to_string().contains(refusal)), "{sql}");
        };
        attacked("UPDATE voucher SET number = 9", "voucher_immutable").await;
        attacked("DELETE FROM voucher", "voucher_immutable").await;
        attacked("UPDATE day_seal SET sealed_us = 0", "day_seal_immutable").await;
        attacked("DELETE FROM day_seal", "day_seal_immutable").await;
        attacked("UPDATE book SET closed_through = NULL", "book_closed").await;
        attacked("UPDATE book SET closed_through = '2026-01-18'", "book_closed").await;
        let (seventh, entry) = ("INSERT INTO voucher (book_id, number, entry_id, salt)", book(w, &[gift(w, "5", x, 1)]).await);
        let copy = format!("{seventh} SELECT e.book_id, 7, e.id, v.salt FROM entry e, voucher v WHERE e.reference = 'donation:5' AND v.number = 1");
        assert!(entry[0].is_ok());
        attacked(&copy, "voucher_gap").await;
        let early = "INSERT INTO day_seal (book_id, day, first_number, last_number, tree_head, seal, sealed_us) \
                     SELECT book_id, '2026-01-25', 6, 5, tree_head, seal, 0 FROM day_seal WHERE day = '2026-01-15'";
        attacked(early, "day_open").await;
        attacked(&early.replace("2026-01-25", "2026-01-14"), "day_seal_immutable").await;
    })
    .await;
}

/// The worked ledger of the facts (charity 6.3), to the fen, with its year end and its statements.
#[tokio::test(flavor = "multi_thread")]
async fn the_worked_ledger_ends_its_year() {
    on_both(async |w| {
        let x = CampaignId::new();
        let of = |subject| Account::of_campaign(w.book, subject, x);
        let (wechat, transit) = (Account::wechat_balance(w.book), Account::wechat_in_transit(w.book));
        let (bank, owed) = (Account::bank(w.book, "basic"), Account::payable(w.book, "refund"));
        let income = of(Subject::DONATION_RESTRICTED);
        let general = Account::new(w.book, Subject::DONATION_UNRESTRICTED);
        let (fee, programme) = (of(Subject::FUNDRAISING_COST), of(Subject::PROGRAMME_COST));
        let (grant, office) = (Account::payable(w.book, "grant"), Account::new(w.book, Subject::MANAGEMENT_COST));
        let lines = [
            (&wechat, &income, 10_000),
            (&wechat, &income, 2_050),
            (&wechat, &income, 1),
            (&fee, &wechat, 60),
            (&fee, &wechat, 12),
            (&income, &owed, 2_050),
            (&owed, &wechat, 2_050),
            (&wechat, &fee, 12),
            (&transit, &wechat, 9_941),
            (&bank, &transit, 9_941),
            (&bank, &general, 100_000),
            (&programme, &grant, 8_000),
            (&grant, &bank, 8_000),
            (&office, &bank, 3_000),
        ];
        let entries: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(n, (debit, credit, amount))| {
                let raised = if **credit == income || **debit == income { Raised::Cash } else { Raised::None };
                Entry::new(w.book, "worked", format!("worked:{n}"), day("2026-05-20")).raising(
                    (*debit).clone(),
                    (*credit).clone(),
                    fen(*amount),
                    raised,
                )
            })
            .collect();
        assert!(book(w, &entries).await.iter().all(Result::is_ok));
        let before = [
            (&wechat, 0),
            (&bank, 98_941),
            (&income, -10_001),
            (&general, -100_000),
            (&fee, 60),
            (&programme, 8_000),
            (&office, 3_000),
        ];
        for (account, expected) in before {
            assert_eq!(net(w, account).await, expected, "{}", account.name());
        }
        let raised = fund(w.db.read(), w.book, x).await.unwrap();
        assert_eq!((raised.raised_cash, raised.available()), (fen(10_001), fen(1_941)));

        let sheet = async || ledger::balance_sheet(w.db.read(), w.book, day("2026-12-31")).await.unwrap();
        let activity =
            async || ledger::activities(w.db.read(), w.book, day("2026-05-01"), day("2026-12-31")).await.unwrap();
        let flows = ledger::cash_flows(w.db.read(), w.book, day("2026-05-01"), day("2026-05-31")).await.unwrap();
        let flow = |key: &str| flows.rows.iter().find(|row| row.key == key).unwrap().period.to_string();
        assert_eq!((flow("donations"), flow("grants_paid")), ("1120.51".into(), "80.00".into()));
        assert_eq!((flow("other_operating_out"), flow("change")), ("51.22".into(), "989.41".into()));
        let total = |sheet: &ledger::BalanceSheet, key: &str| {
            sheet.rows.iter().find(|row| row.key == key).unwrap().closing.to_string()
        };
        let open = sheet().await;
        assert_eq!(
            (total(&open, "assets"), total(&open, "liabilities_and_net_assets")),
            ("989.41".into(), "989.41".into())
        );

        let tx = w.db.begin().await.unwrap();
        let closing = ledger::year_end(&tx, w.book, 2026).await.unwrap();
        assert_eq!(closing.len(), 3);
        assert!(post(&tx, NOW, &closing).await.unwrap().iter().all(Result::is_ok));
        assert_eq!(ledger::year_end(&tx, w.book, 2026).await.unwrap(), [], "a second time there is nothing to carry");
        tx.commit().await.unwrap();
        let after = [
            (of(Subject::RESTRICTED_NET_ASSETS), -1_941),
            (Account::new(w.book, Subject::UNRESTRICTED_NET_ASSETS), -97_000),
        ];
        for (account, expected) in &after {
            assert_eq!(net(w, account).await, *expected, "{}", account.name());
        }
        for account in [&income, &general, &fee, &programme, &office] {
            assert_eq!(net(w, account).await, 0, "{}", account.name());
        }
        let kept = fund(w.db.read(), w.book, x).await.unwrap();
        assert_eq!((kept.raised_cash, kept.available(), kept.used), (fen(10_001), fen(1_941), Money::ZERO));

        let closed = sheet().await;
        assert_eq!(total(&closed, "restricted_net_assets"), "19.41");
        assert_eq!(total(&closed, "unrestricted_net_assets"), "970.00");
        assert_eq!(total(&closed, "liabilities_and_net_assets"), "989.41");
        let activity = activity().await;
        let row = |key: &str| {
            let row = activity.rows.iter().find(|row| row.key == key).unwrap();
            (row.year.unrestricted.to_string(), row.year.restricted.to_string())
        };
        assert_eq!(row("donations"), ("1000.00".into(), "100.01".into()));
        assert_eq!(row("expenses"), ("110.60".into(), "0.00".into()));
        assert_eq!(row("released"), ("80.60".into(), "-80.60".into()));
        assert_eq!(row("change"), ("970.00".into(), "19.41".into()));
        let next = ledger::balance_sheet(w.db.read(), w.book, day("2027-01-31")).await.unwrap();
        assert_eq!(next.rows.iter().find(|row| row.key == "assets").unwrap().opening.to_string(), "989.41");
    })
    .await;
}

//! Migrations that move rows: what stood before stands after, on both databases; and what holds of the tables when all are done.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use domain::donation::{DonationEvent, DonationState, Standing};
use domain::lending::{LoanEvent, LoanState};
use domain::transfer::{TransferEvent, TransferState};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ActiveEnum, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Iterable, QueryResult,
    Statement,
};

/// Tells a story on an empty database of each kind.
async fn on_both<F: AsyncFn(&DatabaseConnection)>(tell: F) {
    let dir = tempfile::tempdir().unwrap();
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", dir.path().join("old.db").display()));
    options.max_connections(1);
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(true).pragma("recursive_triggers", "on"));
    tell(&Database::connect(options).await.unwrap()).await;
    let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") else { return };
    let name = format!("migration_{}", uuid::Uuid::now_v7().simple());
    let admin = Database::connect(&server).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let db = Database::connect(format!("{}/{name}", server.rsplit_once('/').unwrap().0)).await.unwrap();
    tell(&db).await;
    db.close().await.unwrap();
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
}

/// An id in SQL: `(a)` is the id that ends with these digits.
fn ids(db: &DatabaseConnection, sql: &str) -> String {
    let backend = db.get_database_backend();
    let id = |digit: char| match backend {
        DbBackend::Sqlite => format!("X'0000000000000000000000000000000{digit}'"),
        _ => format!("'00000000-0000-0000-0000-00000000000{digit}'"),
    };
    let bytes = if backend == DbBackend::Sqlite { "X'00'" } else { "'\\x00'" };
    "123456789"
        .chars()
        .fold(sql.to_owned(), |sql, digit| sql.replace(&format!("(id{digit})"), &id(digit)))
        .replace("(bytes)", bytes)
}

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(&ids(db, sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn text(db: &DatabaseConnection, sql: &str) -> String {
    let statement = Statement::from_string(db.get_database_backend(), ids(db, sql));
    db.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// A house of the release before: one campaign is open and has a gift, one was sent in.
async fn old_house(db: &DatabaseConnection) {
    Migrator::up(db, Some(3)).await.unwrap();
    run(db, "INSERT INTO book (id, code, name, kind, credit_code, chart, created_us) VALUES ((id1), 'old', '示例基金会', 'charity', NULL, 'CN-NPO-2026', 1)").await;
    for (id, name) in [('2', "author"), ('3', "manager"), ('4', "head")] {
        run(db, &format!("INSERT INTO staff (id, username, name, password_hash, totp_last_step, active, failed_logins, locked_until_us, created_us) \
            VALUES ((id{id}), '{name}', '某人', 'x', 0, true, 0, 0, 1)")).await;
    }
    for id in ['5', '6'] {
        run(db, &format!("INSERT INTO campaign (id, book_id, name, summary, target_fen, over_target, starts_us, ends_us, state, round, author_id, created_us, changed_us) \
            VALUES ((id{id}), (id1), '助学', '助学', 100, true, 1, 9, 'draft', 1, (id2), 1, 1)")).await;
    }
    for (step, who) in [("manager", '3'), ("finance", '4')] {
        run(db, &format!("INSERT INTO campaign_approval (campaign_id, round, step, author_id, approver_id, at_us) VALUES ((id5), 1, '{step}', (id2), (id{who}), 2)")).await;
    }
    run(db, "UPDATE campaign SET state = 'open' WHERE id = (id5)").await;
    run(db, "INSERT INTO campaign_history (campaign_id, seq, from_state, to_state, at_us, actor) VALUES ((id5), 1, 'approved', 'open', 7, 'system')").await;
    run(db, "UPDATE campaign SET state = 'submitted' WHERE id = (id6)").await;
    run(db, "INSERT INTO donor (id, openid_hmac, openid_sealed, key_sealed, key_version, created_us) VALUES ((id7), (bytes), (bytes), (bytes), 1, 1)").await;
    run(db, "INSERT INTO donation (id, campaign_id, channel, state, amount_fen, refunded_fen, donor_id, content, anonymity, show_amount, message_state, \
        receipt, receipt_us, created_us, expires_us, queries, next_query_us, confirmed_us, late) \
        VALUES ((id8), (id5), 'wechat', 'paid', 100, 0, (id7), (bytes), 'hidden', true, 'none', 'waived', 1, 1, 2, 0, 2, 2, false)").await;
}

#[tokio::test]
async fn campaigns_of_before_keep_their_state_and_belong_to_the_whole_house() {
    on_both(async |db| {
        old_house(db).await;
        Migrator::up(db, None).await.unwrap();
        let open = "FROM campaign WHERE id = (id5)";
        assert_eq!(text(db, &format!("SELECT state {open}")).await, "open");
        assert_eq!(text(db, &format!("SELECT unit_path {open}")).await, "/");
        assert_eq!(text(db, &format!("SELECT CAST(plan_version AS TEXT) {open}")).await, "0");
        assert_eq!(text(db, &format!("SELECT CAST(opened_us AS TEXT) {open}")).await, "7");
        assert_eq!(text(db, "SELECT state FROM campaign WHERE id = (id6)").await, "submitted");
        assert_eq!(text(db, "SELECT CAST(count(*) AS TEXT) FROM donation d JOIN campaign c ON c.id = d.campaign_id").await, "1");
        assert_eq!(text(db, "SELECT CAST(count(*) AS TEXT) FROM campaign_approval").await, "2");
        // What was open may pause and go on, and end; what has no plan is not approved.
        for state in ["paused", "open", "ended"] {
            run(db, &format!("UPDATE campaign SET state = '{state}' WHERE id = (id5)")).await;
        }
        let approved = ids(db, "UPDATE campaign SET state = 'approved' WHERE id = (id6)");
        assert!(db.execute_unprepared(&approved).await.is_err());
        // What refers to a campaign still needs one.
        let stray = ids(db, "INSERT INTO campaign_history (campaign_id, seq, from_state, to_state, at_us, actor) VALUES ((id9), 1, 'a', 'b', 1, 'c')");
        assert!(db.execute_unprepared(&stray).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn campaigns_of_before_belong_to_the_top_of_the_tree_where_one_is_planted() {
    on_both(async |db| {
        old_house(db).await;
        run(db, "INSERT INTO unit (id, parent_id, code, name, kind, division, path, active, created_us) VALUES ((id1), NULL, 'hebei', '省', 'province', '13', '/hebei/', true, 1)").await;
        Migrator::up(db, None).await.unwrap();
        assert_eq!(text(db, "SELECT c.unit_path FROM campaign c JOIN unit u ON u.id = c.unit_id WHERE c.id = (id5)").await, "/hebei/");
    })
    .await;
}

/// A month is locked by people: what they locked before stands in the trail. A year that was ended is locked as a whole; a day that was
/// only sealed locks nothing.
#[tokio::test]
async fn months_that_were_locked_before_stay_locked() {
    on_both(async |db| {
        let before = Migrator::migrations().iter().position(|step| step.name().ends_with("000044_closing")).unwrap();
        Migrator::up(db, Some(u32::try_from(before).unwrap())).await.unwrap();
        for (id, code, closed) in [('1', "locked", "2026-05-20"), ('2', "sealed", "2026-05-20"), ('3', "ended", "2026-02-10")] {
            run(db, &format!("INSERT INTO book (id, code, name, kind, credit_code, chart, closed_through, created_us) \
                VALUES ((id{id}), '{code}', '示例基金会', 'charity', NULL, 'CN-NPO-2026', '{closed}', 1)")).await;
        }
        for (id, month, last) in [('4', "2026-02-01", "2026-02-28"), ('5', "2026-03-01", "2026-03-31")] {
            run(db, &format!("INSERT INTO audit_log (id, at_us, actor, action, object, origin, detail) VALUES ((id{id}), 1, 'system', \
                'book.close_month', 'book:00000000-0000-0000-0000-000000000001', 'console', '{{\"month\":\"{month}\",\"through\":\"{last}\"}}')")).await;
        }
        for (id, book) in [('6', '1'), ('7', '2'), ('8', '3')] {
            run(db, &format!("INSERT INTO account (id, book_id, chart, subject, name, goods, debit_fen, credit_fen) \
                VALUES ((id{id}), (id{book}), '2024', '1002', '1002', false, 0, 0)")).await;
            let day = if id == '8' { "2025-06-01" } else { "2026-02-01" };
            run(db, &format!("INSERT INTO account_day (account_id, day, debit_fen, credit_fen) VALUES ((id{id}), '{day}', 0, 0)")).await;
        }
        Migrator::up(db, None).await.unwrap();
        let locked = async |code: &str| text(db, &format!("SELECT COALESCE(locked_through, 'none') FROM book WHERE code = '{code}'")).await;
        assert_eq!([locked("locked").await, locked("sealed").await, locked("ended").await], ["2026-03-31", "none", "2025-12-31"]);
    })
    .await;
}

#[tokio::test]
async fn a_gift_of_before_keeps_its_campaign_and_a_new_one_may_be_for_none() {
    on_both(async |db| {
        old_house(db).await;
        Migrator::up(db, None).await.unwrap();
        let kept = "SELECT CAST(count(*) AS TEXT) FROM donation WHERE campaign_id = (id5) AND book_id IS NULL";
        assert_eq!(text(db, kept).await, "1");
        let columns = "id, campaign_id, book_id, channel, state, amount_fen, refunded_fen, content, anonymity, show_amount, message_state, receipt, \
            receipt_us, created_us, expires_us, queries, next_query_us, late, bank_account, bank_reference, author_id";
        let gift = |campaign: &str, book: &str, channel: &str| {
            format!(
                "INSERT INTO donation ({columns}) VALUES ((id9), {campaign}, {book}, '{channel}', 'created', 100, 0, (bytes), 'hidden', true, \
                 'none', 'waived', 1, 1, 2, 0, 2, false, '基本户', 'G-1', (id2))"
            )
        };
        for (campaign, book, channel, rule) in [
            ("NULL", "NULL", "bank", "donation_purpose_check"),
            ("(id5)", "(id1)", "bank", "donation_purpose_check"),
            ("NULL", "(id1)", "wechat", "donation_general_check"),
            ("(id9)", "NULL", "bank", "FOREIGN KEY"),
            ("NULL", "(id9)", "bank", "FOREIGN KEY"),
        ] {
            let refused = db.execute_unprepared(&ids(db, &gift(campaign, book, channel))).await.unwrap_err().to_string();
            let rule = if db.get_database_backend() == DbBackend::Postgres { rule.replace("FOREIGN KEY", "fkey") } else { rule.to_owned() };
            assert!(refused.contains(&rule), "{campaign} {book} {channel}: {refused}");
        }
        run(db, &gift("NULL", "(id1)", "bank")).await;
        for moved in ["campaign_id = (id5), book_id = NULL", "book_id = (id9)"] {
            let moved = ids(db, &format!("UPDATE donation SET {moved} WHERE id = (id9)"));
            assert!(db.execute_unprepared(&moved).await.unwrap_err().to_string().contains("donation_fixed"));
        }
        if db.get_database_backend() == DbBackend::Sqlite {
            assert_eq!(text(db, "PRAGMA integrity_check").await, "ok");
            assert_eq!(text(db, "SELECT CAST(count(*) AS TEXT) FROM pragma_foreign_key_check").await, "0");
        }
    })
    .await;
}

/// SQLite makes a tree of a list of more than two words for each row (migration 0053): a table asks them one by one, and refuses what it refused.
#[tokio::test]
async fn what_a_table_takes_is_compared_word_by_word() {
    on_both(async |db| {
        old_house(db).await;
        Migrator::up(db, None).await.unwrap();
        let columns = "id, campaign_id, channel, state, amount_fen, refunded_fen, donor_id, content, anonymity, show_amount, message_state, \
            receipt, receipt_us, created_us, expires_us, queries, next_query_us, confirmed_us, late";
        let gift = |state: &str, message: &str| {
            format!(
                "INSERT INTO donation ({columns}) VALUES ((id9), (id5), 'wechat', '{state}', 100, 0, (id7), (bytes), 'hidden', true, \
                 '{message}', 'waived', 1, 1, 2, 0, 2, 2, false)"
            )
        };
        for (state, message, rule) in [
            ("given", "none", "donation_state_check"),
            ("created paying", "none", "donation_state_check"),
            ("paid", "", "donation_message_check"),
        ] {
            let refused = db.execute_unprepared(&ids(db, &gift(state, message))).await.unwrap_err().to_string();
            assert!(refused.contains(rule), "{state} {message}: {refused}");
        }
        run(db, &gift("paid", "risky")).await;
        if db.get_database_backend() == DbBackend::Sqlite {
            assert_eq!(text(db, "PRAGMA integrity_check").await, "ok");
            let tables = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '% IN (%'";
            let tables = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, tables)).await.unwrap();
            assert!(tables.len() > 10, "{} tables ask lists of two", tables.len());
            for table in tables {
                let (name, sql): (String, String) =
                    (table.try_get("", "name").unwrap(), table.try_get("", "sql").unwrap());
                let lists = sql.split(" IN ('").skip(1).map(|list| list.split(')').next().unwrap().matches("',").count());
                assert_eq!(lists.filter(|more| *more > 1).count(), 0, "{name} makes a tree for each row: write CASE");
            }
        }
    })
    .await;
}

/// On a connection that does not set `recursive_triggers`, REPLACE deletes without asking a DELETE trigger. So a table whose rows may
/// not be deleted asks before an INSERT, for every key by which a row could be replaced, and before an UPDATE, unless nothing of the key changes.
#[tokio::test]
async fn what_may_not_be_deleted_may_not_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("whole.db").display());
    let db = Database::connect(ConnectOptions::new(url).max_connections(1).to_owned()).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let rows = async |sql: String| db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    let guards = |time: &str, table: &str| {
        rows(format!(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE '{table}' AND sql LIKE '%BEFORE {time}%'"
        ))
    };
    let tables =
        rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'".to_owned()).await;
    let (mut kept, mut forgotten, mut taken) = (0, Vec::new(), Vec::new());
    for table in tables.iter().map(|row| row.try_get::<String>("", "name").unwrap()) {
        if guards("DELETE", &table).await.is_empty() {
            continue;
        }
        kept += 1;
        let asks: Vec<String> =
            guards("INSERT", &table).await.iter().map(|row| row.try_get("", "sql").unwrap()).collect();
        let asks = asks.join("\n");
        let text = |row: &QueryResult| {
            row.try_get::<String>("", "sql").unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let changes: Vec<String> = guards("UPDATE", &table).await.iter().map(text).collect();
        // Whether every change is refused: of a column, or of anything.
        let never = |column: Option<&str>| {
            changes.iter().any(|guard| {
                let (head, body) = guard.split_once(" BEGIN ").unwrap();
                let always =
                    body.starts_with("SELECT RAISE(ABORT") && !body.contains("FROM") && !body.contains("WHERE");
                let of = head.split_once(" UPDATE OF ").map(|(_, of)| of.split_once(" ON ").unwrap().0);
                let named = |of: &str| column.is_some_and(|column| of.split(", ").any(|one| one == column));
                always && !head.contains(" WHEN ") && of.is_none_or(named)
            })
        };
        let keeps = changes.iter().find(|guard| guard.contains(&format!("TRIGGER {table}_keeps ")));
        let keys = rows(format!(
            "SELECT name, origin FROM pragma_index_list('{table}') WHERE \"unique\" ORDER BY origin <> 'pk'"
        ))
        .await;
        let mut known: Vec<Vec<String>> = Vec::new();
        for key in keys {
            let key: String = key.try_get("", "name").unwrap();
            let columns = rows(format!("SELECT name FROM pragma_index_info('{key}')")).await;
            let columns: Option<Vec<String>> = columns.iter().map(|row| row.try_get("", "name").unwrap()).collect();
            // A key of an expression names no column.
            let Some(columns) = columns else { continue };
            // What is named by more than a key is named by the key.
            if known.iter().any(|key| key.iter().all(|column| columns.contains(column))) {
                continue;
            }
            let asked = asks.contains(&format!("FROM {table}"))
                && columns.iter().all(|column| asks.contains(&format!("NEW.{column}")));
            let partial = format!("SELECT 1 FROM pragma_index_list('{table}') WHERE name = '{key}' AND partial");
            let fixed = rows(partial).await.is_empty() && columns.iter().any(|column| never(Some(column)));
            let asked_again = |keeps: &String| columns.iter().all(|column| keeps.contains(&format!("NEW.{column}")));
            if !never(None) && !fixed && !keeps.is_some_and(asked_again) {
                taken.push(format!("{table} ({})", columns.join(", ")));
            }
            if asked {
                known.push(columns);
            } else {
                forgotten.push(format!("{table} ({})", columns.join(", ")));
            }
        }
    }
    assert!(kept > 60, "{kept} tables keep their rows");
    assert!(forgotten.is_empty(), "a row can be replaced by INSERT OR REPLACE: {forgotten:#?}");
    assert!(taken.is_empty(), "a row can be replaced by UPDATE OR REPLACE: {taken:#?}");
}

/// The trigger that guards the steps of a table, put on a table of nothing but a state: answers which steps it takes.
async fn steps_taken(db: &DatabaseConnection, table: &str, states: &[String]) -> Vec<(String, String)> {
    let trigger = format!("{table}_steps");
    let definition = match db.get_database_backend() {
        DbBackend::Sqlite => format!("SELECT sql FROM sqlite_master WHERE name = '{trigger}'"),
        _ => format!("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = '{trigger}'"),
    };
    let definition = text(db, &definition).await;
    let lone = definition
        .replacen(&format!(" ON public.{table} "), " ON lone ", 1)
        .replacen(&format!(" ON {table} "), " ON lone ", 1)
        .replacen(&trigger, "lone_steps", 1);
    run(db, "CREATE TABLE lone (state TEXT NOT NULL)").await;
    run(db, &lone).await;
    let mut taken = Vec::new();
    for from in states {
        for to in states.iter().filter(|to| *to != from) {
            run(db, &format!("INSERT INTO lone (state) VALUES ('{from}')")).await;
            match db.execute_unprepared(&format!("UPDATE lone SET state = '{to}'")).await {
                Ok(_) => taken.push((from.clone(), to.clone())),
                Err(refused) => assert!(refused.to_string().contains(&trigger), "{from} {to}: {refused}"),
            }
            run(db, "DELETE FROM lone").await;
        }
    }
    run(db, "DROP TABLE lone").await;
    taken
}

/// The steps that the table of a life has.
fn steps_of<S, E>(states: &[S], events: &[E], on: impl Fn(S, E) -> Option<S>) -> Vec<(String, String)>
where
    S: ActiveEnum<Value = String> + Copy + PartialEq,
    E: Copy,
{
    let step = |from: S, to: S| from != to && events.iter().any(|event| on(from, *event).is_some_and(|new| new == to));
    let pairs = states.iter().flat_map(|from| states.iter().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| step(*from, *to)).map(|(from, to)| (from.into_value(), to.into_value())).collect()
}

/// What the program may do the database takes, and nothing else, whichever way its trigger is written.
#[tokio::test]
async fn gifts_loans_and_transfers_take_the_steps_of_their_tables() {
    use DonationEvent as E;
    let states: Vec<DonationState> = DonationState::iter().collect();
    let mut events =
        vec![E::OrderPlaced, E::Pay, E::Expire, E::Match, E::AskRefund, E::DecideRefund, E::RefundFail, E::RetryRefund];
    // A refund that is dropped leaves something with us; one that arrived gave something back.
    events.extend([Standing::Paid, Standing::Settled, Standing::PartlyRefunded].map(E::DropRefund));
    events.extend([Standing::PartlyRefunded, Standing::Refunded].map(E::RefundArrived));
    let gift = steps_of(&states, &events, |state, event| state.on(event).ok());
    let loans: Vec<LoanState> = LoanState::iter().collect();
    let loan_events: Vec<LoanEvent> = LoanEvent::iter().collect();
    // Before it is signed it is an application.
    let loan = steps_of(&loans, &loan_events, |state, event| state.on(event).ok().filter(|_| !state.is_under_way()));
    let transfers: Vec<TransferState> = TransferState::iter().collect();
    let transfer_events: Vec<TransferEvent> = TransferEvent::iter().collect();
    let transfer = steps_of(&transfers, &transfer_events, |state, event| state.on(event).ok());
    on_both(async |db| {
        Migrator::up(db, None).await.unwrap();
        let transfers: Vec<String> = transfers.iter().map(|state| state.into_value()).collect();
        assert_eq!(steps_taken(db, "transfer", &transfers).await, transfer);
        let states: Vec<String> = states.iter().map(|state| state.into_value()).collect();
        assert_eq!(steps_taken(db, "donation", &states).await, gift);
        let loans: Vec<String> = loans.iter().map(|state| state.into_value()).collect();
        assert_eq!(steps_taken(db, "loan_contract", &loans).await, loan);
    })
    .await;
}

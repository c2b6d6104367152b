//! The books end their months and years, their days are sealed, and other programs read them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use domain::role::Role;
use domain::{BusinessDate, Money};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bank::{account, bring, file};
use crate::binary::Program;
use crate::vouchers::{carrying, on, posted, step, voucher, written};
use crate::world::{Officer, World, story};

/// A program of another house. The tests need it; `scripts/test` installs it.
fn tool(name: &str, words: &[&str]) -> String {
    let output = tokio::task::block_in_place(|| Command::new(name).args(words).output());
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(output.status.success(), "{name} {words:?}: {}{}", text(output.stdout), text(output.stderr));
    text(output.stdout)
}

/// Balances by account, net of both sides, as `/staff/trial-balance` tells them.
async fn our_balances(w: &World) -> BTreeMap<String, i64> {
    let auditor = w.staff(Role::Auditor).await;
    let lines = auditor.get("/staff/trial-balance").await.ok();
    let fen = |value: &Value| value.as_str().unwrap().parse::<Money>().unwrap().fen();
    let line =
        |line: &Value| (line["account"].as_str().unwrap().to_owned(), fen(&line["debit"]) - fen(&line["credit"]));
    lines["items"].as_array().unwrap().iter().map(line).filter(|(_, net)| *net != 0).collect()
}

fn export(w: &World, format: &str, dir: &Path, more: &[&str]) {
    let words = [&["export", "--format", format, "--out", dir.to_str().unwrap()], more].concat();
    Program::new(&words).set("SANGZI_DATABASE__URL", &w.database_url).run().ended(0);
}

/// The nets in a CSV of accounts and amounts, under our own names.
fn theirs(list: &str, of: &BTreeMap<String, String>) -> BTreeMap<String, i64> {
    let mut nets = BTreeMap::new();
    for line in csv::Reader::from_reader(list.as_bytes()).records().map(Result::unwrap) {
        let name = line[0].trim();
        let ours = of.get(name).unwrap_or_else(|| panic!("an account nobody declared: {name}"));
        let amount = line[1].trim().trim_start_matches("CNY ");
        let (sign, yuan) = amount.strip_prefix('-').map_or((1, amount), |yuan| (-1, yuan));
        let fen = sign * yuan.parse::<Money>().unwrap().fen();
        if fen != 0 {
            nets.insert(ours.clone(), fen);
        }
    }
    nets
}

#[tokio::test(flavor = "multi_thread")]
async fn other_programs_read_the_books_and_find_the_same_balances() {
    story(async |w| {
        let (one, two) = (w.open_campaign("1000.00").await, w.open_campaign("2000.00").await);
        let donor = w.donor("o-one").await;
        for amount in ["80.00", "0.01", "12.30"] {
            w.gift(&donor, one, amount).await;
        }
        w.gift(&donor, two, "20.50").await;
        // A subject and what of it belongs to a campaign are both accounts.
        let managed = carrying(w).await;
        w.gift(&donor, managed, "500.00").await;
        posted(w, on(w, voucher(Uuid::now_v7()))).await;
        let mut accrued = on(w, voucher(Uuid::now_v7()));
        accrued["lines"] = json!([
            { "subject": "5301", "campaign": managed, "budget_line": "m", "debit": "7.00" },
            { "subject": "2301", "credit": "7.00" },
        ]);
        posted(w, accrued).await;
        let dir = w.dir().join("exports");
        let ours = our_balances(w).await;

        export(w, "hledger", &dir, &[]);
        let journal = dir.join("hebei.journal");
        let file = journal.to_str().unwrap();
        tool("hledger", &["-f", file, "check", "--strict", "ordereddates"]);
        let text = std::fs::read_to_string(&journal).unwrap();
        let declared = text.lines().filter_map(|line| line.strip_prefix("account ")).map(|line| {
            let (name, tags) = line.split_once("  ;").unwrap();
            (name.to_owned(), tags.split_once("name:").unwrap().1.to_owned())
        });
        let listed = tool("hledger", &["-f", file, "balance", "--flat", "--no-total", "-O", "csv"]);
        // A comma would end hledger's tag.
        let ours_there = ours.iter().map(|(name, net)| (name.replace(',', " "), *net)).collect();
        assert_eq!(theirs(&listed, &declared.collect()), ours_there);
        assert!(text.contains(&format!(" {one}")), "the campaign is a component of the name");

        export(w, "beancount", &dir, &[]);
        let ledger = dir.join("hebei.beancount");
        tool("bean-check", &[ledger.to_str().unwrap()]);
        let text = std::fs::read_to_string(&ledger).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let declared = lines.windows(2).filter(|pair| pair[0].contains(" open ")).map(|pair| {
            let name = pair[0].split(' ').nth(2).unwrap();
            (name.to_owned(), pair[1].trim().trim_start_matches("name: ").trim_matches('"').to_owned())
        });
        let query = "SELECT account, sum(number) AS net GROUP BY account";
        let listed = tool("bean-query", &["-f", "csv", ledger.to_str().unwrap(), query]);
        assert_eq!(theirs(&listed, &declared.collect()), ours);

        export(w, "csv", &dir, &["--book", "hebei"]);
        let mut rows = csv::Reader::from_path(dir.join("hebei/entries.csv")).unwrap();
        let mut nets: BTreeMap<String, i64> = BTreeMap::new();
        for row in rows.records().map(Result::unwrap) {
            let fen = row[11].parse::<Money>().unwrap().fen();
            *nets.entry(row[9].to_owned()).or_default() += fen;
            *nets.entry(row[10].to_owned()).or_default() -= fen;
        }
        nets.retain(|_, net| *net != 0);
        assert_eq!(nets, ours);

        export(w, "xlsx", &dir, &[]);
        assert!(std::fs::read(dir.join("hebei.xlsx")).unwrap().starts_with(b"PK"));

        // A period begins with what stood before, so its end is the end of the whole.
        let today = w.app.business.today().to_string();
        let part = w.dir().join("part");
        export(w, "hledger", &part, &["--from", &today, "--to", &today]);
        tool("hledger", &["-f", part.join("hebei.journal").to_str().unwrap(), "check", "--strict"]);
        export(w, "beancount", &part, &["--from", &today, "--to", &today]);
        tool("bean-check", &[part.join("hebei.beancount").to_str().unwrap()]);
        for (more, what) in [(["--book", "nobody"], "nobody"), (["--from", "2026-02-31"], "2026-02-31")] {
            let words = [&["export", "--format", "csv", "--out", part.to_str().unwrap()], &more[..]].concat();
            let refused = Program::new(&words).set("SANGZI_DATABASE__URL", &w.database_url).run().ended(2);
            assert!(refused.err.contains(what), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_locked_a_year_is_ended_and_the_statements_stay() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let (keeper, head, cashier) =
            (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await, w.staff(Role::Cashier).await);
        let today = w.app.business.today();
        let (year, month) = (today.year(), today.to_string()[5..7].parse::<u8>().unwrap());
        let book = format!("/staff/books/{}", w.book.uuid());
        let lock = |year: i32, month: u8| format!("{book}/years/{year}/months/{month}/closing");
        keeper.act(&lock(year, month)).await.refused(409, "period_not_over");
        cashier.act(&lock(year, month)).await.refused(403, "forbidden");
        keeper.act(&lock(year, 13)).await.refused(400, "invalid_parameter");
        assert_eq!(keeper.get(&format!("{book}/closing")).await.ok()["closed_through"], Value::Null);

        // Into the next month, whatever the day is.
        w.pass(31 * 86_400).await;
        if month == 12 {
            keeper.act(&lock(year, month)).await.refused(409, "year_open");
        } else {
            // No day is reconciled yet: not without a reason, which stays.
            keeper.act(&lock(year, month)).await.refused(409, "month_not_ready");
            keeper.act(&format!("{}?reason=急", lock(year, month))).await.refused(422, "invalid_field");
            let locked = keeper.act(&format!("{}?reason=账单随后补对", lock(year, month))).await.ok();
            let kept = "SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE action = 'book.close_month' AND detail LIKE '%账单随后补对%'";
            assert_eq!(w.count(kept).await, 1);
            assert!(locked["closed_through"].as_str().unwrap() >= today.to_string().as_str());
            keeper.act(&lock(year, month)).await.refused(409, "period_closed");
        }
        let statements = async |of: &str| keeper.get(&format!("{book}/statements?{of}")).await.ok();
        let row =
            |rows: &Value, key: &str| rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
        let before = statements(&format!("year={year}")).await;
        assert_eq!(row(&before["balance_sheet"], "assets")["closing"], "80.00");
        assert_eq!(row(&before["activities"], "donations")["year"]["restricted"], "80.00");
        assert_eq!(row(&before["cash_flows"], "donations")["year"], "80.00");

        let ending = format!("{book}/years/{year}/closing");
        let closing = |reason: Option<&str>| json!({ "id": Uuid::now_v7(), "reason": reason });
        head.post(&ending, closing(None)).await.refused(409, "period_not_over");
        while w.app.business.today().year() == year {
            w.pass(15 * 86_400).await;
        }
        keeper.act(&lock(year + 1, 1)).await.refused(409, "period_not_over");
        w.pass(31 * 86_400).await;
        keeper.act(&lock(year + 1, 1)).await.refused(409, "year_open");
        w.lock_months(year).await;
        let before_ending = keeper.get(&format!("{book}/closing")).await.ok()["closed_through"].clone();
        // Nobody has reconciled a day of it: not without a reason, and not by one person.
        cashier.post(&ending, closing(Some("账单随后补对"))).await.refused(403, "forbidden");
        let refused = head.post(&ending, closing(None)).await;
        refused.refused(409, "year_not_ready");
        assert!(refused.text.contains("还没有对账"), "{}", refused.text);
        let first = closing(Some("审计前补对"));
        let proposed = head.post(&ending, first.clone()).await.ok();
        assert_eq!(head.post(&ending, first.clone()).await.ok(), proposed);
        assert!(proposed["unmet"].to_string().contains("还没有对账"), "{proposed:#}");
        keeper.post(&ending, closing(Some("账单随后补对"))).await.refused(409, "year_closing_under_way");
        let step = |of: &Value, how: &str| format!("/staff/year-closings/{}/{how}", of["id"].as_str().unwrap());
        keeper.act(&step(&first, "approval")).await.refused(403, "forbidden");
        head.act(&step(&first, "approval")).await.refused(403, "other_person_needed");
        let (at, own) = (w.sql_id(first["id"].as_str().unwrap()), w.sql_id(&head.id.to_string()));
        let alone = format!("UPDATE year_closing SET state = 'approved', approver_id = {own}, decided_us = 1 WHERE id = {at}");
        w.attacked(&alone, "year_closing_own_check").await;
        w.attacked("UPDATE year_closing SET reason = NULL, unmet = '[]'", "year_closing_fixed").await;
        let chair = w.staff(Role::Chair).await;
        let waits = chair.get("/staff/waiting").await.ok();
        assert!(waits.to_string().contains("year_closing"), "{waits:#}");
        let no = |reason: &str| json!({ "reason": reason });
        chair.post(&step(&first, "decline"), no(" ")).await.refused(422, "invalid_field");
        let declined = chair.post(&step(&first, "decline"), no("先补对账单")).await.ok();
        assert_eq!(declined["state"], "declined");
        let kept = "SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE object LIKE 'year_closing:%' AND detail LIKE '%先补对账单%'";
        assert_eq!(w.count(kept).await, 1, "why it was not ended stays");
        assert_eq!(keeper.get(&format!("{book}/closing")).await.ok()["closed_through"], before_ending, "nothing was ended");
        // Whoever proposed it takes it back, nobody else does.
        let mistaken = closing(Some("写错了原因"));
        keeper.post(&ending, mistaken.clone()).await.ok();
        head.act(&step(&mistaken, "withdrawal")).await.refused(403, "author_only");
        let back = keeper.act(&step(&mistaken, "withdrawal")).await.ok();
        assert_eq!((&back["state"], &back["decided_by"]), (&json!("declined"), &Value::Null));
        keeper.act(&step(&mistaken, "withdrawal")).await.refused(409, "wrong_state");
        head.act(&step(&mistaken, "approval")).await.refused(409, "wrong_state");
        let second = closing(Some("审计前补对"));
        keeper.post(&ending, second.clone()).await.ok();
        assert_eq!(head.act(&step(&second, "approval")).await.ok()["state"], "approved");
        head.act(&step(&second, "approval")).await.refused(409, "wrong_state");
        w.attacked("UPDATE year_closing SET decided_us = 2 WHERE state = 'approved'", "year_closing_decided").await;
        w.attacked("DELETE FROM year_closing", "year_closing_fixed").await;
        let ended = keeper.get(&format!("{book}/closing")).await.ok();
        assert_eq!(ended["closed_through"], format!("{year}-12-31"));
        let years = keeper.get(&format!("{book}/years")).await.ok();
        let of_year = years["items"].as_array().unwrap().iter().find(|one| one["year"] == year).unwrap();
        assert_eq!(of_year["closing"]["id"], second["id"]);
        head.post(&ending, closing(None)).await.refused(409, "period_closed");
        let kept = "SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE action = 'book.close_year' AND detail LIKE '%审计前补对%' \
                    AND detail LIKE '%还没有对账%'";
        assert_eq!(w.count(kept).await, 1);
        assert_eq!(w.balance(&format!("3102[campaign={campaign}]")).await, "-80.00");
        assert_eq!(w.balance(&format!("410102[campaign={campaign}]")).await, "0.00");
        assert_eq!(w.raised(campaign).await, "80.00", "closing a year changes nothing for the public");
        assert_eq!(statements(&format!("year={year}")).await, before, "nor on the statements");
        w.sql(&format!("UPDATE book SET closed_through = '{year}-12-30'")).await.unwrap_err();
        let trail = w.count("SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE action = 'book.close_year'").await;
        assert_eq!(trail, 1);
    })
    .await;
}

/// The nightly job seals days; the month they make waits for finance all the same, and its year for the month.
#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_month_still_waits_for_its_lock() {
    story(async |w| {
        let year = w.app.business.today().year() + 1;
        let clock = async |year: i32, day: &str| {
            w.lever("clock", json!({ "now": format!("{year}-{day}T12:00:00+08:00") })).await;
        };
        clock(year, "11-10").await;
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let campaign = w.open_campaign("1000.00").await;
        w.gift(&w.donor("o-one").await, campaign, "80.00").await;
        let waits = async |who: &Officer| {
            let desk = who.get("/staff/waiting").await.ok();
            desk["items"].as_array().unwrap().iter().any(|one| one["kind"] == "month_lock")
        };
        assert!(!waits(&keeper).await, "November is not over");
        clock(year, "12-03").await;
        let november = BusinessDate::new(year, 11, 30).unwrap();
        assert!(!w.app.closing.seal_through(w.book, november).await.unwrap().is_empty());
        let book = format!("/staff/books/{}", w.book);
        let closed = keeper.get(&format!("{book}/closing")).await.ok();
        assert_eq!(
            (&closed["closed_through"], &closed["locked_through"]),
            (&json!(november), &Value::Null),
            "{closed:#}"
        );
        assert!(waits(&keeper).await && waits(&head).await, "sealed is not locked");
        let desk = keeper.get("/staff/waiting").await.ok();
        let month = desk["items"].as_array().unwrap().iter().find(|one| one["kind"] == "month_lock").unwrap();
        let own = month["first"].as_array().unwrap().iter().find(|one| one["id"] == json!(w.book)).unwrap();
        let since = own["since"].as_str().unwrap();
        assert!(since.starts_with(&format!("{year}-12-01T00:00")), "since November was over: {since}");

        // The year does not end over it, whoever asks: not by a reason, and not past the program.
        clock(year + 1, "01-06").await;
        let ending = format!("{book}/years/{year}/closing");
        let reasoned = || json!({ "id": Uuid::now_v7(), "reason": "审计前补对" });
        let refused = head.post(&ending, reasoned()).await;
        refused.refused(409, "months_open");
        assert!(refused.text.contains(&format!("{year}年11月起还没有月结")), "{}", refused.text);
        let by = |who: &Officer| w.sql_id(&who.id.to_string());
        let at = w.sql_id(&Uuid::now_v7().to_string());
        let past = format!(
            "INSERT INTO year_closing (id, book_id, year, unmet, state, author_id, created_us) \
             VALUES ({at}, {}, {year}, '[]', 'proposed', {}, 1); \
             UPDATE year_closing SET state = 'approved', approver_id = {}, decided_us = 2 WHERE id = {at}",
            w.sql_id(&w.book.to_string()),
            by(&keeper),
            by(&head),
        );
        w.attacked(&past, "year_closing_months").await;
        w.attacked(&format!("UPDATE book SET locked_through = '{year}-12-31'"), "book_locked_open").await;
        let half = format!("UPDATE book SET closed_through = '{year}-12-15', locked_through = '{year}-12-15'");
        w.attacked(&half, "book_locked_month").await;

        // Its checks are asked like those of any other month.
        let lock = format!("{book}/years/{year}/months/11/closing");
        let refused = keeper.act(&lock).await;
        refused.refused(409, "month_not_ready");
        assert!(refused.text.contains("还没有对账"), "{}", refused.text);
        let locked = keeper.act(&format!("{lock}?reason=账单随后补对")).await.ok();
        assert_eq!(locked["locked_through"], json!(november));
        keeper.act(&lock).await.refused(409, "period_closed");
        w.attacked("UPDATE book SET locked_through = NULL", "book_locked").await;
        assert!(!waits(&keeper).await, "nothing is booked in December");
        w.end_year(year).await;
        assert_eq!(keeper.get(&format!("{book}/closing")).await.ok()["locked_through"], format!("{year}-12-31"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_export_computes_the_seals_again() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        w.gift(&donor, campaign, "0.01").await;
        let today: BusinessDate = w.app.business.today();
        assert!(w.app.closing.seal_through(w.book, today).await.is_err(), "a day that is not over");
        w.pass(3 * 86_400).await;
        let sealed = w.app.closing.seal_through(w.book, today.next()).await.unwrap();
        assert_eq!(sealed.iter().map(|seal| seal.last_number).collect::<Vec<_>>(), [2, 2]);
        assert!(w.app.closing.seal_through(w.book, today).await.unwrap().is_empty(), "sealed already");

        let public = w.stranger.get("/books/hebei/seals").await.ok();
        assert_eq!(public["items"][0]["seal"], hex::encode(&sealed[1].seal));
        assert_eq!(public["items"][0]["previous"], public["items"][1]["seal"]);
        let page = w.stranger.get("/books/hebei/seals?limit=1").await.ok();
        let rest = w.stranger.get(&format!("/books/hebei/seals?after={}", page["next"].as_str().unwrap())).await.ok();
        assert_eq!(rest["items"][0], public["items"][1]);
        w.stranger.get("/books/nobody/seals").await.refused(404, "no_such_book");

        let dir = w.dir().join("sealed");
        export(w, "csv", &dir, &[]);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify_seals.py");
        let verify = || {
            let words = [script.to_str().unwrap().to_owned(), dir.join("hebei").to_str().unwrap().to_owned()];
            tokio::task::block_in_place(|| Command::new("python3").args(words).output()).unwrap()
        };
        assert!(verify().status.success(), "{:?}", verify());
        let entries = dir.join("hebei/entries.csv");
        let text = std::fs::read_to_string(&entries).unwrap();
        std::fs::write(&entries, text.replacen("80.00", "80.01", 1)).unwrap();
        assert_eq!(verify().status.code(), Some(1), "a fen that somebody added");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE action = 'book.seal'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_not_locked_over_what_is_open_in_the_months_before_it() {
    story(async |w| {
        let year = w.app.business.today().year() + 1;
        let clock = async |day: &str| w.lever("clock", json!({ "now": format!("{year}-{day}T12:00:00+08:00") })).await;
        clock("03-10").await;
        let (keeper, head, cashier) =
            (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await, w.staff(Role::Cashier).await);
        // Money on its way, money at the bank, a line of the bank that nobody has looked at, a voucher that nobody has posted.
        let campaign = w.open_campaign("1000.00").await;
        w.gift(&w.donor("o-one").await, campaign, "80.00").await;
        let transfer = json!({
            "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "40.00", "bank_account": "基本户",
        });
        cashier.post("/staff/transfers", transfer.clone()).await.ok();
        w.lever("withdraw", json!({ "amount": "40.00" })).await;
        let transfer = transfer["id"].as_str().unwrap();
        head.act(&format!("/staff/transfers/{transfer}/confirmation")).await.ok();
        let mut granted = on(w, voucher(Uuid::now_v7()));
        granted["lines"] = json!([
            { "subject": "1002", "bank_account": "基本户", "debit": "1000.00", "cash_flow": "government_grants" },
            { "subject": "440101", "credit": "1000.00" },
        ]);
        posted(w, granted).await;
        let waiting = written(w, &keeper, on(w, voucher(Uuid::now_v7()))).await;
        keeper.act(&step(&waiting, "submission")).await.ok();
        let book = account(w).await;
        let told = file(w.app.business.today(), 0, &[("Q1", 100_000, "某局", "补助")]);
        bring(&cashier, &book, told, "&write=true").await.ok();

        // April is asked for, and March is open too.
        clock("05-06").await;
        let lock = format!("{book}/years/{year}/months/4/closing");
        let refused = keeper.act(&lock).await;
        refused.refused(409, "month_not_ready");
        for words in [
            "还没有对账".to_owned(),
            format!("银行存款余额调节表未编制或未复核：基本户 {year}-03、基本户 {year}-04"),
            "有1笔银行流水还没有核对".to_owned(),
            "有1张凭证已提交".to_owned(),
            "有1笔在途资金超过期限".to_owned(),
        ] {
            assert!(refused.text.contains(&words), "{words}: {}", refused.text);
        }
        keeper.act(&format!("{lock}?reason=迁移账套")).await.ok();
        assert_eq!(keeper.get(&format!("{book}/closing")).await.ok()["closed_through"], format!("{year}-04-30"));
        let kept = format!(
            "SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE action = 'book.close_month' AND detail LIKE '%迁移账套%' \
             AND detail LIKE '%{year}-03%'"
        );
        assert_eq!(w.count(&kept).await, 1, "the trail keeps what stood against both");
        // The auditor sees which months nobody has proved.
        let pack = format!("/api/v1{book}/years/{year}/audit-pack");
        let pack = w.staff(Role::Auditor).await.request(reqwest::Method::GET, &pack).send().await.unwrap();
        let mut pack = zip::ZipArchive::new(std::io::Cursor::new(pack.bytes().await.unwrap())).unwrap();
        let mut sheets = String::new();
        std::io::Read::read_to_string(&mut pack.by_name("银行存款余额调节表.csv").unwrap(), &mut sheets).unwrap();
        let mut locks = String::new();
        std::io::Read::read_to_string(&mut pack.by_name("月结.csv").unwrap(), &mut locks).unwrap();
        assert!(locks.contains(&format!("{year}-04-30")) && locks.contains("迁移账套") && locks.contains("有1笔银行流水"), "{locks}");
        for month in ["03", "04"] {
            assert!(sheets.contains(&format!("基本户,{year}-{month},,,,未编制或未复核")), "{sheets}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_without_a_merchant_number_is_sealed_as_far_as_its_months_are_locked() {
    story(async |w| {
        let year = w.app.business.today().year() + 1;
        w.lever("clock", json!({ "now": format!("{year}-03-10T12:00:00+08:00") })).await;
        let admin = w.staff(Role::Admin).await;
        let charity = json!({
            "id": Uuid::now_v7(), "code": "wuan", "name": "示例市慈善会", "unit": w.unit("1305").await, "bank_account": "基本户",
            "contact": { "office_address": "示例市示例路2号", "contact": "0310-00000000", "information_url": "https://example.org/wuan" },
        });
        let book: Uuid = charity["id"].as_str().unwrap().parse().unwrap();
        admin.post("/staff/charities", charity).await.ok();
        let of_city = async |role: Role, name: &str| w.hire_over(role, name, "/hebei/1305/").await;
        let (keeper, head) = (of_city(Role::Bookkeeper, "keeper-1305").await, of_city(Role::FinanceHead, "head-1305").await);
        let rent = on(w, voucher(Uuid::now_v7()));
        let id = rent["id"].as_str().unwrap().to_owned();
        keeper.post(&format!("/staff/books/{book}/vouchers"), rent).await.ok();
        let paper = format!("/api/v1/staff/vouchers/{id}/attachments?kind=invoice&file_name=a.txt");
        let request = keeper.request(reqwest::Method::POST, &paper).header("content-type", "application/octet-stream");
        crate::caller::send(request.body("租赁合同")).await.ok();
        keeper.act(&step(&id, "submission")).await.ok();
        head.act(&step(&id, "posting")).await.ok();
        w.lever("clock", json!({ "now": format!("{year}-04-02T12:00:00+08:00") })).await;
        w.run_job("seal_days").await;
        let sealed = async || keeper.get(&format!("/staff/books/{book}/closing")).await.ok()["sealed_through"].clone();
        assert_eq!(sealed().await, Value::Null, "nobody has said that March is whole");
        keeper.act(&format!("/staff/books/{book}/years/{year}/months/3/closing")).await.ok();
        w.run_job("seal_days").await;
        assert_eq!(sealed().await, format!("{year}-03-31"));
        let seals = w.stranger.get("/books/wuan/seals?limit=100").await.ok();
        assert!(seals["items"].as_array().unwrap().iter().any(|seal| seal["last_voucher"] == 1 && seal["first_voucher"] == 1), "{seals:#}");
    })
    .await;
}

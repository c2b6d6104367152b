//! What the bank says: statements line by line, what each line is in the books, and money that nobody knows.

use domain::role::Role;
use domain::{BusinessDate, Money};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Answer;
use crate::spending::{approved, funded, id, paper, payee, payouts, results, sent};
use crate::world::{Officer, World, story};

const ACCOUNT: &str = "account=基本户";

/// A movement: the bank's number, fen, who, and what is said.
pub(crate) type Move<'a> = (&'a str, i64, &'a str, &'a str);

/// A statement of a day as this bank writes it, with balances that follow from one another.
pub(crate) fn file(day: BusinessDate, opening: i64, moves: &[Move<'_>]) -> String {
    let mut balance = opening;
    let mut text = format!("账户明细\n期初余额,{}\n记账日期,流水号,金额,余额,对方户名,摘要\n", yuan(opening));
    for (number, fen, who, words) in moves {
        balance += fen;
        text += &format!("{day},{number},{},{},{who},{words}\n", yuan(*fen), yuan(balance));
    }
    text
}

fn yuan(fen: i64) -> String {
    Money::from_fen(fen).to_string()
}

fn mapping() -> Value {
    json!({
        "name": "基本户",
        "mapping": {
            "encoding": "utf8", "date": "记账日期", "date_format": "YYYY-MM-DD", "amount": "金额", "balance": "余额", "reference": "流水号",
            "counterparty": "对方户名", "remarks": ["摘要"], "opening_label": "期初余额",
        },
    })
}

/// The account with its mapping.
pub(crate) async fn account(w: &World) -> String {
    let path = format!("/staff/books/{}", w.book);
    let keeper = w.staff(Role::Bookkeeper).await;
    keeper.call(Method::PUT, &format!("{path}/bank-accounts"), Some(mapping())).await.ok();
    path
}

pub(crate) async fn bring(who: &Officer, book: &str, file: impl Into<reqwest::Body>, more: &str) -> Answer {
    let path = format!("/api/v1{book}/bank-statements?id={}&{ACCOUNT}{more}", Uuid::now_v7());
    let request = who.request(Method::POST, &path).header("content-type", "application/octet-stream");
    crate::caller::send(request.body(file)).await
}

/// A line of the bank that waits, and a claim on another that waits for the second person.
pub(crate) async fn waiting_lines(w: &World, campaign: Uuid) -> (Uuid, Uuid) {
    let (book, day) = (account(w).await, w.app.business.today());
    let keeper = w.staff(Role::Bookkeeper).await;
    let moves = [("W1", 1_000, "王五（示例）", "心意"), ("W2", 2_000, "赵六（示例）", "心意")];
    bring(&keeper, &book, file(day, 0, &moves), "&write=true").await.ok();
    let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": campaign, "reason": "电话核实" });
    keeper.post(&format!("/staff/bank-lines/{}/claims", line(w, "open", "W2").await), claim.clone()).await.ok();
    (line(w, "open", "W1").await, id(&claim))
}

async fn lines(w: &World, state: &str) -> Vec<Value> {
    let path = format!("/staff/books/{}/bank-lines?{ACCOUNT}&state={state}&limit=100", w.book);
    w.staff(Role::Auditor).await.get(&path).await.ok()["items"].as_array().unwrap().clone()
}

/// The line that carries this number of the bank.
pub(crate) async fn line(w: &World, state: &str, number: &str) -> Uuid {
    let lines = lines(w, state).await;
    id(lines.iter().find(|line| line["reference"] == number).unwrap_or_else(|| panic!("no {number} in {lines:#?}")))
}

async fn suggested(w: &World, number: &str) -> Vec<Value> {
    let path = format!("/staff/books/{}/bank-suggestions?{ACCOUNT}&limit=100", w.book);
    let open = w.staff(Role::Bookkeeper).await.get(&path).await.ok();
    let open = open["items"].as_array().unwrap().clone();
    let found = open.into_iter().find(|one| one["line"]["reference"] == number);
    found.map(|one| one["suggestions"].as_array().unwrap().clone()).unwrap_or_default()
}

fn kinds(suggestions: &[Value]) -> Vec<&str> {
    suggestions.iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

pub(crate) async fn accept(who: &Officer, book: &str, items: Value) -> Answer {
    who.post(&format!("{book}/bank-lines/acceptance?{ACCOUNT}"), json!({ "items": items })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_lines_once_however_often_it_is_told() {
    story(async |w| {
        let day = w.app.business.today();
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let book = format!("/staff/books/{}", w.book);
        bring(&cashier, &book, file(day, 0, &[("A1", 100, "张三", "心意")]), "").await.refused(404, "no_such_bank_account");
        account(w).await;
        let mut wrong = mapping();
        wrong["mapping"]["income"] = json!("贷方");
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(wrong)).await.refused(422, "invalid_field");

        // Two that say the same, told apart by their balance.
        let first = file(day, 0, &[("A1", 10_000, "张三", "心意"), ("", 500, "李四", ""), ("", 500, "李四", "")]);
        let looked = bring(&cashier, &book, first.clone(), "").await.ok();
        assert_eq!((looked["fresh"].as_u64(), &looked["statement"]), (Some(3), &Value::Null), "{looked:#}");
        assert_eq!(looked["closing"], "110.00");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bank_line").await, 0, "a look writes nothing");
        let taken = bring(&cashier, &book, first.clone(), "&write=true").await.ok();
        assert_eq!(taken["fresh"], 3);
        let again = bring(&keeper, &book, first.clone(), "&write=true").await.ok();
        assert_eq!((&again["fresh"], &again["statement"]), (&json!(0), &taken["statement"]));
        // A longer file of the same day adds what is new, and two persons who bring it at once add it once.
        let longer =
            file(day, 0, &[("A1", 10_000, "张三", "心意"), ("", 500, "李四", ""), ("", 500, "李四", ""), ("", 500, "李四", "")]);
        let other = longer.clone() + "\n";
        let at_once = futures_util::future::join(
            bring(&cashier, &book, longer, "&write=true"),
            bring(&keeper, &book, other, "&write=true"),
        );
        let (one, two) = at_once.await;
        let fresh = [one.ok(), two.ok()].map(|report| report["fresh"].as_u64().unwrap());
        assert_eq!(fresh.iter().sum::<u64>(), 1, "{fresh:?}");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bank_line").await, 4);
        assert_eq!(lines(w, "open").await.len(), 4);

        // What contradicts itself is refused, with its line, and writes nothing.
        let good = file(day, 11_500, &[("B1", 100, "王五", ""), ("B2", -100, "", "手续费")]);
        for (from, to, line) in [("115.00\n", "115.01\n", 4), ("116.00", "116.01", 5), ("B1,1.00", "B1,x", 4)] {
            let report = bring(&cashier, &book, good.replacen(from, to, 1), "&write=true&despite_warnings=true").await.ok();
            assert_eq!(report["problems"][0]["line"], line, "{from}: {report:#}");
            assert_eq!(report["statement"], Value::Null);
            let windows = good.replacen(from, to, 1).replace('\n', "\r\n");
            let report = bring(&cashier, &book, windows, "&write=true&despite_warnings=true").await.ok();
            assert_eq!(report["problems"][0]["line"], line, "{from}, CRLF: {report:#}");
        }
        // Rows that say a balance or a sum are no movements, and what they were taken for is told.
        let with_rows = format!(
            "记账日期,流水号,金额,余额,对方户名,摘要\n{day},,,115.00,,期初余额\n{day},B1,1.00,116.00,王五,\n,,,116.00,,期末余额\n合计,,1.00,,,\n"
        );
        let read = bring(&cashier, &book, with_rows.clone(), "").await.ok();
        assert_eq!((&read["problems"], read["lines"].as_u64()), (&json!([]), Some(1)), "{read:#}");
        assert_eq!((&read["opening"], &read["closing"]), (&json!("115.00"), &json!("116.00")));
        let rows: Vec<(&Value, &str)> = read["balance_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (&one["line"], one["problem"].as_str().unwrap()))
            .collect();
        assert_eq!(rows, [(&json!(2), "取作期初余额115.00"), (&json!(4), "取作期末余额116.00")]);
        let wrong = with_rows.replacen(",,,116.00,,期末余额", ",,,116.01,,期末余额", 1);
        let read = bring(&cashier, &book, wrong, "&write=true&despite_warnings=true").await.ok();
        assert_eq!((&read["problems"][0]["line"], &read["statement"]), (&json!(3), &Value::Null), "{read:#}");
        // Nobody knows tomorrow.
        let future = bring(&cashier, &book, file(day.next(), 11_500, &[("F1", 100, "王五", "")]), "&write=true&despite_warnings=true").await.ok();
        assert!(future["problems"][0]["problem"].as_str().unwrap().contains("还没有到"), "{future:#}");
        assert_eq!((&future["problems"][0]["line"], &future["statement"]), (&json!(4), &Value::Null));
        w.pass(86_400).await;
        // A hole between two statements wants a word, and so does a movement that is there in other words.
        let later = file(day.next(), 999, &[("C1", 100, "王五", "")]);
        let warned = bring(&cashier, &book, later, "&write=true").await.ok();
        assert!(warned["warnings"][0]["problem"].as_str().unwrap().contains("不衔接"), "{warned:#}");
        let same = file(day, 0, &[("A1", 10_000, "张三（改）", "心意")]);
        let warned = bring(&cashier, &book, same, "&write=true").await.ok();
        assert_eq!(warned["warnings"][0]["line"], 4, "{warned:#}");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bank_line").await, 4);

        // A form around the file is not the file.
        let path = format!("/api/v1{book}/bank-statements?id={}&{ACCOUNT}", Uuid::now_v7());
        // Whoever is still writing a long one hears why.
        for sent in [Vec::from(good.clone()), vec![b'x'; 8 << 20]] {
            let form = cashier.request(Method::POST, &path).header("content-type", "multipart/form-data; boundary=x");
            let refused = crate::caller::send(form.body(sent)).await;
            assert!(refused.refused(415, "unsupported_media_type").text.contains("application/octet-stream"));
        }
        // CAMT.053, whatever the mapping says.
        let camt = format!(
            "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>\
             <Acct><Id><Othr><Id>6222000011112222</Id></Othr></Id></Acct><Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">115.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>\
             <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">116.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>\
             <Ntry><Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>{}</Dt></BookgDt>\
             <AcctSvcrRef>D1</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>",
            day.next()
        );
        let read = bring(&cashier, &book, camt.clone(), "&write=true&file_name=十月.xml").await.ok();
        assert_eq!((&read["format"], &read["fresh"]), (&json!("camt053"), &json!(1)), "{read:#}");
        let kept = keeper.get(&format!("{book}/bank-statements?{ACCOUNT}")).await.ok();
        assert_eq!(kept["items"][0]["file_name"], "十月.xml", "{kept:#}");
        // The first statement that says the account's number says it for those that follow; who keeps the books sets it right.
        let accounts = async || keeper.get(&format!("{book}/bank-accounts")).await.ok()["items"][0]["number"].clone();
        assert_eq!(accounts().await, "6222000011112222");
        let foreign = camt.replace("6222000011112222", "6222000011119999").replace("D1", "D2");
        let refused = bring(&cashier, &book, foreign.clone(), "&write=true&despite_warnings=true").await.ok();
        assert!(refused["problems"][0]["problem"].as_str().unwrap().contains("不是同一个账户"), "{refused:#}");
        assert_eq!(refused["statement"], Value::Null);
        let head = file(day, 0, &[("A9", 1, "王五", "")]).replacen("账户明细", "账号：6222 **** 9999", 1);
        let refused = bring(&cashier, &book, head, "&write=true&despite_warnings=true").await.ok();
        assert!(refused["problems"][0]["problem"].as_str().unwrap().contains("不是同一个账户"), "{refused:#}");
        let mut number = mapping();
        number["number"] = json!("12");
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(number.clone())).await.refused(422, "invalid_field");
        number["number"] = json!("6222 0000 1111 9999");
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(number)).await.ok();
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(mapping())).await.ok();
        assert_eq!(accounts().await, "6222000011119999", "left out, it stays");
        let right = bring(&cashier, &book, foreign, "").await.ok();
        assert_eq!(right["problems"], json!([]), "{right:#}");
        // No name of a person stands in the trail.
        let trail = w.staff(Role::Admin).await.get("/staff/trail?limit=100").await;
        assert!(!trail.text.contains("张三") && trail.text.contains("bank.import"));
        w.attacked("UPDATE bank_line SET amount_fen = 1", "bank_line_fixed").await;
        w.attacked("DELETE FROM bank_line", "bank_line_fixed").await;
        w.attacked("DELETE FROM bank_statement", "bank_statement_fixed").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_money_waits_until_two_persons_know_it_and_the_month_agrees() {
    story(async |w| {
        // The middle of a month that has still some days.
        let today = w.app.business.today();
        let day = if today.day() > 20 { first_of_next(today) } else { today };
        w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
        let campaign = w.open_campaign("1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let (donor, codes) = (w.donor("o-one").await, format!("/campaigns/{campaign}/bank-codes"));
        w.stranger.get(&format!("/campaigns/{campaign}/bank-code")).await.refused(404, "no_such_code");
        let wish = json!({ "id": Uuid::now_v7() });
        let public = cashier.post(&format!("/staff{codes}"), wish.clone()).await.ok();
        assert_eq!(cashier.post(&format!("/staff{codes}"), wish).await.ok(), public);
        assert_eq!(w.stranger.get(&format!("/campaigns/{campaign}/bank-code")).await.ok()["code"], public["code"]);
        let own = donor.post(&codes, json!({ "id": Uuid::now_v7(), "amount": "88.00" })).await.ok();
        let (public, own) = (public["code"].as_str().unwrap().to_owned(), own["code"].as_str().unwrap().to_owned());

        let statement = file(
            day,
            0,
            &[
                ("L1", 10_000, "示例公司", &format!("捐款 {}", public.to_lowercase())),
                ("L2", 8_800, "张三", &own),
                ("L3", 5_000, "李四", "心意"),
                ("L4", 700, "王五", ""),
                ("L5", 33, "", "结息"),
                ("L6", -100, "", "网银手续费"),
            ],
        );
        bring(&cashier, &book, statement, "&write=true").await.ok();
        assert_eq!(kinds(&suggested(w, "L1").await), ["gift", "unclaimed"]);
        assert_eq!(kinds(&suggested(w, "L4").await), ["unclaimed"]);
        assert_eq!(kinds(&suggested(w, "L5").await), ["interest", "unclaimed"]);
        assert_eq!(kinds(&suggested(w, "L6").await), ["charge"]);

        // Many at once, all or none; the cashier keeps no books.
        let mut items = Vec::new();
        for (number, kind) in [("L3", "unclaimed"), ("L4", "unclaimed"), ("L5", "interest"), ("L6", "charge")] {
            items.push(json!({ "line": line(w, "open", number).await, "kind": kind }));
        }
        accept(&cashier, &book, json!(items)).await.refused(403, "forbidden");
        let mut wrong = items.clone();
        wrong[2]["kind"] = json!("charge");
        accept(&keeper, &book, json!(wrong)).await.refused(422, "wrong_choice");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "0.00");
        assert_eq!(accept(&keeper, &book, json!(items)).await.ok()["accepted"], 4);
        accept(&keeper, &book, json!(items)).await.refused(409, "wrong_state");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-57.00");
        assert_eq!(w.balance("490101").await, "-0.33");
        assert_eq!(w.balance("5301").await, "1.00");
        assert_eq!(lines(w, "unclaimed").await.len(), 2);
        w.attacked("UPDATE bank_line SET state = 'claimed' WHERE state = 'unclaimed'", "bank_line_undecided").await;
        w.attacked("UPDATE bank_line SET state = 'open' WHERE state = 'unclaimed'", "bank_line_over").await;

        // Gifts by their code, from the line itself: claimed by one, booked by another.
        let claim = |choice: &str, more: Value| {
            let mut claim = json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "电话核实" });
            claim.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            claim
        };
        let decide = async |who: &Officer, claims: &[&Value], how: &str| {
            let ids: Vec<Uuid> = claims.iter().map(|claim| id(claim)).collect();
            let body = match how {
                "declines" => json!({ "claims": ids, "reason": "与来款人核对不符" }),
                _ => json!({ "claims": ids }),
            };
            who.post(&format!("/staff/bank-claims/{how}"), body).await
        };
        let to = json!({ "campaign": campaign, "name": "示例公司", "organisation": true, "anonymity": "name" });
        let named = json!({ "campaign": campaign, "name": "张三" });
        let (company, person) = (claim("gift", to), claim("gift", named));
        for (number, claim) in [("L1", &company), ("L2", &person)] {
            let path = format!("/staff/bank-lines/{}/claims", line(w, "open", number).await);
            let first = keeper.post(&path, claim.clone()).await.ok();
            assert_eq!(keeper.post(&path, claim.clone()).await.ok(), first, "the same claim again is the same");
            let mut other = claim.clone();
            other["reason"] = json!("别的");
            keeper.post(&path, other).await.refused(409, "id_reused");
        }
        decide(&cashier, &[&company], "approvals").await.refused(403, "forbidden");
        decide(&keeper, &[&company, &person], "approvals").await.refused(403, "other_person_needed");
        w.attacked(
            "UPDATE bank_claim SET state = 'done', approver_id = author_id WHERE state = 'proposed'",
            "bank_claim_own",
        )
        .await;
        decide(&head, &[&company, &person], "approvals").await.ok();
        assert_eq!(w.raised(campaign).await, "188.00");
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await;
        assert!(wall.text.contains("示例公司") && !wall.text.contains("张三"), "{}", wall.text);
        let mine = donor.get("/me/donations").await.ok();
        assert_eq!((mine["items"].as_array().unwrap().len(), &mine["items"][0]["amount"]), (1, &json!("88.00")));
        // The name that was claimed for a donor opens with their key.
        assert_eq!(donor.get("/me/data").await.ok()["donations"][0]["name"], "张三");

        // A claim against a return: one of them is under way.
        let of = format!("/staff/bank-lines/{}/claims", line(w, "unclaimed", "L3").await);
        let (gift, back) = (claim("gift", json!({ "campaign": campaign })), claim("return", json!({})));
        let (one, two) =
            futures_util::future::join(keeper.post(&of, gift.clone()), cashier.post(&of, back.clone())).await;
        let mut both = [one.status, two.status];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", one.text, two.text);
        let standing = if one.status == 200 { &gift } else { &back };
        decide(&head, &[standing], "declines").await.ok();
        let gift = claim("gift", json!({ "campaign": campaign, "name": "李四", "anonymity": "name" }));
        cashier.post(&of, gift.clone()).await.ok();
        let (one, two) =
            futures_util::future::join(decide(&head, &[&gift], "approvals"), decide(&keeper, &[&gift], "approvals")).await;
        let mut both = [one.status, two.status];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", one.text, two.text);
        assert_eq!(w.raised(campaign).await, "238.00");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-7.00");
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await;
        assert!(wall.text.contains("李四"), "who wants to be named is: {}", wall.text);

        // Back to whoever sent it: decided by two, done when the bank has paid.
        let of = format!("/staff/bank-lines/{}/claims", line(w, "unclaimed", "L4").await);
        let back = claim("return", json!({}));
        cashier.post(&of, back.clone()).await.ok();
        assert_eq!(decide(&head, &[&back], "approvals").await.ok()["items"][0]["state"], "approved");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-7.00", "until it is paid it is owed");
        let paid = file(day, 24_433, &[("M1", -700, "王五", "退款")]);
        bring(&cashier, &book, paid, "&write=true").await.ok();
        let suggestion = suggested(w, "M1").await.remove(0);
        assert_eq!(suggestion["kind"], "return");
        let item = json!({ "line": line(w, "open", "M1").await, "kind": "return", "ids": suggestion["ids"] });
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(w.balance("2209[payable=unidentified]").await, "0.00");
        assert_eq!(lines(w, "returned").await.len(), 1);

        // A gift that the bank has not shown yet, and a line nobody has looked at.
        let early = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
            "reference": "B-77", "received_on": day.to_string(),
        });
        cashier.post("/staff/bank-gifts", early.clone()).await.ok();
        head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&early))).await.ok();
        bring(&cashier, &book, file(day, 23_733, &[("N1", 4, "赵六", "")]), "&write=true").await.ok();

        let month = day.to_string()[..7].to_owned();
        let sheet = format!("{book}/bank-balances/{month}");
        let seen = keeper.get(&format!("{sheet}?{ACCOUNT}")).await.ok();
        assert_eq!(seen["agrees"], true, "{seen:#}");
        assert_eq!((&seen["ledger"], &seen["statement"]), (&json!("247.33"), &json!("237.37")), "{seen:#}");
        let items: Vec<(&str, &str)> = seen["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["kind"].as_str().unwrap(), item["amount"].as_str().unwrap()))
            .collect();
        assert_eq!(items, [("bank_received", "0.04"), ("booked_received", "10.00")]);
        assert_eq!((&seen["adjusted_ledger"], &seen["adjusted_statement"]), (&json!("247.37"), &json!("247.37")));
        let prepare = json!({ "id": Uuid::now_v7() });
        keeper.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.refused(422, "invalid_field");
        w.lever("clock", json!({ "now": format!("{}T12:00:00+08:00", first_of_next(day)) })).await;
        cashier.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.refused(403, "forbidden");
        let made = keeper.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.ok();
        assert_eq!(keeper.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.ok(), made);
        w.attacked("UPDATE bank_balance SET state = 'reviewed', reviewer_id = author_id, reviewed_us = 1", "bank_balance_own").await;
        let step = |how: &str| format!("/staff/bank-balances/{}/{how}", id(&prepare));
        // What changes meanwhile is not signed.
        accept(&keeper, &book, json!([{ "line": line(w, "open", "N1").await, "kind": "unclaimed" }])).await.ok();
        head.act(&step("review")).await.refused(409, "changed_meanwhile");
        head.post(&step("return"), json!({ "reason": "" })).await.refused(422, "invalid_field");
        head.post(&step("return"), json!({ "reason": "未达账项不全" })).await.ok();
        let second = json!({ "id": Uuid::now_v7() });
        keeper.post(&format!("{sheet}?{ACCOUNT}"), second.clone()).await.ok();
        let signed = head.act(&format!("/staff/bank-balances/{}/review", id(&second))).await.ok();
        assert_eq!((&signed["state"], &signed["adjusted"]), (&json!("reviewed"), &json!("247.37")));
        w.attacked("UPDATE bank_balance SET state = 'returned' WHERE state = 'reviewed'", "bank_balance_decided").await;
        let workbook = keeper.request(Method::GET, &format!("/api/v1{sheet}/workbook?{ACCOUNT}"));
        let workbook = crate::caller::send(workbook).await;
        assert!(workbook.status == 200 && workbook.text.starts_with("PK"), "{}", workbook.status);

        // A month of which the bank has told nothing has no sheet, whatever it tells of the next one.
        let next = first_of_next(day);
        let after = first_of_next(next);
        w.lever("clock", json!({ "now": format!("{}T12:00:00+08:00", after.next()) })).await;
        let quiet = format!("{book}/bank-balances/{}?{ACCOUNT}", &next.to_string()[..7]);
        let gaps = async || keeper.get(&quiet).await.ok()["gaps"].to_string();
        assert!(gaps().await.contains("没有银行对账单"), "{}", gaps().await);
        let hole = file(after, 23_837, &[("O1", 4, "赵六", "")]);
        bring(&cashier, &book, hole, "&write=true&despite_warnings=true").await.ok();
        assert!(gaps().await.contains("没有银行对账单"), "something moved meanwhile: {}", gaps().await);
        keeper.post(&quiet, json!({ "id": Uuid::now_v7() })).await.refused(409, "statements_incomplete");
        // Unless the one ends with what the other begins with: then nothing moved in between.
        let meets = file(after, 23_737, &[("O2", 4, "赵六", "")]);
        bring(&cashier, &book, meets, "&write=true&despite_warnings=true").await.ok();
        assert!(!gaps().await.contains("没有银行对账单"), "{}", gaps().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_account_held_before_is_explained_by_opening_balances_or_nothing_is_signed() {
    story(async |w| {
        let today = w.app.business.today();
        let day = if today.day() > 20 { first_of_next(today) } else { today };
        w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        bring(&cashier, &book, file(day, 590_632_700, &[("Z1", 33, "", "结息")]), "&write=true").await.ok();
        let month = format!("{book}/bank-balances/{}?{ACCOUNT}", &day.to_string()[..7]);
        let seen = keeper.get(&month).await.ok();
        assert_eq!((&seen["agrees"], &seen["items"][0]["kind"]), (&json!(false), &json!("opening")), "{seen:#}");
        assert!(seen["gaps"].to_string().contains("相差5906327.00"), "{seen:#}");
        w.lever("clock", json!({ "now": format!("{}T12:00:00+08:00", first_of_next(day)) })).await;
        keeper.post(&month, json!({ "id": Uuid::now_v7() })).await.refused(409, "statements_incomplete");
        // The opening balances of the book say so too, booked a day later than the statement begins.
        let opening = json!({
            "id": Uuid::now_v7(), "kind": "opening", "event_date": day, "summary": "期初余额",
            "lines": [
                { "subject": "1002", "bank_account": "基本户", "debit": "5906327.00" },
                { "subject": "3101", "credit": "5906327.00" },
            ],
        });
        crate::vouchers::posted(w, opening).await;
        let seen = keeper.get(&month).await.ok();
        assert_eq!(seen["agrees"], true, "{seen:#}");
    })
    .await;
}

fn first_of_next(day: BusinessDate) -> BusinessDate {
    let mut next = day.next();
    while next.day() != 1 {
        next = next.next();
    }
    next
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_payments_and_bounces_are_found_in_the_statement() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let mut transfers = Vec::new();
        for amount in ["40.00", "30.00"] {
            let new = json!({
                "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": amount, "bank_account": "基本户",
            });
            cashier.post("/staff/transfers", new.clone()).await.ok();
            w.lever("withdraw", json!({ "amount": amount })).await;
            head.act(&format!("/staff/transfers/{}/confirmation", id(&new))).await.ok();
            transfers.push(new);
        }
        let students = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, "a", &students, "10.00");
        approved(w, &grant).await;
        let sent_file = sent(w, &grant).await;
        let day = w.app.business.today();
        let funding = w.count("SELECT CAST(amount_fen AS BIGINT) FROM donation WHERE channel = 'bank'").await;
        assert_eq!(funding, 100_000);
        // Two withdrawals in one line, a file in one line, and one payment of it that came back.
        let statement = file(
            day,
            100_000,
            &[
                ("W1", 7_000, "财付通支付科技有限公司", "提现"),
                ("P1", -2_000, "代发", "批量代发"),
                ("R1", 1_000, "代发", "退汇 户名不符"),
            ],
        );
        let taken = bring(&cashier, &book, statement, "&write=true").await.ok();
        assert_eq!(taken["matched"], 1, "{taken:#}");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00", "what had arrived is booked from its line");
        assert_eq!(w.balance("1002[bank=基本户]").await, "1070.00");

        let suggestion = suggested(w, "P1").await.remove(0);
        assert_eq!((&suggestion["kind"], suggestion["ids"].as_array().unwrap().len()), (&json!("payouts"), 2));
        let item = json!({ "line": line(w, "open", "P1").await, "kind": "payouts", "ids": suggestion["ids"] });
        let one_only = json!({ "line": line(w, "open", "P1").await, "kind": "payouts", "ids": [payouts(&grant)[0]] });
        accept(&keeper, &book, json!([one_only])).await.refused(422, "wrong_choice");
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "1050.00");
        let suggestions = suggested(w, "R1").await;
        assert_eq!(kinds(&suggestions), ["bounced", "bounced", "unclaimed"], "{suggestions:#?}");
        let bounced = payouts(&grant)[1];
        let item = json!({ "line": line(w, "open", "R1").await, "kind": "bounced", "ids": [bounced], "name": "户名不符" });
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "1060.00");
        assert_eq!(w.balance("2209[payable=grant]").await, "-10.00", "what came back is owed again");
        assert_eq!(lines(w, "open").await.len(), 0);
        let _ = sent_file;

        // The day's own reconciliation has nothing to add, and a tie of hands can be undone.
        let gift = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "amount": "5.00", "counterparty": "示例公司", "bank_account": "基本户",
            "reference": "B-9", "received_on": day.to_string(),
        });
        cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
        head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&gift))).await.ok();
        bring(&cashier, &book, file(day, 106_000, &[("X-9", 500, "示例公司", "捐款")]), "&write=true").await.ok();
        let suggestion = suggested(w, "X-9").await.remove(0);
        assert_eq!(suggestion["kind"], "entry");
        let of = line(w, "open", "X-9").await;
        let item = json!([{ "line": of, "kind": "entry", "ids": suggestion["ids"] }]);
        accept(&keeper, &book, item.clone()).await.ok();
        assert_eq!(keeper.act(&format!("/staff/bank-lines/{of}/untying")).await.ok()["state"], "open");
        accept(&keeper, &book, item).await.ok();
        let matched = line(w, "matched", "P1").await;
        keeper.act(&format!("/staff/bank-lines/{matched}/untying")).await.refused(422, "wrong_choice");
        let entry = suggestion["ids"][0].as_str().unwrap();
        let steal = format!(
            "INSERT INTO bank_match (id, line_id, entry_id, amount_fen, rule, actor, at_us) \
             SELECT {}, id, {}, amount_fen, 'entry', 'x', 1 FROM bank_line WHERE reference = 'R1'",
            w.sql_id(&Uuid::now_v7().to_string()),
            w.sql_id(entry),
        );
        w.attacked(&steal.replace("SELECT '", "SELECT uuid '").replace("id, '", "id, uuid '"), "bank_match_").await;
    })
    .await;
}

/// Whoever confirms a file by the bank's slip, before its statement comes, finds its one line among the entries of the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_confirmed_before_its_statement_is_one_line_of_it() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let students = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, "a", &students, "10.00");
        approved(w, &grant).await;
        let sent_file = sent(w, &grant).await;
        let day = w.app.business.today();
        let all_paid = results(w, &payouts(&grant), true);
        keeper.post(&format!("/staff/payment-files/{sent_file}/results"), all_paid).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "980.00");
        let statement = file(day, 100_000, &[("P1", -2_000, "代发", "批量代发")]);
        bring(&cashier, &book, statement, "&write=true").await.ok();
        let suggestion = suggested(w, "P1").await.remove(0);
        assert_eq!((&suggestion["kind"], suggestion["ids"].as_array().unwrap().len()), (&json!("entry"), 2));
        let item = json!({ "line": line(w, "open", "P1").await, "kind": "entry", "ids": suggestion["ids"] });
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(lines(w, "open").await.len(), 0);
        assert_eq!(w.balance("1002[bank=基本户]").await, "980.00", "it is booked once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_gifts_are_posted_by_another_person_and_tell_nobody() {
    story(async |w| {
        let campaign = w.open_campaign("10000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let day = w.app.business.today();
        let send = async |who: &Officer, list: Uuid, money: &str, text: &str, more: &str| {
            let path = format!("/api/v1/staff/gift-lists?id={list}&campaign={campaign}&money={money}{more}");
            let request = who.request(Method::POST, &path).header("content-type", "application/octet-stream");
            crate::caller::send(request.body(text.to_owned())).await
        };
        let header = "日期,金额,捐赠人,单位捐赠,编号,票据,实名公开\n";
        let platform = format!("{header}{day},20.00,网友甲,否,T-1,放弃,否\n{day},30.50,示例公司,是,T-2,需要,是\n");
        let list = Uuid::now_v7();
        let on = "&name=示例公益平台";
        let looked = send(&cashier, list, "platform", &platform, on).await.ok();
        assert_eq!((&looked["lines"], &looked["total"], &looked["list"]), (&json!(2), &json!("50.50"), &Value::Null));
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM donation").await, 0, "a look writes nothing");
        let write = format!("{on}&write=true");
        let written = send(&cashier, list, "platform", &platform, &write).await.ok();
        assert_eq!(
            (&written["list"]["state"], &written["list"]["via"]),
            (&json!("proposed"), &json!("designated_platform"))
        );
        assert_eq!(send(&cashier, list, "platform", &platform, &write).await.ok()["list"], written["list"]);
        let other = send(&cashier, Uuid::now_v7(), "platform", &platform, &write).await.ok();
        assert_eq!(other["list"], Value::Null);
        let said = other["problems"].to_string();
        assert!(said.contains("已经导入过") && said.contains("已登记过"), "{said}");
        let alike = format!("{header}{day},20.00,网友甲,否,T-3,,\n");
        let warned = send(&cashier, Uuid::now_v7(), "platform", &alike, &write).await.ok();
        assert_eq!((&warned["list"], &warned["warnings"][0]["line"]), (&Value::Null, &json!(2)), "{warned:#}");
        let broken = format!("{header}{day},0,,,,,\n{day},x,,是,,也许,\n");
        let refused = send(&cashier, Uuid::now_v7(), "platform", &broken, &write).await.ok();
        assert_eq!((&refused["list"], refused["problems"].as_array().unwrap().len()), (&Value::Null, 4), "{refused:#}");

        let step = |list: Uuid, how: &str| format!("/staff/gift-lists/{list}/{how}");
        cashier.act(&step(list, "posting")).await.refused(403, "forbidden");
        let single = w.count("SELECT CAST(count(*) AS BIGINT) FROM donation WHERE list_id IS NOT NULL").await;
        assert_eq!((single, w.raised(campaign).await.as_str()), (2, "0.00"), "nothing counts before it is posted");
        w.attacked("UPDATE gift_list SET state = 'posted', approver_id = author_id", "gift_list_own").await;
        let early = "UPDATE gift_list SET approver_id = (SELECT id FROM staff WHERE id <> author_id LIMIT 1) WHERE state = 'proposed'";
        w.attacked(early, "gift_list_persons").await;
        head.act(&step(list, "posting")).await.ok();
        head.act(&step(list, "posting")).await.ok();
        let why = json!({ "reason": "编号与回单不符" });
        keeper.post(&step(list, "decline"), why.clone()).await.refused(409, "changed_meanwhile");
        assert_eq!(w.raised(campaign).await, "50.50");
        assert_eq!(w.balance("1009[channel=platform:示例公益平台]").await, "50.50");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM message").await, 0, "nobody was told");

        // Cash, by the one who keeps the books, posted by the head; and a list that is declined leaves its numbers free.
        let cash = format!("{header}{day},8.00,,,,,\n{day},8.00,,,,,\n");
        let box_list = Uuid::now_v7();
        let twice = send(&keeper, box_list, "cash", &cash, "&write=true").await.ok();
        assert_eq!(twice["list"], Value::Null, "two that look alike want a word");
        send(&keeper, box_list, "cash", &cash, "&write=true&despite_warnings=true").await.ok();
        keeper.act(&step(box_list, "posting")).await.refused(403, "other_person_needed");
        head.act(&step(box_list, "posting")).await.ok();
        assert_eq!(w.balance("1001").await, "16.00");
        let (wrong, right) = (Uuid::now_v7(), Uuid::now_v7());
        let banked = format!("{header}{day},5.00,示例公司,是,K-1,,\n");
        let on = "&name=基本户&write=true&despite_warnings=true";
        send(&cashier, wrong, "bank", &banked, on).await.ok();
        keeper.post(&step(wrong, "decline"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        keeper.post(&step(wrong, "decline"), why).await.ok();
        let again = send(&cashier, right, "bank", &banked, on).await.ok();
        assert_eq!(again["list"]["state"], "proposed", "{again:#}");
        keeper.act(&step(right, "posting")).await.ok();
        assert_eq!(w.raised(campaign).await, "71.50");

        // The bank shows them: the platform settles, the box is banked, the gift is known by its number.
        let statement = file(
            day,
            0,
            &[("K-1", 500, "示例公司", "捐款"), ("S-1", 5_050, "示例公益平台", "结算"), ("C-1", 1_600, "", "现金缴存")],
        );
        assert_eq!(bring(&cashier, &book, statement, "&write=true").await.ok()["matched"], 1);
        let mut items = Vec::new();
        for (number, kind) in [("S-1", "platform"), ("C-1", "cash")] {
            let suggestion = suggested(w, number).await.remove(0);
            assert_eq!(suggestion["kind"], kind, "{suggestion:#}");
            items.push(json!({ "line": line(w, "open", number).await, "kind": kind, "name": suggestion["name"] }));
        }
        accept(&keeper, &book, json!(items)).await.ok();
        assert_eq!(w.balance("1009[channel=platform:示例公益平台]").await, "0.00");
        assert_eq!(
            (w.balance("1001").await, w.balance("1002[bank=基本户]").await),
            ("0.00".to_owned(), "71.50".to_owned())
        );
        w.run_job("outbox").await;
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM message").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_booked_from_a_line_is_taken_back_by_another_person_and_booked_anew() {
    story(async |w| {
        let day = w.app.business.today();
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        bring(
            &cashier,
            &book,
            file(day, 0, &[("U1", 3_000, "示例银行", "结息"), ("U2", -200, "", "手续费")]),
            "&write=true",
        )
        .await
        .ok();
        let statements = head.get(&format!("{book}/bank-statements?{ACCOUNT}")).await.ok();
        assert_eq!(statements["items"][0]["open"], 2, "{statements:#}");
        let of = line(w, "open", "U1").await;
        let item = json!([{ "line": of, "kind": "interest" }]);
        accept(&keeper, &book, item.clone()).await.ok();
        assert_eq!(w.balance("490101").await, "-30.00");
        let path = format!("/staff/bank-lines/{of}");
        let undo = format!("{path}/untying");
        let sheet = head.get(&path).await.ok();
        assert_eq!((&sheet["undo"], &sheet["ties"][0]["rule"]), (&json!("reverse"), &json!("interest")), "{sheet:#}");
        cashier.act(&undo).await.refused(403, "forbidden");
        keeper.act(&undo).await.refused(403, "other_person_needed");
        assert_eq!(w.balance("490101").await, "-30.00", "nothing was changed");
        assert_eq!(head.act(&undo).await.ok()["state"], "open");
        head.act(&undo).await.refused(409, "wrong_state");
        assert_eq!((w.balance("490101").await, w.balance("1002[bank=基本户]").await), ("0.00".into(), "0.00".into()));
        let undone = head.get(&path).await.ok();
        assert_eq!(undone["undo"], "nothing");
        assert!(!undone["ties"][0]["untied_at"].is_null(), "{undone:#}");

        // What cancels out is no suggestion and nothing that a statement would have to show.
        assert_eq!(kinds(&suggested(w, "U1").await), ["interest", "unclaimed"]);
        // It may be the same after all: that is a new entry, and can be taken back in its turn.
        accept(&keeper, &book, item.clone()).await.ok();
        assert_eq!(w.balance("490101").await, "-30.00");
        head.act(&undo).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "0.00");
        w.attacked(
            "UPDATE bank_match SET untied_us = 1, untied_by = NULL WHERE untied_us IS NOT NULL",
            "bank_match_fixed",
        )
        .await;

        // Nor is it unclaimed for ever: who set it aside by mistake has somebody else take that back, unless a claim is under way.
        let aside = json!([{ "line": of, "kind": "unclaimed" }]);
        accept(&keeper, &book, aside.clone()).await.ok();
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-30.00");
        w.attacked(
            "UPDATE bank_match SET untied_us = 1, untied_by = actor WHERE rule = 'unclaimed' AND untied_us IS NULL",
            "bank_match_persons",
        )
        .await;
        keeper.act(&undo).await.refused(403, "other_person_needed");
        let claim = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "汇错了" });
        keeper.post(&format!("{path}/claims"), claim.clone()).await.ok();
        head.act(&undo).await.refused(409, "claim_under_way");
        let ids = json!({ "claims": [claim["id"]], "reason": "先核对来款" });
        head.post("/staff/bank-claims/declines", ids).await.ok();
        assert_eq!(head.act(&undo).await.ok()["state"], "open");
        accept(&keeper, &book, aside).await.ok();
        head.act(&undo).await.ok();
        assert_eq!(w.balance("2209[payable=unidentified]").await, "0.00");
        let at_once =
            futures_util::future::join(accept(&keeper, &book, item.clone()), accept(&head, &book, item)).await;
        let taken = [at_once.0.status, at_once.1.status].iter().filter(|status| **status == 200).count();
        assert_eq!(taken, 1, "one of two who accept the same line");
        assert_eq!(w.balance("490101").await, "-30.00");
        let statements = head.get(&format!("{book}/bank-statements?{ACCOUNT}")).await.ok();
        assert_eq!(statements["items"][0]["open"], 1, "only the charge waits");
        let references = "SELECT CAST(count(*) AS BIGINT) FROM entry WHERE reference LIKE '%bank_interest:%'";
        assert_eq!(w.count(references).await, 5, "three times booked, twice taken back");
        let month = day.to_string()[..7].to_owned();
        let balance = head.get(&format!("{book}/bank-balances/{month}?{ACCOUNT}")).await.ok();
        let items = balance["items"].as_array().unwrap();
        assert!(items.len() == 1 && items[0]["kind"] == "bank_paid", "only the charge is not booked yet: {balance:#}");
    })
    .await;
}

/// Of several that have the very same amount, each is offered with its reason, the nearest first, and none is chosen.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_the_same_amount_is_offered_whole_and_chosen_by_a_person() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let day = w.app.business.today();
        w.pass(3 * 86_400).await;
        let last = w.app.business.today();
        for (reference, on) in [("Z-1", day), ("Z-2", last), ("Z-3", day), ("Z-4", day), ("QR-77", day)] {
            let gift = json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": "7.00", "counterparty": "示例公司", "bank_account": "基本户",
                "reference": reference, "received_on": on.to_string(),
            });
            cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
            head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&gift))).await.ok();
        }
        let students = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, "a", &students, "10.00");
        approved(w, &grant).await;
        sent(w, &grant).await;
        let moves = [("G2", 700, "示例公司", "捐款 单据 QR-77"), ("P1", -1_000, "王某", "助学金")];
        let taken = bring(&cashier, &book, file(last, 100_000, &moves), "&write=true").await.ok();
        assert_eq!(taken["matched"], 0, "{taken:#}");

        let gifts = suggested(w, "G2").await;
        assert_eq!(kinds(&gifts), ["entry", "entry", "entry", "entry", "entry", "unclaimed"], "{gifts:#?}");
        let why = |one: &Value| one["reason"].as_str().unwrap().to_owned();
        assert!(why(&gifts[0]).contains("单据号也相同"), "{gifts:#?}");
        assert!(why(&gifts[1]).contains("同日") && why(&gifts[2]).contains("相差3天"), "{gifts:#?}");
        assert!(gifts[..5].iter().all(|one| why(one).contains("金额相同的凭证有5笔")), "{gifts:#?}");
        let paid = suggested(w, "P1").await;
        assert_eq!(kinds(&paid), ["payouts", "payouts"], "{paid:#?}");
        assert!(paid.iter().all(|one| why(one).contains("待付款项有2笔")), "{paid:#?}");
        let offered: Vec<&Value> = paid.iter().map(|one| &one["ids"][0]).collect();
        assert!(payouts(&grant).iter().all(|one| offered.contains(&&json!(one))), "{paid:#?}");

        // A person says which.
        let item = json!({ "line": line(w, "open", "P1").await, "kind": "payouts", "ids": paid[1]["ids"] });
        let gift = json!({ "line": line(w, "open", "G2").await, "kind": "entry", "ids": gifts[0]["ids"] });
        accept(&keeper, &book, json!([item, gift])).await.ok();
        assert_eq!(lines(w, "open").await.len(), 0);
        let of = line(w, "matched", "G2").await;
        let sheet = keeper.get(&format!("/staff/bank-lines/{of}")).await.ok();
        assert_eq!((&sheet["ties"][0]["entry"], &sheet["claims"]), (&gifts[0]["ids"][0], &json!([])), "{sheet:#}");
    })
    .await;
}

/// What the second person could not agree with is not proposed: a campaign that takes nothing now is claimed for by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn money_is_not_claimed_for_a_campaign_that_takes_none() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (book, day) = (account(w).await, w.app.business.today());
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        bring(&keeper, &book, file(day, 0, &[("W1", 1_000, "王五（示例）", "心意")]), "&write=true").await.ok();
        w.paper(&format!("/staff/campaigns/{campaign}"), "order").await;
        let order = json!({ "id": Uuid::now_v7(), "reason": "民政部门要求核查" });
        head.post(&format!("/staff/campaigns/{campaign}/suspensions"), order).await.ok();
        let of = format!("/staff/bank-lines/{}/claims", line(w, "open", "W1").await);
        let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": campaign, "reason": "电话核实" });
        keeper.post(&of, claim.clone()).await.refused(409, "campaign_not_open");
        let lift = json!({ "reason": "核查结束" });
        w.staff(Role::Chair).await.post(&format!("/staff/campaigns/{campaign}/suspension-lift"), lift).await.ok();
        keeper.post(&of, claim.clone()).await.ok();
        head.post("/staff/bank-claims/approvals", json!({ "claims": [claim["id"]] })).await.ok();
        assert_eq!(w.raised(campaign).await, "10.00");
        // The line leads to what became of it.
        let of = line(w, "matched", "W1").await;
        let sheet = keeper.get(&format!("/staff/bank-lines/{of}")).await.ok();
        let claims: Vec<(&Value, &Value)> =
            sheet["claims"].as_array().unwrap().iter().map(|one| (&one["id"], &one["state"])).collect();
        assert_eq!(claims, [(&claim["id"], &json!("done"))], "{sheet:#}");
    })
    .await;
}

/// The other side of a line often comes after it: the day's run looks again. What only looks alike stays a suggestion, and what a person
/// parted is not put together again.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_whose_other_side_comes_later_is_matched_by_the_days_run() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        w.gift(&w.donor("o-one").await, campaign, "100.00").await;
        let withdraw = async |amount: &str| {
            let new = json!({
                "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": amount, "bank_account": "基本户",
            });
            cashier.post("/staff/transfers", new.clone()).await.ok();
            w.lever("withdraw", json!({ "amount": amount })).await;
            head.act(&format!("/staff/transfers/{}/confirmation", id(&new))).await.ok();
        };
        let day = w.app.business.today();
        // The bank shows a withdrawal that nobody has written down, and money that looks like a gift somebody has yet to write down.
        let moves =
            [("W1", 4_000, "财付通支付科技有限公司", "提现"), ("G1", 500, "示例公司", "捐款"), ("G2", 700, "示例公司", "捐款")];
        let statement = file(day, 100_000, &moves);
        assert_eq!(bring(&cashier, &book, statement, "&write=true").await.ok()["matched"], 0);
        w.run_job("reconcile").await;
        assert_eq!(lines(w, "open").await.len(), 3, "nothing is there yet");
        withdraw("40.00").await;
        let gift = async |amount: &str, reference: &str| {
            let gift = json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": amount, "counterparty": "示例公司", "bank_account": "基本户",
                "reference": reference, "received_on": day.to_string(),
            });
            cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
            head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&gift))).await.ok();
        };
        // One with the number of the line, one with another.
        gift("5.00", "G1").await;
        gift("7.00", "Z-7").await;
        assert_eq!(lines(w, "open").await.len(), 3);
        assert_eq!(w.run_job("reconcile").await, 2, "the lines it matched are what it did");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00", "what had arrived is booked from its line");
        let open = lines(w, "open").await;
        assert_eq!((open.len(), &open[0]["reference"]), (1, &json!("G2")), "{open:#?}");
        assert_eq!(kinds(&suggested(w, "G2").await)[0], "entry", "what only looks alike is for a person");
        let ties = "SELECT CAST(count(*) AS BIGINT) FROM bank_match WHERE untied_us IS NULL AND actor = 'system'";
        assert_eq!(w.count(ties).await, 2);
        assert_eq!(w.run_job("reconcile").await, 0);
        assert_eq!(w.count(ties).await, 2, "a second look finds nothing");

        // A person says that they do not belong together: so it stays.
        let parted = line(w, "matched", "G1").await;
        assert_eq!(keeper.act(&format!("/staff/bank-lines/{parted}/untying")).await.ok()["state"], "open");
        w.run_job("reconcile").await;
        assert_eq!(lines(w, "open").await.len(), 2);
        // Nor is a line taken from under a claim that waits for its second person.
        let of = line(w, "open", "G2").await;
        let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": campaign, "reason": "电话核实" });
        keeper.post(&format!("/staff/bank-lines/{of}/claims"), claim).await.ok();
        gift("7.00", "G2").await;
        w.run_job("reconcile").await;
        assert_eq!(line(w, "open", "G2").await, of);
    })
    .await;
}

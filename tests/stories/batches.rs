//! Lists of payments, screening of names, and what everybody may see of spending.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Answer;
use crate::spending::{
    approved, attach, funded, funded_with, id, lit, paper, partner, payee, payouts, person, results, sent, step,
    submitted,
};
use crate::world::{Officer, story};

/// Sends a list; `more` is the rest of the query.
async fn send_list(who: &Officer, paper: Uuid, campaign: Uuid, list: impl Into<Vec<u8>>, more: &str) -> Answer {
    let path =
        format!("/api/v1/staff/disbursement-batches?id={paper}&campaign={campaign}&line=a&purpose=扶困助学金{more}");
    let request = who.request(Method::POST, &path).header("content-type", "application/octet-stream");
    crate::caller::send(request.body(list.into())).await
}

const HEADER: &str = "收款人户名,收款人账号,开户银行,金额,受益人,关系,未成年人,行政区划代码\n";

/// 1 978 students of differing amounts that add up to 3 627 800.00, half of them children whose guardian receives it.
fn students() -> String {
    let mut list = HEADER.to_owned();
    let mut left = 362_780_000_i64;
    for number in 0..1_978_i64 {
        let fen = if number == 1_977 { left } else { 180_000 + (number % 7) * 1_111 };
        left -= fen;
        let amount = format!("{}.{:02}", fen / 100, fen % 100);
        let child = if number % 2 == 0 { format!("学生{number}（示例）,监护人,是") } else { ",,".to_owned() };
        list += &format!(
            "户主{number}（示例）,622202{number:013},示例银行邢台分行,{amount},{child},1305{:02}\n",
            2 + number % 20
        );
    }
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_1978_students_is_one_paper_and_is_paid_to_the_last_fen() {
    story(async |w| {
        let campaign = funded(w, "3627800.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let (batch, list) = (Uuid::now_v7(), students());
        let looked = send_list(&organiser, batch, campaign, list.as_str(), "").await.ok();
        assert_eq!(
            (looked["lines"].as_u64(), looked["total"].as_str()),
            (Some(1_978), Some("3627800.00")),
            "{}",
            looked["findings"]
        );
        assert_eq!(looked["findings"], json!([]));
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM payee").await, 0, "a look writes nothing");
        let written = send_list(&organiser, batch, campaign, list.as_str(), "&write=true").await.ok();
        assert_eq!(written["disbursement"]["payouts"], 1_978);
        let again =
            send_list(&organiser, batch, campaign, list.as_str(), "&write=true&despite_warnings=true").await.ok();
        assert_eq!(again["disbursement"], written["disbursement"], "the same list again is the same paper");
        let other = send_list(&organiser, Uuid::now_v7(), campaign, list.as_str(), "&write=true&despite_warnings=true")
            .await
            .ok();
        assert_eq!(other["disbursement"], Value::Null);
        assert!(other["findings"][0]["problem"].as_str().unwrap().contains("已经提交过"));
        assert!(
            other["findings"][1]["problem"].as_str().unwrap().contains("另一份草稿（尚未提交）"),
            "a draft pays nobody"
        );

        let grant = json!({ "id": batch });
        attach(&organiser, &grant).await.ok();
        step(&organiser, &grant, "submission").await.ok();
        for role in [Role::ProjectManager, Role::FinanceHead, Role::Chair] {
            step(&w.staff(role).await, &grant, "approval").await.ok();
        }
        let file = sent(w, &grant).await;
        let path = format!("/staff/payment-files/{file}/content");
        assert_eq!(w.staff(Role::Cashier).await.get(&path).await.text.lines().count(), 1_979);
        let db = w.app.db.read();
        let all = crowdfunding::spending::payouts_of(db, batch.into(), 0, 5_000).await.unwrap();
        let all: Vec<Uuid> = all.iter().map(|payout| payout.id.uuid()).collect();
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let path = format!("/staff/payment-files/{file}/results");
        assert_eq!(bookkeeper.post(&path, results(w, &all[..1_970], true)).await.ok()["changed"], 1_970);
        assert_eq!(bookkeeper.post(&path, results(w, &all[1_970..], false)).await.ok()["changed"], 8);
        let cashier = w.staff(Role::Cashier).await;
        for payout in &all[1_970..] {
            cashier.act(&format!("/staff/payouts/{payout}/retry")).await.ok();
        }
        let second = sent(w, &grant).await;
        let path = format!("/staff/payment-files/{second}/results");
        bookkeeper.post(&path, results(w, &all[1_970..], true)).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "0.00");
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "0.00");

        // Children appear as sums by county, grown-ups masked, nobody by name.
        let public = w.stranger.get(&format!("/campaigns/{campaign}/disbursements?limit=100")).await;
        assert!(!public.text.contains("（示例）") && !public.text.contains("622202"), "{}", public.text);
        let public = public.ok();
        assert_eq!(public["items"].as_array().unwrap().len(), 100);
        let children: i64 =
            public["children"].as_array().unwrap().iter().map(|cell| cell["count"].as_i64().unwrap()).sum();
        assert_eq!(children, 989);
        assert!(public["children"].as_array().unwrap().iter().all(|cell| cell["count"].as_i64().unwrap() >= 5));
    })
    .await;
}

/// What the paper's way would refuse later is said of the list already: the purpose, what is left of the budget line, what the fund holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_list_says_what_the_money_says() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let list = |amount: &str, purpose: &str| {
            format!("收款人户名,收款人账号,开户银行,金额,用途\n王一（示例）,6222020000000000001,示例银行,{amount},{purpose}\n")
        };
        let found = async |list: &str, query: &str, more: &str| {
            let path = format!("/api/v1/staff/disbursement-batches?id={}&campaign={campaign}&{query}{more}", Uuid::now_v7());
            let request = organiser.request(Method::POST, &path).header("content-type", "application/octet-stream");
            let report = crate::caller::send(request.body(list.to_owned())).await.ok();
            let told = |it: &Value| {
                let text = |key: &str| it[key].as_str().unwrap().to_owned();
                (it["line"].as_u64().unwrap(), text("column"), text("weight"), text("problem"))
            };
            let findings: Vec<_> = report["findings"].as_array().unwrap().iter().map(told).collect();
            (findings, report["disbursement"] != Value::Null)
        };
        let brief = |found: &[(u64, String, String, String)]| -> Vec<(u64, String, String)> {
            found.iter().map(|(line, column, weight, _)| (*line, column.clone(), weight.clone())).collect()
        };
        let at = |line: u64, column: &str, weight: &str| (line, column.to_owned(), weight.to_owned());
        let good = "line=a&purpose=助学金";
        assert_eq!(found(&list("1000.00", ""), good, "").await, (vec![], false));
        // More than the fund holds may still come; more than the plan says may not be asked for.
        let (short, written) = found(&list("1000.01", "助学金"), good, "&write=true").await;
        assert_eq!((brief(&short), written), (vec![at(0, "金额", "warning")], false));
        assert!(short[0].3.contains("1000.00"), "{short:?}");
        let (short, written) = found(&list("5000000.01", ""), good, "&write=true&despite_warnings=true").await;
        assert_eq!((brief(&short), written), (vec![at(0, "预算科目", "error"), at(0, "金额", "warning")], false));
        assert!(short[0].3.contains("5000000.00"), "{short:?}");
        let (unknown, written) = found(&list("1.00", ""), "line=zz&purpose=助学金", "&write=true").await;
        assert_eq!((brief(&unknown), written), (vec![at(0, "预算科目", "error")], false));
        // The purpose is the paper's, and each line that names another is in the wrong list.
        let (wrong, written) = found(&list("1.00", "图书采购"), good, "&write=true").await;
        assert_eq!((brief(&wrong), written), (vec![at(2, "用途", "error")], false));
        let (empty, written) = found(&list("1.00", ""), "line=a&purpose=%20", "&write=true").await;
        assert_eq!((brief(&empty), written), (vec![at(0, "用途", "error")], false));
        let long = format!("line=a&purpose={}", "长".repeat(201));
        assert_eq!(brief(&found(&list("1.00", ""), &long, "").await.0), [at(0, "用途", "error")]);
        let manager = w.staff(Role::ProjectManager).await;
        manager.post(&format!("/staff/campaigns/{campaign}/pause"), json!({ "reason": "核对" })).await.ok();
        assert_eq!(found(&list("1.00", ""), good, "").await.0, [], "what is paused still spends");
        let mut draft = w.draft("5000.00");
        draft["kind"] = json!("parent");
        let parent = id(&organiser.post("/staff/campaigns", draft).await.ok());
        let of_parent = send_list(&organiser, Uuid::now_v7(), parent, list("1.00", ""), "&write=true").await.ok();
        assert!(of_parent["findings"].to_string().contains("母项目"), "{of_parent}");
        assert_eq!(of_parent["disbursement"], Value::Null);
        assert!(found(&list("1000.01", "助学金"), good, "&write=true&despite_warnings=true").await.1, "a word passes a warning");
    })
    .await;
}

/// A list as an office keeps it: an XLSX file, the amounts numbers, the accounts text, with an empty line in between.
fn spreadsheet(lines: &[(&str, &str, f64)]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(HEADER.trim().split(',')) {
        sheet.write(0, column, name).unwrap();
    }
    for (row, (name, account, amount)) in (2..).zip(lines) {
        sheet.write(row, 0, *name).unwrap();
        sheet.write(row, 1, *account).unwrap();
        sheet.write(row, 2, "示例银行").unwrap();
        sheet.write(row, 3, *amount).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_is_looked_at_and_written_like_any_list() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let wrong = spreadsheet(&[("王一（示例）", "6222020000000000001", 10.125), ("", "6222020000000000002", 1.0)]);
        let looked = send_list(&organiser, Uuid::now_v7(), campaign, wrong, "&write=true").await.ok();
        assert_eq!(looked["disbursement"], Value::Null);
        let found = looked["findings"].as_array().unwrap().iter();
        let found: Vec<_> = found.map(|f| (f["line"].as_u64().unwrap(), f["column"].as_str().unwrap())).collect();
        assert_eq!(found, [(3, "金额"), (4, "收款人户名")]);
        let list = spreadsheet(&[
            ("王一（示例）", "6222020000000000001", 0.1),
            ("李二（示例）", "6222020000000000002", 0.2),
            ("赵三（示例）", "6222020000000000003", 834.07),
        ]);
        let paper = Uuid::now_v7();
        let looked = send_list(&organiser, paper, campaign, list.clone(), "").await.ok();
        assert_eq!(
            (&looked["lines"], &looked["total"], &looked["findings"]),
            (&json!(3), &json!("834.37"), &json!([]))
        );
        let written = send_list(&organiser, paper, campaign, list, "&write=true").await.ok();
        assert_eq!(written["disbursement"]["payouts"], 3);
        assert_eq!(written["disbursement"]["amount"], "834.37");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_looked_at_line_by_line_and_refused_as_a_whole() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let known = payee(w, campaign, "王一（示例）", 1).await;
        let grant = paper(campaign, "a", &[known], "10.00");
        submitted(w, &grant).await;
        let organiser = w.staff(Role::Organiser).await;
        let list = format!(
            "{HEADER}王一（示例）,6222020000000000001,示例银行,10.00,,,,\n李四（示例）,6222020000000000001,示例银行,10.00,,,,\n王五（示例）,123,示例银行,0,,,,\n"
        );
        let report = send_list(&organiser, Uuid::now_v7(), campaign, list.as_str(), "&write=true&despite_warnings=true").await.ok();
        assert_eq!(report["disbursement"], Value::Null);
        let findings: Vec<(u64, &str, &str)> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| (f["line"].as_u64().unwrap(), f["column"].as_str().unwrap(), f["weight"].as_str().unwrap()))
            .collect();
        for expected in [
            (2, "收款人户名", "warning"),
            (3, "收款人账号", "error"),
            (4, "收款人账号", "error"),
            (4, "金额", "error"),
        ] {
            assert!(findings.contains(&expected), "{expected:?} of {findings:?}");
        }
        let list = format!("{HEADER}王一（示例）,6222020000000000001,示例银行,10.00,,,,\n");
        let refused = send_list(&organiser, Uuid::now_v7(), campaign, list.as_str(), "&write=true").await.ok();
        assert_eq!(refused["disbursement"], Value::Null, "a warning wants a word");
        assert!(refused["findings"].to_string().contains("尚未付款"), "{refused}");
        let short = send_list(&organiser, Uuid::now_v7(), campaign, "姓名,金额\n某某,1.00\n", "").await.ok();
        let missing: Vec<_> = short["findings"].as_array().unwrap().iter().map(|f| (&f["line"], &f["column"])).collect();
        let line = json!(1);
        assert_eq!(
            missing,
            [&json!("收款人户名"), &json!("收款人账号"), &json!("开户银行")].map(|column| (&line, column)),
            "all that is missing, at the head"
        );
        let written = send_list(&organiser, Uuid::now_v7(), campaign, list.as_str(), "&write=true&despite_warnings=true").await.ok();
        assert_eq!((written["known_payees"].as_u64(), written["disbursement"]["payouts"].as_i64()), (Some(1), Some(1)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_on_a_list_stops_the_money_and_only_compliance_knows_why() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let compliance = w.staff(Role::Compliance).await;
        let names = json!({ "list": "示例名单", "names": ["赵 某某（示例）", "钱某某（示例）"] });
        assert_eq!(compliance.post("/staff/screening/names", names.clone()).await.ok()["new"], 2);
        assert_eq!(compliance.post("/staff/screening/names", names).await.ok()["new"], 0);
        let listed = payee(w, campaign, "赵某某（示例）", 1).await;
        let late = payee(w, campaign, "孙某某（示例）", 2).await;
        let more = json!({ "list": "示例名单", "names": ["孙某某（示例）"] });
        assert_eq!(compliance.post("/staff/screening/names", more).await.ok()["found"], 1);
        let grant = paper(campaign, "a", &[listed, late], "10.00");
        approved(w, &grant).await;
        let cashier = w.staff(Role::Cashier).await;
        let file = || json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        let told = cashier.post("/staff/payment-files", file()).await;
        let text = &told.refused(409, "in_hand").text;
        assert!(text.contains("办理中") && !text.contains("名单") && !text.contains("示例"), "{text}");
        for role in [Role::ProjectManager, Role::FinanceHead, Role::Chair, Role::Admin, Role::Auditor] {
            w.staff(role).await.get("/staff/screening/findings").await.refused(403, "forbidden");
        }
        let findings = compliance.get("/staff/screening/findings?state=open").await.ok();
        assert_eq!(findings["items"].as_array().unwrap().len(), 2);
        for finding in findings["items"].as_array().unwrap() {
            let verdict = if finding["name"] == "赵 某某（示例）" { "block" } else { "clearance" };
            let path = format!("/staff/screening/findings/{}/{verdict}", id(finding));
            compliance.post(&path, json!({ "reason": "核对证件后认定" })).await.ok();
            compliance.post(&path, json!({ "reason": "再改一次" })).await.refused(409, "wrong_state");
        }
        cashier.post("/staff/payment-files", file()).await.refused(409, "in_hand");
        let one = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "payouts": [payouts(&grant)[1]] });
        cashier.post("/staff/payment-files", one).await.ok();
    })
    .await;
}

/// Money does not go to the house's own people under another part: the name is enough to have somebody look who has no part in the paper.
#[tokio::test(flavor = "multi_thread")]
async fn a_payee_of_the_name_of_one_of_the_staff_is_looked_at_first() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let compliance = w.staff(Role::Compliance).await;
        let namesake = payee(w, campaign, "某人", 1).await;
        let mut declared = person(campaign, "某人", 2);
        declared["part"] = json!("staff");
        declared["staff"] = json!(w.staff(Role::Disclosure).await.id);
        w.staff(Role::Organiser).await.post("/staff/payees", declared).await.ok();
        let grant = paper(campaign, "a", &[namesake], "10.00");
        approved(w, &grant).await;
        let cashier = w.staff(Role::Cashier).await;
        let file = || json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        cashier.post("/staff/payment-files", file()).await.refused(409, "in_hand");
        let findings = compliance.get("/staff/screening/findings?state=open").await.ok();
        let items = findings["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "who was said to be of the staff is no finding: {findings:#}");
        assert_eq!((&items[0]["list"], &items[0]["payee"]["id"]), (&json!("本机构工作人员"), &json!(namesake)));
        let cleared = format!("/staff/screening/findings/{}/clearance", id(&items[0]));
        // Who bears the same name does not say that it is somebody else.
        let why = json!({ "reason": "同名，身份证号不同" });
        compliance.post(&cleared, why.clone()).await.refused(403, "other_person_needed");
        let other = w.hire_named(Role::Compliance, "compliance-2", "另一人").await;
        other.post(&cleared, why).await.ok();
        cashier.post("/staff/payment-files", file()).await.ok();
    })
    .await;
}

/// Paying whoever gave much is a dealing with a related party, which somebody has to know of before the money goes (令81 Art. 14); also if the gift
/// came after the payee was written down.
#[tokio::test(flavor = "multi_thread")]
async fn a_payee_who_gave_much_is_looked_at_first() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let supplier = |name: &str, number: u64| {
            let mut new = person(campaign, name, number);
            (new["kind"], new["part"]) = (json!("organisation"), json!("supplier"));
            new
        };
        let (giver, other) = (supplier("示例 公司", 1), supplier("示例文具有限公司", 2));
        for new in [&giver, &other] {
            organiser.post("/staff/payees", new.clone()).await.ok();
        }
        funded(w, "50000.00").await;
        assert_eq!(w.run_job("large_gifts").await, 1);
        let (to_giver, to_other) =
            (paper(campaign, "a", &[id(&giver)], "10.00"), paper(campaign, "a", &[id(&other)], "10.00"));
        approved(w, &to_giver).await;
        approved(w, &to_other).await;
        let cashier = w.staff(Role::Cashier).await;
        let file = |of: &Value| json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(of)] });
        cashier.post("/staff/payment-files", file(&to_giver)).await.refused(409, "in_hand");
        cashier.post("/staff/payment-files", file(&to_other)).await.ok();
        let compliance = w.staff(Role::Compliance).await;
        let findings = compliance.get("/staff/screening/findings?state=open").await.ok();
        let items = findings["items"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["list"]), (1, &json!("大额捐赠单位")), "{findings:#}");
        let why = json!({ "reason": "已按关联交易报理事会并列入公开事项" });
        compliance.post(&format!("/staff/screening/findings/{}/clearance", id(&items[0])), why).await.ok();
        cashier.post("/staff/payment-files", file(&to_giver)).await.ok();
        // Whoever gave much may give again.
        funded(w, "60000.00").await;
        assert_eq!(w.run_job("large_gifts").await, 1);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM gift_alert WHERE watch_name_id IS NOT NULL").await, 0);
    })
    .await;
}

/// What a list says of people is held against what is known of them: a name under another account, the same person for whom another list is,
/// a child who was written down as a grown-up, somebody who is close.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_held_against_what_is_known_of_its_people() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let known = payee(w, campaign, "王一（示例）", 1).await;
        let header = HEADER.replace("行政区划代码", "关联关系");
        let list =
            |lines: &[&str]| format!("{header}{}", lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        let found = async |list: &str| {
            let report = send_list(&organiser, Uuid::now_v7(), campaign, list, "&write=true").await.ok();
            assert_eq!(report["disbursement"], Value::Null);
            let told = |it: &Value| {
                let text = |key: &str| it[key].as_str().unwrap().to_owned();
                (it["line"].as_u64().unwrap(), text("column"), text("weight"))
            };
            report["findings"].as_array().unwrap().iter().map(told).collect::<Vec<_>>()
        };
        let at = |line: u64, column: &str, weight: &str| (line, column.to_owned(), weight.to_owned());
        let first = list(&["李父（示例）,6222020000000000011,示例银行,10.00,李小（示例）,父亲,是,"]);
        let written = send_list(&organiser, Uuid::now_v7(), campaign, first.as_str(), "&write=true").await.ok();
        assert_eq!(written["disbursement"]["payouts"], 1, "{written}");
        // Through the other parent, and another account.
        let twice = list(&["李母（示例）,6222020000000000012,示例银行,10.00,李小（示例）,母亲,是,"]);
        assert_eq!(found(&twice).await, [at(2, "受益人", "warning")]);
        assert_eq!(
            found(&list(&["王一（示例）,6222020000000000002,示例银行,10.00,,,,"])).await,
            [at(2, "收款人账号", "warning")]
        );
        assert_eq!(
            found(&list(&["王一（示例）,6222020000000000001,示例银行,10.00,,,是,"])).await,
            [at(2, "未成年人", "error")]
        );
        // Written down again with the mark, the child can be paid.
        let mut marked = person(campaign, "王一（示例）", 1);
        marked["minor"] = json!(true);
        organiser.post("/staff/payees", marked).await.ok();
        let child = list(&["王一（示例）,6222020000000000001,示例银行,10.00,,,是,"]);
        let looked = send_list(&organiser, Uuid::now_v7(), campaign, child.as_str(), "").await.ok();
        assert_eq!(looked["findings"], json!([]));
        let close = list(&["王一（示例）,6222020000000000001,示例银行,10.00,,,,捐赠人的侄子"]);
        assert_eq!(found(&close).await, [at(2, "关联关系", "warning")]);
        let paper = Uuid::now_v7();
        send_list(&organiser, paper, campaign, close.as_str(), "&write=true&despite_warnings=true").await.ok();
        assert_eq!(organiser.get(&format!("/staff/payees/{known}")).await.ok()["related"], true);
        attach(&organiser, &json!({ "id": paper })).await.ok();
        step(&organiser, &json!({ "id": paper }), "submission").await.refused(409, "related_party");
    })
    .await;
}

/// Gifts that are booked in one moment make the sum together: a list cut into small lines hides nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_lines_add_up_is_seen() {
    story(async |w| {
        let campaign = w.open_campaign("1000000.00").await;
        let day = w.app.business.today();
        let list = Uuid::now_v7();
        let lines: String = (1..=6).map(|n| format!("{day},10000.00,示例公司,是,L-{n},,\n")).collect();
        let text = format!("日期,金额,捐赠人,单位捐赠,编号,票据,实名公开\n{lines}");
        let path = format!("/api/v1/staff/gift-lists?id={list}&campaign={campaign}&money=bank&name=基本户&write=true&despite_warnings=true");
        let request = w.staff(Role::Cashier).await.request(Method::POST, &path);
        let request = request.header("content-type", "application/octet-stream").body(text);
        assert_eq!(crate::caller::send(request).await.ok()["list"]["state"], "proposed");
        w.staff(Role::Bookkeeper).await.act(&format!("/staff/gift-lists/{list}/posting")).await.ok();
        assert_eq!(w.run_job("large_gifts").await, 6);
        assert_eq!(w.count("SELECT CAST(min(gifts) AS BIGINT) FROM gift_alert").await, 6);
        assert_eq!(w.run_job("large_gifts").await, 0, "each once");
    })
    .await;
}

/// A large gift is taken like any other; compliance looks at it afterwards, and nobody else hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn gifts_that_are_large_or_add_up_are_seen_by_compliance_alone() {
    story(async |w| {
        let compliance = w.staff(Role::Compliance).await;
        let names = json!({ "list": "示例名单", "names": ["名单上的公司（示例）"] });
        compliance.post("/staff/screening/names", names).await.ok();
        let mut draft = w.draft("5000000.00");
        let ends = w.app.business.now().after(std::time::Duration::from_secs(10 * 86_400));
        draft["ends_at"] = json!(ends.to_string());
        let campaign = w.open_as(draft).await;
        let bank_gift = async |kind: &str, giver: &str, amount: &str| {
            let gift = json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": amount, "donor_type": kind, "counterparty": giver, "bank_account": "基本户",
                "reference": format!("B-{}", Uuid::now_v7().simple()), "received_on": w.app.business.today().to_string(),
            });
            w.staff(Role::Cashier).await.post("/staff/bank-gifts", gift.clone()).await.ok();
            let path = format!("/staff/bank-gifts/{}/confirmation", gift["id"].as_str().unwrap());
            w.staff(Role::Bookkeeper).await.act(&path).await.ok();
            id(&gift)
        };
        let listed = bank_gift("organisation", "名单上的公司（示例）", "50000.00").await;
        bank_gift("organisation", "别的公司（示例）", "49999.99").await;
        // Five persons who give by bank are not one.
        for number in 1..=5 {
            bank_gift("person", &format!("第{number}人（示例）"), "10000.00").await;
        }
        // Four gifts of ten thousand and more do not add up yet; the fifth does, and the sixth is nothing new.
        let (often, now_and_then) = (w.donor("o-often").await, w.donor("o-now-and-then").await);
        let mut gifts = Vec::new();
        for _ in 0..6 {
            gifts.push(w.gift(&often, campaign, "10000.00").await.id);
            w.pass(60).await;
        }
        for _ in 0..5 {
            w.gift(&now_and_then, campaign, "10000.00").await;
            w.pass(8 * 3_600).await;
            w.run_job("large_gifts").await;
        }
        let found = compliance.get("/staff/screening/gifts").await.ok();
        let mut found: Vec<(Uuid, String, i64, String, Value)> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                let text = |key: &str| it[key].as_str().unwrap().to_owned();
                (text("donation").parse().unwrap(), text("ground"), it["gifts"].as_i64().unwrap(), text("total"), it["list"].clone())
            })
            .collect();
        found.sort_by_key(|(gift, ..)| *gift);
        assert_eq!(
            found,
            [
                (listed, "single".to_owned(), 1, "50000.00".to_owned(), json!("示例名单")),
                (gifts[4], "repeated".to_owned(), 5, "50000.00".to_owned(), json!(null)),
            ]
        );
        assert_eq!(w.run_job("large_gifts").await, 0, "each once");
        assert_eq!(w.raised(campaign).await, "259999.99", "nothing was stopped");
        let desk = compliance.get("/staff/waiting").await.ok();
        assert_eq!((&desk["items"][0]["kind"], &desk["items"][0]["count"]), (&json!("screening"), &json!(2)));

        let all = compliance.get("/staff/screening/gifts?state=open").await.ok();
        let step = |at: usize, step: &str| format!("/staff/screening/gifts/{}/{step}", id(&all["items"][at]));
        let reason = || json!({ "reason": "已核实资金来源" });
        for change in ["decided_us = 1", "gifts = gifts + 1", "reason = '无'"] {
            w.attacked(&format!("UPDATE gift_alert SET {change}"), "gift_alert_decided").await;
        }
        compliance.post(&step(0, "clearance"), reason()).await.ok();
        compliance.post(&step(0, "report"), reason()).await.refused(409, "wrong_state");
        assert_eq!(compliance.post(&step(1, "report"), reason()).await.ok()["state"], "reported");
        w.attacked("UPDATE gift_alert SET state = 'open'", "gift_alert_decided").await;
        w.attacked("DELETE FROM gift_alert", "gift_alert_decided").await;
        // Neither the donor nor who works on the campaign finds a word of it.
        let own = often.get("/me/data").await.ok().to_string();
        let seen = w.staff(Role::ProjectManager).await.get(&format!("/staff/campaigns/{campaign}/history")).await.ok();
        assert!(!own.contains("screening") && !own.contains("alert") && !seen.to_string().contains("screening"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_donor_follows_a_gift_and_the_organiser_hears_of_payments() {
    story(async |w| {
        let campaign = funded(w, "900.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "100.00").await;
        let supplier = {
            let mut new = person(campaign, "示例文化用品有限公司", 5);
            (new["kind"], new["part"]) = (json!("organisation"), json!("supplier"));
            w.staff(Role::Organiser).await.post("/staff/payees", new.clone()).await.ok();
            id(&new)
        };
        let mut purchase = paper(campaign, "a", &[supplier], "500.00");
        purchase["kind"] = json!("purchase");
        approved(w, &purchase).await;
        assert_eq!(w.balance("2202").await, "-500.00");
        let organiser = w.staff(Role::Organiser).await;
        let notices = organiser.get("/staff/payout-notices").await.ok();
        assert_eq!(notices["items"][0]["disbursement"], purchase["id"]);
        organiser.act(&format!("/staff/payout-notices/{}/reading", id(&purchase))).await.ok();
        assert_eq!(organiser.get("/staff/payout-notices").await.ok()["items"], json!([]));
        let file = sent(w, &purchase).await;
        let path = format!("/staff/payment-files/{file}/results");
        let keeper = w.staff(Role::Bookkeeper).await;
        let on_desk =
            async || keeper.get("/staff/waiting").await.ok()["items"].to_string().contains("\"payment_file\"");
        assert!(on_desk().await, "the bank's answer is waited for");
        keeper.post(&path, results(w, &payouts(&purchase), true)).await.ok();
        assert!(!on_desk().await, "nothing of the file is waited for any more");

        let followed = donor.get(&format!("/donations/{}/use", gift.id)).await.ok();
        assert_eq!((followed["gift"].as_str(), followed["received"].as_str()), (Some("100.00"), Some("1000.00")));
        assert_eq!(
            (followed["lines"][0]["used"].as_str(), followed["lines"][0]["share"].as_str()),
            (Some("500.00"), Some("50.00"))
        );
        w.donor("o-two").await.get(&format!("/donations/{}/use", gift.id)).await.refused(404, "no_such_donation");
        let public = w.stranger.get(&format!("/campaigns/{campaign}/disbursements")).await.ok();
        assert_eq!(
            (public["items"][0]["payee"].as_str(), public["items"][0]["amount"].as_str()),
            (Some("示例文化***"), Some("500.00"))
        );

        // Releasing what the year used changes neither what is left nor the public total (entry 16), and is booked once.
        let fund = async || ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        let before = fund().await.available();
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let (path, release) = (format!("/staff/campaigns/{campaign}/releases"), json!({ "id": Uuid::now_v7() }));
        for _ in 0..2 {
            assert_eq!(bookkeeper.post(&path, release.clone()).await.ok()["amount"], "500.00");
        }
        let again = bookkeeper.post(&path, json!({ "id": Uuid::now_v7() })).await.ok();
        assert_eq!((again["amount"].as_str(), again["reference"].as_str()), (Some("0.00"), None));
        let tomorrow = json!({ "id": Uuid::now_v7(), "through": w.app.business.today().next().to_string() });
        bookkeeper.post(&path, tomorrow).await.refused(422, "invalid_field");
        assert_eq!((fund().await.available(), fund().await.used.to_string()), (before, "0.00".to_owned()));
        assert_eq!(w.balance("3101").await, "-500.00");
        assert_eq!(w.raised(campaign).await, "1000.00");
    })
    .await;
}

/// The profile of the day a paper is handed in holds for that round, and in the small one, too, nobody does two things.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_foundation_needs_fewer_persons_and_never_one() {
    story(async |w| {
        let campaign = funded(w, "5000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let under_full = paper(campaign, "a", &[student], "50.00");
        submitted(w, &under_full).await;
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let change = json!({
            "id": Uuid::now_v7(), "profile": "small", "single_limit": "100.00", "third_limit": "1000.00", "account_quiet_days": 30, "reason": "小型基金会",
        });
        head.post(&format!("/staff/charities/{}/profile-changes", w.book), change.clone()).await.ok();
        chair.act(&format!("/staff/profile-changes/{}/approval", id(&change))).await.ok();
        let manager = w.staff(Role::ProjectManager).await;
        assert_eq!(step(&manager, &under_full, "approval").await.ok()["state"], "pm_approved", "the rules it was handed in under");
        assert_eq!(step(&head, &under_full, "approval").await.ok()["state"], "approved");

        let little = paper(campaign, "a", &[student], "100.00");
        submitted(w, &little).await;
        step(&chair, &little, "approval").await.refused(403, "forbidden");
        assert_eq!(step(&head, &little, "approval").await.ok()["state"], "approved");
        let more = paper(campaign, "a", &[student], "100.01");
        submitted(w, &more).await;
        assert_eq!(step(&head, &more, "approval").await.ok()["state"], "pm_approved");
        let statement = format!("UPDATE disbursement SET state = 'approved', approved_us = 1 WHERE id = {}", lit(w, id(&more)));
        let tx = w.app.db.begin().await.unwrap();
        assert!(sea_orm::ConnectionTrait::execute_unprepared(&tx, &statement).await.is_err());
        drop(tx);
        step(&manager, &more, "approval").await.refused(403, "forbidden");
        assert_eq!(step(&chair, &more, "approval").await.ok()["state"], "approved");

        // The supervisors look through what ran under it, month by month, with everybody who had a hand in it.
        let auditor = w.staff(Role::Auditor).await;
        let today = w.app.business.today().to_string();
        let listed = async |month: &str| {
            let path = format!("/staff/small-profile-reviews?month={month}");
            auditor.get(&path).await.ok()["items"].as_array().unwrap().clone()
        };
        let reviews = listed(&today[..7]).await;
        let papers: Vec<Uuid> = reviews.iter().map(id).collect();
        assert_eq!(papers, [id(&little), id(&more)], "not the one handed in under full");
        let hands = |review: &Value| -> Vec<Value> {
            review["approvals"].as_array().unwrap().iter().map(|approval| approval["approver"].clone()).collect()
        };
        assert_eq!(hands(&reviews[0]), [json!(head.id)]);
        assert_eq!(hands(&reviews[1]), [json!(head.id), json!(chair.id)]);
        assert_eq!(listed("2020-01").await, [json!(null); 0]);
        auditor.get("/staff/small-profile-reviews?month=2026-13").await.refused(422, "invalid_field");
        head.get("/staff/small-profile-reviews?month=2026-11").await.refused(403, "forbidden");
    })
    .await;
}

/// Whatever order things happen in, line and fund stay whole; the story's audit looks at every sum.
#[tokio::test(flavor = "multi_thread")]
async fn no_order_of_steps_takes_a_line_or_a_fund_below_zero() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "500.00").await;
        let partner = partner(w, campaign, "示例服务中心", 80).await;
        let seed = Uuid::new_v4().as_u128() as u64;
        eprintln!("seed {seed}");
        let mut dice = seed | 1;
        let mut roll = |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % sides
        };
        let (head, cashier, bookkeeper) =
            (w.staff(Role::FinanceHead).await, w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let mut papers: Vec<Value> = Vec::new();
        let mut files: Vec<(Uuid, Uuid)> = Vec::new();
        for _ in 0..60 {
            let which = roll(papers.len().max(1) as u64) as usize;
            match roll(6) {
                0 | 1 => {
                    let mut grant = paper(campaign, "a", &[partner], &format!("{}.00", 50 + roll(150)));
                    grant["kind"] = json!(["grant", "purchase", "reimbursement", "advance"][roll(4) as usize]);
                    submitted(w, &grant).await;
                    step(&w.staff(Role::ProjectManager).await, &grant, "approval").await.ok();
                    step(&head, &grant, "approval").await;
                    papers.push(grant);
                }
                2 if !papers.is_empty() => {
                    let new =
                        json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "payouts": payouts(&papers[which]) });
                    if cashier.post("/staff/payment-files", new.clone()).await.status == 200 {
                        cashier.act(&format!("/staff/payment-files/{}/sending", id(&new))).await.ok();
                        files.push((id(&new), payouts(&papers[which])[0]));
                    }
                }
                3 if !files.is_empty() => {
                    let (file, payout) = files[roll(files.len() as u64) as usize];
                    let path = format!("/staff/payment-files/{file}/results");
                    bookkeeper.post(&path, results(w, &[payout], roll(2) == 0)).await;
                }
                4 if !papers.is_empty() => {
                    cashier.act(&format!("/staff/payouts/{}/retry", payouts(&papers[which])[0])).await;
                }
                5 if !papers.is_empty() => {
                    let path = format!("/staff/payouts/{}/cancellation", payouts(&papers[which])[0]);
                    head.post(&path, json!({ "reason": "不再需要" })).await;
                }
                _ => {}
            }
            let report = w.app.books.audit(&|_| {}).await.unwrap();
            assert!(report.is_clean(), "seed {seed}: {:#?}", report.differences);
        }
    })
    .await;
}

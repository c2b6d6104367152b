//! Vouchers that people write: two persons and a document, taken back by a mirror, proposed again each month; and how a book begins.

use domain::role::Role;
use domain::{BusinessDate, CampaignId};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::send;
use crate::world::{Officer, World, story};

/// The bank takes its charge.
pub(crate) fn voucher(id: Uuid) -> Value {
    json!({
        "id": id, "kind": "ordinary", "event_date": "2026-01-05", "summary": "计提办公室租金",
        "lines": [
            { "subject": "5301", "debit": "30.00" },
            { "subject": "2202", "payable": "rent", "credit": "30.00" },
        ],
    })
}

/// The rent of every month.
pub(crate) fn voucher_template(id: Uuid) -> Value {
    let mut template = voucher(id);
    let more = json!({ "name": "办公室租金", "cadence": "monthly", "day": 31, "starts_on": "2026-01-01" });
    template.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    template
}

/// A campaign of 1000.00 whose plan lets it carry 100.00 of management and 100.00 of fundraising cost.
pub(crate) async fn carrying(w: &World) -> Uuid {
    let mut draft = w.draft("1000.00");
    draft["plan"]["budget"] = json!([
        { "code": "a", "name": "助学金", "kind": "grant", "planned": "800.00" },
        { "code": "m", "name": "管理费", "kind": "management", "planned": "100.00" },
        { "code": "d", "name": "募捐成本", "kind": "fundraising", "planned": "100.00" },
    ]);
    w.open_as(draft).await
}

/// What of a line of the budget is used.
async fn used(w: &World, campaign: Uuid, code: &str) -> String {
    let budget = w.staff(Role::FinanceHead).await.get(&format!("/staff/campaigns/{campaign}/budget")).await.ok();
    let line = budget["items"].as_array().unwrap().iter().find(|line| line["code"] == code).unwrap();
    line["used"].as_str().unwrap().to_owned()
}

/// A draft, one that was handed in, and a template, for the table of rights.
pub(crate) async fn things(w: &World) -> (String, String, String) {
    let keeper = w.staff(Role::Bookkeeper).await;
    let draft = written(w, &keeper, on(w, voucher(Uuid::now_v7()))).await;
    let submitted = written(w, &keeper, on(w, voucher(Uuid::now_v7()))).await;
    keeper.act(&format!("/staff/vouchers/{submitted}/submission")).await.ok();
    let template = voucher_template(Uuid::now_v7());
    keeper.post(&format!("/staff/books/{}/voucher-templates", w.book), template.clone()).await.ok();
    (draft, submitted, template["id"].as_str().unwrap().to_owned())
}

/// The same voucher, about today.
pub(crate) fn on(w: &World, mut voucher: Value) -> Value {
    voucher["event_date"] = json!(w.app.business.today());
    voucher
}

async fn attach(officer: &Officer, voucher: &str, bytes: &'static str) -> Value {
    let path = format!("/api/v1/staff/vouchers/{voucher}/attachments?kind=invoice&file_name=a.txt");
    send(officer.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream").body(bytes)).await.ok()
}

/// A draft with its document.
pub(crate) async fn written(w: &World, officer: &Officer, voucher: Value) -> String {
    let row = officer.post(&format!("/staff/books/{}/vouchers", w.book), voucher).await.ok();
    let id = row["id"].as_str().unwrap().to_owned();
    attach(officer, &id, "租赁合同").await;
    id
}

pub(crate) fn step(id: &str, name: &str) -> String {
    format!("/staff/vouchers/{id}/{name}")
}

/// Written, handed in and posted.
pub(crate) async fn posted(w: &World, voucher: Value) -> Value {
    let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
    let id = written(w, &keeper, voucher).await;
    keeper.act(&step(&id, "submission")).await.ok();
    head.act(&step(&id, "posting")).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_takes_two_persons_and_a_document_and_is_taken_back_by_its_mirror() {
    story(async |w| {
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let book = format!("/staff/books/{}/vouchers", w.book);
        let new = on(w, voucher(Uuid::now_v7()));
        let draft = keeper.post(&book, new.clone()).await.ok();
        assert_eq!(keeper.post(&book, new.clone()).await.ok(), draft, "again is the same");
        let mut other = new.clone();
        other["summary"] = json!("别的摘要");
        keeper.post(&book, other).await.refused(409, "id_reused");
        let id = draft["id"].as_str().unwrap().to_owned();
        keeper.act(&step(&id, "submission")).await.refused(409, "document_needed");
        let attached = attach(&keeper, &id, "租赁合同").await;
        let mut changed = new.clone();
        (changed["lines"][0]["debit"], changed["lines"][1]["credit"]) = (json!("31.00"), json!("31.00"));
        let path = format!("{book}/{id}");
        assert_eq!(keeper.call(Method::PUT, &path, Some(changed)).await.ok()["total"], "31.00");
        head.act(&step(&id, "posting")).await.refused(409, "wrong_state");
        keeper.act(&step(&id, "submission")).await.ok();
        keeper.call(Method::PUT, &path, Some(new.clone())).await.refused(409, "wrong_state");
        keeper.act(&step(&id, "posting")).await.refused(403, "forbidden");
        let back = head.post(&step(&id, "return"), json!({ "reason": "金额应为30.00" })).await.ok();
        assert_eq!((&back["state"], &back["returned_because"]), (&json!("draft"), &json!("金额应为30.00")));
        keeper.call(Method::PUT, &path, Some(new)).await.ok();
        keeper.act(&step(&id, "submission")).await.ok();

        // By direct SQL nobody posts what they wrote, nor what has no document, nor changes what is handed in.
        let (at, author) = (w.sql_id(&id), w.sql_id(&keeper.id.to_string()));
        let (poster, any) = (w.sql_id(&head.id.to_string()), w.sql_id(&Uuid::now_v7().to_string()));
        w.attacked(&format!("UPDATE manual_voucher SET lines = '[]' WHERE id = {at}"), "manual_voucher_fixed").await;
        w.attacked(&format!("UPDATE manual_voucher SET author_id = {poster} WHERE id = {at}"), "manual_voucher_fixed").await;
        let post = |who: &str, more: &str| {
            format!("UPDATE manual_voucher SET state = 'posted', poster_id = {who}, entry_id = {any}, posted_us = 1{more} WHERE id = {at}")
        };
        w.attacked(&post(&author, ""), "manual_voucher_own_check").await;
        w.attacked(&post(&poster, &format!(", poster_for_id = {author}")), "manual_voucher_lent_check").await;
        w.attacked(&post(&author, &format!(", submitter_id = {poster}")), "manual_voucher_fixed").await;
        w.attacked("UPDATE manual_voucher SET state = 'posted'", "manual_voucher_posted_check").await;
        w.attacked("DELETE FROM manual_voucher", "manual_voucher_decided").await;
        w.sql("UPDATE attachment SET withdrawn_us = 1 WHERE object LIKE 'manual_voucher:%'").await.unwrap();
        w.attacked(&post(&poster, ""), "manual_voucher_undocumented").await;
        head.act(&step(&id, "posting")).await.refused(409, "document_needed");
        let again = attach(&keeper, &id, "租赁合同").await;
        assert_ne!(again["id"], attached["id"]);

        let entry = head.act(&step(&id, "posting")).await.ok();
        assert_eq!((&entry["state"], &entry["posted_by"]), (&json!("posted"), &json!(head.id)));
        head.act(&step(&id, "posting")).await.refused(409, "wrong_state");
        assert_eq!(w.balance("5301").await, "30.00");
        assert_eq!(w.balance("2202[payable=rent]").await, "-30.00");
        w.attacked("UPDATE attachment SET withdrawn_us = 1 WHERE withdrawn_us IS NULL AND object LIKE 'manual_voucher:%'", "attachment_posted").await;
        w.attacked(&format!("UPDATE manual_voucher SET summary = '改' WHERE id = {at}"), "manual_voucher_decided").await;
        let path = step(&id, &format!("attachments/{}", again["id"].as_str().unwrap()));
        keeper.call(Method::DELETE, &path, None).await.refused(409, "wrong_state");

        let mirror = json!({ "id": Uuid::now_v7(), "event_date": w.app.business.today(), "reason": "记错科目" });
        let red = keeper.post(&step(&id, "reversal"), mirror.clone()).await.ok();
        assert_eq!(keeper.post(&step(&id, "reversal"), mirror.clone()).await.ok(), red);
        let second = json!({ "id": Uuid::now_v7(), "event_date": w.app.business.today(), "reason": "再来一次" });
        keeper.post(&step(&id, "reversal"), second).await.refused(409, "voucher_reversed");
        let red = red["id"].as_str().unwrap().to_owned();
        keeper.act(&step(&red, "submission")).await.ok();
        let booked = head.act(&step(&red, "posting")).await.ok();
        assert_eq!(booked["reference"], format!("reversal:voucher:{id}"));
        assert_eq!((w.balance("5301").await, w.balance("2202[payable=rent]").await), ("0.00".into(), "0.00".into()));
        let entry = head.get(&format!("/staff/entries?reference=reversal:voucher:{id}")).await.ok();
        let original = head.get(&format!("/staff/entries?reference=voucher:{id}")).await.ok();
        assert_eq!(entry["reverses"], original["id"]);
        let posted = keeper.get(&format!("{book}?state=posted&limit=1")).await.ok();
        assert_eq!(posted["items"][0]["id"], red);
        let rest = keeper.get(&format!("{book}?state=posted&after={}", posted["next"].as_str().unwrap())).await.ok();
        assert_eq!(rest["items"][0]["id"], id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_way_of_its_own_is_not_written_by_hand() {
    story(async |w| {
        let campaign = carrying(w).await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let keeper = w.staff(Role::Bookkeeper).await;
        let book = format!("/staff/books/{}/vouchers", w.book);
        let of = |lines: Value| {
            let mut new = on(w, voucher(Uuid::now_v7()));
            new["lines"] = lines;
            new
        };
        let rent = json!({ "subject": "5301", "debit": "1.00" });
        let bank = json!({ "subject": "1002", "bank_account": "基本户", "credit": "1.00", "cash_flow": "other_operating_out" });
        let (mut elsewhere, mut silent) = (bank.clone(), bank.clone());
        elsewhere["bank_account"] = json!("没有的账户");
        silent.as_object_mut().unwrap().remove("cash_flow");
        for (lines, code) in [
            (json!([rent, { "subject": "2202", "payable": "rent", "credit": "2.00" }]), "voucher_unbalanced"),
            (json!([rent, { "subject": "9999", "credit": "1.00" }]), "voucher_line"),
            (json!([rent, { "subject": "410101", "credit": "1.00" }]), "voucher_line"),
            (json!([rent, { "subject": "3101", "credit": "1.00" }]), "voucher_line"),
            (json!([rent, { "subject": "1009", "channel": "wechat", "credit": "1.00" }]), "voucher_line"),
            (json!([rent, { "subject": "2209", "payable": "refund", "credit": "1.00" }]), "voucher_line"),
            (json!([rent, { "subject": "2202", "credit": "1.00" }]), "voucher_line"),
            (json!([rent, elsewhere]), "voucher_line"),
            (json!([rent, silent]), "voucher_line"),
            (json!([{ "subject": "5301", "debit": "1.00", "credit": "1.00" }, bank]), "invalid_field"),
            (json!([{ "subject": "5101", "campaign": campaign, "debit": "1.00" }, bank]), "voucher_line"),
            (json!([{ "subject": "5101", "campaign": CampaignId::new(), "debit": "1.00" }, { "subject": "1502", "credit": "1.00" }]), "voucher_line"),
        ] {
            keeper.post(&book, of(lines.clone())).await.refused(422, code);
        }
        // The money of a campaign is its own: more than it has is not charged, whoever signs.
        let share = |amount: &str| {
            of(json!([
                { "subject": "5301", "campaign": campaign, "budget_line": "m", "debit": amount },
                { "subject": "1502", "credit": amount },
            ]))
        };
        let head = w.staff(Role::FinanceHead).await;
        let id = written(w, &keeper, share("80.01")).await;
        keeper.act(&step(&id, "submission")).await.ok();
        head.act(&step(&id, "posting")).await.refused(409, "fund_short");
        keeper.act(&step(&id, "discard")).await.ok();
        posted(w, share("80.00")).await;
        assert_eq!(w.balance("1502").await, "-80.00");
        assert_eq!(used(w, campaign, "m").await, "80.00");
        // No account of cash goes below nothing.
        let id = written(w, &keeper, of(json!([rent, bank]))).await;
        keeper.act(&step(&id, "submission")).await.ok();
        head.act(&step(&id, "posting")).await.refused(409, "overdrawn");
        head.act(&step(&id, "discard")).await.ok();
        // Not before it has happened.
        let mut tomorrow = of(json!([rent, { "subject": "2202", "payable": "rent", "credit": "1.00" }]));
        tomorrow["event_date"] = json!(w.app.business.today().next());
        let id = written(w, &keeper, tomorrow).await;
        keeper.act(&step(&id, "submission")).await.refused(422, "invalid_field");
    })
    .await;
}

/// A voucher is no way round the paper: of a campaign's cost it charges the shares that the plan has a line for, no more than the line has
/// left, against nothing that is paid to somebody, and nothing while the money is frozen.
#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_charges_a_campaign_what_its_plan_lets_it_carry() {
    story(async |w| {
        let campaign = carrying(w).await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "500.00").await;
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let book = format!("/staff/books/{}/vouchers", w.book);
        let of = |lines: Value| {
            let mut new = on(w, voucher(Uuid::now_v7()));
            new["lines"] = lines;
            new
        };
        let charge = |subject: &str, line: &str, amount: &str| json!({ "subject": subject, "campaign": campaign, "budget_line": line, "debit": amount });
        let accrued = |amount: &str| json!({ "subject": "2301", "credit": amount });
        let rent = json!({ "subject": "2202", "payable": "rent", "credit": "1.00" });
        let owed = json!({ "subject": "2209", "payable": "deposit", "credit": "1.00" });
        let free = json!({ "subject": "5301", "campaign": campaign, "debit": "1.00" });
        for lines in [
            json!([charge("5101", "a", "1.00"), accrued("1.00")]),
            json!([charge("5301", "a", "1.00"), accrued("1.00")]),
            json!([charge("5401", "m", "1.00"), accrued("1.00")]),
            json!([charge("5901", "m", "1.00"), accrued("1.00")]),
            json!([free, accrued("1.00")]),
            json!([charge("5301", "m", "1.00"), rent]),
            json!([charge("5401", "d", "1.00"), owed]),
            json!([{ "subject": "320102", "campaign": campaign, "debit": "1.00" }, rent]),
        ] {
            keeper.post(&book, of(lines)).await.refused(422, "voucher_line");
        }
        // What of the line is left is looked at when it is posted.
        let id = written(w, &keeper, of(json!([charge("5401", "d", "100.01"), accrued("100.01")]))).await;
        keeper.act(&step(&id, "submission")).await.ok();
        assert!(head.act(&step(&id, "posting")).await.refused(409, "budget_line_short").text.contains("100.00"));
        head.act(&step(&id, "discard")).await.ok();
        let share = posted(w, of(json!([charge("5401", "d", "60.00"), accrued("60.00")]))).await;
        assert_eq!(used(w, campaign, "d").await, "60.00");
        w.attacked("UPDATE voucher_charge SET amount_fen = 1", "voucher_charge_immutable").await;
        w.attacked("DELETE FROM voucher_charge", "voucher_charge_immutable").await;
        let red = json!({ "id": Uuid::now_v7(), "event_date": w.app.business.today(), "reason": "应由本机构承担" });
        let red = keeper.post(&step(share["id"].as_str().unwrap(), "reversal"), red).await.ok();
        keeper.act(&step(red["id"].as_str().unwrap(), "submission")).await.ok();
        head.act(&step(red["id"].as_str().unwrap(), "posting")).await.ok();
        assert_eq!(used(w, campaign, "d").await, "0.00");
        // One that was written before the money was frozen is not posted after it.
        let id = written(w, &keeper, of(json!([charge("5301", "m", "10.00"), accrued("10.00")]))).await;
        keeper.act(&step(&id, "submission")).await.ok();
        w.paper(&format!("/staff/campaigns/{campaign}"), "order").await;
        let order = json!({ "id": Uuid::now_v7(), "reason": "民政部门要求核查" });
        head.post(&format!("/staff/campaigns/{campaign}/suspensions"), order).await.ok();
        head.act(&step(&id, "posting")).await.refused(422, "voucher_line");
        keeper.post(&book, of(json!([charge("5301", "m", "10.00"), accrued("10.00")]))).await.refused(422, "voucher_line");
        assert_eq!(used(w, campaign, "m").await, "0.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_that_comes_again_is_proposed_once_each_month() {
    story(async |w| {
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let path = format!("/staff/books/{}/voucher-templates", w.book);
        let mut new = voucher_template(Uuid::now_v7());
        let today = w.app.business.today();
        (new["starts_on"], new["day"]) = (json!(today), json!(today.day()));
        let template = keeper.post(&path, new.clone()).await.ok();
        assert_eq!(keeper.post(&path, new.clone()).await.ok(), template);
        new["day"] = json!(u8::from(today.day() == 1) + 1);
        keeper.post(&path, new).await.refused(409, "id_reused");
        assert_eq!(w.run_job("propose_vouchers").await, 1);
        assert_eq!(w.run_job("propose_vouchers").await, 0, "once");
        // Somebody was away for two months: both are proposed.
        w.pass(62 * 86_400).await;
        assert_eq!(w.run_job("propose_vouchers").await, 2);
        let drafts = keeper.get(&format!("/staff/books/{}/vouchers?state=draft", w.book)).await.ok();
        let drafts = drafts["items"].as_array().unwrap();
        assert_eq!(drafts.len(), 3);
        assert!(drafts.iter().all(|draft| draft["template"] == template["id"]));
        let id = drafts[2]["id"].as_str().unwrap().to_owned();
        // Another bookkeeper may hand it in; who wrote the template does not post it.
        let other = w.hire(Role::Bookkeeper, "bookkeeper-2").await;
        other.act(&step(&id, "submission")).await.refused(409, "document_needed");
        attach(&other, &id, "发票").await;
        other.act(&step(&id, "submission")).await.ok();
        assert_eq!(head.act(&step(&id, "posting")).await.ok()["state"], "posted");
        assert_eq!(w.balance("5301").await, "30.00");
        let stopped =
            keeper.act(&format!("/staff/voucher-templates/{}/stop", template["id"].as_str().unwrap())).await.ok();
        assert_eq!((&stopped["state"], &stopped["next_on"]), (&json!("stopped"), &Value::Null));
        w.pass(40 * 86_400).await;
        assert_eq!(w.run_job("propose_vouchers").await, 0);
        w.attacked("UPDATE voucher_template SET total_fen = 1", "voucher_template_fixed").await;
        w.attacked("DELETE FROM voucher_template", "voucher_template_fixed").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_begins_with_balances_of_the_chart_of_2004() {
    story(async |w| {
        let campaign = carrying(w).await;
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let year = w.app.business.today().year();
        let before = BusinessDate::new(year - 1, 12, 31).unwrap();
        let old = json!([
            { "subject": "1002", "bank_account": "基本户", "debit": "1000.00" },
            { "subject": "1701", "debit": "7.00" },
            { "subject": "2601", "credit": "7.00" },
            { "subject": "2401", "credit": "100.00" },
            { "subject": "3101", "credit": "880.50" },
            { "subject": "3102", "campaign": campaign, "credit": "19.50" },
        ]);
        let trial = format!("/staff/books/{}/opening-conversion", w.book);
        let shown = keeper.post(&trial, json!({ "lines": old })).await.ok();
        assert_eq!((&shown["balanced"], &shown["debit_after"], &shown["credit_before"]), (&json!(true), &json!("1007.00"), &json!("1007.00")));
        let to = |n: usize| format!("{} {}", shown["lines"][n]["to"]["code"].as_str().unwrap(), shown["lines"][n]["to"]["name"].as_str().unwrap());
        assert_eq!((to(1), to(3)), ("1801 受托代理资产".to_owned(), "2503 预计负债".to_owned()));
        assert_eq!(shown["lines"][1]["from"], json!({ "chart": "2004", "code": "1701", "name": "受托代理资产" }));
        assert_eq!(shown["map"].as_array().unwrap().len(), 48);
        let mut wrong = old.clone();
        wrong[4]["subject"] = json!("5201");
        let refused = keeper.post(&trial, json!({ "lines": wrong })).await.ok();
        assert_eq!((&refused["balanced"], &refused["lines"][4]["to"]["code"]), (&json!(false), &json!("5301")));
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM manual_voucher").await, 0, "a trial writes nothing");

        let opening = |lines: &Value, on: BusinessDate| {
            json!({ "id": Uuid::now_v7(), "kind": "opening", "event_date": on, "summary": "期初余额", "chart": "2004", "lines": lines })
        };
        let path = format!("/staff/books/{}/vouchers", w.book);
        keeper.post(&path, opening(&wrong, before)).await.refused(422, "voucher_line");
        let id = written(w, &keeper, opening(&old, before)).await;
        keeper.post(&path, opening(&old, before)).await.refused(409, "book_opened");
        keeper.act(&step(&id, "submission")).await.ok();
        let booked = head.act(&step(&id, "posting")).await.ok();
        assert_eq!((&booked["book_date"], &booked["converted"]), (&json!(before), &json!(true)));
        assert_eq!(w.balance("1801").await, "7.00");
        assert_eq!(w.balance("2503").await, "-100.00");
        assert_eq!(w.balance(&format!("3102[campaign={campaign}]")).await, "-19.50");
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund.available().to_string(), fund.raised_cash.to_string()), ("19.50".into(), "0.00".into()));
        let closing = keeper.get(&format!("/staff/books/{}/closing", w.book)).await.ok();
        assert_eq!((&closing["closed_through"], &closing["locked_through"]), (&json!(before), &json!(before)));
        let statements = keeper.get(&format!("/staff/books/{}/statements?year={year}", w.book)).await.ok();
        let assets = statements["balance_sheet"].as_array().unwrap().iter().find(|row| row["key"] == "assets").unwrap();
        assert_eq!((&assets["opening"], &assets["closing"]), (&json!("1007.00"), &json!("1007.00")));
        let change = statements["cash_flows"].as_array().unwrap().iter().find(|row| row["key"] == "change").unwrap();
        assert_eq!(change["year"], "0.00", "what stood is no flow");
        // The money is spent like any other.
        let mut charge = on(w, voucher(Uuid::now_v7()));
        charge["lines"] = json!([
            { "subject": "5301", "campaign": campaign, "budget_line": "m", "debit": "19.50" },
            { "subject": "2301", "credit": "19.50" },
        ]);
        posted(w, charge).await;
        let mut red = on(w, voucher(Uuid::now_v7()));
        red = json!({ "id": red["id"], "event_date": red["event_date"], "reason": "期初有误" });
        keeper.post(&step(&id, "reversal"), red).await.refused(422, "invalid_field");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_does_not_come_after_what_is_booked() {
    story(async |w| {
        posted(w, on(w, voucher(Uuid::now_v7()))).await;
        let keeper = w.staff(Role::Bookkeeper).await;
        let today = w.app.business.today();
        let opening = json!({
            "id": Uuid::now_v7(), "kind": "opening", "event_date": today, "summary": "期初余额",
            "lines": [{ "subject": "1501", "debit": "5.00" }, { "subject": "3101", "credit": "5.00" }],
        });
        let id = written(w, &keeper, opening).await;
        keeper.act(&step(&id, "submission")).await.refused(409, "opening_too_late");
        let mut moved = keeper.get(&format!("/staff/vouchers/{id}")).await.ok();
        moved["event_date"] = json!(today.previous());
        let body = json!({ "id": id, "kind": "opening", "event_date": moved["event_date"], "summary": "期初余额",
            "lines": [{ "subject": "1501", "debit": "5.00" }, { "subject": "3101", "credit": "5.00" }] });
        keeper.call(Method::PUT, &format!("/staff/books/{}/vouchers/{id}", w.book), Some(body)).await.ok();
        keeper.act(&step(&id, "submission")).await.ok();
        w.staff(Role::FinanceHead).await.act(&step(&id, "posting")).await.ok();
        assert_eq!(w.balance("1501").await, "5.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_ended_year_charged_is_corrected_through_3201() {
    story(async |w| {
        let campaign = carrying(w).await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let today = w.app.business.today();
        let mut share = on(w, voucher(Uuid::now_v7()));
        share["lines"] = json!([
            { "subject": "5301", "campaign": campaign, "budget_line": "m", "debit": "20.00" },
            { "subject": "5401", "debit": "5.00" },
            { "subject": "2301", "credit": "25.00" },
        ]);
        let charged = posted(w, share.clone()).await;
        while w.app.business.today().year() == today.year() {
            w.pass(15 * 86_400).await;
        }
        let now = w.app.business.today();
        w.end_year(today.year()).await;
        assert_eq!(w.balance(&format!("3102[campaign={campaign}]")).await, "-60.00");
        // An ordinary voucher comes too late for the year, an adjustment too early for this one.
        share["id"] = json!(Uuid::now_v7());
        let id = written(w, &keeper, share.clone()).await;
        keeper.act(&step(&id, "submission")).await.refused(409, "year_ended");
        keeper.act(&step(&id, "discard")).await.ok();
        (share["id"], share["kind"], share["event_date"]) = (json!(Uuid::now_v7()), json!("adjustment"), json!(now));
        let id = written(w, &keeper, share.clone()).await;
        keeper.act(&step(&id, "submission")).await.refused(409, "year_open");
        keeper.act(&step(&id, "discard")).await.ok();

        let red = json!({ "id": Uuid::now_v7(), "event_date": now, "reason": "上年多计" });
        let red = keeper.post(&step(charged["id"].as_str().unwrap(), "reversal"), red).await.ok();
        let red = red["id"].as_str().unwrap().to_owned();
        keeper.act(&step(&red, "submission")).await.ok();
        head.act(&step(&red, "posting")).await.ok();
        assert_eq!(w.balance(&format!("320101[campaign={campaign}]")).await, "-20.00");
        assert_eq!(w.balance("320101").await, "-5.00");
        assert_eq!(w.balance("5301").await, "0.00");
        assert_eq!(used(w, campaign, "m").await, "0.00", "and the line has it back");
        assert_eq!(w.balance(&format!("3102[campaign={campaign}]")).await, "-80.00", "its release went back");
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "80.00");

        // What the auditors find is booked today, about the year it belongs to.
        (share["id"], share["event_date"]) = (json!(Uuid::now_v7()), json!(today));
        let late = posted(w, share).await;
        assert_eq!((&late["event_date"], &late["book_date"]), (&json!(today), &json!(format!("{}-01-01", now.year()))));
        assert_eq!(w.balance("320101").await, "0.00");
        assert_eq!(w.balance(&format!("3102[campaign={campaign}]")).await, "-60.00");
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "60.00");
        assert_eq!(w.raised(campaign).await, "80.00");
    })
    .await;
}

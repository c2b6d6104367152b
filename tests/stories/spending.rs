//! Spending under two pairs of eyes (facts: charity 3.5, 6.6a): each rule tried to be broken by the interface, by direct SQL and by
//! one person with several roles.

use domain::role::Role;
use reqwest::Method;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Answer;
use crate::world::{Officer, World, identity_number, story};

/// A campaign that has raised so much by bank, with one budget line for aid of its whole target.
pub(crate) async fn funded(w: &World, amount: &str) -> Uuid {
    paid_in(w, w.open_campaign("5000000.00").await, amount).await
}

/// The same of a campaign that is carried out with a partner of this name.
pub(crate) async fn funded_with(w: &World, partner: &str, amount: &str) -> Uuid {
    let draft = w.drafted_with(w.draft("5000000.00"), partner).await;
    paid_in(w, w.open_as(draft).await, amount).await
}

/// A campaign that is open, and has raised so much by bank.
pub(crate) async fn paid_in(w: &World, campaign: Uuid, amount: &str) -> Uuid {
    let gift = json!({
        "id": Uuid::now_v7(), "campaign": campaign, "amount": amount, "counterparty": "示例公司", "bank_account": "基本户",
        "reference": format!("B-{}", Uuid::now_v7().simple()), "received_on": w.app.business.today().to_string(),
    });
    w.staff(Role::Cashier).await.post("/staff/bank-gifts", gift.clone()).await.ok();
    let path = format!("/staff/bank-gifts/{}/confirmation", gift["id"].as_str().unwrap());
    w.staff(Role::Bookkeeper).await.act(&path).await.ok();
    campaign
}

/// The code of the line that aid is paid from.
pub(crate) async fn line(w: &World, campaign: Uuid) -> String {
    let budget = w.staff(Role::FinanceHead).await.get(&format!("/staff/campaigns/{campaign}/budget")).await.ok();
    budget["items"][0]["code"].as_str().unwrap().to_owned()
}

pub(crate) fn person(campaign: Uuid, name: &str, number: u64) -> Value {
    json!({
        "id": Uuid::now_v7(), "campaign": campaign, "kind": "person", "part": "beneficiary", "name": name,
        "account": { "number": format!("62220200{number:011}"), "bank": "示例银行邢台分行" }, "phone": "00000000000",
    })
}

pub(crate) async fn payee(w: &World, campaign: Uuid, name: &str, number: u64) -> Uuid {
    let new = person(campaign, name, number);
    id(&w.staff(Role::Organiser).await.post("/staff/payees", new).await.ok())
}

/// The partner of a campaign that was opened with one, evaluated with so many points, as somebody who can be paid.
pub(crate) async fn partner(w: &World, campaign: Uuid, name: &str, score: i64) -> Uuid {
    let found = json!({ "score": score, "findings": "实地走访" });
    let path = format!("/staff/campaigns/{campaign}/partner-evaluation");
    w.staff(Role::ProjectManager).await.post(&path, found).await.ok();
    let mut new = person(campaign, name, 7);
    new["part"] = json!("partner");
    id(&w.staff(Role::Organiser).await.post("/staff/payees", new).await.ok())
}

pub(crate) fn id(value: &Value) -> Uuid {
    value["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn paper(campaign: Uuid, line: &str, payees: &[Uuid], amount: &str) -> Value {
    let payouts: Vec<Value> =
        payees.iter().map(|payee| json!({ "id": Uuid::now_v7(), "payee": payee, "amount": amount })).collect();
    // Many papers of a story are alike, and mean to be.
    json!({
        "id": Uuid::now_v7(), "campaign": campaign, "line": line, "kind": "grant", "purpose": "秋季助学金", "payouts": payouts,
        "repeat_reason": "按月分次发放",
    })
}

/// Attaches what proves a settlement; whoever wrote it down.
pub(crate) async fn proves(who: &Officer, settlement: Uuid) -> Answer {
    let path = format!("/api/v1/staff/settlements/{settlement}/attachments?kind=invoice&file_name=invoice.txt");
    let request = who.request(Method::POST, &path).header("content-type", "application/octet-stream");
    crate::caller::send(request.body(format!("发票 {settlement}"))).await
}

pub(crate) async fn attach(who: &Officer, paper: &Value) -> Answer {
    let path = format!("/api/v1/staff/disbursements/{}/attachments?kind=list&file_name=list.txt", id(paper));
    crate::caller::send(
        who.request(Method::POST, &path)
            .header("content-type", "application/octet-stream")
            .body(format!("名单 {}", id(paper))),
    )
    .await
}

pub(crate) async fn step(who: &Officer, paper: &Value, step: &str) -> Answer {
    who.post(&format!("/staff/disbursements/{}/{step}", id(paper)), json!({ "reason": "核实情况" })).await
}

/// A paper that is handed in.
pub(crate) async fn submitted(w: &World, paper: &Value) {
    let organiser = w.staff(Role::Organiser).await;
    organiser.post("/staff/disbursements", paper.clone()).await.ok();
    attach(&organiser, paper).await.ok();
    step(&organiser, paper, "submission").await.ok();
}

/// A paper with every approval it needs up to the third limit.
pub(crate) async fn approved(w: &World, paper: &Value) {
    submitted(w, paper).await;
    step(&w.staff(Role::ProjectManager).await, paper, "approval").await.ok();
    step(&w.staff(Role::FinanceHead).await, paper, "approval").await.ok();
}

/// What pages tell of a campaign: approved and not paid, and paid.
async fn paid(w: &World, campaign: Uuid) -> [String; 2] {
    let (owed, paid) = w.app.spending.paid(campaign.into()).await.unwrap().total();
    [owed.to_string(), paid.to_string()]
}

/// A payment file of a paper, handed to the bank.
pub(crate) async fn sent(w: &World, paper: &Value) -> Uuid {
    let cashier = w.staff(Role::Cashier).await;
    let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(paper)] });
    let file = id(&cashier.post("/staff/payment-files", new).await.ok());
    cashier.act(&format!("/staff/payment-files/{file}/sending")).await.ok();
    file
}

pub(crate) fn results(w: &World, payouts: &[Uuid], paid: bool) -> Value {
    let on = w.app.business.today().to_string();
    let line = |payout: &Uuid| json!({ "payout": payout, "paid": paid, "on": on, "reason": (!paid).then_some("账号户名不符") });
    json!({ "lines": payouts.iter().map(line).collect::<Vec<_>>() })
}

pub(crate) fn payouts(paper: &Value) -> Vec<Uuid> {
    paper["payouts"].as_array().unwrap().iter().map(id).collect()
}

async fn state(w: &World, paper: &Value) -> String {
    let row = w.staff(Role::Auditor).await.get(&format!("/staff/disbursements/{}", id(paper))).await.ok();
    row["state"].as_str().unwrap().to_owned()
}

async fn payout_states(w: &World, paper: &Value) -> Vec<String> {
    let path = format!("/staff/disbursements/{}/payouts?limit=100", id(paper));
    let rows = w.staff(Role::Auditor).await.get(&path).await.ok();
    rows["items"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_goes_from_one_hand_to_the_next_and_is_booked_on_the_way() {
    story(async |w| {
        let campaign = funded(w, "10000.00").await;
        let code = line(w, campaign).await;
        let organiser = w.staff(Role::Organiser).await;
        let student = person(campaign, "王小明（示例）", 1);
        let registered = organiser.post("/staff/payees", student.clone()).await.ok();
        assert_eq!((registered["name"].as_str(), registered["account"].as_str()), (Some("王**"), Some("****0001")));
        organiser.post("/staff/payees", student.clone()).await.ok();
        let mut other = student.clone();
        other["name"] = json!("李四（示例）");
        organiser.post("/staff/payees", other).await.refused(409, "id_reused");

        let grant = paper(campaign, &code, &[id(&student)], "80.00");
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        let mut changed = grant.clone();
        changed["purpose"] = json!("别的用途");
        organiser.post("/staff/disbursements", changed).await.refused(409, "id_reused");
        step(&organiser, &grant, "submission").await.refused(409, "document_needed");
        attach(&organiser, &grant).await.ok();
        step(&organiser, &grant, "submission").await.ok();
        attach(&organiser, &grant).await.refused(409, "wrong_state");
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        step(&head, &grant, "approval").await.refused(403, "forbidden");
        let waiting = manager.get("/staff/disbursements/waiting").await.ok();
        assert_eq!(waiting["count"], 1);
        assert_eq!(step(&manager, &grant, "approval").await.ok()["state"], "pm_approved");
        let expense = format!("5101[campaign={campaign},line={code}]");
        assert_eq!(w.balance(&expense).await, "0.00");
        assert_eq!(step(&head, &grant, "approval").await.ok()["state"], "approved");
        assert_eq!(w.balance(&expense).await, "80.00", "12a with the last approval");
        assert_eq!(w.balance("2209[payable=grant]").await, "-80.00");
        assert_eq!(paid(w, campaign).await, ["80.00", "0.00"], "approved is not paid");

        let cashier = w.staff(Role::Cashier).await;
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        let file = cashier.post("/staff/payment-files", new.clone()).await.ok();
        assert_eq!(cashier.post("/staff/payment-files", new.clone()).await.ok(), file, "the same again");
        assert_eq!((file["lines"].as_i64(), file["total"].as_str()), (Some(1), Some("80.00")));
        let path = format!("/staff/payment-files/{}", id(&file));
        let content = cashier.get(&format!("{path}/content")).await;
        assert_eq!(content.status, 200);
        assert!(
            content.text.contains("王小明（示例）,6222020000000000001,示例银行邢台分行,80.00,秋季助学金"),
            "{}",
            content.text
        );
        assert!(content.text.contains(&payouts(&grant)[0].simple().to_string()));
        head.get(&format!("{path}/content")).await.refused(403, "forbidden");
        assert_eq!(
            w.count("SELECT CAST(count(*) AS BIGINT) FROM unmasking WHERE object LIKE 'payment_file:%'").await,
            1
        );
        cashier.act(&format!("{path}/sending")).await.ok();
        let done = results(w, &payouts(&grant), true);
        cashier.post(&format!("{path}/results"), done.clone()).await.refused(403, "forbidden");
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        assert_eq!(bookkeeper.post(&format!("{path}/results"), done.clone()).await.ok()["changed"], 1);
        assert_eq!(bookkeeper.post(&format!("{path}/results"), done).await.ok()["changed"], 0);
        assert_eq!(state(w, &grant).await, "finished");
        assert_eq!(w.balance("2209[payable=grant]").await, "0.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "9920.00");
        assert_eq!(w.campaign(campaign).await["used"], "80.00");
        assert_eq!(paid(w, campaign).await, ["0.00", "80.00"]);
        let listed = w.stranger.get(&format!("/campaigns/{campaign}/disbursements")).await.ok();
        assert_eq!(listed["items"][0]["amount"], "80.00", "what is paid is what is listed");
        let trail = w.staff(Role::Auditor).await.get("/staff/trail?limit=100").await.ok();
        for action in ["payee.register", "disbursement.approve", "payment_file.send", "payment_file.results"] {
            assert!(trail["items"].as_array().unwrap().iter().any(|line| line["action"] == action), "{action}");
        }
        assert!(!trail.to_string().contains("王小明"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bounced_is_paid_again_to_a_confirmed_account_or_given_up() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let code = line(w, campaign).await;
        let people = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, &code, &people, "300.00");
        approved(w, &grant).await;
        let file = sent(w, &grant).await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let path = format!("/staff/payment-files/{file}/results");
        let all = payouts(&grant);
        bookkeeper.post(&path, results(w, &all, false)).await.ok();
        assert_eq!(payout_states(w, &grant).await, ["bounced", "bounced"]);
        assert_eq!(w.balance("2209[payable=grant]").await, "-600.00", "it stays owed");

        let cashier = w.staff(Role::Cashier).await;
        let manager = w.staff(Role::ProjectManager).await;
        for who in [&cashier, &manager] {
            let desk = who.get("/staff/waiting").await.ok().to_string();
            assert!(desk.contains("有退票"), "who may pay it again is told: {desk}");
        }
        cashier.act(&format!("/staff/payouts/{}/retry", all[0])).await.ok();
        let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
        let account_path = format!("/staff/payees/{}/account", people[0]);
        cashier.call(Method::PUT, &account_path, Some(account.clone())).await.ok();
        let again = || json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "payouts": [all[0]] });
        cashier.post("/staff/payment-files", again()).await.refused(409, "account_changed");
        let confirmation = format!("/staff/payees/{}/account-confirmation", people[0]);
        cashier.act(&confirmation).await.refused(403, "forbidden");
        w.staff(Role::ProjectManager).await.act(&confirmation).await.ok();
        let second = id(&cashier.post("/staff/payment-files", again()).await.ok());
        cashier.act(&format!("/staff/payment-files/{second}/sending")).await.ok();
        let second_path = format!("/staff/payment-files/{second}/results");
        bookkeeper.post(&second_path, results(w, &all[..1], true)).await.ok();
        // The file before speaks of it no more.
        bookkeeper.post(&path, results(w, &all[..1], true)).await.refused(404, "no_such_payout");

        let head = w.staff(Role::FinanceHead).await;
        let cancel = format!("/staff/payouts/{}/cancellation", all[1]);
        head.post(&cancel, json!({ "reason": "学生已转学" })).await.ok();
        assert_eq!(state(w, &grant).await, "finished");
        assert!(!manager.get("/staff/waiting").await.ok().to_string().contains("有退票"));
        assert_eq!(w.balance("2209[payable=grant]").await, "0.00");
        assert_eq!(w.balance(&format!("5101[campaign={campaign},line={code}]")).await, "300.00", "12e");

        // The bank sends back what it had paid: entry 12c, and it is owed again.
        bookkeeper.post(&second_path, results(w, &all[..1], false)).await.ok();
        assert_eq!(state(w, &grant).await, "approved");
        assert_eq!(w.balance("2209[payable=grant]").await, "-300.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "1000.00");
        head.post(&format!("/staff/payouts/{}/cancellation", all[0]), json!({ "reason": "放弃受助" })).await.ok();
        assert_eq!(state(w, &grant).await, "cancelled");
        assert_eq!(w.campaign(campaign).await["used"], "0.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_advance_is_a_promise_then_a_claim_then_an_expense() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "1000.00").await;
        let code = line(w, campaign).await;
        let partner = partner(w, campaign, "示例服务中心", 60).await;
        let mut advance = paper(campaign, &code, &[partner], "600.00");
        advance["kind"] = json!("advance");
        approved(w, &advance).await;
        let prepaid = format!("1141[campaign={campaign},line={code}]");
        let fund = async || ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund().await.committed.to_string(), fund().await.used.to_string()), ("600.00".into(), "0.00".into()));
        assert_eq!(paid(w, campaign).await, ["600.00", "0.00"]);
        let mut too_much = paper(campaign, &code, &[partner], "400.01");
        submitted(w, &too_much).await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        step(&manager, &too_much, "approval").await.ok();
        let refused = step(&head, &too_much, "approval").await;
        assert!(refused.refused(409, "fund_short").text.contains("400.00"), "{}", refused.text);
        too_much["kind"] = json!("advance");

        let file = sent(w, &advance).await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let path = format!("/staff/payment-files/{file}/results");
        let all = payouts(&advance);
        bookkeeper.post(&path, results(w, &all, true)).await.ok();
        assert_eq!(w.balance(&prepaid).await, "600.00");
        assert_eq!((fund().await.committed.to_string(), fund().await.used.to_string()), ("0.00".into(), "600.00".into()));

        let cashier = w.staff(Role::Cashier).await;
        let settlement = |kind: &str, amount: &str| {
            json!({
                "id": Uuid::now_v7(), "kind": kind, "amount": amount, "reason": "发票与签收单", "on": w.app.business.today().to_string(),
                "bank": (kind == "recovered").then(|| json!({ "bank_account": "基本户", "reference": "R-1" })),
            })
        };
        let place = format!("/staff/payouts/{}/settlements", all[0]);
        cashier.post(&place, settlement("accounted", "600.01")).await.refused(422, "settlement_too_large");
        let accounted = id(&cashier.post(&place, settlement("accounted", "500.00")).await.ok());
        let confirm = |id: Uuid| format!("/staff/settlements/{id}/confirmation");
        cashier.act(&confirm(accounted)).await.refused(403, "forbidden");
        // Whoever approved the paper does not say what came of it, and nobody does without a document.
        head.act(&confirm(accounted)).await.refused(403, "other_person_needed");
        bookkeeper.act(&confirm(accounted)).await.refused(409, "document_needed");
        let forged = format!(
            "UPDATE payout_settlement SET state = 'confirmed', decided_us = 1, approver_id = {} WHERE id = {}",
            lit(w, bookkeeper.id), lit(w, accounted)
        );
        w.attacked(&forged, "payout_settlement_document").await;
        proves(&bookkeeper, accounted).await.refused(403, "other_person_needed");
        let invoice = id(&proves(&cashier, accounted).await.ok());
        bookkeeper.act(&confirm(accounted)).await.ok();
        let at = format!("/staff/settlements/{accounted}/attachments/{invoice}");
        cashier.call(Method::DELETE, &at, None).await.refused(409, "wrong_state");
        assert_eq!(head.get(&at).await.status, 200);
        w.attacked("UPDATE attachment SET withdrawn_us = 1 WHERE object LIKE 'settlement:%'", "attachment_settled").await;
        bookkeeper.act(&confirm(accounted)).await.refused(409, "wrong_state");
        // Money came into an account that the charity has.
        let mut elsewhere = settlement("recovered", "100.00");
        elsewhere["bank"]["bank_account"] = json!("不存在的账户");
        assert!(cashier.post(&place, elsewhere).await.refused(422, "invalid_field").text.contains("银行账户"));
        let rest = id(&cashier.post(&place, settlement("recovered", "100.00")).await.ok());
        bookkeeper.post(&path, results(w, &all, false)).await.refused(409, "wrong_state");
        head.act(&confirm(rest)).await.refused(403, "other_person_needed");
        let stand_in = "UPDATE payout_settlement SET approver_for_id = author_id WHERE state = 'proposed'";
        w.attacked(stand_in, "payout_settlement_acting_check").await;
        bookkeeper.act(&confirm(rest)).await.ok();
        assert_eq!(w.balance(&prepaid).await, "0.00");
        assert_eq!(w.balance(&format!("5101[campaign={campaign},line={code}]")).await, "500.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "500.00");
        let budget = head.get(&format!("/staff/campaigns/{campaign}/budget")).await.ok();
        assert_eq!(budget["items"][0]["used"], "500.00");
        assert_eq!(paid(w, campaign).await, ["0.00", "500.00"], "what came back is not paid");
    })
    .await;
}

/// Nobody but an executing partner is paid ahead, and a parent campaign pays nobody: both are told when the paper is written.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_paper_can_ask_for_is_refused_when_it_is_written() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let write = async |kind: &str, payee: Uuid| {
            let mut new = paper(campaign, "a", &[payee], "10.00");
            new["kind"] = json!(kind);
            (organiser.post("/staff/disbursements", new.clone()).await, new)
        };
        let supplier = {
            let mut new = person(campaign, "示例文化用品有限公司", 5);
            (new["kind"], new["part"]) = (json!("organisation"), json!("supplier"));
            organiser.post("/staff/payees", new.clone()).await.ok();
            id(&new)
        };
        write("advance", supplier).await.0.refused(422, "advance_needs_partner");
        let (answer, purchase) = write("purchase", supplier).await;
        answer.ok();
        let mut turned = purchase.clone();
        turned["kind"] = json!("advance");
        let at = format!("/staff/disbursements/{}", id(&purchase));
        organiser.call(Method::PUT, &at, Some(turned)).await.refused(422, "advance_needs_partner");
        // Somebody calls himself a partner, another is the partner, and one failed.
        let named = {
            let mut new = person(campaign, "自称的执行方（示例）", 6);
            new["part"] = json!("partner");
            organiser.post("/staff/payees", new.clone()).await.ok();
            id(&new)
        };
        let failed = partner(w, campaign, "示例服务中心", 59).await;
        write("advance", failed).await.0.refused(422, "advance_needs_partner");
        let manager = w.staff(Role::ProjectManager).await;
        let evaluation = format!("/staff/campaigns/{campaign}/partner-evaluation");
        manager.post(&evaluation, json!({ "score": 60, "findings": "整改后复评" })).await.ok();
        write("advance", named).await.0.refused(422, "advance_needs_partner");
        let (answer, advance) = write("advance", failed).await;
        answer.ok();
        // What was true when it was written may be so no more when it is handed in.
        manager.post(&evaluation, json!({ "score": 0, "findings": "账目不清" })).await.ok();
        attach(&organiser, &advance).await.ok();
        step(&organiser, &advance, "submission").await.refused(422, "advance_needs_partner");
        manager.post(&evaluation, json!({ "score": 90, "findings": "整改后复评" })).await.ok();
        step(&organiser, &advance, "submission").await.ok();

        let mut draft = w.draft("5000.00");
        draft["kind"] = json!("parent");
        let parent = id(&organiser.post("/staff/campaigns", draft).await.ok());
        let asked = paper(parent, "a", &[supplier], "10.00");
        organiser.post("/staff/disbursements", asked).await.refused(422, "parent_campaign");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_spent_released_and_closed_with_nothing_left() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "1000.00").await;
        let partner = partner(w, campaign, "示例服务中心", 60).await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let (cashier, bookkeeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let today = w.app.business.today().to_string();
        let spent = async |kind: &str, amount: &str| {
            let mut new = paper(campaign, "a", &[partner], amount);
            new["kind"] = json!(kind);
            approved(w, &new).await;
            let path = format!("/staff/payment-files/{}/results", sent(w, &new).await);
            bookkeeper.post(&path, results(w, &payouts(&new), true)).await.ok();
            payouts(&new)[0]
        };
        let settled = async |payout: Uuid, kind: &str, amount: &str| {
            let new = json!({
                "id": Uuid::now_v7(), "kind": kind, "amount": amount, "reason": "发票与签收单", "on": today,
                "bank": (kind == "recovered").then(|| json!({ "bank_account": "基本户", "reference": "R-1" })),
            });
            cashier.post(&format!("/staff/payouts/{payout}/settlements"), new.clone()).await.ok();
            if kind == "accounted" {
                proves(&cashier, id(&new)).await.ok();
            }
            bookkeeper.act(&format!("/staff/settlements/{}/confirmation", id(&new))).await.ok();
        };
        let grant = spent("grant", "600.00").await;
        let advance = spent("advance", "300.00").await;
        let kept = format!("3102[campaign={campaign}]");
        let income = format!("410102[campaign={campaign}]");
        let release = async || {
            let path = format!("/staff/campaigns/{campaign}/releases");
            let done = bookkeeper.post(&path, json!({ "id": Uuid::now_v7() })).await.ok();
            done["amount"].as_str().unwrap().to_owned()
        };
        assert_eq!(release().await, "600.00", "an advance is no expense yet");
        assert_eq!((w.balance(&kept).await, w.balance("3101").await), ("600.00".into(), "-600.00".into()));
        settled(grant, "recovered", "50.00").await;
        settled(advance, "accounted", "280.00").await;
        assert_eq!(release().await, "230.00", "as often as there is something, net of what came back");

        let path = |step: &str| format!("/staff/campaigns/{campaign}/{step}");
        manager.post(&path("end"), json!({ "reason": "完成" })).await.ok();
        manager.act(&path("execution")).await.ok();
        let last = spent("grant", "100.00").await;
        manager.act(&path("closing")).await.ok();
        let report = json!({ "published_on": today, "reference": "慈善中国 示例" });
        w.staff(Role::Disclosure).await.post(&path("final-disclosure"), report).await.ok();
        let refused = head.act(&path("closure")).await;
        let gates = refused.refused(409, "gate_closed").body["problems"].clone();
        assert_eq!((&gates[0]["field"], &gates[1]["field"]), (&json!("advances"), &json!("leftover")));
        settled(advance, "recovered", "20.00").await;
        settled(last, "recovered", "30.00").await;
        // 1000.00 came; 600.00 − 50.00, 280.00 and 100.00 − 30.00 were spent.
        let to = w.open_campaign("1000.00").await;
        let leftover = json!({
            "id": Uuid::now_v7(), "kind": "leftover", "campaign": campaign, "to_campaign": to, "amount": "100.00",
            "publication": "剩余财产转入同类项目", "reason": "项目已完成",
        });
        manager.post("/staff/campaign-decisions", leftover.clone()).await.ok();
        head.act(&format!("/staff/campaign-decisions/{}/approval", id(&leftover))).await.ok();
        assert_eq!(w.balance(&format!("3102[campaign={to}]")).await, "-100.00", "entry 20");
        assert_eq!(head.act(&path("closure")).await.ok()["state"], "closed");

        let last = w.staff(Role::Auditor).await.get(&format!("/staff/entries?reference=release:{campaign}")).await.ok();
        assert_eq!(last["total"], "70.00", "the close-out releases the rest");
        assert_eq!(w.balance("3101").await, "-900.00");
        assert_eq!((w.balance(&kept).await, w.balance(&income).await), ("1000.00".into(), "-1000.00".into()));
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund.received.to_string(), fund.used.to_string()), ("0.00".into(), "0.00".into()));
        assert_eq!(w.raised(campaign).await, "1000.00");
        // What comes back to it after that is restricted again, and goes on as what was left.
        let back = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "40.00", "reason": "退回余款", "on": today,
            "bank": { "bank_account": "基本户", "reference": "R-9" },
        });
        cashier.post(&format!("/staff/payouts/{grant}/settlements"), back.clone()).await.ok();
        bookkeeper.act(&format!("/staff/settlements/{}/confirmation", id(&back))).await.ok();
        assert_eq!(release().await, "-40.00");
        let mut more = leftover.clone();
        (more["id"], more["amount"]) = (json!(Uuid::now_v7()), json!("40.00"));
        manager.post("/staff/campaign-decisions", more.clone()).await.ok();
        head.act(&format!("/staff/campaign-decisions/{}/approval", id(&more))).await.ok();
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund.received.to_string(), fund.used.to_string()), ("0.00".into(), "0.00".into()));
        assert_eq!(w.balance(&format!("3102[campaign={to}]")).await, "-140.00");
        let late = json!({ "id": Uuid::now_v7() });
        let path = format!("/staff/campaigns/{to}/releases");
        assert_eq!(bookkeeper.post(&path, late).await.ok()["amount"], "0.00", "and nothing is left to release");
        // The year end releases nothing twice and carries income over (entry 22): nothing of the campaign is left anywhere.
        let tx = w.app.db.begin().await.unwrap();
        let year = w.app.business.today().year();
        let entries = ledger::year_end(&tx, w.book, year).await.unwrap();
        for booked in ledger::post(&tx, w.app.business.now(), &entries).await.unwrap() {
            booked.unwrap();
        }
        ledger::close_through(&tx, w.book, domain::BusinessDate::new(year, 12, 31).unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        for account in [&kept, &income, "3101", &format!("5101[campaign={campaign},line=a]")] {
            assert_eq!(w.balance(account).await, "0.00", "{account}");
        }
        assert_eq!(w.raised(campaign).await, "1000.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "140.00", "what the other campaign has");
    })
    .await;
}

/// What is taken back after the books of its year are closed goes through 320101, and its release goes back with it (12d, 12e).
#[tokio::test(flavor = "multi_thread")]
async fn an_expense_of_a_closed_year_is_taken_back_through_the_prior_years_account() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (head, bookkeeper) = (w.staff(Role::FinanceHead).await, w.staff(Role::Bookkeeper).await);
        let (paid, unpaid) = (paper(campaign, "a", &[student], "300.00"), paper(campaign, "a", &[student], "200.00"));
        approved(w, &paid).await;
        approved(w, &unpaid).await;
        let path = format!("/staff/payment-files/{}/results", sent(w, &paid).await);
        bookkeeper.post(&path, results(w, &payouts(&paid), true)).await.ok();
        let year_end = domain::BusinessDate::new(w.app.business.today().year(), 12, 31).unwrap();
        while w.app.business.today() <= year_end {
            w.pass(7 * 86_400).await;
        }
        let release = json!({ "id": Uuid::now_v7(), "through": year_end.to_string() });
        let released = bookkeeper.post(&format!("/staff/campaigns/{campaign}/releases"), release).await.ok();
        assert_eq!(released["amount"], "500.00");
        let reference = released["reference"].as_str().unwrap();
        let entry = head.get(&format!("/staff/entries?reference={reference}")).await.ok();
        assert_eq!(entry["book_date"], year_end.to_string(), "in the year it is of");
        let tx = w.app.db.begin().await.unwrap();
        ledger::close_through(&tx, w.book, year_end).await.unwrap();
        tx.commit().await.unwrap();

        let settlement = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "50.00", "reason": "退回余款", "on": w.app.business.today().to_string(),
            "bank": { "bank_account": "基本户", "reference": "R-1" },
        });
        let of = format!("/staff/payouts/{}/settlements", payouts(&paid)[0]);
        w.staff(Role::Cashier).await.post(&of, settlement.clone()).await.ok();
        bookkeeper.act(&format!("/staff/settlements/{}/confirmation", id(&settlement))).await.ok();
        let cancel = format!("/staff/payouts/{}/cancellation", payouts(&unpaid)[0]);
        head.post(&cancel, json!({ "reason": "放弃受助" })).await.ok();

        assert_eq!(w.balance(&format!("5101[campaign={campaign},line=a]")).await, "500.00", "the closed year stays as it was");
        assert_eq!(w.balance(&format!("320101[campaign={campaign}]")).await, "-250.00", "12d and 12e");
        assert_eq!(w.balance(&format!("3102[campaign={campaign}]")).await, "250.00", "their release went back");
        assert_eq!(w.balance("3101").await, "-250.00");
        assert_eq!(w.balance("2209[payable=grant]").await, "0.00");
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund.available().to_string(), fund.used.to_string()), ("750.00".into(), "0.00".into()));
        assert_eq!(w.raised(campaign).await, "1000.00");
    })
    .await;
}

/// One person with as many roles as one person may join is still one person, and a second session makes no second person.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_pays_or_confirms_their_own_whatever_their_roles() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let code = line(w, campaign).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await);
        let person_id = Uuid::now_v7();
        let roles = ["cashier", "finance_head", "organiser", "project_manager", "chair", "disclosure"];
        let grants: Vec<Value> = roles.iter().map(|role| json!({ "role": role })).collect();
        let proposal = json!({
            "id": person_id, "username": "everything", "name": "能人", "grants": grants, "identity_number": identity_number(3),
        });
        first.post("/staff/members", proposal).await.ok();
        let made = second.act(&format!("/staff/members/{person_id}/activation")).await.ok();
        let seed = made["totp_secret"].as_str().map(str::to_owned);
        let everybody = w.sign_in("everything", made["password"].as_str().unwrap(), seed).await;

        let own = paper(campaign, &code, &[student], "10.00");
        everybody.post("/staff/disbursements", own.clone()).await.ok();
        attach(&everybody, &own).await.ok();
        step(&everybody, &own, "submission").await.ok();
        step(&everybody, &own, "approval").await.refused(403, "other_person_needed");
        step(&first, &own, "approval").await.refused(403, "forbidden");
        step(&w.staff(Role::ProjectManager).await, &own, "approval").await.ok();
        step(&everybody, &own, "approval").await.refused(403, "other_person_needed");
        step(&w.staff(Role::FinanceHead).await, &own, "approval").await.ok();
        let file =
            |paper: &Value| json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(paper)] });
        everybody.post("/staff/payment-files", file(&own)).await.refused(403, "other_person_needed");

        let theirs = paper(campaign, &code, &[student], "20.00");
        submitted(w, &theirs).await;
        step(&everybody, &theirs, "approval").await.ok();
        step(&everybody, &theirs, "approval").await.refused(403, "other_person_needed");
        step(&w.staff(Role::FinanceHead).await, &theirs, "approval").await.ok();
        everybody.post("/staff/payment-files", file(&theirs)).await.refused(403, "other_person_needed");

        let other = paper(campaign, &code, &[student], "30.00");
        approved(w, &other).await;
        let made = id(&everybody.post("/staff/payment-files", file(&other)).await.ok());
        w.staff(Role::Cashier)
            .await
            .act(&format!("/staff/payment-files/{made}/sending"))
            .await
            .refused(403, "other_person_needed");
        everybody.act(&format!("/staff/payment-files/{made}/sending")).await.ok();
        let path = format!("/staff/payment-files/{made}/results");
        everybody.post(&path, results(w, &payouts(&other), true)).await.refused(403, "other_person_needed");
        // In a charity that keeps all duties apart, neither does whoever approved it say what the bank did.
        let paid = results(w, &payouts(&other), true);
        let head = w.staff(Role::FinanceHead).await;
        head.post(&path, paid.clone()).await.refused(403, "other_person_needed");
        let forged = format!(
            "UPDATE payout SET state = 'confirmed', confirmer_id = {}, paid_on = '2026-11-22' WHERE id = {}",
            lit(w, head.id), lit(w, payouts(&other)[0])
        );
        w.attacked(&forged, "payout_hands").await;
        w.staff(Role::Bookkeeper).await.post(&path, paid).await.ok();
    })
    .await;
}

/// Runs a statement of somebody who sits at the database.
async fn sql(w: &World, statement: &str) -> Result<(), String> {
    let tx = w.app.db.begin().await.unwrap();
    let done = tx.execute_unprepared(statement).await.map(|_| ()).map_err(|error| error.to_string());
    if done.is_ok() {
        tx.commit().await.unwrap();
    }
    done
}

/// An id as the database at hand writes it.
pub(crate) fn lit(w: &World, id: Uuid) -> String {
    match w.app.db.backend() {
        sea_orm::DbBackend::Postgres => format!("'{id}'::uuid"),
        _ => format!("X'{}'", id.simple()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_keeps_duties_apart() {
    story(async |w| {
        let campaign = funded(w, "200000.00").await;
        let code = line(w, campaign).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        let (head, cashier) = (w.staff(Role::FinanceHead).await, w.staff(Role::Cashier).await);
        let (author, first, second, payer) =
            (lit(w, organiser.id), lit(w, manager.id), lit(w, head.id), lit(w, cashier.id));
        let grant = paper(campaign, &code, &[student], "100.00");
        submitted(w, &grant).await;
        let (key, payout) = (lit(w, id(&grant)), lit(w, payouts(&grant)[0]));
        let refused = async |statement: String| {
            let answer = sql(w, &statement).await;
            assert!(answer.is_err(), "the database took: {statement}");
        };
        let approval = |step: i64, approver: &str, acting: &str, amount: i64| {
            format!(
                "INSERT INTO disbursement_approval (disbursement_id, round, step, author_id, approver_id, acting_for_id, amount_fen, at_us) \
                 VALUES ({key}, 1, {step}, {author}, {approver}, {acting}, {amount}, 1)"
            )
        };
        let to = |state: &str| format!("UPDATE disbursement SET state = '{state}', approved_us = 1 WHERE id = {key}");
        // The author's own, in the author's stead, of another step, of another amount, under another author's name.
        refused(approval(1, &author, "NULL", 10_000)).await;
        refused(approval(1, &first, &author, 10_000)).await;
        refused(approval(2, &first, "NULL", 10_000)).await;
        refused(approval(1, &first, "NULL", 9_999)).await;
        refused(approval(1, &author, "NULL", 10_000).replace(&format!("{author}, {author}"), &format!("{first}, {author}"))).await;
        // Forward without approvals, or past the profile that was fixed when it was handed in.
        for state in ["pm_approved", "finance_approved", "approved", "finished"] {
            refused(to(state)).await;
        }
        refused(format!("UPDATE disbursement SET needed = 1, profile = 'small' WHERE id = {key}")).await;
        for change in [
            format!("amount_fen = 1 WHERE id = {key}"),
            format!("author_id = {first} WHERE id = {key}"),
            format!("line_code = 'other' WHERE id = {key}"),
            format!("round = 2 WHERE id = {key}"),
        ] {
            refused(format!("UPDATE disbursement SET {change}")).await;
        }
        refused(format!("UPDATE payout SET amount_fen = 1 WHERE id = {payout}")).await;
        refused(format!("UPDATE payout SET state = 'approved' WHERE id = {payout}")).await;
        refused(format!("DELETE FROM payout WHERE id = {payout}")).await;
        refused(format!("DELETE FROM disbursement WHERE id = {key}")).await;
        step(&manager, &grant, "approval").await.ok();
        refused(approval(2, &first, "NULL", 10_000)).await;
        refused(to("approved")).await;
        refused(format!("DELETE FROM disbursement_approval WHERE disbursement_id = {key}")).await;
        refused(format!("UPDATE disbursement_approval SET approver_id = {second} WHERE disbursement_id = {key}")).await;
        if w.app.db.backend() == sea_orm::DbBackend::Sqlite {
            refused(approval(1, &second, "NULL", 10_000).replace("INSERT INTO", "INSERT OR REPLACE INTO")).await;
        }
        step(&head, &grant, "approval").await.ok();

        // Paid by the author or an approver, without a file, past the bank.
        let file = Uuid::now_v7();
        let make = |payer: &str| {
            let bytes = match w.app.db.backend() {
                sea_orm::DbBackend::Postgres => format!("'\\x{}'::bytea", "00".repeat(32)),
                _ => format!("X'{}'", "00".repeat(32)),
            };
            format!(
                "INSERT INTO payment_file (id, book_id, bank_account, state, lines, total_fen, hash, content, request, author_id, created_us) \
                 VALUES ({}, {}, '基本户', 'made', 1, 10000, {bytes}, {bytes}, {bytes}, {payer}, 1)",
                lit(w, file), lit(w, w.book.uuid())
            )
        };
        let account = format!("(SELECT account_hmac FROM payee WHERE id = {})", lit(w, student));
        for person in [&author, &first, &second] {
            let schedule = format!(
                "{}; UPDATE payout SET state = 'scheduled', payment_file_id = {}, payer_id = {person}, account_hmac = {account}, scheduled_us = 2 \
                 WHERE id = {payout}", make(person), lit(w, file)
            );
            refused(schedule).await;
        }
        for state in ["scheduled", "sent", "confirmed", "bounced"] {
            refused(format!("UPDATE payout SET state = '{state}' WHERE id = {payout}")).await;
        }
        let made = sent(w, &grant).await;
        refused(format!("UPDATE payout SET state = 'confirmed', confirmer_id = {payer}, paid_on = '2026-11-22' WHERE id = {payout}")).await;
        refused(format!("UPDATE payout SET payer_id = {second} WHERE id = {payout}")).await;
        refused(format!("UPDATE payment_file SET total_fen = 1 WHERE id = {}", lit(w, made))).await;
        let path = format!("/staff/payment-files/{made}/results");
        w.staff(Role::Bookkeeper).await.post(&path, results(w, &payouts(&grant), true)).await.ok();
        refused(format!("UPDATE payout SET state = 'retried' WHERE id = {payout}")).await;
        refused(format!("DELETE FROM payout_history WHERE payout_id = {payout}")).await;

        // Above the limit two persons are not enough.
        let large = paper(campaign, &code, &[student], "100000.01");
        submitted(w, &large).await;
        step(&manager, &large, "approval").await.ok();
        assert_eq!(step(&head, &large, "approval").await.ok()["state"], "finance_approved");
        refused(format!("UPDATE disbursement SET state = 'approved', approved_us = 1 WHERE id = {}", lit(w, id(&large)))).await;
        assert_eq!(step(&w.staff(Role::Chair).await, &large, "approval").await.ok()["state"], "approved");

        // A payee who was declared close stays so, and an account is not confirmed by whoever changed it.
        let key = lit(w, student);
        sql(w, &format!("UPDATE payee SET related = true WHERE id = {key}")).await.unwrap();
        refused(format!("UPDATE payee SET related = false WHERE id = {key}")).await;
        refused(format!("UPDATE payee SET account_changed_us = {}, account_changed_by = {payer}, account_confirmed_by = {payer} WHERE id = {key}", i64::MAX)).await;
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&large)] });
        cashier.post("/staff/payment-files", new).await.refused(409, "related_party");
        for id in payouts(&large) {
            head.post(&format!("/staff/payouts/{id}/cancellation"), json!({ "reason": "关联关系" })).await.ok();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_approvals_at_once_spend_no_more_than_there_is() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "700.00").await;
        let code = line(w, campaign).await;
        let partner = partner(w, campaign, "示例服务中心", 60).await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let mut papers = Vec::new();
        for number in 0..20 {
            let mut grant = paper(campaign, &code, &[partner], "100.00");
            if number % 2 == 0 {
                grant["kind"] = json!("advance");
            }
            submitted(w, &grant).await;
            step(&manager, &grant, "approval").await.ok();
            papers.push(grant);
        }
        let answers = futures_util::future::join_all(papers.iter().map(|grant| step(&head, grant, "approval"))).await;
        let passed = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(passed, 7);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.refused(409, "fund_short");
        }
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "0.00");
    })
    .await;
}

/// The same payment is not asked for twice without a word, whoever of the two rows of a payee it names.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_paper_for_the_same_payment_wants_a_reason() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let asked = |payee: Uuid, amount: &str| {
            let mut new = paper(campaign, "a", &[payee], amount);
            new.as_object_mut().unwrap().remove("repeat_reason");
            new
        };
        let first = asked(student, "80.00");
        organiser.post("/staff/disbursements", first.clone()).await.ok();
        let told = organiser.post("/staff/disbursements", asked(student, "80.00")).await;
        assert!(told.refused(409, "likely_repeated").text.contains("草稿"), "{}", told.text);
        let again = payee(w, campaign, "王一（示例）", 1).await;
        organiser.post("/staff/disbursements", asked(again, "80.00")).await.refused(409, "likely_repeated");
        let other = asked(student, "81.00");
        organiser.post("/staff/disbursements", other.clone()).await.ok();
        let mut turned = other.clone();
        turned["payouts"][0]["amount"] = json!("80.00");
        let at = format!("/staff/disbursements/{}", id(&other));
        organiser.call(Method::PUT, &at, Some(turned.clone())).await.refused(409, "likely_repeated");
        turned["repeat_reason"] = json!("x");
        organiser.call(Method::PUT, &at, Some(turned.clone())).await.refused(422, "invalid_field");
        turned["repeat_reason"] = json!("第二学期的助学金");
        let second = organiser.call(Method::PUT, &at, Some(turned)).await.ok();
        assert_eq!(second["repeat_reason"], "第二学期的助学金");
        organiser.post("/staff/disbursements", first).await.ok();
    })
    .await;
}

/// Another account is a changed account, whether it is written into the row that stands or into a new one of the same name.
#[tokio::test(flavor = "multi_thread")]
async fn another_account_under_a_known_name_waits_like_a_changed_one() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let (organiser, cashier) = (w.staff(Role::Organiser).await, w.staff(Role::Cashier).await);
        let known = payee(w, campaign, "王一（示例）", 1).await;
        let new = organiser.post("/staff/payees", person(campaign, "王一（示例）", 2)).await.ok();
        assert_eq!(new["account_changed_by"], json!(organiser.id));
        let same = organiser.post("/staff/payees", person(campaign, "王一（示例）", 1)).await.ok();
        assert_eq!(same["account_changed_at"], Value::Null, "the account that is known");
        let grant = paper(campaign, "a", &[id(&new)], "10.00");
        approved(w, &grant).await;
        let file = || json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        cashier.post("/staff/payment-files", file()).await.refused(409, "account_changed");
        let confirmation = format!("/staff/payees/{}/account-confirmation", id(&new));
        organiser.act(&confirmation).await.refused(403, "forbidden");
        w.staff(Role::ProjectManager).await.act(&confirmation).await.ok();
        let lent = "UPDATE payee SET account_confirmed_for = account_changed_by WHERE account_confirmed_by IS NOT NULL";
        w.attacked(lent, "payee_persons").await;
        cashier.post("/staff/payment-files", file()).await.ok();
        // What is known of a name is what it ever had.
        let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
        cashier.call(Method::PUT, &format!("/staff/payees/{known}/account"), Some(account.clone())).await.ok();
        let mut third = person(campaign, "王一（示例）", 3);
        third["account"] = account;
        assert_ne!(organiser.post("/staff/payees", third).await.ok()["account_changed_at"], Value::Null);
        let forged = format!(
            "INSERT INTO payee (id, book_id, unit_path, kind, part, minor, related, name_sealed, name_hmac, account_sealed, bank_sealed, \
             account_hmac, key_sealed, key_version, author_id, created_us) SELECT {}, book_id, unit_path, kind, part, minor, related, \
             name_sealed, name_hmac, account_sealed, bank_sealed, key_sealed, key_sealed, key_version, author_id, created_us \
             FROM payee WHERE id = {}",
            lit(w, Uuid::now_v7()), lit(w, known)
        );
        w.attacked(&forged, "payee_account_unconfirmed").await;
    })
    .await;
}

/// Whoever learns later that a payee is close to somebody says so, and nothing is paid any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_payee_is_declared_close_when_it_is_known() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let grant = paper(campaign, "a", &[student], "10.00");
        approved(w, &grant).await;
        let (manager, path) = (w.staff(Role::ProjectManager).await, format!("/staff/payees/{student}/related"));
        let said = |relation: &str| Some(json!({ "relation": relation }));
        w.staff(Role::Auditor).await.call(Method::PUT, &path, said("亲属")).await.refused(403, "forbidden");
        assert_eq!(manager.call(Method::PUT, &path, said("项目负责人的外甥")).await.ok()["related"], true);
        manager.call(Method::PUT, &path, said("项目负责人的外甥")).await.ok();
        manager.call(Method::PUT, &path, said("别的关系")).await.refused(409, "wrong_state");
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        w.staff(Role::Cashier).await.post("/staff/payment-files", new).await.refused(409, "related_party");
        w.attacked("UPDATE payee SET related_note = '无' WHERE related", "payee_related").await;
        let head = w.staff(Role::FinanceHead).await;
        head.post(&format!("/staff/payouts/{}/cancellation", payouts(&grant)[0]), json!({ "reason": "关联关系" }))
            .await
            .ok();
    })
    .await;
}

/// A list names people: it is read for a reason that is written down, and where it pays a child by those responsible.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_under_a_paper_is_read_for_a_reason() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let guardian = payee(w, campaign, "王一（示例）", 1).await;
        let mut child = person(campaign, "小明（示例）", 7);
        (child["minor"], child["account"]) = (json!(true), Value::Null);
        organiser.post("/staff/payees", child.clone()).await.ok();
        let plain = paper(campaign, "a", &[guardian], "10.00");
        let mut of_child = paper(campaign, "a", &[guardian], "20.00");
        (of_child["payouts"][0]["beneficiary"], of_child["payouts"][0]["relation"]) =
            (child["id"].clone(), json!("父亲"));
        let mut lists = Vec::new();
        for grant in [&plain, &of_child] {
            organiser.post("/staff/disbursements", grant.clone()).await.ok();
            let list = id(&attach(&organiser, grant).await.ok());
            lists.push(format!("/staff/disbursements/{}/attachments/{list}", id(grant)));
        }
        let (manager, chair) = (w.staff(Role::ProjectManager).await, w.staff(Role::Chair).await);
        let why = || json!({ "reason": "复核名单" });
        let reading = |list: &str| format!("{list}/reading");
        for officer in [&organiser, &manager, &chair] {
            officer.get(&lists[0]).await.refused(409, "reason_needed");
        }
        organiser.post(&reading(&lists[0]), why()).await.refused(403, "forbidden");
        manager.post(&reading(&lists[0]), json!({ "reason": "  " })).await.refused(422, "invalid_field");
        let read = manager.post(&reading(&lists[0]), why()).await;
        assert!(read.status == 200 && read.text.contains("名单"), "{}", read.text);
        manager.post(&reading(&lists[1]), why()).await.refused(403, "child_data");
        assert_eq!(chair.post(&reading(&lists[1]), why()).await.status, 200);
        let ask = json!({ "id": Uuid::now_v7(), "reason": "复核名单", "days": 3 });
        manager.post(&format!("/staff/payees/{}/child-access", id(&child)), ask.clone()).await.ok();
        chair.post(&format!("/staff/child-access/{}/approval", id(&ask)), why()).await.ok();
        assert_eq!(manager.post(&reading(&lists[1]), why()).await.status, 200);
        let noted =
            "SELECT CAST(count(*) AS BIGINT) FROM unmasking WHERE object LIKE 'disbursement:%' AND fields = 'list'";
        assert_eq!(w.count(noted).await, 3, "refusals show nothing");
    })
    .await;
}

/// Papers and payments for operations to be tried on, each in a state that the operation is for.
pub(crate) struct Papers {
    pub(crate) payee: String,
    pub(crate) draft: String,
    pub(crate) submitted: String,
    /// Of the draft.
    pub(crate) document: String,
    pub(crate) approved_payout: String,
    pub(crate) bounced_payout: String,
    pub(crate) paid_payout: String,
    pub(crate) settlement: String,
    pub(crate) made_file: String,
    pub(crate) sent_file: String,
    /// In the file that was sent.
    pub(crate) sent_payout: String,
    pub(crate) campaign: Uuid,
}

pub(crate) async fn papers(w: &World) -> Papers {
    let campaign = funded(w, "1000.00").await;
    let student = payee(w, campaign, "王一（示例）", 1).await;
    let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
    let grant = || paper(campaign, "a", &[student], "10.00");
    let (organiser, cashier) = (w.staff(Role::Organiser).await, w.staff(Role::Cashier).await);
    let draft = grant();
    organiser.post("/staff/disbursements", draft.clone()).await.ok();
    attach(&organiser, &draft).await.ok();
    let path = format!("/api/v1/staff/disbursements/{}/attachments?kind=contract&file_name=a.txt", id(&draft));
    let request = organiser.request(Method::POST, &path).header("content-type", "application/octet-stream");
    let document = id(&crate::caller::send(request.body("合同")).await.ok());
    let handed_in = grant();
    submitted(w, &handed_in).await;
    let paid = async |paid: bool| {
        let grant = grant();
        approved(w, &grant).await;
        let file = sent(w, &grant).await;
        let path = format!("/staff/payment-files/{file}/results");
        w.staff(Role::Bookkeeper).await.post(&path, results(w, &payouts(&grant), paid)).await.ok();
        payouts(&grant)[0]
    };
    let (bounced, done) = (paid(false).await, paid(true).await);
    let settlement = json!({
        "id": Uuid::now_v7(), "kind": "recovered", "amount": "1.00", "reason": "退回余款", "on": w.app.business.today().to_string(),
        "bank": { "bank_account": "基本户", "reference": "R-1" },
    });
    cashier.post(&format!("/staff/payouts/{done}/settlements"), settlement.clone()).await.ok();
    let (waiting, made, on_the_way) = (grant(), grant(), grant());
    for grant in [&waiting, &made, &on_the_way] {
        approved(w, grant).await;
    }
    let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&made)] });
    cashier.post("/staff/payment-files", new.clone()).await.ok();
    let sent_file = sent(w, &on_the_way).await;
    cashier.call(Method::PUT, &format!("/staff/payees/{student}/account"), Some(account)).await.ok();
    Papers {
        payee: student.to_string(),
        draft: id(&draft).to_string(),
        submitted: id(&handed_in).to_string(),
        document: format!("{} {document}", id(&draft)),
        approved_payout: payouts(&waiting)[0].to_string(),
        bounced_payout: bounced.to_string(),
        paid_payout: done.to_string(),
        settlement: id(&settlement).to_string(),
        made_file: id(&new).to_string(),
        sent_file: sent_file.to_string(),
        sent_payout: payouts(&on_the_way)[0].to_string(),
        campaign,
    }
}

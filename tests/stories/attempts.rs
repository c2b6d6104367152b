//! Ways round a rule that somebody tried, each of them closed.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Answer;
use crate::spending::{approved, attach, funded, id, line, paper, payee, payouts, person, results, sent, step};
use crate::world::{Officer, World, story};

fn bank_gift(w: &World, campaign: Uuid, account: &str) -> Value {
    json!({
        "id": Uuid::now_v7(), "campaign": campaign, "amount": "50.00", "counterparty": "示例公司", "bank_account": account,
        "reference": format!("B-{}", Uuid::now_v7().simple()), "received_on": w.app.business.today().to_string(),
    })
}

pub(crate) async fn suspend(w: &World, campaign: Uuid) {
    w.paper(&format!("/staff/campaigns/{campaign}"), "order").await;
    let order = json!({ "id": Uuid::now_v7(), "reason": "民政部门要求核查" });
    w.staff(Role::FinanceHead).await.post(&format!("/staff/campaigns/{campaign}/suspensions"), order).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn money_at_the_bank_is_no_gift_to_a_campaign_that_takes_none() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (cashier, bookkeeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let waiting = bank_gift(w, campaign, "基本户");
        cashier.post("/staff/bank-gifts", waiting.clone()).await.ok();
        suspend(w, campaign).await;
        let refused = cashier.post("/staff/bank-gifts", bank_gift(w, campaign, "基本户")).await;
        // The officer is told what to do with the money; a donor would read another sentence.
        assert!(refused.refused(409, "campaign_not_open").text.contains("待认领"));
        let confirm = format!("/staff/bank-gifts/{}/confirmation", id(&waiting));
        bookkeeper.act(&confirm).await.refused(409, "campaign_not_open");
        w.staff(Role::Chair)
            .await
            .post(&format!("/staff/campaigns/{campaign}/suspension-lift"), json!({ "reason": "核查结束" }))
            .await
            .ok();
        bookkeeper.act(&confirm).await.ok();
        assert_eq!(w.raised(campaign).await, "50.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_account_that_is_none_of_ours_holds_no_money() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let cashier = w.staff(Role::Cashier).await;
        let refused = cashier.post("/staff/bank-gifts", bank_gift(w, campaign, "不存在的户")).await;
        assert!(refused.refused(422, "invalid_field").text.contains("没有这个银行账户"));
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let grant = paper(campaign, &line(w, campaign).await, &[student], "10.00");
        approved(w, &grant).await;
        let file = json!({ "id": Uuid::now_v7(), "bank_account": "别的户", "disbursements": [id(&grant)] });
        cashier.post("/staff/payment-files", file).await.refused(422, "invalid_field");
        sent(w, &grant).await;
        let transfer = json!({
            "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "别的户",
        });
        let refused = cashier.post("/staff/transfers", transfer).await;
        assert!(refused.refused(422, "invalid_field").text.contains("没有这个银行账户"));
        let list = format!("/api/v1/staff/gift-lists?id={}&campaign={campaign}&money=bank&name=别的户&write=true", Uuid::now_v7());
        let today = w.app.business.today();
        let sheet = format!("日期,金额,捐赠人\n{today},5.00,张三\n");
        let upload = cashier.request(Method::POST, &list).header("content-type", "application/octet-stream");
        let refused = crate::caller::send(upload.body(sheet)).await;
        assert!(refused.refused(422, "invalid_field").text.contains("没有这个银行账户"), "{}", refused.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_ends_giving() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "10.00").await;
        w.sql(&format!("UPDATE certificate SET revoked_on = '{}'", w.app.business.today())).await.unwrap();
        donor.give(campaign, &w.wish("10.00")).await.refused(409, "campaign_not_open");
        let page = w.stranger.get(&format!("/campaigns/{campaign}")).await.ok();
        assert_eq!(page["certificate"], Value::Null, "{page}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_after_the_file_was_made_is_not_paid() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let grant = paper(campaign, &line(w, campaign).await, &[student], "10.00");
        approved(w, &grant).await;
        let cashier = w.staff(Role::Cashier).await;
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        let file = id(&cashier.post("/staff/payment-files", new).await.ok());
        let account = json!({ "number": "6222020000000000099", "bank": "示例银行" });
        let path = format!("/staff/payees/{student}/account");
        cashier.call(reqwest::Method::PUT, &path, Some(account)).await.ok();
        cashier.act(&format!("/staff/payment-files/{file}/sending")).await.refused(409, "account_changed");
        cashier.act(&format!("/staff/payment-files/{file}/withdrawal")).await.ok();
    })
    .await;
}

/// Moves a payee to another account.
async fn moved(by: &Officer, payee: Uuid, number: u64) -> Answer {
    let account = json!({ "number": format!("62220200{number:011}"), "bank": "示例银行邢台分行" });
    by.call(reqwest::Method::PUT, &format!("/staff/payees/{payee}/account"), Some(account)).await
}

async fn handed_in(w: &World, organiser: &Officer, campaign: Uuid, payee: Uuid) -> Answer {
    let grant = paper(campaign, &line(w, campaign).await, &[payee], "10.00");
    organiser.post("/staff/disbursements", grant.clone()).await.ok();
    attach(organiser, &grant).await.ok();
    step(organiser, &grant, "submission").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_related_party_stays_one_under_another_entry_of_the_register() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let mut close = person(campaign, "王一（示例）", 1);
        close["related"] = json!("项目负责人的亲属");
        let close = id(&organiser.post("/staff/payees", close).await.ok());
        let again = payee(w, campaign, "王一（示例）", 1).await;
        handed_in(w, &organiser, campaign, again).await.refused(409, "related_party");
        let other_name = organiser.post("/staff/payees", person(campaign, "王二（示例）", 1)).await;
        assert!(other_name.refused(422, "invalid_field").text.contains("另一户名"));
        let stranger = payee(w, campaign, "王三（示例）", 3).await;
        handed_in(w, &organiser, campaign, stranger).await.ok();
        // Nor is it left behind by moving the account away.
        moved(&organiser, close, 4).await.ok();
        handed_in(w, &organiser, campaign, again).await.refused(409, "related_party");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_money_to_an_account_the_register_knows_as_theirs() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let head = w.staff(Role::FinanceHead).await;
        let mut own = person(campaign, "郑一（示例）", 5);
        own["staff"] = json!(head.id);
        organiser.post("/staff/payees", own).await.ok();
        // Another's entry does not move to it; an entry under the same name may, and is known by its account.
        let passing = payee(w, campaign, "过路某（示例）", 6).await;
        assert!(moved(&organiser, passing, 5).await.refused(422, "invalid_field").text.contains("另一户名"));
        let double = payee(w, campaign, "郑一（示例）", 7).await;
        moved(&organiser, double, 5).await.ok();
        let confirmation = format!("/staff/payees/{double}/account-confirmation");
        head.act(&confirmation).await.refused(409, "related_party");
        let grant = paper(campaign, &line(w, campaign).await, &[double], "10.00");
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        attach(&organiser, &grant).await.ok();
        step(&organiser, &grant, "submission").await.ok();
        step(&w.staff(Role::ProjectManager).await, &grant, "approval").await.ok();
        step(&head, &grant, "approval").await.refused(409, "related_party");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_came_back_is_noted_once_and_a_child_is_seen_by_few() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let grant = paper(campaign, &line(w, campaign).await, &[student], "10.00");
        approved(w, &grant).await;
        let file = sent(w, &grant).await;
        let all = payouts(&grant);
        let path = format!("/staff/payment-files/{file}/results");
        w.staff(Role::Bookkeeper).await.post(&path, results(w, &all, true)).await.ok();
        let cashier = w.staff(Role::Cashier).await;
        let back = |payout: &Uuid| {
            let new = json!({
                "id": Uuid::now_v7(), "kind": "recovered", "amount": "5.00", "reason": "学生退学",
                "bank": { "bank_account": "基本户", "reference": "R-1" }, "on": w.app.business.today().to_string(),
            });
            (format!("/staff/payouts/{payout}/settlements"), new)
        };
        let (first, second) = (back(&all[0]), back(&all[0]));
        cashier.post(&first.0, first.1).await.ok();
        cashier.post(&second.0, second.1).await.refused(422, "invalid_field");

        let mut child = person(campaign, "小明（示例）", 7);
        child["minor"] = json!(true);
        let child = id(&w.staff(Role::Organiser).await.post("/staff/payees", child).await.ok());
        let unmask = format!("/staff/payees/{child}/unmasking");
        let why = json!({ "reason": "核对监护人" });
        for role in [Role::ProjectManager, Role::FinanceHead, Role::Cashier] {
            w.staff(role).await.post(&unmask, why.clone()).await.refused(403, "child_data");
        }
        let seen = w.staff(Role::Chair).await.post(&unmask, why).await.ok();
        assert_eq!(seen["name"], "小明（示例）");
        let trail = w.staff(Role::Auditor).await.get("/staff/trail?limit=100").await.ok();
        let told = |line: &Value| line["action"] == "payee.unmask" && line["object"] == format!("payee:{child}");
        assert_eq!(
            trail["items"].as_array().unwrap().iter().filter(|line| told(line)).count(),
            1,
            "refusals show nothing"
        );
    })
    .await;
}

/// A year typed wrongly is no year of the books: nothing reached a campaign before it took gifts.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_given_to_a_campaign_before_it_was_open() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let cashier = w.staff(Role::Cashier).await;
        let mut early = bank_gift(w, campaign, "基本户");
        for day in ["2020-01-01", &w.app.business.today().previous().to_string()] {
            early["id"] = json!(Uuid::now_v7());
            early["received_on"] = json!(day);
            let refused = cashier.post("/staff/bank-gifts", early.clone()).await;
            assert!(refused.refused(422, "invalid_field").text.contains("开始募捐之日"));
        }
        let years = w.staff(Role::FinanceHead).await.get(&format!("/staff/books/{}/years", w.book)).await.ok();
        assert_eq!(years["items"].as_array().unwrap().len(), 1, "{years:#}");
    })
    .await;
}

/// Who works with a child's data asks who is responsible for it, and reads it for as long as they were told (facts: charity 2.11, 5).
#[tokio::test(flavor = "multi_thread")]
async fn a_childs_data_is_read_by_whoever_was_allowed_for_as_long_as_they_were() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let mut child = person(campaign, "小明（示例）", 7);
        child["minor"] = json!(true);
        let child = id(&organiser.post("/staff/payees", child).await.ok());
        let grown = id(&organiser.post("/staff/payees", person(campaign, "王一（示例）", 1)).await.ok());
        let (unmask, why) = (format!("/staff/payees/{child}/unmasking"), json!({ "reason": "家访核实" }));
        let ask = format!("/staff/payees/{child}/child-access");
        let request = |days: i64| json!({ "id": Uuid::now_v7(), "reason": "家访核实监护人电话", "days": days });

        let (manager, chair) = (w.staff(Role::ProjectManager).await, w.staff(Role::Chair).await);
        manager.post(&ask, request(31)).await.refused(400, "invalid_body");
        manager.post(&format!("/staff/payees/{grown}/child-access"), request(3)).await.refused(422, "invalid_field");
        chair.post(&ask, request(3)).await.refused(422, "invalid_field");
        organiser.post(&ask, request(3)).await.refused(403, "forbidden");
        let first = request(3);
        let asked = manager.post(&ask, first.clone()).await.ok();
        assert_eq!(manager.post(&ask, first.clone()).await.ok()["id"], asked["id"], "sent twice");
        manager.post(&ask, request(3)).await.refused(409, "access_asked");
        let mut other = first;
        other["days"] = json!(5);
        manager.post(&ask, other).await.refused(409, "id_reused");
        manager.post(&unmask, why.clone()).await.refused(403, "child_data");

        let answer = |word: &str| format!("/staff/child-access/{}/{word}", asked["id"].as_str().unwrap());
        let yes = json!({ "reason": "同意，用后即止" });
        manager.post(&answer("approval"), yes.clone()).await.refused(403, "forbidden");
        let waiting = chair.get("/staff/waiting").await.ok();
        assert!(waiting.to_string().contains("child_access"), "{waiting}");
        let granted = chair.post(&answer("approval"), yes.clone()).await.ok();
        assert_eq!((&granted["state"], &granted["payee"]["name"]), (&json!("granted"), &json!("小**")));
        chair.post(&answer("decline"), yes.clone()).await.refused(409, "wrong_state");
        assert_eq!(manager.post(&unmask, why.clone()).await.ok()["name"], "小明（示例）");
        w.staff(Role::Cashier).await.post(&unmask, why.clone()).await.refused(403, "child_data");

        w.pass(3 * 86_400 + 1).await;
        let manager = w.staff(Role::ProjectManager).await;
        manager.post(&unmask, why.clone()).await.refused(403, "child_data");
        let again = manager.post(&ask, request(1)).await.ok();
        let declined = format!("/staff/child-access/{}/decline", again["id"].as_str().unwrap());
        w.staff(Role::Compliance).await.post(&declined, json!({ "reason": "理由不足" })).await.ok();
        manager.post(&unmask, why).await.refused(403, "child_data");
        let kept = w.staff(Role::Auditor).await.get("/staff/child-access").await.ok();
        assert_eq!(kept["items"].as_array().unwrap().len(), 2);
        assert_eq!(w.staff(Role::Cashier).await.get("/staff/child-access").await.ok()["items"], json!([]));

        w.attacked("DELETE FROM child_access", "child_access_fixed").await;
        w.attacked("UPDATE child_access SET ends_us = ends_us + 1 WHERE state = 'granted'", "child_access_fixed").await;
        w.attacked("UPDATE child_access SET state = 'granted', ends_us = 9 WHERE state = 'declined'", "child_access_fixed").await;
        let forged = "INSERT INTO child_access (id, payee_id, reason, days, state, requester_id, created_us, decider_id, decided_us, ends_us) \
                      SELECT payee_id, payee_id, reason, days, 'granted', requester_id, 1, decider_id, 1, 1 FROM child_access WHERE state = 'granted'";
        w.attacked(forged, "child_access_asked").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_to_be_reached_by_waits_for_a_person_before_it_is_on_the_wall() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        for message in ["加油 139-1234-5678", "加油"] {
            let mut wish = w.wish("10.00");
            wish["message"] = json!(message);
            let given = donor.give(campaign, &wish).await.ok();
            w.lever("pay", json!({ "out_trade_no": given["donation"]["out_trade_no"] })).await;
        }
        w.until("both gifts are paid", async || w.raised(campaign).await == "20.00").await;
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
        let words: Vec<&Value> = wall["items"].as_array().unwrap().iter().map(|gift| &gift["message"]).collect();
        assert_eq!(words.iter().filter(|word| word.is_null()).count(), 1, "{wall}");
        assert!(words.contains(&&json!("加油")), "{wall}");
    })
    .await;
}

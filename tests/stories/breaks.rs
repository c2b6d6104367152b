//! Money that belongs to no open order, until two persons have said what becomes of it; and refunds of money that is spent.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::attempts::suspend;
use crate::caller::Caller;
use crate::spending::{approved, line, paper, payee};
use crate::vouchers::posted;
use crate::world::{World, story};

/// A payment that comes after its order was closed: the break it makes.
async fn late_payment(w: &World, donor: &Caller, campaign: Uuid, amount: &str) -> Value {
    let before = breaks(w).await.len();
    let order = w.order(donor, campaign, amount).await;
    w.pass(1_000).await;
    w.run_job("expire_orders").await;
    w.lever("pay", json!({ "out_trade_no": order.order, "force": true })).await;
    w.until("the payment waits for a person", async || breaks(w).await.len() > before).await;
    breaks(w).await.remove(0)
}

async fn breaks(w: &World) -> Vec<Value> {
    w.staff(Role::Auditor).await.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone()
}

async fn proposed(w: &World, of: &Value, choice: &str) -> Value {
    let path = format!("/staff/breaks/{}/resolutions", of["id"].as_str().unwrap());
    let body = json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "已电话联系捐赠人" });
    let cashier = w.staff(Role::Cashier).await;
    let first = cashier.post(&path, body.clone()).await.ok();
    assert_eq!(cashier.post(&path, body.clone()).await.ok(), first, "the same proposal again is the same");
    let mut other = body;
    other["reason"] = json!("别的原因");
    cashier.post(&path, other).await.refused(409, "id_reused");
    first
}

fn path(resolution: &Value, step: &str) -> String {
    format!("/staff/resolutions/{}/{step}", resolution["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn stray_money_becomes_a_gift_when_two_persons_say_so() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let stray = late_payment(w, &donor, campaign, "40.00").await;
        assert_eq!((&stray["class"], &stray["amount"]), (&json!("paid_after_close"), &json!("40.00")));
        let first = proposed(w, &stray, "gift").await;
        let again = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "退回" });
        let of = format!("/staff/breaks/{}/resolutions", stray["id"].as_str().unwrap());
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        cashier.post(&of, again).await.refused(409, "resolution_under_way");
        cashier.act(&path(&first, "approval")).await.refused(403, "forbidden");
        head.post(&path(&first, "decline"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        head.post(&path(&first, "decline"), json!({ "reason": "未联系到付款人" })).await.ok();
        assert_eq!(w.raised(campaign).await, "0.00", "declined, it is what it was");

        let second = proposed(w, &stray, "gift").await;
        assert_eq!(head.act(&path(&second, "approval")).await.ok()["state"], "done");
        head.act(&path(&second, "approval")).await.refused(409, "wrong_state");
        assert_eq!(w.raised(campaign).await, "40.00");
        assert_eq!(w.balance("2209[payable=suspense]").await, "0.00");
        assert_eq!(breaks(w).await[0]["state"], "resolved");
        let mine = donor.get("/me/donations").await.ok();
        let states: Vec<&Value> = mine["items"].as_array().unwrap().iter().map(|gift| &gift["state"]).collect();
        assert_eq!(states, ["paid", "closed"]);
        // It is a gift like any other: it can be given back.
        let gift = mine["items"][0]["id"].as_str().unwrap();
        let request = json!({ "id": Uuid::now_v7(), "amount": "40.00", "reason": "error" });
        donor.post(&format!("/donations/{gift}/refund-requests"), request.clone()).await.ok();
        head.act(&format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap())).await.ok();
        w.run_job("send_refunds").await;
        w.until("it is back", async || w.balance("2209[payable=refund]").await == "0.00").await;
        assert_eq!(w.raised(campaign).await, "0.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stray_money_goes_back_and_is_sent_again_when_wechat_cannot() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-two").await;
        let twice = w.gift(&donor, campaign, "10.00").await;
        w.lever("pay", json!({ "out_trade_no": twice.order, "again": true })).await;
        w.until("the second payment waits", async || breaks(w).await.len() == 1).await;
        let stray = breaks(w).await.remove(0);
        let first = proposed(w, &stray, "return").await;
        let head = w.staff(Role::FinanceHead).await;
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        assert_eq!(head.act(&path(&first, "approval")).await.ok()["state"], "approved");
        assert_eq!(w.balance("2209[payable=suspense]").await, "-10.00", "until it has arrived it is owed");
        w.run_job("send_refunds").await;
        let state = async || {
            let of = format!("/staff/breaks/{}/resolutions", stray["id"].as_str().unwrap());
            head.get(&of).await.ok()["items"][0]["state"].as_str().unwrap().to_owned()
        };
        w.until("WeChat closed it", async || state().await == "failed").await;
        head.act(&path(&first, "retry")).await.ok();
        w.run_job("send_refunds").await;
        w.until("it is back", async || state().await == "done").await;
        assert_eq!(w.balance("2209[payable=suspense]").await, "0.00");
        assert_eq!(w.raised(campaign).await, "10.00", "the first payment is the gift");
        assert_eq!(breaks(w).await[0]["state"], "resolved");
        // By direct SQL nothing is decided.
        for attack in [
            "UPDATE discrepancy SET amount_fen = 1",
            "UPDATE resolution SET state = 'proposed'",
            "UPDATE resolution SET choice = 'gift'",
            "DELETE FROM resolution",
            "DELETE FROM discrepancy",
        ] {
            assert!(w.sql(attack).await.is_err(), "{attack}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_what_they_proposed_and_no_break_ends_undecided() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-three").await;
        let stray = late_payment(w, &donor, campaign, "5.00").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let of = format!("/staff/breaks/{}/resolutions", stray["id"].as_str().unwrap());
        let body = json!({ "id": Uuid::now_v7(), "choice": "gift", "reason": "捐赠人确认" });
        let mine = bookkeeper.post(&of, body).await.ok();
        bookkeeper.act(&path(&mine, "approval")).await.refused(403, "other_person_needed");
        for attack in [
            "UPDATE discrepancy SET state = 'resolved'",
            "UPDATE resolution SET state = 'done'",
            "UPDATE resolution SET state = 'done', approver_id = author_id",
        ] {
            assert!(w.sql(attack).await.is_err(), "{attack}");
        }
        assert_eq!(w.raised(campaign).await, "0.00");
    })
    .await;
}

/// Stray money becomes a gift while its campaign may receive, and afterwards goes back; a campaign is not closed before that is decided
/// (facts: charity 3.1).
#[tokio::test(flavor = "multi_thread")]
async fn stray_money_is_no_gift_to_a_campaign_that_takes_none() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-six").await;
        let stray = late_payment(w, &donor, campaign, "40.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let of = format!("/staff/breaks/{}", stray["id"].as_str().unwrap());
        let ways = async || {
            let ways = head.get(&format!("{of}/ways")).await.ok()["items"].as_array().unwrap().clone();
            ways.iter().map(|way| way["choice"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let declined = json!({ "reason": "该项目不能再接受捐赠" });
        assert_eq!(ways().await, ["gift", "return"]);
        let first = proposed(w, &stray, "gift").await;
        suspend(w, campaign).await;
        head.act(&path(&first, "approval")).await.refused(409, "campaign_not_open");
        head.post(&path(&first, "decline"), declined.clone()).await.ok();
        let again = json!({ "id": Uuid::now_v7(), "choice": "gift", "reason": "已电话联系捐赠人" });
        cashier.post(&format!("{of}/resolutions"), again).await.refused(409, "campaign_not_open");
        assert_eq!(ways().await, ["return"]);

        let lift = json!({ "reason": "核查结束" });
        w.staff(Role::Chair).await.post(&format!("/staff/campaigns/{campaign}/suspension-lift"), lift).await.ok();
        let second = proposed(w, &stray, "gift").await;
        let manager = w.staff(Role::ProjectManager).await;
        let step = |name: &str| format!("/staff/campaigns/{campaign}/{name}");
        manager.post(&step("end"), json!({ "reason": "核实情况" })).await.ok();
        manager.act(&step("execution")).await.ok();
        manager.act(&step("closing")).await.ok();
        head.act(&path(&second, "approval")).await.refused(409, "campaign_ended");
        let closure = head.act(&step("closure")).await;
        assert!(closure.refused(409, "gate_closed").text.contains("money_in_suspense"), "{}", closure.text);
        head.post(&path(&second, "decline"), declined).await.ok();
        let back = proposed(w, &stray, "return").await;
        head.act(&path(&back, "approval")).await.ok();
        w.run_job("send_refunds").await;
        w.until("it is back", async || breaks(w).await[0]["state"] == "resolved").await;
        let closure = head.act(&step("closure")).await;
        assert!(!closure.refused(409, "gate_closed").text.contains("money_in_suspense"), "{}", closure.text);
        assert_eq!(w.raised(campaign).await, "0.00");
        assert_eq!(w.balance("2209[payable=suspense]").await, "0.00");
    })
    .await;
}

/// Where two persons decide about a break.
fn ways_of(of: &Value) -> String {
    format!("/staff/breaks/{}", of["id"].as_str().unwrap())
}

async fn offered(w: &World, of: &Value) -> Vec<String> {
    let ways = w.staff(Role::Auditor).await.get(&format!("{}/ways", ways_of(of))).await.ok();
    ways["items"].as_array().unwrap().iter().map(|way| way["choice"].as_str().unwrap().to_owned()).collect()
}

/// A campaign takes no gifts any more, and what is left is being decided on.
async fn closing(w: &World, campaign: Uuid) {
    let manager = w.staff(Role::ProjectManager).await;
    let step = |name: &str| format!("/staff/campaigns/{campaign}/{name}");
    manager.post(&step("end"), json!({ "reason": "募捐结束" })).await.ok();
    manager.act(&step("execution")).await.ok();
    manager.act(&step("closing")).await.ok();
}

/// Two persons send money back and WeChat cannot.
async fn failed_return(w: &World, stray: &Value, outcome: &str) -> Value {
    let back = proposed(w, stray, "return").await;
    w.lever("faults", json!({ "refund": { "outcome": outcome, "times": 1 } })).await;
    w.staff(Role::FinanceHead).await.act(&path(&back, "approval")).await.ok();
    w.run_job("send_refunds").await;
    w.until("WeChat cannot", async || resolution(w, &back).await["state"] == "failed").await;
    back
}

async fn resolution(w: &World, one: &Value) -> Value {
    let of = format!("/staff/breaks/{}/resolutions", one["break"].as_str().unwrap());
    let all = w.staff(Role::Auditor).await.get(&of).await.ok()["items"].as_array().unwrap().clone();
    all.into_iter().find(|other| other["id"] == one["id"]).unwrap()
}

/// Money for a campaign that takes none goes back, and what cannot go back is a gift to the general fund (decision 25); its campaign can be closed
/// then, and its donor may still ask for it.
#[tokio::test(flavor = "multi_thread")]
async fn stray_money_that_cannot_go_back_is_a_gift_to_the_general_fund() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-seven").await;
        let stray = late_payment(w, &donor, campaign, "40.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let propose =
            |choice: &str| json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "付款账户已注销，无法退回" });
        let of = format!("{}/resolutions", ways_of(&stray));
        cashier.post(&of, propose("general")).await.refused(409, "campaign_receives");
        closing(w, campaign).await;
        cashier.post(&of, propose("general")).await.refused(409, "return_first");
        assert_eq!(offered(w, &stray).await, ["return"]);
        let back = failed_return(w, &stray, "CLOSED").await;
        assert_eq!(offered(w, &stray).await, ["general"]);
        cashier.post(&of, propose("return")).await.refused(409, "resolution_under_way");
        w.staff(Role::ProjectManager).await.post(&of, propose("general")).await.refused(403, "forbidden");

        // While two persons decide, the return stays as it is.
        let first = proposed(w, &stray, "general").await;
        head.act(&path(&back, "retry")).await.refused(409, "resolution_under_way");
        let bank = json!({ "bank_account": "基本户" });
        head.post(&path(&back, "bank-payment"), bank).await.refused(409, "resolution_under_way");
        cashier.act(&path(&first, "approval")).await.refused(403, "forbidden");
        head.post(&path(&first, "decline"), json!({ "reason": "请再试一次" })).await.ok();
        assert_eq!(resolution(w, &back).await["state"], "failed");
        assert_eq!(
            (w.balance("2209[payable=suspense]").await, w.balance("410101").await),
            ("-40.00".into(), "0.00".into())
        );

        let step = |name: &str| format!("/staff/campaigns/{campaign}/{name}");
        let closure = head.act(&step("closure")).await;
        assert!(closure.refused(409, "gate_closed").text.contains("money_in_suspense"), "{}", closure.text);
        let second = proposed(w, &stray, "general").await;
        assert_eq!(head.act(&path(&second, "approval")).await.ok()["state"], "done");
        head.act(&path(&second, "approval")).await.refused(409, "wrong_state");
        head.act(&path(&back, "retry")).await.refused(409, "wrong_state");
        let states =
            [&back, &first, &second].map(async |one| resolution(w, one).await["state"].as_str().unwrap().to_owned());
        let [back, first, second] = states;
        assert_eq!([back.await, first.await, second.await], ["superseded", "declined", "done"]);
        assert_eq!(
            (w.balance("2209[payable=suspense]").await, w.balance("410101").await),
            ("0.00".into(), "-40.00".into())
        );
        assert_eq!((w.raised(campaign).await, breaks(w).await[0]["state"].clone()), ("0.00".into(), json!("resolved")));
        let open = w.app.open_books.all().await.unwrap();
        assert_eq!((open.total.raised.to_string().as_str(), open.gifts), ("40.00", 1));
        let closure = head.act(&step("closure")).await;
        assert!(!closure.refused(409, "gate_closed").text.contains("money_in_suspense"), "{}", closure.text);

        // Its donor reads where it went, and can have it back as any gift.
        let mine = donor.get("/me/donations").await.ok()["items"][0].clone();
        assert_eq!(
            (&mine["state"], &mine["campaign"], &mine["amount"]),
            (&json!("paid"), &Value::Null, &json!("40.00"))
        );
        let request = json!({ "id": Uuid::now_v7(), "amount": "40.00", "reason": "error" });
        let asked = format!("/donations/{}/refund-requests", mine["id"].as_str().unwrap());
        donor.post(&asked, request.clone()).await.ok();
        head.act(&format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap())).await.ok();
        w.run_job("send_refunds").await;
        w.until("it is back", async || w.balance("2209[payable=refund]").await == "0.00").await;
        assert_eq!(w.balance("410101").await, "0.00");
        assert_eq!(w.sandbox.refunded(), ["40.00"]);
    })
    .await;
}

/// The channel is asked before the general fund takes what it could not give back, and whoever comes first counts.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_went_back_after_all_is_no_gift() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-eight").await;
        let strays =
            [late_payment(w, &donor, campaign, "40.00").await, late_payment(w, &donor, campaign, "7.00").await];
        closing(w, campaign).await;
        let head = w.staff(Role::FinanceHead).await;
        let number = |nth: usize| w.sandbox.state()["refunds"][nth]["out_refund_no"].clone();

        // Mended at WeChat's own site, and nobody told us: asked, it says so, and there is nothing left to decide.
        let back = failed_return(w, &strays[0], "ABNORMAL").await;
        let general = proposed(w, &strays[0], "general").await;
        w.lever("faults", json!({ "callback": { "drop": 1 } })).await;
        w.lever("refund", json!({ "out_refund_no": number(0), "outcome": "SUCCESS" })).await;
        w.lever("faults", json!({ "api": { "path": "/v3/refund", "status": 500, "times": 5 } })).await;
        assert_eq!(
            head.act(&path(&general, "approval")).await.status,
            503,
            "while it does not answer, nothing is decided"
        );
        w.lever("faults", json!({})).await;
        head.act(&path(&general, "approval")).await.refused(409, "wrong_state");
        assert_eq!(resolution(w, &back).await["state"], "done");
        assert_eq!(resolution(w, &general).await["state"], "superseded");
        assert_eq!(
            (w.balance("2209[payable=suspense]").await, w.balance("410101").await),
            ("-7.00".into(), "0.00".into())
        );

        // Both at once: one of them, and its entries once.
        let back = failed_return(w, &strays[1], "ABNORMAL").await;
        let general = proposed(w, &strays[1], "general").await;
        let mended = async { w.lever("refund", json!({ "out_refund_no": number(1), "outcome": "SUCCESS" })).await };
        let approve = path(&general, "approval");
        let (_, answers) = tokio::join!(mended, futures_util::future::join_all((0..8).map(|_| head.act(&approve))));
        assert!(w.sandbox.settled(std::time::Duration::from_secs(5)).await, "it is told once");
        let given = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(given <= 1);
        let states = (resolution(w, &back).await["state"].clone(), resolution(w, &general).await["state"].clone());
        let (expected, fund) = match given {
            0 => ((json!("done"), json!("superseded")), "0.00"),
            _ => ((json!("superseded"), json!("done")), "-7.00"),
        };
        assert_eq!((states, w.balance("410101").await.as_str()), (expected, fund));
        assert_eq!(w.balance("2209[payable=suspense]").await, "0.00");
        if given == 1 {
            // It has left twice; the bill will say so, and until then the foundation puts it in.
            w.lever("top-up", json!({ "amount": "7.00" })).await;
        }
    })
    .await;
}

/// A year later WeChat gives nothing back: the general fund takes it in the year of the decision, and gives it back as that year stands.
#[tokio::test(flavor = "multi_thread")]
async fn stray_money_of_a_closed_year_is_a_gift_of_the_year_of_the_decision() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-nine").await;
        let stray = late_payment(w, &donor, campaign, "40.00").await;
        let year = w.app.business.today().year();
        closing(w, campaign).await;
        while w.app.business.today().year() == year {
            w.pass(15 * 86_400).await;
        }
        w.pass(366 * 86_400).await;
        w.end_year(year).await;
        let back = proposed(w, &stray, "return").await;
        let head = w.staff(Role::FinanceHead).await;
        head.act(&path(&back, "approval")).await.ok();
        w.run_job("send_refunds").await;
        assert_eq!(resolution(w, &back).await["state"], "failed", "older than a year");
        let general = proposed(w, &stray, "general").await;
        head.act(&path(&general, "approval")).await.ok();
        assert_eq!((w.balance("410101").await, w.balance("320101").await), ("-40.00".into(), "0.00".into()));

        // The year of the decision ends, too: what is asked for then changes the net assets.
        let decided = w.app.business.today().year();
        while w.app.business.today().year() == decided {
            w.pass(15 * 86_400).await;
        }
        for ended in year + 1..=decided {
            w.end_year(ended).await;
        }
        let mine = donor.get("/me/donations").await.ok()["items"][0].clone();
        let request = json!({ "id": Uuid::now_v7(), "amount": "40.00", "reason": "error" });
        let asked = format!("/donations/{}/refund-requests", mine["id"].as_str().unwrap());
        donor.post(&asked, request.clone()).await.ok();
        let step = |step: &str| format!("/staff/refunds/{}/{step}", request["id"].as_str().unwrap());
        head.act(&step("approval")).await.ok();
        assert_eq!((w.balance("410101").await, w.balance("320101").await), ("0.00".into(), "40.00".into()));
        w.run_job("send_refunds").await;
        w.staff(Role::Cashier).await.act(&step("outcome-proposal")).await.ok();
        assert_eq!(head.act(&step("give-up")).await.ok()["state"], "given_up");
        assert_eq!(
            (w.balance("320101").await, w.balance("2209[payable=refund]").await),
            ("0.00".into(), "0.00".into())
        );
    })
    .await;
}

/// What only two persons make a gift of, nobody makes one by hand; a payment stands in the books once; and a campaign is not closed while its
/// money waits.
#[tokio::test(flavor = "multi_thread")]
async fn money_in_suspense_is_kept_by_the_database() {
    story(async |w| {
        let (campaign, elsewhere) = (w.open_campaign("1000.00").await, w.open_campaign("1000.00").await);
        let donor = w.donor("o-ten").await;
        let stray = late_payment(w, &donor, campaign, "40.00").await;
        let gift = w.gift(&donor, campaign, "10.00").await;
        let order = w.order(&donor, campaign, "40.00").await;
        let (number, now) = (stray["item"].as_str().unwrap(), w.app.business.now().us());
        let of = w.sql_id(stray["id"].as_str().unwrap());
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let resolution = |id: &str, choice: &str| {
            format!(
                "INSERT INTO resolution (id, break_id, choice, reason, state, author_id, attempt, created_us, next_try_us) \
                 VALUES ({}, {of}, '{choice}', '手工', 'proposed', {}, 1, {now}, {now})",
                w.sql_id(id),
                w.sql_id(&cashier.id.to_string())
            )
        };
        // To the general fund only after it could not go back.
        w.attacked(&resolution(&Uuid::now_v7().to_string(), "general"), "resolution_general").await;
        let explained = format!(
            "INSERT INTO discrepancy (id, class, item, state, amount_fen, book_id, detail, proposal, created_us, suspense, day, owner) \
             SELECT {}, 'status', 'X-1', 'open', 4000, book_id, '', '', created_us, {}, day, owner FROM discrepancy WHERE id = {of}; {}",
            w.sql_id(&Uuid::nil().to_string()),
            if w.app.db.backend() == sea_orm::DbBackend::Postgres { "false" } else { "0" },
            resolution(&Uuid::now_v7().to_string(), "general").replace(&of, &w.sql_id(&Uuid::nil().to_string()))
        );
        w.attacked(&explained, "resolution_general").await;

        // A gift out of suspense has its decision, and is all of that payment, of that donor, to that campaign.
        let agreed = proposed(w, &stray, "gift").await;
        let columns = "donor_id, channel, refunded_fen, content, anonymity, show_amount, message_state, receipt, receipt_us, created_us, \
            expires_us, queries, next_query_us, late, paid_us, confirmed_us";
        let adopted = |id: &str, number: &str, fen: i64, campaign: Uuid| {
            format!(
                "INSERT INTO donation (id, campaign_id, transaction_id, amount_fen, state, {columns}) \
                 SELECT {}, {}, '{number}', {fen}, 'paid', {columns} FROM donation WHERE id = {}",
                w.sql_id(id),
                w.sql_id(&campaign.to_string()),
                w.sql_id(&gift.id.to_string())
            )
        };
        let (right, other) = (agreed["id"].as_str().unwrap(), Uuid::now_v7().to_string());
        for wrong in [
            adopted(&other, number, 4_000, campaign),
            adopted(right, "4200000000202601010000000001", 4_000, campaign),
            adopted(right, number, 4_001, campaign),
            adopted(right, number, 4_000, elsewhere),
            adopted(right, number, 4_000, campaign).replace("'paid', donor_id", "'paid', NULL"),
        ] {
            w.attacked(&wrong, "donation_adopted").await;
        }
        let done = format!(
            "UPDATE resolution SET state = 'done', approver_id = {}, finished_us = {now} WHERE id = {}",
            w.sql_id(&head.id.to_string()),
            w.sql_id(right)
        );
        w.attacked(&done, "resolution_adopted").await;

        // A payment stands in the books once.
        let settled = format!("UPDATE donation SET transaction_id = '{number}' WHERE id = {}", w.sql_id(&order.id.to_string()));
        w.attacked(&settled, "donation_suspended").await;
        let suspended = format!(
            "INSERT INTO discrepancy (id, class, item, state, amount_fen, book_id, detail, proposal, created_us, suspense, day, owner) \
             SELECT {}, 'missing_here', (SELECT transaction_id FROM donation WHERE id = {}), 'open', 1000, book_id, '', '', created_us, suspense, \
             day, owner FROM discrepancy WHERE id = {of}",
            w.sql_id(&Uuid::now_v7().to_string()),
            w.sql_id(&gift.id.to_string())
        );
        w.attacked(&suspended, "discrepancy_gift").await;

        // Told of by everybody that all is done, a campaign is not closed.
        let third = w.open_campaign("1000.00").await;
        late_payment(w, &donor, third, "5.00").await;
        closing(w, third).await;
        let report = json!({ "published_on": w.app.business.today().to_string(), "reference": "慈善中国 示例" });
        w.staff(Role::Disclosure).await.post(&format!("/staff/campaigns/{third}/final-disclosure"), report).await.ok();
        let closed = format!("UPDATE campaign SET state = 'closed' WHERE id = {}", w.sql_id(&third.to_string()));
        w.attacked(&closed, "campaign_suspense").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_general_fund_bears_a_refund_of_spent_money_when_head_and_chair_agree() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-four").await;
        let gift = w.gift(&donor, campaign, "100.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let spent = paper(campaign, &line(w, campaign).await, &[student], "70.00");
        approved(w, &spent).await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "100.00", "reason": "minor" });
        donor.post(&format!("/donations/{}/refund-requests", gift.id), request.clone()).await.ok();
        let step = |step: &str| format!("/staff/refunds/{}/{step}", request["id"].as_str().unwrap());
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        head.act(&step("approval")).await.refused(409, "fund_short");
        chair.act(&step("cover-approval")).await.refused(403, "other_person_needed");
        assert!(head.act(&step("cover-proposal")).await.ok()["cover_proposed_by"].is_string());
        head.act(&step("cover-approval")).await.refused(403, "forbidden");
        chair.act(&step("cover-approval")).await.refused(409, "general_fund_short");
        let general = json!({
            "id": Uuid::now_v7(), "kind": "ordinary", "event_date": w.app.business.today(), "summary": "房租收入",
            "lines": [
                { "subject": "1122", "debit": "70.00" },
                { "subject": "490101", "credit": "70.00" },
            ],
        });
        posted(w, general).await;
        assert_eq!(chair.act(&step("cover-approval")).await.ok()["state"], "approved");
        assert_eq!(w.raised(campaign).await, "0.00", "the refund counts, what bears it does not");
        assert_eq!(w.balance("410101").await, "70.00");
        assert_eq!(w.balance(&format!("410102[campaign={campaign}]")).await, "-70.00");
        w.run_job("send_refunds").await;
        w.until_gift(&donor, &gift, "refunded").await;
    })
    .await;
}

/// What the general fund bore of a refund is its own again when the refund is given up, and the campaign has what was given to it.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_general_fund_bore_comes_back_when_the_refund_is_given_up() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-four").await;
        let gift = w.gift(&donor, campaign, "100.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let spent = paper(campaign, &line(w, campaign).await, &[student], "70.00");
        approved(w, &spent).await;
        let general = json!({
            "id": Uuid::now_v7(), "kind": "ordinary", "event_date": w.app.business.today(), "summary": "房租收入",
            "lines": [
                { "subject": "1122", "debit": "90.00" },
                { "subject": "490101", "credit": "90.00" },
            ],
        });
        posted(w, general).await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "100.00", "reason": "minor" });
        donor.post(&format!("/donations/{}/refund-requests", gift.id), request.clone()).await.ok();
        let path = format!("/staff/refunds/{}", request["id"].as_str().unwrap());
        let step = |step: &str| format!("{path}/{step}");
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        head.act(&step("cover-proposal")).await.ok();
        chair.act(&step("cover-approval")).await.ok();
        assert_eq!(w.balance("410101").await, "70.00");
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        w.until("it has failed", async || head.get(&path).await.ok()["state"] == "failed").await;
        w.staff(Role::Cashier).await.act(&step("outcome-proposal")).await.ok();
        assert_eq!(head.act(&step("give-up")).await.ok()["state"], "given_up");
        assert_eq!(w.balance("410101").await, "0.00");
        assert_eq!(w.balance(&format!("410102[campaign={campaign}]")).await, "-100.00");
        assert_eq!(w.raised(campaign).await, "100.00", "the gift counts again, what bore it never did");
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "30.00", "as before the refund was decided");
    })
    .await;
}

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

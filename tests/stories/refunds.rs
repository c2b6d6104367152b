//! Gifts that go back: asked for by one, decided by another, sent by a job, and what happens when WeChat cannot.

use std::time::Duration;

use domain::role::Role;
use futures_util::future::{join_all, select};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bank::{accept, account, bring, file, line};
use crate::caller::{Answer, Caller};
use crate::follow::follow;
use crate::reconciliation::{bills, classes, morning_after, noon, run};
use crate::spending::paid_in;
use crate::world::{Gift, REFUNDED, World, story};

fn asking(amount: &str) -> Value {
    json!({ "id": Uuid::now_v7(), "amount": amount, "reason": "error", "note": "输错了金额" })
}

async fn ask(donor: &Caller, gift: &Gift, request: &Value) -> Answer {
    donor.post(&format!("/donations/{}/refund-requests", gift.id), request.clone()).await
}

/// A refund that the donor asked for and the head of finance agreed to; its id.
async fn agreed(w: &World, donor: &Caller, gift: &Gift, amount: &str) -> String {
    let request = asking(amount);
    assert_eq!(ask(donor, gift, &request).await.ok()["state"], "requested");
    let id = request["id"].as_str().unwrap().to_owned();
    let path = format!("/staff/refunds/{id}/approval");
    assert_eq!(w.staff(Role::FinanceHead).await.act(&path).await.ok()["state"], "approved");
    id
}

async fn refund(w: &World, id: &str) -> Value {
    w.staff(Role::Auditor).await.get(&format!("/staff/refunds/{id}")).await.ok()
}

/// Waits until WeChat has told how a refund ended.
async fn until(w: &World, id: &str, state: &str) {
    w.until(&format!("the refund is {state}"), async || refund(w, id).await["state"] == state).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_goes_back_in_part_and_then_in_full() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        donor.post("/me/consents", json!({ "template": REFUNDED })).await.ok();
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "20.50").await;
        let request = asking("15.00");
        let asked = ask(&donor, &gift, &request).await.ok();
        assert_eq!((&asked["state"], &asked["amount"]), (&json!("requested"), &json!("15.00")));
        assert_eq!(ask(&donor, &gift, &request).await.ok()["id"], request["id"], "the same request again is the same");
        let mut changed = request.clone();
        changed["amount"] = json!("14.00");
        ask(&donor, &gift, &changed).await.refused(409, "id_reused");
        ask(&w.donor("o-two").await, &gift, &asking("1.00")).await.refused(404, "no_such_donation");
        ask(&donor, &gift, &asking("1.00")).await.refused(409, "refund_under_way");
        assert_eq!(w.raised(campaign).await, "120.50", "asking changes no money");
        assert_eq!(w.run_job("send_refunds").await, 0, "and nothing is sent before somebody agrees");

        let id = request["id"].as_str().unwrap();
        let head = w.staff(Role::FinanceHead).await;
        head.act(&format!("/staff/refunds/{id}/approval")).await.ok();
        head.act(&format!("/staff/refunds/{id}/approval")).await.refused(409, "wrong_state");
        let seen = w.campaign(campaign).await;
        assert_eq!((&seen["raised"], &seen["refunded"]), (&json!("105.50"), &json!("15.00")), "decided is gone");
        assert_eq!(w.balance("2209[payable=refund]").await, "-15.00");
        assert_eq!(w.run_job("send_refunds").await, 1);
        until(w, id, "succeeded").await;
        assert_eq!(w.run_job("outbox").await, 1, "the donor is told");
        assert!(w.sandbox.state()["messages"].to_string().contains("15.00"));
        assert_eq!(w.state(&donor, &gift).await, "partly_refunded");
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00");
        assert_eq!(w.balance("1009[channel=wechat]").await, "105.50");

        ask(&donor, &gift, &asking("5.51")).await.refused(422, "refund_too_large");
        let rest = agreed(w, &donor, &gift, "5.50").await;
        w.run_job("send_refunds").await;
        until(w, &rest, "succeeded").await;
        let own = donor.get(&format!("/donations/{}", gift.id)).await.ok();
        assert_eq!((&own["state"], &own["refunded"]), (&json!("refunded"), &json!("20.50")));
        assert_eq!(own["refunds"].as_array().unwrap().len(), 2);
        ask(&donor, &gift, &asking("0.01")).await.refused(409, "wrong_state");
        assert_eq!(w.sandbox.refunded(), ["15.00", "5.50"]);
        assert_eq!(w.raised(campaign).await, "100.00");
        assert_eq!(w.sandbox.state()["callbacks"]["refused"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_at_once_are_one_refund() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "30.00").await;
        let answers = join_all((0..20).map(|_| async { ask(&donor, &gift, &asking("20.00")).await })).await;
        let taken: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(taken.len(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.refused(409, "refund_under_way");
        }
        // Twenty decisions at once are one, and twenty messages of its end as well.
        let id = taken[0].body["id"].as_str().unwrap();
        let head = w.staff(Role::FinanceHead).await;
        let path = format!("/staff/refunds/{id}/approval");
        let decisions = join_all((0..20).map(|_| head.act(&path))).await;
        assert_eq!(decisions.iter().filter(|answer| answer.status == 200).count(), 1);
        w.lever("faults", json!({ "callback": { "repeat": 20 } })).await;
        w.run_job("send_refunds").await;
        until(w, id, "succeeded").await;
        assert!(w.sandbox.settled(Duration::from_secs(10)).await);
        assert_eq!(w.sandbox.refunded(), ["20.00"]);
        assert_eq!(w.raised(campaign).await, "110.00");
        assert_eq!(w.balance("1009[channel=wechat]").await, "110.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_queries_and_refunds_race_and_every_fen_is_there() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gifts = join_all((0..12).map(|_| w.order(&donor, campaign, "3.33"))).await;
        w.lever("faults", json!({ "callback": { "delay_ms": 30, "reorder": true }, "refund": { "delay_ms": 50 } }))
            .await;
        let (deputy, head) = (w.hire(Role::FinanceHead, "deputy").await, w.staff(Role::FinanceHead).await);
        let one = async |number: usize, gift: &Gift| {
            w.sandbox.pay(&gift.order).unwrap();
            let path = format!("/donations/{}/query", gift.id);
            let asked = join_all((0..3).map(|_| donor.act(&path))).await;
            assert!(asked.into_iter().all(|answer| answer.ok()["state"] != "closed"));
            w.until_gift(&donor, gift, "paid").await;
            if number % 3 == 2 {
                return;
            }
            let amount = if number.is_multiple_of(3) { "3.33" } else { "1.11" };
            let request = asking(amount);
            ask(&donor, gift, &request).await.ok();
            let path = format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap());
            let (first, second) = tokio::join!(deputy.act(&path), head.act(&path));
            assert_eq!((first.status == 200) as u8 + (second.status == 200) as u8, 1);
            let id = request["id"].as_str().unwrap();
            until(w, id, "succeeded").await;
        };
        let donors = join_all(gifts.iter().enumerate().map(|(number, gift)| one(number, gift)));
        let working = async {
            loop {
                for job in ["open_payments", "send_refunds", "query_refunds", "expire_orders"] {
                    w.run_job(job).await;
                }
                w.pass(6).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        select(std::pin::pin!(donors), std::pin::pin!(working)).await;
        // 100.00 + 12 × 3.33, less 4 × 3.33 and 4 × 1.11.
        assert_eq!(w.raised(campaign).await, "122.20");
        assert_eq!(w.balance("1009[channel=wechat]").await, "122.20");
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM discrepancy").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_finds_no_balance_waits_and_goes_on_after_a_top_up() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "80.00").await;
        w.gift(&donor, campaign, "20.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let transfer = async |kind: &str, amount: &str| {
            let id = Uuid::now_v7();
            let new =
                json!({ "id": id, "book": w.book.uuid(), "kind": kind, "amount": amount, "bank_account": "基本户" });
            cashier.post("/staff/transfers", new).await.ok();
            head.act(&format!("/staff/transfers/{id}/confirmation")).await.ok();
            cashier.act(&format!("/staff/transfers/{id}/arrival")).await.ok();
            head.act(&format!("/staff/transfers/{id}/confirmation")).await.ok();
        };
        w.lever("withdraw", json!({ "amount": "90.00" })).await;
        transfer("withdrawal", "90.00").await;

        let id = agreed(w, &donor, &gift, "80.00").await;
        for _ in 0..3 {
            w.run_job("send_refunds").await;
            w.pass(60).await;
        }
        let waiting = refund(w, &id).await;
        assert_eq!((&waiting["state"], &waiting["attempt"]), (&json!("approved"), &json!(1)));
        assert!(waiting["last_error"].as_str().unwrap().contains("余额不足"), "{waiting}");
        assert_eq!(w.balance("2209[payable=refund]").await, "-80.00");
        assert_eq!(w.state(&donor, &gift).await, "refunding");
        assert_eq!(w.sandbox.refunded(), [""; 0]);

        w.lever("top-up", json!({ "amount": "75.00" })).await;
        transfer("top_up", "75.00").await;
        w.pass(600).await;
        assert_eq!(w.run_job("send_refunds").await, 1);
        until(w, &id, "succeeded").await;
        assert_eq!(w.sandbox.refunded(), ["80.00"]);
        assert_eq!(w.balance("1009[channel=wechat]").await, "5.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "15.00");
        assert_eq!(w.raised(campaign).await, "20.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_wechat_closed_is_sent_again_under_a_new_number() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        assert_eq!(w.state(&donor, &gift).await, "refund_failed");
        assert_eq!(w.balance("2209[payable=refund]").await, "-40.00", "the debt stands");
        ask(&donor, &gift, &asking("1.00")).await.refused(409, "refund_under_way");
        assert_eq!(w.run_job("send_refunds").await, 0, "a person decides");
        let retried = w.staff(Role::Cashier).await.act(&format!("/staff/refunds/{id}/retry")).await.ok();
        assert_eq!((&retried["state"], &retried["attempt"]), (&json!("approved"), &json!(2)));
        w.run_job("send_refunds").await;
        until(w, &id, "succeeded").await;
        let numbers: Vec<String> = w.sandbox.state()["refunds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|refund| refund["out_refund_no"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(numbers.len(), 2);
        assert_ne!(numbers[0], numbers[1]);
        assert_eq!(w.sandbox.refunded(), ["40.00"]);
        assert_eq!(w.raised(campaign).await, "100.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_gives_nothing_back_twice() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "9.99").await;
        let id = agreed(w, &donor, &gift, "9.99").await;
        // WeChat does its work, and neither answers nor tells.
        let api = json!({ "path": "/v3/refund/domestic/refunds", "status": 500, "after": true, "times": 100 });
        w.lever("faults", json!({ "api": api, "callback": { "drop": 10 } })).await;
        let failed = jobs::run_once(w.app.clone(), "send_refunds").await.unwrap();
        assert_eq!((failed.done, failed.failed), (0, 1));
        assert_eq!(refund(w, &id).await["state"], "approved");
        assert!(w.sandbox.settled(Duration::from_secs(5)).await);
        w.lever("faults", json!({ "callback": { "drop": 10 } })).await;
        w.pass(60).await;
        assert_eq!(w.run_job("send_refunds").await, 1);
        w.pass(60).await;
        w.run_job("query_refunds").await;
        assert_eq!(refund(w, &id).await["state"], "succeeded");
        assert_eq!(w.sandbox.refunded(), ["9.99"]);
        assert_eq!(w.raised(campaign).await, "100.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_wechat_cannot_make_is_ended_by_two_persons() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let step = |name: &str| format!("/staff/refunds/{id}/{name}");
        head.act(&step("give-up")).await.refused(403, "other_person_needed");
        cashier.act(&step("outcome-proposal")).await.ok();
        cashier.act(&step("give-up")).await.refused(403, "forbidden");
        assert_eq!(head.act(&step("give-up")).await.ok()["state"], "given_up");
        assert_eq!(w.state(&donor, &gift).await, "paid");
        assert_eq!(w.raised(campaign).await, "140.00", "the money stays with the campaign");
        let bank = json!({ "bank_account": "基本户" });
        head.post(&step("bank-payment"), bank).await.refused(409, "wrong_state");
        assert_eq!(w.sandbox.refunded(), [""; 0]);
    })
    .await;
}

/// A payment needs as much in 1002 (facts: charity 6.5, 4).
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_by_bank_needs_the_money_there() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        w.staff(Role::Cashier).await.act(&format!("/staff/refunds/{id}/outcome-proposal")).await.ok();
        let head = w.staff(Role::FinanceHead).await;
        let bank = json!({ "bank_account": "基本户" });
        head.post(&format!("/staff/refunds/{id}/bank-payment"), bank).await.refused(409, "overdrawn");
    })
    .await;
}

/// WeChat calls it ABNORMAL when the payer's account cannot be reached; the merchant sorts that out at WeChat, and then the
/// same refund succeeds after all (facts: wechat 3.5).
#[tokio::test(flavor = "multi_thread")]
async fn an_abnormal_refund_that_succeeds_after_all_is_in_the_books() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        w.lever("faults", json!({ "refund": { "outcome": "ABNORMAL", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        let number = w.sandbox.state()["refunds"][0]["out_refund_no"].clone();
        w.lever("refund", json!({ "out_refund_no": number, "outcome": "SUCCESS" })).await;
        until(w, &id, "succeeded").await;
        assert_eq!(w.state(&donor, &gift).await, "refunded");
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00");
        assert_eq!(w.raised(campaign).await, "100.00");
    })
    .await;
}

/// What two persons have ended and WeChat makes all the same has left twice: nothing is booked behind their backs, nobody is told
/// again and again, and the morning finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_was_ended_and_succeeds_after_all_is_a_break() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        w.lever("faults", json!({ "refund": { "outcome": "ABNORMAL", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        w.staff(Role::Cashier).await.act(&format!("/staff/refunds/{id}/outcome-proposal")).await.ok();
        w.staff(Role::FinanceHead).await.act(&format!("/staff/refunds/{id}/give-up")).await.ok();
        let number = w.sandbox.state()["refunds"][0]["out_refund_no"].clone();
        w.lever("refund", json!({ "out_refund_no": number, "outcome": "SUCCESS" })).await;
        assert!(w.sandbox.settled(Duration::from_secs(5)).await, "it is told once");
        assert_eq!(refund(w, &id).await["state"], "given_up");
        assert_eq!(w.raised(campaign).await, "140.00");
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert!(classes(&report).contains(&"refund_missing_here"), "{:?}", classes(&report));
        // Two persons follow the channel, and what left twice is a claim against the donor.
        let breaks = w.staff(Role::Auditor).await.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
        let twice = breaks.iter().find(|one| one["class"] == "refund_missing_here").unwrap();
        follow(w, twice).await;
        assert_eq!(w.balance("1122[channel=wechat]").await, "40.00");
        assert_eq!(w.raised(campaign).await, "140.00");
    })
    .await;
}

/// What two persons have paid by bank and WeChat makes all the same has left twice, too, though both are called after the same refund.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_paid_by_bank_that_succeeds_after_all_is_a_break() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        paid_in(w, campaign, "50.00").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        w.lever("faults", json!({ "refund": { "outcome": "ABNORMAL", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        w.staff(Role::Cashier).await.act(&format!("/staff/refunds/{id}/outcome-proposal")).await.ok();
        let bank = json!({ "bank_account": "基本户" });
        w.staff(Role::FinanceHead).await.post(&format!("/staff/refunds/{id}/bank-payment"), bank).await.ok();
        let number = w.sandbox.state()["refunds"][0]["out_refund_no"].clone();
        w.lever("refund", json!({ "out_refund_no": number, "outcome": "SUCCESS" })).await;
        assert!(w.sandbox.settled(Duration::from_secs(5)).await, "it is told once");
        assert_eq!(refund(w, &id).await["state"], "paid_by_bank");
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert!(classes(&report).contains(&"refund_missing_here"), "{:?}", classes(&report));
        let breaks = w.staff(Role::Auditor).await.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
        follow(w, breaks.iter().find(|one| one["class"] == "refund_missing_here").unwrap()).await;
        assert_eq!(w.balance("1122[channel=wechat]").await, "40.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "10.00");
    })
    .await;
}

/// An abnormal refund is mended at WeChat's own site after it was tried again: the money is back under its first number, and leaves once.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_succeeds_under_its_first_number_leaves_once() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let cashier = w.staff(Role::Cashier).await;
        let abnormal = async |amount: &str| {
            let gift = w.gift(&donor, campaign, "40.00").await;
            let id = agreed(w, &donor, &gift, amount).await;
            w.lever("faults", json!({ "refund": { "outcome": "ABNORMAL", "times": 1 } })).await;
            w.run_job("send_refunds").await;
            until(w, &id, "failed").await;
            let refunds = w.sandbox.state()["refunds"].as_array().unwrap().clone();
            (id, refunds.last().unwrap()["out_refund_no"].clone())
        };
        let mend = async |number: &Value, told: bool| {
            w.lever("faults", json!({ "callback": { "drop": u32::from(!told) } })).await;
            w.lever("refund", json!({ "out_refund_no": number, "outcome": "SUCCESS" })).await;
        };
        // Told before the second is sent.
        let (id, first) = abnormal("15.00").await;
        assert_eq!(cashier.act(&format!("/staff/refunds/{id}/retry")).await.ok()["attempt"], 2);
        mend(&first, true).await;
        until(w, &id, "succeeded").await;
        assert_eq!(w.run_job("send_refunds").await, 0, "there is nothing to send any more");
        assert_eq!(w.sandbox.refunded(), ["15.00"]);
        // Asked before it is tried again.
        let (id, first) = abnormal("16.00").await;
        mend(&first, false).await;
        cashier.act(&format!("/staff/refunds/{id}/retry")).await.refused(409, "wrong_state");
        assert_eq!(refund(w, &id).await["state"], "succeeded");
        // Asked for each of its numbers before it is paid by bank.
        let (id, first) = abnormal("17.00").await;
        cashier.act(&format!("/staff/refunds/{id}/retry")).await.ok();
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        mend(&first, false).await;
        cashier.act(&format!("/staff/refunds/{id}/outcome-proposal")).await.ok();
        let bank = json!({ "bank_account": "基本户" });
        let head = w.staff(Role::FinanceHead).await;
        head.post(&format!("/staff/refunds/{id}/bank-payment"), bank).await.refused(409, "wrong_state");
        assert_eq!(refund(w, &id).await["state"], "succeeded");
        assert_eq!(w.sandbox.refunded(), ["15.00", "16.00", "17.00"]);
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00");
        assert_eq!(w.balance("1009[channel=wechat]").await, "172.00");
        assert_eq!(w.raised(campaign).await, "172.00");
    })
    .await;
}

/// An abnormal refund that is mended after it went out under its next number has left twice: the morning finds it, whichever line comes first.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_leaves_under_two_numbers_is_a_break() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "15.00").await;
        w.lever("faults", json!({ "refund": { "outcome": "ABNORMAL", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, &id, "failed").await;
        let first = w.sandbox.state()["refunds"][0]["out_refund_no"].clone();
        w.staff(Role::Cashier).await.act(&format!("/staff/refunds/{id}/retry")).await.ok();
        w.run_job("send_refunds").await;
        until(w, &id, "succeeded").await;
        w.lever("refund", json!({ "out_refund_no": first, "outcome": "SUCCESS" })).await;
        assert!(w.sandbox.settled(Duration::from_secs(5)).await, "it is told once");
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00", "it is booked once");
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert!(classes(&report).contains(&"refund_missing_here"), "{report:#?}");
        assert!(!classes(&report).contains(&"duplicate_there"), "{report:#?}");
        let twice = report.breaks.iter().find(|one| one.class.as_str() == "refund_missing_here").unwrap();
        assert_eq!(json!(twice.key), first, "{report:#?}");
        let breaks = w.staff(Role::Auditor).await.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
        follow(w, breaks.iter().find(|one| one["class"] == "refund_missing_here").unwrap()).await;
        assert_eq!(w.balance("1122[channel=wechat]").await, "15.00", "a claim against the donor");
        let report = run(w, day, None, None).await;
        assert!(report.breaks.is_empty(), "what was followed is none any more: {report:#?}");
    })
    .await;
}

/// While WeChat does not accept us, no refund is refused: each waits under its number and says why, and goes on when that is mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_waits_while_wechat_does_not_accept_us() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        let fault = json!({ "path": "/v3/refund", "status": 403, "code": "NO_AUTH", "times": 100 });
        w.lever("faults", json!({ "api": fault })).await;
        let report = jobs::run_once(w.app.clone(), "send_refunds").await.unwrap();
        assert_eq!((report.done, report.failed), (0, 1));
        let waits = refund(w, &id).await;
        assert_eq!((&waits["state"], &waits["attempt"]), (&json!("approved"), &json!(1)), "{waits}");
        assert!(waits["last_error"].as_str().unwrap().contains("403 NO_AUTH"), "{waits}");
        w.lever("faults", json!({})).await;
        w.pass(120).await;
        w.run_job("send_refunds").await;
        until(w, &id, "succeeded").await;
        // Of this one refund it says no, and why.
        let gift = w.gift(&donor, campaign, "7.00").await;
        let id = agreed(w, &donor, &gift, "7.00").await;
        let fault = json!({ "path": "/v3/refund", "status": 403, "code": "USER_ACCOUNT_ABNORMAL", "times": 100 });
        w.lever("faults", json!({ "api": fault })).await;
        w.run_job("send_refunds").await;
        let failed = refund(w, &id).await;
        assert_eq!(failed["state"], "failed");
        assert!(failed["last_error"].as_str().unwrap().starts_with("微信拒绝退款：USER_ACCOUNT_ABNORMAL"), "{failed}");
    })
    .await;
}

/// What WeChat answers of another refund under our number is no word about ours: nothing is paid by bank or given up before it is cleared up.
#[tokio::test(flavor = "multi_thread")]
async fn while_wechat_speaks_of_another_refund_nothing_is_decided() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let id = agreed(w, &donor, &gift, "40.00").await;
        // Its answer to the request is about another amount, so nothing is known of ours: it is sent again as it was.
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "said_fen": 3_999 }, "callback": { "drop": 1 } }))
            .await;
        let report = jobs::run_once(w.app.clone(), "send_refunds").await.unwrap();
        assert_eq!((report.done, report.failed), (0, 1));
        let waiting = refund(w, &id).await;
        assert_eq!(waiting["state"], "approved");
        assert!(waiting["last_error"].as_str().unwrap().contains("微信未明确答复"), "{waiting}");
        // Asked again it says the truth.
        w.lever("faults", json!({ "callback": { "drop": 1 } })).await;
        w.until("the refund is failed", async || {
            w.pass(60).await;
            w.run_job("send_refunds").await;
            w.run_job("query_refunds").await;
            refund(w, &id).await["state"] == "failed"
        })
        .await;

        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let step = |name: &str| format!("/staff/refunds/{id}/{name}");
        cashier.act(&step("outcome-proposal")).await.ok();
        w.lever("faults", json!({ "refund": { "said_fen": 3_999 } })).await;
        head.act(&step("give-up")).await.refused(409, "channel_contradicts");
        let bank = json!({ "bank_account": "基本户" });
        head.post(&step("bank-payment"), bank).await.refused(409, "channel_contradicts");
        assert_eq!(
            (w.raised(campaign).await, refund(w, &id).await["state"].clone()),
            ("100.00".into(), json!("failed"))
        );
        w.lever("faults", json!({})).await;
        assert_eq!(head.act(&step("give-up")).await.ok()["state"], "given_up");
        assert_eq!(w.raised(campaign).await, "140.00");
    })
    .await;
}

/// Money that came without a name is a gift of the year it was claimed in: once that is closed it goes back through net assets, and until
/// then out of the year's income, whenever it had come (facts: charity 6.2, entries 4a, 5 and 6c).
#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_gift_goes_back_as_the_year_of_its_claim_stands() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (book, day) = (account(w).await, w.app.business.today());
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let moves = [("Y1", 5_000, "李四（示例）", "心意"), ("Y2", 3_000, "王五（示例）", "心意")];
        bring(&keeper, &book, file(day, 0, &moves), "&write=true").await.ok();
        let mut unknown = Vec::new();
        for number in ["Y1", "Y2"] {
            unknown.push(json!({ "line": line(w, "open", number).await, "kind": "unclaimed" }));
        }
        accept(&keeper, &book, json!(unknown)).await.ok();
        // The gift has the id of its claim.
        let claimed = async |number: &str| {
            let of = format!("/staff/bank-lines/{}/claims", line(w, "unclaimed", number).await);
            let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": campaign, "reason": "电话核实" });
            keeper.post(&of, claim.clone()).await.ok();
            head.post("/staff/bank-claims/approvals", json!({ "claims": [claim["id"]] })).await.ok();
            claim["id"].clone()
        };
        let of_campaign = async |subject: &str| w.balance(&format!("{subject}[campaign={campaign}]")).await;
        // No channel can give it back, so two persons end it.
        let decided = async |gift: &Value, amount: &str| {
            let asked = json!({ "id": Uuid::now_v7(), "donation": gift, "amount": amount, "reason": "error" });
            cashier.post("/staff/refunds", asked.clone()).await.ok();
            let id = asked["id"].as_str().unwrap().to_owned();
            assert_eq!(head.act(&format!("/staff/refunds/{id}/approval")).await.ok()["state"], "failed");
            cashier.act(&format!("/staff/refunds/{id}/outcome-proposal")).await.ok();
            id
        };
        let pay = async |id: &str| {
            let bank = json!({ "bank_account": "基本户" });
            head.post(&format!("/staff/refunds/{id}/bank-payment"), bank).await.ok()["state"].clone()
        };

        let first = claimed("Y1").await;
        while w.app.business.today().year() == day.year() {
            w.pass(15 * 86_400).await;
        }
        w.end_year(day.year()).await;
        let second = claimed("Y2").await;
        assert_eq!(w.raised(campaign).await, "80.00");
        assert_eq!((of_campaign("3102").await, of_campaign("410102").await), ("-50.00".into(), "-30.00".into()));

        // The year of the first is closed, in part and for good.
        let part = decided(&first, "20.00").await;
        assert_eq!((of_campaign("320102").await, w.raised(campaign).await), ("20.00".into(), "60.00".into()));
        assert_eq!(pay(&part).await, "paid_by_bank");
        let dropped = decided(&first, "30.00").await;
        assert_eq!((of_campaign("320102").await, w.raised(campaign).await), ("50.00".into(), "30.00".into()));
        assert_eq!(head.act(&format!("/staff/refunds/{dropped}/give-up")).await.ok()["state"], "given_up");
        assert_eq!((of_campaign("320102").await, w.raised(campaign).await), ("20.00".into(), "60.00".into()));
        // The second came in that year, too, and is this year's income all the same.
        let whole = decided(&second, "30.00").await;
        assert_eq!((of_campaign("410102").await, of_campaign("320102").await), ("0.00".into(), "20.00".into()));
        assert_eq!(pay(&whole).await, "paid_by_bank");
        assert_eq!(
            (w.balance("2209[payable=refund]").await, w.raised(campaign).await),
            ("0.00".into(), "30.00".into())
        );
        assert_eq!(w.balance("1002[bank=基本户]").await, "30.00");

        // Closing this year as well moves it all to net assets; what was given stays what it is.
        while w.app.business.today().year() == day.year() + 1 {
            w.pass(15 * 86_400).await;
        }
        w.end_year(day.year() + 1).await;
        assert_eq!((of_campaign("3102").await, of_campaign("320102").await), ("-30.00".into(), "0.00".into()));
        assert_eq!(w.raised(campaign).await, "30.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_a_refund_they_asked_for() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "40.00").await;
        let (deputy, head) = (w.hire(Role::FinanceHead, "deputy").await, w.staff(Role::FinanceHead).await);
        let new = json!({ "id": Uuid::now_v7(), "donation": gift.id, "amount": "40.00", "reason": "minor" });
        deputy.post("/staff/refunds", new.clone()).await.ok();
        let step = |name: &str| format!("/staff/refunds/{}/{name}", new["id"].as_str().unwrap());
        w.staff(Role::Bookkeeper).await.act(&step("approval")).await.refused(403, "forbidden");
        deputy.act(&step("approval")).await.refused(403, "other_person_needed");
        let reason = json!({ "reason": "监护人已同意" });
        deputy.post(&step("decline"), reason.clone()).await.refused(403, "other_person_needed");
        head.post(&step("decline"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        assert_eq!(head.post(&step("decline"), reason).await.ok()["state"], "declined");
        assert_eq!(w.state(&donor, &gift).await, "paid");
        assert_eq!(w.raised(campaign).await, "40.00");
        agreed(w, &donor, &gift, "0.01").await;
    })
    .await;
}

/// In a small foundation the chair decides on refunds beside the head of finance, and still not on their own (facts: charity 6.6a).
#[tokio::test(flavor = "multi_thread")]
async fn a_small_foundations_chair_decides_on_refunds_and_a_full_ones_does_not() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let (first, second) = (w.gift(&donor, campaign, "40.00").await, w.gift(&donor, campaign, "30.00").await);
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let cashier = w.staff(Role::Cashier).await;
        let request = asking("40.00");
        ask(&donor, &first, &request).await.ok();
        let of = |request: &Value, step: &str| format!("/staff/refunds/{}/{step}", request["id"].as_str().unwrap());
        chair.act(&of(&request, "approval")).await.refused(403, "forbidden");
        let desk = async || chair.get("/staff/waiting").await.ok().to_string();
        assert!(!desk().await.contains("refund"), "not the chair's under the full rules");

        let change = json!({
            "id": Uuid::now_v7(), "profile": "small", "single_limit": "100.00", "third_limit": "1000.00", "account_quiet_days": 30, "reason": "小型基金会",
        });
        head.post(&format!("/staff/charities/{}/profile-changes", w.book), change.clone()).await.ok();
        chair.act(&format!("/staff/profile-changes/{}/approval", change["id"].as_str().unwrap())).await.ok();
        assert!(desk().await.contains("refund"));
        assert_eq!(chair.get(&format!("/staff/refunds/{}", request["id"].as_str().unwrap())).await.ok()["state"], "requested");
        cashier.act(&of(&request, "approval")).await.refused(403, "forbidden");
        assert_eq!(chair.act(&of(&request, "approval")).await.ok()["decided_by"], json!(chair.id));

        // Sent and closed by the channel, it is ended by two: the second is the chair, never who proposed it.
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        w.run_job("send_refunds").await;
        until(w, request["id"].as_str().unwrap(), "failed").await;
        cashier.act(&of(&request, "outcome-proposal")).await.ok();
        assert_eq!(chair.act(&of(&request, "give-up")).await.ok()["state"], "given_up");
        // A head of finance who asked on a donor's behalf does not decide; the chair does.
        let asked = json!({ "id": Uuid::now_v7(), "donation": second.id, "amount": "30.00", "reason": "minor" });
        head.post("/staff/refunds", asked.clone()).await.ok();
        head.act(&of(&asked, "approval")).await.refused(403, "other_person_needed");
        chair.post(&of(&asked, "decline"), json!({ "reason": "监护人已同意" })).await.ok();
        assert_eq!(w.state(&donor, &second).await, "paid");
    })
    .await;
}

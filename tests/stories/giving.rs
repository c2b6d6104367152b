//! The way of a gift, from the login to the public total.

use domain::role::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{THANKS, Terms, story, story_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_goes_from_the_login_to_the_public_total() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        donor.post("/me/consents", json!({ "template": THANKS })).await.ok();
        let wish = json!({
            "id": Uuid::now_v7(), "amount": "12.3", "anonymity": "nickname", "nickname": "燕赵学子", "show_amount": true,
            "message": "加油", "receipt": "requested", "source": "share-1",
        });
        let placed = donor.give(campaign, &wish).await.ok();
        let (donation, payment) = (&placed["donation"], &placed["payment"]);
        assert_eq!((&donation["state"], &donation["amount"]), (&json!("paying"), &json!("12.30")));
        assert_eq!((&donation["id"], &donation["paid_at"]), (&wish["id"], &json!(null)));
        assert_eq!(payment["signType"], "RSA");
        assert!(payment["package"].as_str().unwrap().starts_with("prepay_id=wx"));
        let members: Vec<&String> = payment.as_object().unwrap().keys().collect();
        assert_eq!(members.len(), 5, "{members:?}");
        assert_eq!(w.raised(campaign).await, "0.00", "an order is no gift");

        w.sandbox.pay(donation["out_trade_no"].as_str().unwrap()).unwrap();
        let path = format!("/donations/{}", wish["id"].as_str().unwrap());
        w.until("WeChat tells of it", async || donor.get(&path).await.ok()["state"] == "paid").await;
        let own = donor.get(&path).await.ok();
        assert!(own["paid_at"].is_string());
        assert_eq!((&own["refunded"], &own["refunds"]), (&json!("0.00"), &json!([])));

        let seen = w.campaign(campaign).await;
        assert_eq!((&seen["raised"], &seen["refunded"], &seen["gifts"]), (&json!("12.30"), &json!("0.00"), &json!(1)));
        assert_eq!(seen["organisation"], "示例青少年发展基金会");
        let listed = w.stranger.get("/campaigns?state=open").await.ok();
        // The list says the same of it, in less words.
        for (name, value) in listed["items"][0].as_object().unwrap() {
            assert_eq!(&seen[name], value, "{name}");
        }
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
        let on_wall = &wall["items"][0];
        assert_eq!((&on_wall["donor"], &on_wall["amount"], &on_wall["message"]), (&json!("燕赵学子"), &json!("12.30"), &json!("加油")));

        let auditor = w.staff(Role::Auditor).await;
        let reference = format!("/staff/entries?reference=donation:{}", wish["id"].as_str().unwrap());
        let entry = auditor.get(&reference).await.ok();
        assert_eq!((&entry["total"], entry["lines"].as_array().unwrap().len()), (&json!("12.30"), 1));
        assert_eq!(w.balance("1009[channel=wechat]").await, "12.30");
        assert_eq!(w.balance(&format!("410102[campaign={campaign}]")).await, "-12.30");

        assert_eq!(w.run_job("outbox").await, 1);
        let messages = w.sandbox.state()["messages"].clone();
        assert_eq!(messages.as_array().unwrap().len(), 1, "{messages}");
        assert!(messages.to_string().contains("12.30"), "{messages}");
        let mine = donor.get("/me/donations").await.ok();
        assert_eq!(mine["items"][0]["campaign_name"], "助学·关爱行动");
        assert_eq!(w.donor("o-two").await.get(&path).await.status, 404, "others may not know of it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_the_same_gift() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let other_campaign = w.open_campaign("1000.00").await;
        let (donor, other) = (w.donor("o-one").await, w.donor("o-two").await);
        let wish = w.wish("8.88");
        let answers = join_all((0..20).map(|_| donor.give(campaign, &wish))).await;
        for answer in answers {
            let placed = answer.ok();
            assert_eq!(placed["donation"]["id"], wish["id"]);
            assert!(placed["payment"].is_object());
        }
        assert_eq!(w.sandbox.state()["totals"]["orders"], 1);
        for (member, value) in [
            ("amount", json!("8.89")),
            ("show_amount", json!(true)),
            ("message", json!("加油")),
            ("receipt", json!("anonymous")),
            ("source", json!("share-2")),
        ] {
            let mut changed = wish.clone();
            changed[member] = value;
            donor.give(campaign, &changed).await.refused(409, "id_reused");
        }
        donor.give(other_campaign, &wish).await.refused(409, "id_reused");
        other.give(campaign, &wish).await.refused(409, "id_reused");
        w.sandbox.pay(&wish["id"].as_str().unwrap().replace('-', "")).unwrap();
        let path = format!("/donations/{}", wish["id"].as_str().unwrap());
        w.until("it is paid", async || donor.get(&path).await.ok()["state"] == "paid").await;
        let again = donor.give(campaign, &wish).await.ok();
        assert_eq!((&again["donation"]["state"], &again["payment"]), (&json!("paid"), &json!(null)));
        assert_eq!(w.raised(campaign).await, "8.88");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_was_lost_goes_on_with_the_same_request() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        for (status, after) in [(500, false), (500, true), (502, true), (429, false)] {
            let wish = w.wish("6.00");
            // The client asks more than once itself; here nothing it does helps.
            let fault = json!({ "path": "/v3/pay/transactions/jsapi", "status": status, "after": after, "times": 100 });
            w.lever("faults", json!({ "api": fault })).await;
            let unplaced = donor.give(campaign, &wish).await;
            assert_eq!(unplaced.refused(503, "channel_unavailable").header("retry-after"), Some("1"));
            let path = format!("/donations/{}", wish["id"].as_str().unwrap());
            assert_eq!(donor.get(&path).await.ok()["state"], "created");
            w.lever("faults", json!({})).await;
            let placed = donor.give(campaign, &wish).await.ok();
            assert_eq!(placed["donation"]["state"], "paying");
            w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
            w.until("it is paid", async || donor.get(&path).await.ok()["state"] == "paid").await;
        }
        assert_eq!(w.raised(campaign).await, "24.00");
        // A campaign that takes nothing meanwhile takes no order that was not placed either, nor one anew.
        let waiting = w.wish("6.00");
        w.lever("faults", json!({ "api": { "path": "/v3/pay/transactions/jsapi", "status": 500, "times": 100 } }))
            .await;
        donor.give(campaign, &waiting).await.refused(503, "channel_unavailable");
        w.lever("faults", json!({})).await;
        let manager = w.staff(Role::ProjectManager).await;
        let placed = w.wish("6.00");
        donor.give(campaign, &placed).await.ok();
        let reason = json!({ "reason": "核实情况" });
        manager.post(&format!("/staff/campaigns/{campaign}/pause"), reason).await.ok();
        donor.give(campaign, &waiting).await.refused(409, "campaign_not_open");
        donor.give(campaign, &placed).await.refused(409, "campaign_not_open");
        manager.act(&format!("/staff/campaigns/{campaign}/resumption")).await.ok();
        assert!(donor.give(campaign, &placed).await.ok()["payment"].is_object());
        // Nobody comes back for this one: it ends by itself.
        w.lever("faults", json!({ "api": { "path": "/v3/pay", "status": 500, "times": 100 } })).await;
        donor.give(campaign, &w.wish("6.00")).await.refused(503, "channel_unavailable");
    })
    .await;
}

/// At the end of an order's time nobody is asked to give again who has paid, and nobody is given an order that is closed.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_time_ends_is_paid_or_over() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let wish = w.wish("6.00");
        let placed = donor.give(campaign, &wish).await.ok();
        w.lever("faults", json!({ "callback": { "drop": 1 } })).await;
        w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        w.pass(901).await;
        let again = donor.give(campaign, &wish).await.ok();
        assert_eq!((&again["donation"]["state"], &again["payment"]), (&json!("paid"), &Value::Null), "{again}");
        assert_eq!(w.raised(campaign).await, "6.00");
        let unpaid = w.wish("7.00");
        donor.give(campaign, &unpaid).await.ok();
        w.pass(901).await;
        donor.give(campaign, &unpaid).await.refused(409, "order_expired");

        // Its time ends while WeChat is asked to take the order.
        let slow = w.wish("8.00");
        let fault = json!({ "path": "/v3/pay/transactions/jsapi", "delay_ms": 1_500 });
        w.lever("faults", json!({ "api": fault })).await;
        let ends = async {
            let path = format!("/donations/{}", slow["id"].as_str().unwrap());
            w.until("it is there", async || donor.get(&path).await.status == 200).await;
            w.pass(901).await;
            w.run_job("expire_orders").await;
        };
        let (answer, ()) = tokio::join!(donor.give(campaign, &slow), ends);
        answer.refused(409, "order_expired");
        assert_eq!(w.raised(campaign).await, "6.00");
        let orders = w.sandbox.state()["orders"].as_array().unwrap().clone();
        assert!(orders.iter().all(|order| order["trade_state"] != "NOTPAY"), "none is left to be paid: {orders:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gifts_are_refused_before_anybody_pays() {
    story(async |w| {
        let campaign = w.open_campaign("100.00").await;
        let donor = w.donor("o-one").await;
        let manager = w.staff(Role::ProjectManager).await;
        let reason = json!({ "reason": "核实情况" });
        manager.post(&format!("/staff/campaigns/{campaign}/pause"), reason).await.ok();
        donor.give(campaign, &w.wish("1.00")).await.refused(409, "campaign_not_open");
        manager.act(&format!("/staff/campaigns/{campaign}/resumption")).await.ok();
        donor.give(Uuid::now_v7(), &w.wish("1.00")).await.refused(404, "no_such_campaign");

        let mut draft = w.draft("5.00");
        draft["over_target"] = json!(false);
        w.staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        let hidden: Uuid = draft["id"].as_str().unwrap().parse().unwrap();
        donor.give(hidden, &w.wish("1.00")).await.refused(404, "no_such_campaign");
        assert_eq!(w.stranger.get(&format!("/campaigns/{hidden}")).await.status, 404);
        draft["id"] = json!(Uuid::now_v7());
        let full = w.open_as(draft).await;
        let orders = w.sandbox.state()["totals"]["orders"].clone();
        for (amount, status, code) in [
            ("0.00", 422, "invalid_field"),
            ("50000.01", 422, "amount_too_large"),
            ("0.001", 400, "invalid_body"),
            ("-1.00", 400, "invalid_body"),
            ("1e2", 400, "invalid_body"),
            ("１２", 400, "invalid_body"),
            ("", 400, "invalid_body"),
        ] {
            donor.give(campaign, &w.wish(amount)).await.refused(status, code);
        }
        donor.give(campaign, &json!({ "id": Uuid::now_v7(), "amount": 12.3 })).await.refused(400, "invalid_body");
        let mut nameless = w.wish("1.00");
        nameless["anonymity"] = json!("name");
        donor.give(campaign, &nameless).await.refused(422, "invalid_field");
        assert_eq!(w.sandbox.state()["totals"]["orders"], orders, "WeChat never heard of any of it");

        w.gift(&donor, full, "5.00").await;
        donor.give(full, &w.wish("0.01")).await.refused(409, "target_reached");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_begun_in_time_is_accepted_late_and_marked_and_a_new_one_is_refused() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.pass(86_400 - 120).await;
        let gift = w.order(&donor, campaign, "30.00").await;
        w.pass(240).await;
        donor.give(campaign, &w.wish("1.00")).await.refused(409, "campaign_ended");
        w.run_job("campaign_clock").await;
        assert_eq!(w.campaign(campaign).await["state"], "ended");
        donor.give(campaign, &w.wish("1.00")).await.refused(409, "campaign_ended");
        assert_eq!(w.sandbox.state()["totals"]["orders"], 1);
        w.sandbox.pay(&gift.order).unwrap();
        w.until_gift(&donor, &gift, "paid").await;
        assert_eq!(w.raised(campaign).await, "30.00");
        let found = w.staff(Role::Cashier).await.get(&format!("/staff/donations?number={}", gift.order)).await.ok();
        assert_eq!((&found["items"][0]["late"], &found["items"][0]["state"]), (&json!(true), &json!("paid")));

        // One that is ended before its time has its last moment then.
        let early = w.open_as(w.draft("500.00")).await;
        let gift = w.order(&donor, early, "5.00").await;
        let manager = w.staff(Role::ProjectManager).await;
        manager.post(&format!("/staff/campaigns/{early}/end"), json!({ "reason": "提前完成" })).await.ok();
        w.pass(60).await;
        w.sandbox.pay(&gift.order).unwrap();
        w.until_gift(&donor, &gift, "paid").await;
        let found = w.staff(Role::Cashier).await.get(&format!("/staff/donations?number={}", gift.order)).await.ok();
        assert_eq!(found["items"][0]["late"], true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_unfit_for_others_are_refused_and_doubtful_ones_wait() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let saying = |message: &str| {
            let mut wish = w.wish("2.00");
            wish["message"] = json!(message);
            wish
        };
        donor.give(campaign, &saying("一起来赌博")).await.refused(422, "message_refused");
        assert_eq!(donor.get("/me/donations").await.ok()["items"], json!([]));
        assert_eq!(w.sandbox.state()["totals"]["orders"], 0);
        // A check that cannot be asked holds no gift up either.
        for (message, fault) in [
            ("请加微信", json!({})),
            ("愿你安好", json!({ "api": { "path": "/wxa/msg_sec_check", "status": 500, "times": 100 } })),
        ] {
            w.lever("faults", fault).await;
            let placed = donor.give(campaign, &saying(message)).await.ok();
            w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        }
        w.until("both are paid", async || w.raised(campaign).await == "4.00").await;
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
        assert_eq!(wall["items"].as_array().unwrap().len(), 2);
        assert!(wall["items"].as_array().unwrap().iter().all(|gift| gift["message"].is_null()), "{wall}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_for_the_wall_is_looked_at_like_a_message() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let called = |nickname: &str| {
            let mut wish = w.wish("2.00");
            (wish["anonymity"], wish["nickname"]) = (json!("nickname"), json!(nickname));
            wish
        };
        donor.give(campaign, &called("一起来赌博")).await.refused(422, "message_refused");
        let doubtful = called("加我13800000000");
        let placed = donor.give(campaign, &doubtful).await.ok();
        w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        w.until("it is paid", async || w.raised(campaign).await == "2.00").await;
        let on_wall = async || {
            let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
            wall["items"][0]["donor"].as_str().unwrap().to_owned()
        };
        assert_eq!(on_wall().await, "爱心人士");
        let disclosure = w.staff(Role::Disclosure).await;
        let path = format!("/staff/donations/{}/message-moderation", doubtful["id"].as_str().unwrap());
        let how = |hidden: bool| json!({ "hidden": hidden, "reason": "已核实" });
        disclosure.post(&path, how(false)).await.ok();
        assert_eq!(on_wall().await, "加我13800000000");
        disclosure.post(&path, how(true)).await.ok();
        assert_eq!(on_wall().await, "爱心人士");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_orders_is_asked_to_pay_first() {
    let terms = Terms { max_unpaid: 3, ..Terms::default() };
    story_with(terms, async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let answers = join_all((0..10).map(|_| async { donor.give(campaign, &w.wish("1.00")).await })).await;
        let taken = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(taken, 3);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.refused(429, "too_many_requests").header("retry-after"), Some("60"));
        }
        w.donor("o-two").await.give(campaign, &w.wish("1.00")).await.ok();
    })
    .await;
}

/// What WeChat lets us ask is there for all donors: whoever asks all the time hears what stands here, and writes nothing more for a while.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_all_the_time_leaves_something_for_the_others() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.order(&donor, campaign, "1.00").await;
        let path = format!("/donations/{}/query", gift.id);
        for _ in 0..10 {
            for answer in join_all((0..40).map(|_| donor.act(&path))).await {
                assert_eq!(answer.ok()["state"], "paying");
            }
        }
        let worded = || {
            let mut wish = w.wish("1.00");
            wish["message"] = json!("愿你们一切都好");
            wish
        };
        let answers = join_all((0..10).map(|_| async { donor.give(campaign, &worded()).await })).await;
        let refused = answers.iter().find(|answer| answer.status != 200).expect("the share is used up");
        assert_eq!(refused.refused(429, "too_many_requests").header("retry-after"), Some("60"));
        // Giving without a word is nobody's burden, and others are not concerned.
        donor.give(campaign, &w.wish("1.00")).await.ok();
        w.donor("o-two").await.give(campaign, &worded()).await.ok();
        // What is paid is found all the same, by whoever looks for everybody.
        w.lever("faults", json!({ "callback": { "drop": 1 } })).await;
        w.sandbox.pay(&gift.order).unwrap();
        w.pass(6).await;
        w.run_job("open_payments").await;
        assert_eq!(donor.act(&path).await.ok()["state"], "paid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_by_key_and_lose_nothing() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let mut given = Vec::new();
        for _ in 0..7 {
            given.push(w.gift(&donor, campaign, "1.00").await.id.to_string());
        }
        given.sort();
        for list in [format!("/campaigns/{campaign}/donations"), "/me/donations".to_owned()] {
            let (mut seen, mut after) = (Vec::new(), String::new());
            loop {
                let page = donor.get(&format!("{list}?limit=3{after}")).await.ok();
                let items = page["items"].as_array().unwrap();
                seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
                let Some(next) = page["next"].as_str() else { break };
                assert_eq!(items.len(), 3);
                after = format!("&after={next}");
                // What is added meanwhile moves nothing out of a page.
                if seen.len() == 3 {
                    let new = w.gift(&donor, campaign, "1.00").await.id.to_string();
                    assert!(!seen.contains(&new));
                }
            }
            seen.sort();
            assert!(given.iter().all(|id| seen.contains(id)), "{list}");
            seen.dedup();
            assert!(seen.len() >= given.len(), "{list}");
            given = w.all_gifts(&donor).await;
        }
    })
    .await;
}

//! What WeChat tells us, and what others would like us to believe. The letters are sealed and signed here with the keys of the
//! stand-in, so that the very same bytes can come any number of times, or changed.

use domain::role::Role;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;
use wechat::crypto::{ApiV3Key, PrivateKey, nonce, response_message};

use crate::caller::{Answer, send};
use crate::reconciliation::{bills, morning_after, noon, run};
use crate::world::{World, story};

/// A notification, ready to be posted.
#[derive(Clone)]
struct Letter {
    timestamp: i64,
    nonce: String,
    signature: String,
    serial: String,
    body: String,
}

/// What the platform signs and seals with.
struct Platform {
    key: PrivateKey,
    serial: String,
    seal: ApiV3Key,
}

impl Platform {
    fn of(w: &World) -> Platform {
        let keys: Value = serde_json::from_slice(&std::fs::read(w.dir().join("keys.json")).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Platform {
            key: PrivateKey::from_pem(&text(&keys["public_key"]["private_key"])).unwrap(),
            serial: text(&keys["public_key_id"]),
            seal: ApiV3Key::new(&text(&keys["apiv3_key"])).unwrap(),
        }
    }

    /// A letter that says a payment was made, `ahead` seconds from now.
    fn payment(&self, w: &World, transaction: &Value, ahead: i64) -> Letter {
        self.letter(w, "transaction", "TRANSACTION.SUCCESS", transaction, ahead)
    }

    /// A letter that says how a refund ended.
    fn refund(&self, w: &World, refund: &Value) -> Letter {
        let event = format!("REFUND.{}", refund["refund_status"].as_str().unwrap());
        self.letter(w, "refund", &event, refund, 0)
    }

    fn letter(&self, w: &World, kind: &str, event: &str, resource: &Value, ahead: i64) -> Letter {
        let box_nonce = nonce()[..12].to_lowercase();
        let ciphertext = self.seal.seal(&box_nonce, kind, resource.to_string().as_bytes());
        let body = json!({
            "id": Uuid::now_v7(), "create_time": w.app.business.now(), "resource_type": "encrypt-resource",
            "event_type": event, "summary": "支付成功",
            "resource": { "original_type": kind, "algorithm": "AEAD_AES_256_GCM", "ciphertext": ciphertext,
                          "associated_data": kind, "nonce": box_nonce },
        })
        .to_string();
        self.signed(w.app.real.now().seconds() + ahead, body)
    }

    fn signed(&self, timestamp: i64, body: String) -> Letter {
        let nonce = nonce();
        let signature = self.key.sign(&response_message(timestamp, &nonce, body.as_bytes()));
        Letter { timestamp, nonce, signature, serial: self.serial.clone(), body }
    }
}

async fn post(w: &World, kind: &str, letter: &Letter) -> Answer {
    let url = format!("{}/wechat/notify/{kind}", w.stranger.base);
    let request = w.stranger.http.post(url);
    send(
        request
            .header("Content-Type", "application/json")
            .header("Wechatpay-Timestamp", letter.timestamp)
            .header("Wechatpay-Nonce", &letter.nonce)
            .header("Wechatpay-Signature", &letter.signature)
            .header("Wechatpay-Serial", &letter.serial)
            .header("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
            .body(letter.body.clone()),
    )
    .await
}

/// A transaction as the notification of a payment tells it.
fn transaction(w: &World, order: &str, number: &str, fen: i64) -> Value {
    let connection = w.sandbox.connection();
    json!({
        "appid": connection.appid, "mchid": connection.mchid, "out_trade_no": order, "transaction_id": number,
        "trade_type": "JSAPI", "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "bank_type": "OTHERS",
        "success_time": w.app.business.now(), "payer": { "openid": "o-somebody" },
        "amount": { "total": fen, "payer_total": fen, "currency": "CNY", "payer_currency": "CNY" },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_callback_a_hundred_times_at_once_is_one_entry() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.order(&donor, campaign, "100.00").await;
        w.lever("faults", json!({ "callback": { "repeat": 30 } })).await;
        let transaction = w.sandbox.pay(&gift.order).unwrap();
        let letter = Platform::of(w).payment(w, &transaction, 0);
        let callbacks = join_all((0..100).map(|_| post(w, "payment", &letter)));
        let path = format!("/donations/{}/query", gift.id);
        let queries = join_all((0..10).map(|_| donor.act(&path)));
        let (callbacks, queries) = tokio::join!(callbacks, queries);
        for answer in callbacks {
            assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        }
        for answer in queries {
            assert_eq!(answer.ok()["state"], "paid");
        }
        assert!(w.sandbox.settled(std::time::Duration::from_secs(10)).await);
        assert_eq!(w.sandbox.state()["callbacks"]["refused"], 0);
        assert_eq!(w.raised(campaign).await, "100.00");
        assert_eq!(w.campaign(campaign).await["gifts"], 1);
        assert_eq!(w.balance("1009[channel=wechat]").await, "100.00");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM entry").await, 1);
        let breaks = w.staff(Role::Auditor).await.get("/staff/breaks").await.ok();
        assert_eq!(breaks["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_cannot_be_believed_changes_nothing_and_the_right_one_counts() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-two").await;
        let gift = w.order(&donor, campaign, "20.00").await;
        let platform = Platform::of(w);
        let paid = transaction(w, &gift.order, "4200000001", 2_000);
        let right = platform.payment(w, &paid, 0);
        let other_key = PrivateKey::from_pem(&w.sandbox.connection().merchant_private_key).unwrap();
        let forged = other_key.sign(&response_message(right.timestamp, &right.nonce, right.body.as_bytes()));
        let with = |change: &dyn Fn(&mut Letter)| {
            let mut letter = right.clone();
            change(&mut letter);
            letter
        };
        let of = |member: &str, value: Value| {
            let mut paid = paid.clone();
            paid[member] = value;
            platform.payment(w, &paid, 0)
        };
        let opened_by_others = ApiV3Key::new(&"0".repeat(32)).unwrap();
        let sealed_by_others = Platform { seal: opened_by_others, ..Platform::of(w) }.payment(w, &paid, 0);
        let doubtful = [
            ("a probe", with(&|l| l.signature.insert_str(0, "WECHATPAY/SIGNTEST/")), 401),
            ("another's signature", with(&|l| l.signature.clone_from(&forged)), 401),
            ("no signature", with(&|l| l.signature.clear()), 401),
            ("another body", with(&|l| l.body.push(' ')), 401),
            ("another time", with(&|l| l.timestamp += 1), 401),
            ("another nonce", with(&|l| l.nonce.push('0')), 401),
            ("stale", platform.payment(w, &paid, -600), 401),
            ("from the future", platform.payment(w, &paid, 600), 401),
            ("an unknown key", with(&|l| l.serial = "7".repeat(40)), 503),
            ("no key", with(&|l| l.serial.clear()), 503),
            ("another merchant's", of("mchid", json!("1900000109")), 403),
            ("another program's", of("appid", json!("wx9999999999999999")), 403),
            ("no JSON", platform.signed(w.app.real.now().seconds(), "支付成功".to_owned()), 400),
            ("sealed by others", sealed_by_others, 500),
        ];
        for (what, letter, status) in doubtful {
            let answer = post(w, "payment", &letter).await;
            assert!((400..600).contains(&answer.status), "{what}: {} {}", answer.status, answer.text);
            assert_eq!(answer.status, status, "{what}");
            assert_eq!(answer.body["code"], "FAIL", "{what}");
            assert_eq!(w.state(&donor, &gift).await, "paying", "{what}");
        }
        assert_eq!(post(w, "refund", &right).await.status, 400, "a payment is no refund");
        assert_eq!(w.raised(campaign).await, "0.00");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM entry").await, 0);
        // What the stand-in itself gets wrong on the first attempt it sends right a second later.
        for fault in ["signtest", "stale", "unknown_serial"] {
            let gift = w.order(&donor, campaign, "5.00").await;
            w.lever("faults", json!({ "callback": { fault: true } })).await;
            w.sandbox.pay(&gift.order).unwrap();
            w.until_gift(&donor, &gift, "paid").await;
        }
        let seen = w.sandbox.state()["callbacks"].clone();
        assert_eq!((&seen["refused"], &seen["bad_accepted"]), (&json!(3), &json!(0)));
        assert_eq!(w.raised(campaign).await, "15.00");
        w.sandbox.pay(&gift.order).unwrap();
        w.until_gift(&donor, &gift, "paid").await;
        assert_eq!(w.raised(campaign).await, "35.00");
    })
    .await;
}

/// A refund the stand-in works on, as the notification of its end would tell it.
fn refunded(w: &World) -> Value {
    let state = w.sandbox.state();
    let refund = state["refunds"].as_array().unwrap().last().unwrap();
    let payments = state["payments"].as_array().unwrap();
    let payment = payments.iter().find(|payment| payment["transaction_id"] == refund["transaction_id"]).unwrap();
    let (total, amount) = (&payment["amount_fen"], &refund["amount_fen"]);
    json!({
        "mchid": w.sandbox.connection().mchid, "transaction_id": refund["transaction_id"], "out_trade_no": refund["out_trade_no"],
        "refund_id": refund["refund_id"], "out_refund_no": refund["out_refund_no"], "refund_status": "SUCCESS",
        "success_time": w.app.business.now(), "user_received_account": "支付用户零钱",
        "amount": { "total": total, "refund": amount, "payer_total": total, "payer_refund": amount, "currency": "CNY" },
    })
}

/// Letters that speak of another amount, currency, order or merchant than this refund, however it ended, and what is answered to each.
fn contradicting(right: &Value) -> Vec<(Value, u16)> {
    let with = |pointer: &str, value: Value| {
        let mut wrong = right.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        wrong
    };
    let fen = |pointer: &str| right.pointer(pointer).unwrap().as_i64().unwrap();
    let mut wrong = Vec::new();
    for status in ["SUCCESS", "CLOSED", "ABNORMAL"] {
        for (pointer, value, answered) in [
            ("/amount/refund", json!(fen("/amount/refund") - 1), 204),
            ("/amount/total", json!(fen("/amount/total") + 1), 204),
            ("/amount/currency", json!("USD"), 204),
            ("/transaction_id", json!("4200000000202601010000000001"), 204),
            ("/mchid", json!("1900000109"), 403),
        ] {
            let mut letter = with(pointer, value);
            letter["refund_status"] = json!(status);
            wrong.push((letter, answered));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_contradicts_our_refund_changes_nothing() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-seven").await;
        w.gift(&donor, campaign, "100.00").await;
        let gift = w.gift(&donor, campaign, "20.00").await;
        let asked = json!({ "id": Uuid::now_v7(), "amount": "8.00", "reason": "error" });
        donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
        let head = w.staff(Role::FinanceHead).await;
        let path = format!("/staff/refunds/{}", asked["id"].as_str().unwrap());
        head.act(&format!("{path}/approval")).await.ok();
        w.lever("faults", json!({ "refund": { "outcome": "PROCESSING" }, "callback": { "drop": 1 } })).await;
        assert_eq!(w.run_job("send_refunds").await, 1);

        let (platform, right) = (Platform::of(w), refunded(w));
        for (wrong, answered) in contradicting(&right) {
            let answer = post(w, "refund", &platform.refund(w, &wrong)).await;
            assert_eq!(answer.status, answered, "{wrong}");
            let refund = head.get(&path).await.ok();
            assert_eq!(refund["state"], "processing", "{wrong}");
            let told = refund["last_error"].as_str().unwrap_or_default();
            assert!(answered == 403 || told.contains("与本系统不符"), "{wrong}: {refund}");
        }
        let mut unknown = right.clone();
        unknown["out_refund_no"] = json!(format!("{}-1", Uuid::now_v7().simple()));
        assert_eq!(post(w, "refund", &platform.refund(w, &unknown)).await.status, 204, "there is nothing to repeat");
        assert_eq!(w.balance("2209[payable=refund]").await, "-8.00");
        assert_eq!(w.balance("1009[channel=wechat]").await, "120.00");
        assert_eq!(w.raised(campaign).await, "112.00", "it counts since it was decided");

        // The right one counts, once, and what contradicts it afterwards does not.
        w.lever("refund", json!({ "out_refund_no": right["out_refund_no"], "outcome": "SUCCESS" })).await;
        let letter = platform.refund(w, &right);
        let answers = join_all((0..25).map(|_| post(w, "refund", &letter))).await;
        assert!(answers.iter().all(|answer| answer.status == 204));
        for (wrong, answered) in contradicting(&right) {
            assert_eq!(post(w, "refund", &platform.refund(w, &wrong)).await.status, answered, "{wrong}");
        }
        let refund = head.get(&path).await.ok();
        assert_eq!((&refund["state"], &refund["last_error"]), (&json!("succeeded"), &Value::Null), "{refund}");
        // Told late of what was before, WeChat need not tell it again.
        for status in ["ABNORMAL", "CLOSED"] {
            let mut before = right.clone();
            before["refund_status"] = json!(status);
            assert_eq!(post(w, "refund", &platform.refund(w, &before)).await.status, 204, "{status}");
        }
        assert_eq!(head.get(&path).await.ok()["state"], "succeeded");
        assert_eq!(w.state(&donor, &gift).await, "partly_refunded");
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00");
        assert_eq!(w.balance("1009[channel=wechat]").await, "112.00");
    })
    .await;
}

/// Money that goes back out of suspense is as exact: all of that payment, or it is not what we sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_contradicts_our_return_changes_nothing() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-eight").await;
        w.gift(&donor, campaign, "100.00").await;
        // Paid otherwise than ordered: the order is over, and told again with the right amount the same payment is no gift.
        let gift = w.order(&donor, campaign, "20.00").await;
        let paid = w.lever("pay", json!({ "out_trade_no": gift.order, "amount": 1_999 })).await;
        w.until_gift(&donor, &gift, "closed").await;
        let platform = Platform::of(w);
        let number = paid["transaction_id"].as_str().unwrap();
        let mended = platform.payment(w, &transaction(w, &gift.order, number, 2_000), 0);
        assert_eq!(post(w, "payment", &mended).await.status, 204, "there is nothing to repeat: somebody has to look");
        assert_eq!((w.raised(campaign).await, w.state(&donor, &gift).await), ("100.00".into(), "closed".into()));
        assert_eq!(w.balance("2209[payable=suspense]").await, "-19.99");

        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let found = cashier.get("/staff/breaks").await.ok()["items"].clone();
        let (told, stray) = (&found[0], &found[1]);
        assert_eq!(
            (&told["class"], &told["amount"], &told["expected"]),
            (&json!("amount"), &json!("20.00"), &json!("19.99"))
        );
        assert_eq!((&told["suspense"], &stray["suspense"]), (&json!(false), &json!(true)));
        let of = format!("/staff/breaks/{}/resolutions", stray["id"].as_str().unwrap());
        let back = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "已电话联系捐赠人" });
        cashier.post(&of, back.clone()).await.ok();
        let step = |name: &str| format!("/staff/resolutions/{}/{name}", back["id"].as_str().unwrap());
        head.act(&step("approval")).await.ok();
        w.lever("faults", json!({ "refund": { "outcome": "PROCESSING" }, "callback": { "drop": 2 } })).await;
        w.run_job("send_refunds").await;
        let returned = async || head.get(&of).await.ok()["items"][0].clone();
        let right = refunded(w);
        for (wrong, answered) in contradicting(&right) {
            assert_eq!(post(w, "refund", &platform.refund(w, &wrong)).await.status, answered, "{wrong}");
            let seen = returned().await;
            assert_eq!(seen["state"], "processing", "{wrong}");
            let told = seen["last_error"].as_str().unwrap_or_default();
            assert!(answered == 403 || told.contains("与本系统不符"), "{wrong}: {seen}");
        }
        assert_eq!(w.balance("2209[payable=suspense]").await, "-19.99");

        // WeChat cannot, says so, and then speaks of another: nobody pays it a second time by bank.
        let mut abnormal = right.clone();
        abnormal["refund_status"] = json!("ABNORMAL");
        assert_eq!(post(w, "refund", &platform.refund(w, &abnormal)).await.status, 204);
        assert_eq!(returned().await["state"], "failed");
        w.lever("faults", json!({ "refund": { "said_fen": 1_998 }, "callback": { "drop": 2 } })).await;
        let bank = json!({ "bank_account": "基本户" });
        head.post(&step("bank-payment"), bank.clone()).await.refused(409, "channel_contradicts");
        w.lever("faults", json!({ "callback": { "drop": 2 } })).await;
        head.post(&step("bank-payment"), bank).await.refused(409, "resolution_under_way");
        w.lever("refund", json!({ "out_refund_no": right["out_refund_no"], "outcome": "SUCCESS" })).await;
        assert_eq!(post(w, "refund", &platform.refund(w, &right)).await.status, 204);
        assert_eq!(returned().await["state"], "done");
        assert_eq!(w.balance("2209[payable=suspense]").await, "0.00");
        assert_eq!(w.raised(campaign).await, "100.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_that_are_lost_are_found_by_the_job() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-three").await;
        w.lever("faults", json!({ "callback": { "drop": 8 } })).await;
        let mut gifts = Vec::new();
        for _ in 0..8 {
            let gift = w.order(&donor, campaign, "1.25").await;
            w.sandbox.pay(&gift.order).unwrap();
            gifts.push(gift);
        }
        let unpaid = w.order(&donor, campaign, "3.00").await;
        assert_eq!(w.run_job("open_payments").await, 0, "WeChat is given five seconds to speak");
        w.pass(6).await;
        assert_eq!(w.run_job("open_payments").await, 9);
        for gift in &gifts {
            assert_eq!(w.state(&donor, gift).await, "paid");
        }
        assert_eq!(w.state(&donor, &unpaid).await, "paying");
        assert_eq!(w.raised(campaign).await, "10.00");
        assert_eq!(w.sandbox.state()["callbacks"]["delivered"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_changes_its_key_in_mid_run() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-four").await;
        w.gift(&donor, campaign, "1.00").await;
        let changed = w.lever("key-change", json!({})).await;
        assert_ne!(changed["old_serial"], changed["new_serial"]);
        // The first word under the new key is not understood; the key is asked for, and the second is.
        let first = w.order(&donor, campaign, "2.00").await;
        w.sandbox.pay(&first.order).unwrap();
        w.until("the new key was refused", async || w.sandbox.state()["callbacks"]["refused"] == 1).await;
        assert_eq!(w.state(&donor, &first).await, "paying");
        for _ in 0..4 {
            w.gift(&donor, campaign, "3.00").await;
        }
        assert_eq!(w.sandbox.state()["callbacks"]["refused"], 1, "old and new are both believed");
        // It need not be waited for: WeChat can be asked.
        assert_eq!(donor.act(&format!("/donations/{}/query", first.id)).await.ok()["state"], "paid");
        assert_eq!(w.raised(campaign).await, "15.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_no_open_order_expects_is_booked_and_waits_for_a_person() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-five").await;
        // Paid twice.
        let twice = w.gift(&donor, campaign, "10.00").await;
        w.lever("pay", json!({ "out_trade_no": twice.order, "again": true })).await;
        // Another amount.
        let other = w.order(&donor, campaign, "20.00").await;
        w.lever("pay", json!({ "out_trade_no": other.order, "amount": 1_999 })).await;
        // After the order was closed.
        let late = w.order(&donor, campaign, "40.00").await;
        w.until_gift(&donor, &other, "closed").await;
        w.pass(1_000).await;
        assert_eq!(w.run_job("expire_orders").await, 1);
        assert_eq!(w.state(&donor, &late).await, "closed");
        w.lever("pay", json!({ "out_trade_no": late.order, "force": true })).await;
        let seen = async || w.count("SELECT CAST(count(*) AS BIGINT) FROM discrepancy").await;
        w.until("three payments wait for a person", async || seen().await == 3).await;
        assert_eq!(w.state(&donor, &twice).await, "paid");
        assert_eq!(w.balance("2209[payable=suspense]").await, "-69.99");
        assert_eq!(w.raised(campaign).await, "10.00");
        donor.give(campaign, &json!({ "id": late.id, "amount": "40.00" })).await.refused(409, "order_expired");

        // Told again by everybody, nothing more happens.
        w.lever("faults", json!({ "callback": { "repeat": 20 } })).await;
        w.lever("pay", json!({ "out_trade_no": late.order, "force": true, "again": true })).await;
        assert!(w.sandbox.settled(std::time::Duration::from_secs(10)).await);
        w.until("the fourth waits", async || seen().await == 4).await;
        let auditor = w.staff(Role::Auditor).await;
        let mut breaks = Vec::new();
        let mut after = String::new();
        loop {
            let page = auditor.get(&format!("/staff/breaks?limit=3{after}")).await.ok();
            breaks.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        let class = |class: &str| {
            let of_class = breaks.iter().filter(|item| item["class"] == class);
            of_class.map(|item| item["amount"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(class("paid_twice"), ["10.00"]);
        assert_eq!(class("amount"), ["19.99"]);
        assert_eq!(class("paid_after_close"), ["40.00", "40.00"]);
        assert!(breaks.iter().all(|item| item["state"] == "open" && item["donation"].is_string()));
        assert_eq!(w.balance("2209[payable=suspense]").await, "-109.99");
        assert_eq!(w.raised(campaign).await, "10.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_for_no_order_of_ours_is_money_all_the_same() {
    story(async |w| {
        // The stand-in knows orders we forgot: it is asked for one directly, as our lost self would have done.
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-six").await;
        let gift = w.order(&donor, campaign, "7.00").await;
        let paid = w.sandbox.pay(&gift.order).unwrap();
        w.until_gift(&donor, &gift, "paid").await;
        let platform = Platform::of(w);
        for (order, number) in [("D20260115090036000001", "T-1"), (&*Uuid::now_v7().simple().to_string(), "T-2")] {
            let letter = platform.payment(w, &transaction(w, order, number, 300), 0);
            let answers = join_all((0..25).map(|_| post(w, "payment", &letter))).await;
            let other: Vec<_> =
                answers.iter().filter(|answer| answer.status != 204).map(|answer| &answer.text).collect();
            assert!(other.is_empty(), "{order}: {other:?}");
        }
        let again = platform.payment(w, &paid, 0);
        assert_eq!(post(w, "payment", &again).await.status, 204);
        assert_eq!(w.balance("2209[payable=suspense]").await, "-6.00");
        let breaks = w.staff(Role::Auditor).await.get("/staff/breaks").await.ok();
        let breaks = breaks["items"].as_array().unwrap();
        assert_eq!(breaks.len(), 2);
        assert!(breaks.iter().all(|item| item["class"] == "missing_here" && item["donation"].is_null()));
        assert_eq!(w.raised(campaign).await, "7.00");
        // WeChat never held those six yuan, so they are taken off again before the two sides are compared.
        w.lever("top-up", json!({ "amount": "6.00" })).await;
    })
    .await;
}

/// What WeChat tells of a gift otherwise than it was settled is no second payment and no word lost: the gift stays, and somebody looks.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_contradicts_a_gift_changes_nothing_and_is_seen() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-ten").await;
        let gift = w.order(&donor, campaign, "20.00").await;
        let other = w.order(&donor, campaign, "30.00").await;
        let paid = w.sandbox.pay(&gift.order).unwrap();
        w.until_gift(&donor, &gift, "paid").await;
        let (platform, number) = (Platform::of(w), paid["transaction_id"].as_str().unwrap());
        let unknown = Uuid::now_v7().simple().to_string();
        for (order, fen) in [(&gift.order, 1_999), (&unknown, 2_000), (&unknown, 2_100)] {
            let letter = platform.payment(w, &transaction(w, order, number, fen), 0);
            let answers = join_all((0..10).map(|_| post(w, "payment", &letter))).await;
            assert!(answers.iter().all(|answer| answer.status == 204), "{order} {fen}");
        }
        let breaks = w.staff(Role::Auditor).await.get("/staff/breaks").await.ok();
        let seen: Vec<_> = breaks["items"].as_array().unwrap().iter().rev().collect();
        let told: Vec<_> =
            seen.iter().map(|one| (one["class"].as_str().unwrap(), one["amount"].as_str().unwrap())).collect();
        assert_eq!(told, [("amount", "19.99"), ("status", "20.00"), ("amount", "21.00")]);
        assert!(seen.iter().all(|one| one["suspense"] == false && one["expected"] == "20.00" && one["item"] == number));
        assert_eq!(w.balance("1009[channel=wechat]").await, "20.00");
        assert_eq!(w.raised(campaign).await, "20.00");
        assert_eq!(w.state(&donor, &other).await, "paying");
    })
    .await;
}

/// Money in another currency cannot be booked in fen: it is a break once, with what was told, and nothing is repeated or asked again. What it
/// is in yuan the bill shows.
#[tokio::test(flavor = "multi_thread")]
async fn money_in_another_currency_waits_for_a_person_and_the_bill() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-eleven").await;
        let (told, asked) = (w.order(&donor, campaign, "20.00").await, w.order(&donor, campaign, "30.00").await);
        let fault =
            |drop: u32| json!({ "payment": { "said_currency": "USD" }, "callback": { "drop": drop, "repeat": 20 } });
        w.lever("faults", fault(0)).await;
        w.sandbox.pay(&told.order).unwrap();
        w.until_gift(&donor, &told, "closed").await;
        assert!(w.sandbox.settled(std::time::Duration::from_secs(5)).await, "it is not repeated");
        w.lever("faults", fault(1)).await;
        w.sandbox.pay(&asked.order).unwrap();
        assert_eq!(donor.act(&format!("/donations/{}/query", asked.id)).await.ok()["state"], "closed");
        let auditor = w.staff(Role::Auditor).await;
        let breaks = async || auditor.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
        let found = breaks().await;
        assert_eq!(found.len(), 2);
        for (one, (fen, order)) in found.iter().zip([(3_000, &asked), (2_000, &told)]) {
            assert_eq!(
                (&one["class"], &one["amount"], &one["suspense"]),
                (&json!("currency"), &json!("0.00"), &json!(false))
            );
            let detail = one["detail"].as_str().unwrap();
            assert!(
                detail.contains("USD") && detail.contains(&fen.to_string()) && detail.contains(&order.order),
                "{detail}"
            );
            let ways = auditor.get(&format!("/staff/breaks/{}/ways", one["id"].as_str().unwrap())).await.ok();
            let ways = ways["items"].as_array().unwrap().clone();
            assert_eq!(ways.iter().map(|way| way["choice"].as_str().unwrap()).collect::<Vec<_>>(), ["explain"]);
        }
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM entry").await, 0);

        // The bills of the day list what it came to: money of a closed order, which becomes a gift when two persons say so.
        w.lever("faults", json!({})).await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        for _ in 0..2 {
            run(w, day, Some(&trade), Some(&flow)).await;
        }
        assert_eq!(w.balance("2209[payable=suspense]").await, "-50.00");
        let classes: Vec<String> = breaks().await.iter().map(|one| one["class"].as_str().unwrap().to_owned()).collect();
        assert_eq!(classes.iter().filter(|class| *class == "currency").count(), 2, "{classes:?}");
        assert_eq!(classes.iter().filter(|class| *class == "paid_after_close").count(), 2, "{classes:?}");
        assert!(
            breaks().await.iter().all(|one| one["state"] == "open"),
            "what was told stays until somebody has looked"
        );
    })
    .await;
}

/// A payment that names no order is meant for nothing we know of: two persons may give it to the general fund.
#[tokio::test(flavor = "multi_thread")]
async fn money_of_nobody_known_is_given_to_the_general_fund() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let platform = Platform::of(w);
        let letter = platform.payment(w, &transaction(w, "D20260115090036000001", "T-1", 300), 0);
        assert_eq!(post(w, "payment", &letter).await.status, 204);
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let stray = keeper.get("/staff/breaks").await.ok()["items"][0].clone();
        let of = format!("/staff/breaks/{}", stray["id"].as_str().unwrap());
        let ways = keeper.get(&format!("{of}/ways")).await.ok()["items"].clone();
        let offered: Vec<&str> = ways.as_array().unwrap().iter().map(|way| way["choice"].as_str().unwrap()).collect();
        assert_eq!(offered, ["general", "return"]);
        let booked = &ways[0]["postings"][0];
        assert_eq!((&booked["debit"], &booked["credit"]), (&json!("2209[payable=suspense]"), &json!("410101")));
        let proposal =
            |choice: &str| json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "付款备注“捐款”，无从联系" });
        keeper.post(&format!("{of}/resolutions"), proposal("gift")).await.refused(422, "no_order");
        let general = proposal("general");
        keeper.post(&format!("{of}/resolutions"), general.clone()).await.ok();
        let approve = format!("/staff/resolutions/{}/approval", general["id"].as_str().unwrap());
        keeper.act(&approve).await.refused(403, "other_person_needed");
        let answers = join_all((0..10).map(|_| head.act(&approve))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "once");
        assert!(
            answers.iter().filter(|answer| answer.status != 200).all(|answer| answer.body["code"] == "wrong_state")
        );
        assert_eq!(post(w, "payment", &letter).await.status, 204, "told again, nothing more happens");
        assert_eq!(
            (w.balance("2209[payable=suspense]").await, w.balance("410101").await),
            ("0.00".into(), "-3.00".into())
        );
        assert_eq!(w.raised(campaign).await, "0.00");
        let found = keeper.get("/staff/donations?number=T-1").await.ok()["items"].clone();
        assert_eq!(found.as_array().unwrap().len(), 1);
        assert_eq!((&found[0]["general_fund"], &found[0]["donor"]), (&json!(w.book), &Value::Null));
        assert_eq!(found[0]["id"], general["id"]);
        let open = w.app.open_books.all().await.unwrap();
        assert_eq!((open.total.raised.to_string().as_str(), open.gifts), ("3.00", 1));
        // WeChat never held it.
        w.lever("top-up", json!({ "amount": "3.00" })).await;
    })
    .await;
}

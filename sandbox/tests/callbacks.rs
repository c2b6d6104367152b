//! Notifications, with and without faults, and what a restart keeps.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod merchant;

use merchant::{Merchant, Receiver, durable, sandbox};
use serde_json::{Value, json};

async fn paid(m: &Merchant, receiver: &Receiver, number: &str) -> Value {
    let body = m.prepay_body(number, 1_000, &receiver.url);
    assert_eq!(m.post("/v3/pay/transactions/jsapi", &body).await.status, 200);
    m.pay(number).await
}

#[tokio::test]
async fn a_payment_and_a_refund_are_told_as_the_query_tells_them() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let receiver = Receiver::start(&m, Vec::new()).await;
    let answered = paid(&m, &receiver, "D000001").await;
    let told = receiver.wait(1, 3_000).await.remove(0);
    assert_eq!(told.genuine, Some(true));
    assert_eq!(told.resource, answered);
    assert_eq!(told.event["event_type"], "TRANSACTION.SUCCESS");
    assert!(told.id.starts_with("EV-") && told.id.len() <= 36);

    let refund = json!({
        "out_trade_no": "D000001", "out_refund_no": "R1", "notify_url": receiver.url,
        "amount": {"refund": 400, "total": 1_000, "currency": "CNY"},
    });
    assert_eq!(m.post("/v3/refund/domestic/refunds", &refund).await.status, 200);
    let told = receiver.wait(2, 3_000).await.remove(1);
    assert_eq!(
        (told.event["event_type"].as_str(), told.resource["refund_status"].as_str()),
        (Some("REFUND.SUCCESS"), Some("SUCCESS"))
    );
    assert_eq!(told.resource["amount"]["refund"], 400);
    assert!(running.settled(std::time::Duration::from_secs(2)).await);
}

#[tokio::test]
async fn bad_notifications_are_followed_by_the_right_one() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    for (number, fault) in [("D000001", "signtest"), ("D000002", "stale"), ("D000003", "unknown_serial")] {
        let receiver = Receiver::start(&m, Vec::new()).await;
        assert_eq!(m.control("faults", json!({"callback": {fault: true}})).await.status, 200);
        paid(&m, &receiver, number).await;
        let told = receiver.wait(2, 5_000).await;
        assert_ne!(told[0].genuine, Some(true), "{fault}");
        assert_eq!(told[1].genuine, Some(true), "{fault}");
        assert_eq!(told[0].id, told[1].id);
        assert_ne!(told[0].signature, told[1].signature);
        assert_eq!(told[0].signature.starts_with("WECHATPAY/SIGNTEST/"), fault == "signtest");
    }
    assert_eq!(running.state()["callbacks"]["bad_accepted"], 0);
}

#[tokio::test]
async fn notifications_are_repeated_reordered_delayed_and_lost() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let receiver = Receiver::start(&m, Vec::new()).await;
    m.control("faults", json!({"callback": {"repeat": 2}})).await;
    paid(&m, &receiver, "D000001").await;
    let told = receiver.wait(3, 3_000).await;
    assert!(told.iter().all(|t| t.id == told[0].id && t.genuine == Some(true)));
    paid(&m, &receiver, "D000002").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(receiver.received().len(), 4);

    m.control("faults", json!({"callback": {"reorder": true}})).await;
    paid(&m, &receiver, "D000003").await;
    paid(&m, &receiver, "D000004").await;
    let told = receiver.wait(6, 3_000).await;
    let order: Vec<&str> = told[4..].iter().filter_map(|t| t.resource["out_trade_no"].as_str()).collect();
    assert_eq!(order, ["D000004", "D000003"]);
    paid(&m, &receiver, "D000005").await;
    receiver.wait(7, 4_000).await;

    m.control("faults", json!({"callback": {"delay_ms": 500}})).await;
    paid(&m, &receiver, "D000006").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(receiver.received().len(), 7);
    receiver.wait(8, 3_000).await;

    m.control("faults", json!({"callback": {"lose": 1}})).await;
    paid(&m, &receiver, "D000007").await;
    paid(&m, &receiver, "D000008").await;
    let told = receiver.wait(9, 3_000).await;
    assert_eq!(told[8].resource["out_trade_no"], "D000008");
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(running.state()["callbacks_waiting"], 1);
    m.control("faults", json!({"callback": {"drop": 1}})).await;
    paid(&m, &receiver, "D000009").await;
    assert_eq!(running.state()["callbacks_waiting"], 1);
}

#[tokio::test]
async fn after_a_key_change_notifications_are_signed_with_the_new_key_and_the_old_in_turn() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let changed = m.control("key-change", json!({})).await.json();
    let receiver = Receiver::start(&m, Vec::new()).await;
    paid(&m, &receiver, "D000001").await;
    let told = receiver.wait(1, 3_000).await;
    assert_eq!(told[0].serial, changed["new_serial"].as_str().unwrap());
    paid(&m, &receiver, "D000002").await;
    let told = receiver.wait(2, 3_000).await;
    assert_eq!((told[1].serial.as_str(), told[1].genuine), (m.connection.platform_public_key_id.as_str(), Some(true)));
}

#[tokio::test]
async fn calls_fail_as_ordered_and_then_work() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    m.control("faults", json!({"api": {"path": "/v3/pay", "status": 500, "times": 1}})).await;
    assert_eq!(m.prepay("D000001", 1).await.refusal(), (500, "SYSTEM_ERROR".into()));
    assert_eq!(m.prepay("D000001", 1).await.status, 200);
    m.control("faults", json!({"api": {"path": "/v3/pay", "status": 429, "code": "RATELIMIT_EXCEEDED"}})).await;
    assert_eq!(m.prepay("D000001", 1).await.refusal(), (429, "RATELIMIT_EXCEEDED".into()));
    m.control("faults", json!({"api": {"path": "/v3/pay/", "status": 502, "after": true}})).await;
    assert_eq!(m.prepay("D000002", 1).await.refusal(), (502, "SERVICE_UNAVAILABLE".into()));
    assert_eq!(m.order("D000002").await["trade_state"], "NOTPAY");
    m.control("faults", json!({"api": {"path": "/v3/pay", "signtest": true}})).await;
    let probe = m.prepay("D000001", 1).await;
    assert_eq!(probe.status, 200);
    assert!(!m.is_signed(&probe));
    for bad in [
        json!({"callbacks": {}}),
        json!({"api": {"path": "v3", "status": 500}}),
        json!({"api": {"path": "/", "status": 99}}),
        json!(3),
    ] {
        assert_eq!(m.control("faults", bad.clone()).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_restart_keeps_everything_and_tells_what_was_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let running = sandbox::start(durable(dir.path()).await).await.unwrap();
    let m = Merchant::of(&running);
    assert!(matches!(
        sandbox::start(durable(dir.path()).await).await.err(),
        Some(sandbox::SandboxError::Journal(sandbox::JournalError::InUse))
    ));
    m.set_clock("2026-03-01T08:00:00+08:00").await;
    m.prepay("D000001", 10_000).await;
    m.pay("D000001").await;
    let faults = json!({"refund": {"outcome": "CLOSED", "times": 1, "delay_ms": 0}});
    m.control("faults", faults).await;
    m.refund("D000001", "R1", 1_000, 10_000).await;
    m.control("withdraw", json!({"amount": "10.00"})).await;
    let receiver = Receiver::start(&m, Vec::new()).await;
    m.control("faults", json!({"callback": {"lose": 1}})).await;
    paid(&m, &receiver, "D000002").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    m.refund("D000001", "R2", 500, 10_000).await;
    let before = running.state();
    drop(m);
    running.stop().await;
    // The last write did not get through.
    let journal = dir.path().join("journal.jsonl");
    let mut text = std::fs::read(&journal).unwrap();
    let whole = text.len();
    text.extend_from_slice(b"{\"event\":\"paid\",\"out_tr");
    std::fs::write(&journal, &text).unwrap();

    let running = sandbox::start(durable(dir.path()).await).await.unwrap();
    let m = Merchant::of(&running);
    assert!(std::fs::metadata(&journal).unwrap().len() >= whole as u64);
    let after = running.state();
    for part in ["balance_fen", "orders", "payments", "withdrawals"] {
        assert_eq!(after[part], before[part], "{part}");
    }
    assert_eq!(running.now().to_string()[..10], *"2026-03-01");
    let told = receiver.wait(1, 3_000).await;
    assert_eq!(told[0].resource["out_trade_no"], "D000002");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let refund = m.get("/v3/refund/domestic/refunds/R2").await.json();
    assert_eq!(refund["status"], "SUCCESS");
    assert_eq!(m.order("D000001").await["trade_state"], "REFUND");
    assert_eq!(m.prepay("D000001", 10_000).await.refusal(), (400, "ORDER_PAID".into()));
}

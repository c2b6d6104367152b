//! Orders, refunds, the balance, and the bills that tell of them.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod merchant;

use std::io::Read;

use merchant::{Merchant, sandbox};
use serde_json::json;
use sha1::{Digest, Sha1};

#[tokio::test]
async fn the_same_order_again_is_the_same_order() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let first = m.prepay("D000001", 100).await.json();
    let mut body = m.prepay_body("D000001", 100, "https://pay.example.org/notify");
    body["time_expire"] = json!("2030-01-01T00:00:00+08:00");
    assert_eq!(m.post("/v3/pay/transactions/jsapi", &body).await.json(), first);
    assert_eq!(m.prepay("D000001", 200).await.refusal(), (403, "OUT_TRADE_NO_USED".into()));
    assert_eq!(m.order("D000001").await["trade_state"], "NOTPAY");

    let close = json!({"mchid": m.connection.mchid});
    let closed = m.post("/v3/pay/transactions/out-trade-no/D000001/close", &close).await;
    assert_eq!((closed.status, closed.body.len()), (204, 0));
    assert!(m.is_signed(&closed));
    assert_eq!(m.post("/v3/pay/transactions/out-trade-no/D000001/close", &close).await.status, 204);
    assert_eq!(m.prepay("D000001", 100).await.refusal(), (400, "ORDER_CLOSED".into()));
    assert_eq!(m.control("pay", json!({"out_trade_no": "D000001"})).await.refusal(), (409, "ORDER_CLOSED".into()));
    assert_eq!(m.control("pay", json!({"out_trade_no": "D000001", "force": true})).await.status, 200);

    m.prepay("D000002", 100).await;
    m.pay("D000002").await;
    assert_eq!(m.prepay("D000002", 100).await.refusal(), (400, "ORDER_PAID".into()));
    let refused = m.post("/v3/pay/transactions/out-trade-no/D000002/close", &close).await;
    assert_eq!(refused.refusal(), (400, "ORDER_PAID".into()));
    assert_eq!(m.control("pay", json!({"out_trade_no": "D000002"})).await.refusal(), (409, "ORDER_PAID".into()));
    assert_eq!(m.control("pay", json!({"out_trade_no": "nothing"})).await.refusal(), (404, "ORDER_NOT_EXIST".into()));
}

#[tokio::test]
async fn bad_orders_are_refused_with_the_field_that_is_wrong() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    for (field, value) in [
        ("/amount/total", json!(0)),
        ("/amount/total", json!("1")),
        ("/amount/total", json!(1.5)),
        ("/amount/currency", json!("USD")),
        ("/amount", json!(null)),
        ("/out_trade_no", json!("D1")),
        ("/out_trade_no", json!("D000000/1")),
        ("/out_trade_no", json!("D00000000000000000000000000000001")),
        ("/description", json!("")),
        ("/notify_url", json!("http://pay.example.org/n")),
        ("/notify_url", json!("https://pay.example.org/n?a=b")),
        ("/payer/openid", json!(null)),
        ("/attach", json!("x".repeat(129))),
        ("/time_expire", json!("tomorrow")),
        ("/scene_info", json!({})),
    ] {
        let mut body = m.prepay_body("D000001", 100, "https://pay.example.org/notify");
        match body.pointer_mut(field) {
            Some(place) => *place = value.clone(),
            None => body[&field[1..]] = value.clone(),
        }
        let reply = m.post("/v3/pay/transactions/jsapi", &body).await;
        assert_eq!(reply.refusal(), (400, "PARAM_ERROR".into()), "{field} {value}");
        let told = reply.json()["detail"]["field"].as_str().unwrap().to_owned();
        assert!(told.starts_with(field), "{field} is wrong, not {told}");
    }
    assert_eq!(m.post("/v3/pay/transactions/jsapi", &json!([])).await.refusal(), (400, "PARAM_ERROR".into()));
}

#[tokio::test]
async fn an_order_expires_by_business_time() {
    let (dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    m.set_clock("2026-01-15T09:00:00+08:00").await;
    let mut body = m.prepay_body("D000001", 100, "https://pay.example.org/notify");
    body["time_expire"] = json!("2026-01-15T09:30:00+08:00");
    assert_eq!(m.post("/v3/pay/transactions/jsapi", &body).await.status, 200);
    let clock = domain::Clock::following(dir.path().join("clock"));
    assert_eq!(clock.today().to_string(), "2026-01-15");
    assert_eq!(m.control("clock", json!({"advance_seconds": 1900})).await.status, 200);
    assert_eq!(m.order("D000001").await["trade_state"], "CLOSED");
    assert_eq!(m.control("pay", json!({"out_trade_no": "D000001"})).await.refusal().0, 409);
    assert_eq!(m.control("clock", json!({})).await.status, 200);
    assert_eq!(std::fs::read_to_string(dir.path().join("clock")).unwrap(), "0");
    for bad in
        [json!({"now": "x"}), json!({"now": "1970-01-01T00:00:00Z"}), json!({"advance_seconds": i64::MAX}), json!([1])]
    {
        assert_eq!(m.control("clock", bad.clone()).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn refunds_give_back_the_fee_to_the_fen_and_not_more_than_was_paid() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    m.prepay("D000001", 1_000).await;
    let paid = m.pay("D000001").await;
    // 10.00 less 0.06
    assert_eq!(running.state()["balance_fen"], 994);
    let first = m.refund("D000001", "R1", 333, 1_000).await.json();
    assert_eq!((first["status"].as_str(), first["amount"]["payer_refund"].as_i64()), (Some("PROCESSING"), Some(333)));
    assert_eq!(m.refund("D000001", "R1", 333, 1_000).await.json()["refund_id"], first["refund_id"]);
    assert_eq!(m.refund("D000001", "R1", 334, 1_000).await.refusal(), (400, "INVALID_REQUEST".into()));
    assert_eq!(m.refund("D000001", "R2", 668, 1_000).await.refusal(), (400, "INVALID_REQUEST".into()));
    assert_eq!(m.refund("D000001", "R2", 667, 999).await.refusal(), (400, "INVALID_REQUEST".into()));
    assert_eq!(m.refund("D000009", "R2", 1, 1).await.refusal(), (404, "RESOURCE_NOT_EXISTS".into()));
    assert_eq!(m.refund("D000001", "R2", 667, 1_000).await.status, 200);
    assert!(!running.settled(std::time::Duration::ZERO).await || running.refunded().len() == 2);
    for _ in 0..100 {
        if running.refunded().len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(running.refunded(), ["3.33", "6.67"]);
    assert_eq!(running.state()["balance_fen"], 0);
    assert_eq!(running.state()["totals"]["fee_fen"], 0);
    let done = m.get("/v3/refund/domestic/refunds/R1").await.json();
    assert_eq!((done["status"].as_str(), done["success_time"].is_string()), (Some("SUCCESS"), true));
    assert_eq!(m.order("D000001").await["trade_state"], "REFUND");
    let by_id =
        format!("/v3/pay/transactions/id/{}?mchid={}", paid["transaction_id"].as_str().unwrap(), m.connection.mchid);
    assert_eq!(m.get(&by_id).await.json()["trade_state"], "REFUND");
}

#[tokio::test]
async fn a_refund_beyond_the_balance_is_not_enough_and_a_withdrawal_is_seen_at_the_bank() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    // A Friday.
    m.set_clock("2026-01-16T12:00:00+08:00").await;
    m.prepay("D000001", 10_000).await;
    m.pay("D000001").await;
    assert_eq!(m.control("withdraw", json!({"amount": "99.41"})).await.refusal(), (403, "NOT_ENOUGH".into()));
    assert_eq!(m.control("withdraw", json!({"amount": 1})).await.refusal(), (400, "INVALID_REQUEST".into()));
    assert_eq!(m.control("withdraw", json!({"amount": "1.00", "fail": true})).await.json()["status"], "FAIL");
    let withdrawn = m.control("withdraw", json!({"amount": "50.00"})).await.json();
    assert_eq!(withdrawn["bank_date"], "2026-01-19");
    assert_eq!(running.state()["balance_fen"], 4_940);
    assert_eq!(m.refund("D000001", "R1", 10_000, 10_000).await.refusal(), (403, "NOT_ENOUGH".into()));
    let bank = m.get("/sandbox/bank?date=2026-01-19").await;
    let line = format!(
        "date,reference,amount,counterparty,remark\n2026-01-19,{},50.00,财付通支付科技有限公司,微信支付提现 {}\n",
        withdrawn["reference"].as_str().unwrap(),
        m.connection.mchid
    );
    assert_eq!(String::from_utf8(bank.body).unwrap(), line);
    assert_eq!(m.get("/sandbox/bank?date=2026-01-17").await.body.len(), 42);
    assert_eq!(m.get("/sandbox/bank?date=x").await.status, 400);
    m.control("top-up", json!({"amount": "50.00"})).await;
    assert_eq!(m.refund("D000001", "R1", 10_000, 10_000).await.status, 200);
}

#[tokio::test]
async fn refunds_end_as_ordered() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    m.prepay("D000001", 10_000).await;
    m.pay("D000001").await;
    for (number, outcome) in [("R1", "CLOSED"), ("R2", "ABNORMAL"), ("R3", "PROCESSING")] {
        let faults = json!({"refund": {"outcome": outcome, "times": 1, "delay_ms": 10}});
        assert_eq!(m.control("faults", faults).await.status, 200);
        assert_eq!(m.refund("D000001", number, 1_000, 10_000).await.status, 200);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let query = m.get(&format!("/v3/refund/domestic/refunds/{number}")).await.json();
        assert_eq!(query["status"], outcome);
        assert!(query.get("success_time").is_none());
    }
    // R1 came back, R2 and R3 left 9.94 each.
    assert_eq!(running.state()["balance_fen"], 9_940 - 2 * 994);
    let ended = m.control("refund", json!({"out_refund_no": "R3", "outcome": "SUCCESS"})).await.json();
    assert_eq!(ended["status"], "SUCCESS");
    let again = m.control("refund", json!({"out_refund_no": "R3", "outcome": "CLOSED"})).await;
    assert_eq!(again.refusal(), (409, "REFUND_ENDED".into()));
}

#[tokio::test]
async fn odd_payments_can_be_ordered() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    m.prepay("D000001", 1_000).await;
    let wrong = m.control("pay", json!({"out_trade_no": "D000001", "amount": 999, "coupon": 99})).await.json();
    assert_eq!((wrong["amount"]["total"].as_i64(), wrong["amount"]["payer_total"].as_i64()), (Some(999), Some(900)));
    assert_eq!(wrong["promotion_detail"][0]["amount"], 99);
    let twice = m.control("pay", json!({"out_trade_no": "D000001", "again": true})).await.json();
    assert_ne!(twice["transaction_id"], wrong["transaction_id"]);
    assert_eq!(running.state()["totals"]["paid_fen"], 1_999);
    for bad in [json!({}), json!({"out_trade_no": 1}), json!({"out_trade_no": "D000001", "x": 1}), json!("x")] {
        assert_eq!(m.control("pay", bad.clone()).await.status, 400, "{bad}");
    }
    let negative = json!({"out_trade_no": "D000001", "again": true, "amount": -1});
    assert_eq!(m.control("pay", negative).await.status, 400);
}

/// Two days: a gift on the 14th; two on the 15th, one of them refunded in part, and a refund of the first.
async fn two_days(m: &Merchant) {
    m.set_clock("2026-01-14T10:00:00+08:00").await;
    m.prepay("D000001", 10_000).await;
    m.pay("D000001").await;
    m.set_clock("2026-01-15T10:00:00+08:00").await;
    for (number, total) in [("D000002", 5_000), ("D000003", 3)] {
        m.prepay(number, total).await;
        m.pay(number).await;
    }
    m.refund("D000002", "R000001", 2_000, 5_000).await;
    m.refund("D000001", "R000002", 10_000, 10_000).await;
    m.control("withdraw", json!({"amount": "1.00"})).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
}

fn lines(bill: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bill).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a BOM");
    assert!(text.ends_with("\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    text.trim_end().split("\r\n").map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_trade_bill_has_the_shape_of_the_sample_and_adds_up() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    two_days(&m).await;
    let target = "/v3/bill/tradebill?bill_date=2026-01-15&bill_type=ALL";
    assert_eq!(m.bill(target).await.unwrap_err(), (400, "INVALID_REQUEST".into()));
    m.set_clock("2026-01-16T09:59:00+08:00").await;
    assert_eq!(m.bill(target).await.unwrap_err(), (400, "STATEMENT_CREATING".into()));
    m.set_clock("2026-01-16T10:00:00+08:00").await;
    let (bill, asked) = m.bill(target).await.unwrap();
    assert_eq!(asked["hash_value"], hex::encode(Sha1::digest(&bill)));
    assert_eq!(asked["hash_type"], "SHA1");
    let lines = lines(&bill);
    let head = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    assert_eq!(lines[0].join(","), head);
    let (rows, sums) = (&lines[1..lines.len() - 2], &lines[lines.len() - 1]);
    assert!(rows.iter().chain([sums]).flatten().all(|cell| cell.starts_with('`')));
    assert!(rows.iter().all(|row| row.len() == 27));
    assert_eq!(
        lines[lines.len() - 2].join(","),
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
    );
    assert_eq!(sums.join(","), "`4,`50.03,`120.00,`0.00,`-0.42000,`50.03,`120.00");
    let row = |number: &str| rows.iter().find(|row| row[15] == number).unwrap();
    let refund = row("`R000001");
    assert_eq!(refund[22..27].join(","), "`-0.12000,`0.60%,`0.00,`20.00,`");
    assert_eq!((refund[9].as_str(), refund[19].as_str(), refund[16].as_str()), ("`REFUND", "`SUCCESS", "`20.00"));
    assert_eq!(refund[21], "`p=7\\ r=2");
    let fees = rows.iter().map(|row| row[22][1..].replace('.', "").parse::<i64>().unwrap());
    assert_eq!(fees.sum::<i64>(), -42_000);

    let (success, _) = m.bill("/v3/bill/tradebill?bill_date=2026-01-15&bill_type=SUCCESS").await.unwrap();
    let success = self::lines(&success);
    assert_eq!((success.len(), success[1].len(), success[3].len()), (5, 20, 4));
    let (refunds, _) = m.bill("/v3/bill/tradebill?bill_date=2026-01-15&bill_type=REFUND").await.unwrap();
    let refunds = self::lines(&refunds);
    assert_eq!((refunds.len(), refunds[1].len(), refunds[4].len()), (5, 29, 7));

    let (packed, asked) = m.bill("/v3/bill/tradebill?bill_date=2026-01-15&tar_type=GZIP").await.unwrap();
    assert!(asked["download_url"].as_str().unwrap().ends_with("&tartype=gzip"));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, bill);

    m.control("faults", json!({"bill": {"wrong_hash": true}})).await;
    let (_, asked) = m.bill(target).await.unwrap();
    assert_ne!(asked["hash_value"], hex::encode(Sha1::digest(&bill)));

    for (target, code) in [
        ("/v3/bill/tradebill?bill_date=2026-01-10", "NO_STATEMENT_EXIST"),
        ("/v3/bill/tradebill?bill_date=2026-01-14&bill_type=REFUND", "NO_STATEMENT_EXIST"),
        ("/v3/bill/fundflowbill?bill_date=2026-01-15&account_type=FEES", "NO_STATEMENT_EXIST"),
        ("/v3/bill/tradebill?bill_date=2025-10-01", "INVALID_REQUEST"),
        ("/v3/bill/tradebill?bill_date=2026-1-1", "PARAM_ERROR"),
        ("/v3/bill/tradebill", "PARAM_ERROR"),
        ("/v3/bill/tradebill?bill_date=2026-01-15&bill_type=X", "PARAM_ERROR"),
        ("/v3/bill/tradebill?bill_date=2026-01-15&tar_type=ZIP", "PARAM_ERROR"),
        ("/v3/bill/fundflowbill?bill_date=2026-01-15&account_type=X", "PARAM_ERROR"),
        ("/v3/billdownload/file?token=x", "INVALID_REQUEST"),
    ] {
        assert_eq!(m.get(target).await.refusal(), (400, code.into()), "{target}");
    }
}

#[tokio::test]
async fn the_fund_flow_bill_has_the_shape_of_the_sample_and_runs_through() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    two_days(&m).await;
    m.set_clock("2026-01-16T10:00:00+08:00").await;
    let (bill, _) = m.bill("/v3/bill/fundflowbill?bill_date=2026-01-15").await.unwrap();
    let lines = lines(&bill);
    assert_eq!(
        lines[0].join(","),
        "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号"
    );
    let rows = &lines[1..lines.len() - 2];
    let kinds: Vec<String> =
        rows.iter().map(|row| [&row[3], &row[4], &row[5], &row[6], &row[7]].map(|c| &c[1..]).join(" ")).collect();
    assert_eq!(
        kinds,
        [
            "交易 交易 收入 50.00 149.40",
            "交易 扣除交易手续费 支出 0.30 149.10",
            "交易 交易 收入 0.03 149.13",
            "退款 退款 支出 19.88 129.25",
            "退款 退款 支出 99.40 29.85",
            "充值/提现 提现 支出 1.00 28.85",
        ]
    );
    assert_eq!(rows[0][9], "`结算总金额 50.00 元;含手续费 0.30 元");
    assert_eq!(rows[3][9], "`退款总金额20.00元;含手续费0.12元");
    assert_eq!(rows[3][8], format!("`{}API", m.connection.mchid));
    assert_eq!(lines[lines.len() - 1].join(","), "`6,`2,`50.03,`4,`120.58");
}

//! Measures the sandbox: `load [ORDERS] [CALLERS]`. Requests are signed beforehand; what is counted is prepay (verify, sign
//! the answer), pay, and the signed notification, all in this one process with its receiver and its callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use domain::Clock;
use poem::listener::{Acceptor, Listener, TcpListener};
use sandbox::Options;
use serde_json::json;
use wechat::crypto::{PrivateKey, nonce, request_message};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let orders: usize = words.next().map_or(Ok(20_000), |word| word.parse())?;
    let callers: usize = words.next().map_or(Ok(64), |word| word.parse())?;
    let dir = tempfile::tempdir()?;
    let running = sandbox::start(Options::new(dir.path())).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let control = format!("{}/sandbox", running.base_url);
    http.post(format!("{control}/clock")).body(r#"{"now":"2026-01-15T10:00:00+08:00"}"#).send().await?;

    let told = Arc::new(AtomicUsize::new(0));
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    let address = acceptor.local_addr().first().and_then(|at| at.as_socket_addr().copied()).context("an address")?;
    let count = told.clone();
    let receiver = poem::endpoint::make(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        async { poem::http::StatusCode::NO_CONTENT }
    });
    tokio::spawn(async move { poem::Server::new_with_acceptor(acceptor).run(receiver).await });

    let us = running.connection();
    let key = PrivateKey::from_pem(&us.merchant_private_key)?;
    let sign = |number: usize| {
        let body = json!({
            "appid": us.appid, "mchid": us.mchid, "description": "爱心捐款", "out_trade_no": format!("D{number:09}"),
            "notify_url": format!("http://{address}/notify"), "attach": "p=7", "amount": {"total": 1_000, "currency": "CNY"},
            "payer": {"openid": "oSample1"},
        })
        .to_string();
        let (at, nonce) = (Clock::system().now().seconds(), nonce());
        let message = request_message("POST", "/v3/pay/transactions/jsapi", at, &nonce, body.as_bytes());
        let signature = key.sign(&message);
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{at}\",serial_no=\"{}\"",
            us.mchid, us.merchant_serial
        );
        (number, body, authorization)
    };
    let mut rest: Vec<_> = (0..orders).map(sign).collect();
    rest.reverse();
    let rest = Arc::new(std::sync::Mutex::new(rest));

    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (rest, http, base) = (rest.clone(), http.clone(), running.base_url.clone());
        let key_id = us.platform_public_key_id.clone();
        tasks.spawn(async move {
            loop {
                let next = rest.lock().map_err(|_| anyhow::anyhow!("a caller died"))?.pop();
                let Some((number, body, authorization)) = next else { return anyhow::Ok(()) };
                let answer = http
                    .post(format!("{base}/v3/pay/transactions/jsapi"))
                    .header("Authorization", authorization)
                    .header("Accept", "application/json")
                    .header("User-Agent", "load")
                    .header("Wechatpay-Serial", &key_id)
                    .body(body)
                    .send()
                    .await?;
                ensure!(answer.status() == 200, "{}", answer.text().await?);
                answer.bytes().await?;
                let pay = format!("{{\"out_trade_no\":\"D{number:09}\"}}");
                let answer = http.post(format!("{base}/sandbox/pay")).body(pay).send().await?;
                ensure!(answer.status() == 200, "{}", answer.text().await?);
                answer.bytes().await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    report("ordered and paid", orders, started);
    while told.load(Ordering::Relaxed) < orders {
        ensure!(started.elapsed() < Duration::from_secs(600), "notifications are missing");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    report("and told", orders, started);

    http.post(format!("{control}/clock")).body(r#"{"now":"2026-01-16T10:30:00+08:00"}"#).send().await?;
    for target in ["/v3/bill/tradebill?bill_date=2026-01-15", "/v3/bill/fundflowbill?bill_date=2026-01-15"] {
        let (at, nonce) = (Clock::system().now().seconds(), nonce());
        let signature = key.sign(&request_message("GET", target, at, &nonce, b""));
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{at}\",serial_no=\"{}\"",
            us.mchid, us.merchant_serial
        );
        let started = Instant::now();
        let request = http.get(format!("{}{target}", us.base_url)).header("Authorization", authorization);
        let answer = request.header("Accept", "*/*").header("User-Agent", "load").send().await?;
        ensure!(answer.status() == 200, "{}", answer.text().await?);
        report(target, orders, started);
    }
    running.stop().await;
    let started = Instant::now();
    let running = sandbox::start(Options::new(dir.path())).await?;
    report("started again", orders, started);
    running.stop().await;
    Ok(())
}

fn report(what: &str, orders: usize, started: Instant) {
    let ms = started.elapsed().as_millis().max(1);
    eprintln!("{what}: {ms} ms, {} orders/s", orders as u128 * 1_000 / ms);
}

//! Payment notifications end to end, a second: HTTP, signature, decryption, settlement, commit. The load generator shares the
//! two cores; its requests are signed beforehand.
//!
//! `cargo bench --bench callbacks` measures SQLite, with `SANGZI_TEST_POSTGRES` set PostgreSQL too. Beside it stands the same
//! server answering `/healthz` to the same generator: what HTTP alone costs here; and then the public data of the campaign that
//! was given to.
#![allow(clippy::float_arithmetic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints ratios")]
#![allow(missing_docs, reason = "a program")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::ApiOptions;
use app::runs::Started;
use app::throttle::{COMPLAINTS_PER_MINUTE, Throttle};
use domain::{Clock, DonationId, Money};
use poem::Server;
use poem::listener::{Acceptor, Listener, TcpListener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use wechat::crypto::{ApiV3Key, PrivateKey};

#[path = "house/disk.rs"]
mod disk;
#[path = "house/mod.rs"]
mod house;
#[path = "house/postgres.rs"]
mod postgres;

use house::{APIV3_KEY, KEY_ID, world};
use postgres::on_postgres;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOTIFICATIONS: usize = 30_000;
const CONNECTIONS: usize = 128;

/// Whole requests, ready to be sent.
fn requests(ids: &[DonationId], key: &rcgen::KeyPair) -> Vec<Vec<u8>> {
    let private = PrivateKey::from_pem(&key.serialize_pem()).unwrap();
    let apiv3 = ApiV3Key::new(APIV3_KEY).unwrap();
    let now = Clock::system().now();
    let one = |(i, id): (usize, &DonationId)| {
        let transaction = serde_json::json!({
            "appid": "wx0123456789abcdef", "mchid": "1900000001", "out_trade_no": id.out_trade_no(),
            "transaction_id": format!("42000026{i:020}"), "trade_type": "JSAPI", "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功", "bank_type": "OTHERS", "attach": "", "success_time": now.to_string(),
            "payer": { "openid": "oSample000000000000000000001" },
            "amount": { "total": 1000, "payer_total": 1000, "currency": "CNY", "payer_currency": "CNY" },
        });
        let nonce = "61f9c719728a";
        let body = serde_json::json!({
            "id": format!("EV-{i}"), "create_time": now.to_string(), "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
            "resource": { "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "associated_data": "transaction",
                "nonce": nonce, "ciphertext": apiv3.seal(nonce, "transaction", transaction.to_string().as_bytes()) },
        })
        .to_string();
        let sign_nonce = wechat::crypto::nonce();
        let message = wechat::crypto::response_message(now.seconds(), &sign_nonce, body.as_bytes());
        format!(
            "POST /wechat/notify/payment HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nwechatpay-timestamp: {}\r\n\
             wechatpay-nonce: {sign_nonce}\r\nwechatpay-serial: {KEY_ID}\r\nwechatpay-signature: {}\r\ncontent-length: {}\r\n\r\n{body}",
            now.seconds(),
            private.sign(&message),
            body.len()
        )
        .into_bytes()
    };
    // A signature takes most of a millisecond: both cores sign.
    let numbered: Vec<(usize, &DonationId)> = ids.iter().enumerate().collect();
    std::thread::scope(|scope| {
        let parts: Vec<_> = numbered
            .chunks(numbered.len().div_ceil(2))
            .map(|part| scope.spawn(|| part.iter().copied().map(one).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// Sends every request once over keep-alive connections; answers the rate and the sorted latencies.
async fn fire(address: &str, requests: Arc<Vec<Vec<u8>>>, good: &'static str) -> (f64, Vec<Duration>) {
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (next, requests, address) = (next.clone(), requests.clone(), address.to_owned());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut took = Vec::new();
                let mut buffer = vec![0u8; 65_536];
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    stream.write_all(request).await.unwrap();
                    let mut have = 0;
                    loop {
                        have += stream.read(&mut buffer[have..]).await.unwrap();
                        let text = &buffer[..have];
                        if let Some(end) = text.windows(4).position(|w| w == b"\r\n\r\n") {
                            let head = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
                            assert!(head.starts_with(good), "{head}");
                            let length: usize = head
                                .lines()
                                .find_map(|l| l.strip_prefix("content-length: "))
                                .map_or(0, |n| n.parse().unwrap());
                            if have >= end + 4 + length {
                                break;
                            }
                        }
                    }
                    took.push(begun.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    took.sort();
    (requests.len() as f64 / start.elapsed().as_secs_f64(), took)
}

async fn database(url: &str, name: &str, key: &rcgen::KeyPair) {
    let (app, campaign, ids) = world(url, key, NOTIFICATIONS).await;
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = acceptor.local_addr()[0].as_socket_addr().unwrap().to_string();
    let many = NonZeroU32::new(1_000_000).unwrap();
    let endpoint = api::endpoint(
        app.clone(),
        ApiOptions {
            body_limit_bytes: 1 << 20,
            room: Arc::new(Semaphore::new(4_096)),
            client_address_header: None,
            https: false,
            docs: false,
            staff_logins: Arc::new(Throttle::per_minute(many)),
            complaints: Arc::new(Throttle::per_minute(COMPLAINTS_PER_MINUTE)),
            donor_logins_per_minute: many,
            metrics: Arc::new(String::new),
            ready: Arc::new(|| Box::pin(async { Ok(()) })),
            run_job: Arc::new(|_| Box::pin(async { Started::NoSuchJob })),
            start_job: Arc::new(|_, _| Box::pin(async { Err(Started::NoSuchJob) })),
            jobs: Arc::new(Vec::new),
            pages: None,
        },
    );
    tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
    let get = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes();
        fire(&address, Arc::new(vec![request; NOTIFICATIONS]), "http/1.1 200")
    };
    let (http, _) = get("/healthz").await;
    let (rate, took) = fire(&address, Arc::new(requests(&ids, key)), "http/1.1 204").await;
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{name}");
    println!("  /healthz of the same server                {http:>9.0} /s");
    println!(
        "  payment notifications, {CONNECTIONS} connections     {rate:>9.0} /s   p50 {:.1} ms   p99 {:.1} ms",
        at(0.5),
        at(0.99)
    );
    let (pages, took) = get(&format!("/api/v1/campaigns/{campaign}")).await;
    let p99 = took[(took.len() - 1) * 99 / 100].as_secs_f64() * 1e3;
    println!(
        "  a campaign's public data                   {pages:>9.0} /s   p99 {p99:.1} ms   {:.2} × /healthz",
        pages / http
    );
    let book = app.books.all().await.unwrap()[0].id;
    let raised = ledger::raised(app.db.read(), book, campaign).await.unwrap();
    assert_eq!(raised, Money::from_fen(1_000 * NOTIFICATIONS as i64));
    let report = app.books.audit(&|_| {}).await.unwrap();
    println!("  raised {raised}, audit: {} numbers compared, {} differ\n", report.checked, report.differences.len());
}

/// As the program runs on SQLite: its threads make way for the one that writes.
fn main() {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let dir = tempfile::tempdir().unwrap();
    println!("fdatasync of this disk: {:.0} /s\n", disk::fdatasync_rate(dir.path()));
    let sqlite = format!("sqlite://{}", dir.path().join("bench.db").display());
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().on_thread_start(entity::make_way).build().unwrap();
    runtime.block_on(database(&sqlite, "SQLite, synchronous=FULL", &key));
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(on_postgres(async |url| database(&url, "PostgreSQL, synchronous_commit=on", &key).await));
}

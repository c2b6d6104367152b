//! Payment notifications end to end, a second: HTTP, signature, decryption, settlement, commit. The load generator shares the
//! two cores; its requests are signed beforehand.
//!
//! `cargo bench --bench callbacks` measures SQLite, with `SANGZI_TEST_POSTGRES` set PostgreSQL too. Beside it stands the same
//! server answering `/healthz` to the same generator: what HTTP alone costs here.
#![allow(clippy::float_arithmetic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints ratios")]
#![allow(missing_docs, reason = "a program")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::ApiOptions;
use app::identity::GivenStaff;
use app::organisation::{ContactData, NewCertificate, NewCharity};
use app::runs::Started;
use app::throttle::Throttle;
use app::vault::MasterKeys;
use app::{App, Limits, Options, Templates};
use crowdfunding::{NewDonation, Placed, UnpaidLimit};
use domain::anonymity::Anonymity;
use domain::donation::ReceiptChoice;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignId, CertificateId, Clock, DonationId, DonorId, Money, StaffId};
use entity::Db;
use migration::{Migrator, MigratorTrait};
use poem::Server;
use poem::listener::{Acceptor, Listener, TcpListener};
use sea_orm::ConnectionTrait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use wechat::crypto::{ApiV3Key, PrivateKey};
use wechat::{PlatformPublicKey, Settings};

#[path = "../app/tests/plans/mod.rs"]
mod plans;

const NOTIFICATIONS: usize = 30_000;
const CONNECTIONS: usize = 128;
const APIV3_KEY: &str = "0123456789abcdef0123456789abcdef";
const KEY_ID: &str = "PUB_KEY_ID_0000000000000000000000000000000000";

fn settings(key: &rcgen::KeyPair) -> Settings {
    Settings {
        base_url: "http://127.0.0.1:9".into(),
        backup_url: None,
        mini_program_url: "http://127.0.0.1:9".into(),
        mchid: "1900000001".into(),
        appid: "wx0123456789abcdef".into(),
        secret: "secret".into(),
        merchant_serial: "5157F09EFDC096DE15EBE81A47057A72AAAAAAAA".into(),
        merchant_private_key: key.serialize_pem().into(),
        apiv3_key: APIV3_KEY.into(),
        platform_public_key: Some(PlatformPublicKey { id: KEY_ID.into(), pem: key.public_key_pem() }),
        platform_certificates: Vec::new(),
        payment_notify_url: "http://127.0.0.1:9/wechat/notify/payment".into(),
        refund_notify_url: "http://127.0.0.1:9/wechat/notify/refund".into(),
        connect_timeout_ms: 2_000,
        total_timeout_ms: 8_000,
        download_timeout_ms: 8_000,
        sandbox: true,
    }
}

async fn world(url: &str, key: &rcgen::KeyPair) -> (Arc<App>, CampaignId, Vec<DonationId>) {
    let db = Db::connect(url).await.unwrap();
    Migrator::up(db.migrations(), None).await.unwrap();
    let app = App::new(Options {
        db: db.clone(),
        business: Clock::system(),
        real: Clock::system(),
        wechat: wechat::Client::new(settings(key), Clock::system()).unwrap(),
        keys: MasterKeys::derived_from("bench"),
        limits: Limits {
            max_gift: Money::MAX,
            max_unpaid: u32::MAX,
            unpaid_window: Duration::from_secs(1),
            order_life: Duration::from_secs(3_600),
            queue: 16_384,
        },
        templates: Templates::default(),
    });
    let (campaign, now) = (CampaignId::new(), app.business.now());
    app.organisation.plant().await.unwrap();
    let charity = NewCharity {
        id: BookId::new(),
        code: "b".into(),
        name: "基金会".into(),
        credit_code: Some(plans::CREDIT_CODE.into()),
        unit: app.organisation.unit("hebei").await.unwrap().id,
        mchid: Some(app.wechat.mchid().to_owned()),
        bank_account: "基本户".into(),
        contact: ContactData {
            office_address: "示例路1号".into(),
            contact: "0311-00000000".into(),
            information_url: "https://example.org".into(),
        },
    };
    let book = app.organisation.open_charity(charity, None).await.unwrap().book_id;
    let mut staff = Vec::new();
    for role in [Role::Organiser, Role::ProjectManager, Role::FinanceHead] {
        let given = GivenStaff {
            id: StaffId::new(),
            role,
            username: role.as_str().into(),
            name: "某人".into(),
            password: "correct horse battery staple".into(),
            totp_secret: role.needs_otp().then(|| "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into()),
            unit: None,
        };
        let id = app.identity.create_staff_with(given).await.unwrap();
        staff.push(Member::everywhere(id, &[role], "bench"));
    }
    let certificate = NewCertificate {
        id: CertificateId::new(),
        book,
        number: "示例".into(),
        issuer: "示例民政厅".into(),
        issued_on: BusinessDate::of(now),
        expires_on: BusinessDate::of(now.after(Duration::from_secs(2 * 86_400))),
    };
    app.organisation.register_certificate(certificate, &staff[2]).await.unwrap();
    let target = Money::from_fen(1_000_000_000_000_000);
    let draft = plans::draft(book, target, true, now, now.after(Duration::from_secs(86_400)));
    app.campaigns.draft(campaign, draft, &staff[0]).await.unwrap();
    for (step, by) in plans::way(now, [&staff[0], &staff[1], &staff[2]]) {
        app.campaigns.step(campaign, step, by).await.unwrap();
    }
    app.campaigns.tick().await.unwrap();

    let donor = DonorId::new();
    let ids: Vec<DonationId> = (0..NOTIFICATIONS).map(|_| DonationId::new()).collect();
    for chunk in ids.chunks(1_000) {
        let tx = db.begin().await.unwrap();
        let sql = "INSERT INTO donor (id, openid_hmac, openid_sealed, key_sealed, key_version, created_us) VALUES ($1, $2, $2, $2, 1, 0) ON CONFLICT DO NOTHING";
        entity::execute(&tx, sql, [donor.into(), vec![1u8].into()]).await.unwrap();
        let wishes: Vec<NewDonation> = chunk
            .iter()
            .map(|id| NewDonation {
                id: *id,
                campaign,
                donor,
                amount: Money::from_fen(1_000),
                anonymity: Anonymity::Hidden,
                show_amount: false,
                name_sealed: None,
                nickname_sealed: None,
                message: None,
                message_state: "none",
                receipt: ReceiptChoice::Waived,
                origin: None,
                content: vec![0; 32],
                expires: now.after(Duration::from_secs(3_600)),
            })
            .collect();
        let limit = UnpaidLimit { most: u32::MAX, within: Duration::from_secs(1) };
        for created in crowdfunding::create(&tx, now, limit, &wishes).await.unwrap() {
            created.unwrap();
        }
        let placed: Vec<Placed> = chunk.iter().map(|id| Placed { id: *id, prepay_id: "wx0".into() }).collect();
        crowdfunding::place(&tx, now, &placed).await.unwrap();
        tx.commit().await.unwrap();
    }
    (Arc::new(app), campaign, ids)
}

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
    ids.iter().enumerate().map(one).collect()
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
                let mut buffer = vec![0u8; 4_096];
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
    let (app, campaign, ids) = world(url, key).await;
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
    let health: Vec<Vec<u8>> = vec![b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n".to_vec(); NOTIFICATIONS];
    let (http, _) = fire(&address, Arc::new(health), "http/1.1 200").await;
    let (rate, took) = fire(&address, Arc::new(requests(&ids, key)), "http/1.1 204").await;
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{name}");
    println!("  /healthz of the same server                {http:>9.0} /s");
    println!(
        "  payment notifications, {CONNECTIONS} connections     {rate:>9.0} /s   p50 {:.1} ms   p99 {:.1} ms",
        at(0.5),
        at(0.99)
    );
    let book = app.books.all().await.unwrap()[0].id;
    let raised = ledger::raised(app.db.read(), book, campaign).await.unwrap();
    assert_eq!(raised, Money::from_fen(1_000 * NOTIFICATIONS as i64));
    let report = app.books.audit(&|_| {}).await.unwrap();
    println!("  raised {raised}, audit: {} numbers compared, {} differ\n", report.checked, report.differences.len());
}

#[tokio::main]
async fn main() {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let dir = tempfile::tempdir().unwrap();
    database(&format!("sqlite://{}", dir.path().join("bench.db").display()), "SQLite, synchronous=FULL", &key).await;
    if let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") {
        let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
        let admin = sea_orm::Database::connect(&server).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        database(&format!("{base}/{name}"), "PostgreSQL, synchronous_commit=on", &key).await;
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
}

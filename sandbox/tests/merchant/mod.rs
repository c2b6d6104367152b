//! A merchant for tests: signs requests, checks answers, receives notifications.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "a test helper, of which each file uses a part")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Clock;
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Request, Response};
use sandbox::{Connection, Options, Running};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use wechat::crypto::{ApiV3Key, PrivateKey, PublicKey, nonce, request_message, response_message};

/// Keys are made once for all tests of a file.
static KEYS: OnceCell<Vec<u8>> = OnceCell::const_new();

async fn keys() -> &'static [u8] {
    KEYS.get_or_init(|| async {
        let dir = tempfile::tempdir().unwrap();
        let running = sandbox::start(Options { durable: false, ..Options::new(dir.path()) }).await.unwrap();
        running.stop().await;
        std::fs::read(dir.path().join("keys.json")).unwrap()
    })
    .await
}

/// A sandbox in a fresh directory.
pub async fn sandbox() -> (tempfile::TempDir, Running) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("keys.json"), keys().await).unwrap();
    let running = sandbox::start(Options { durable: false, ..Options::new(dir.path()) }).await.unwrap();
    (dir, running)
}

/// Options for a durable sandbox in a directory.
pub async fn durable(dir: impl Into<PathBuf>) -> Options {
    let dir = dir.into();
    if !dir.join("keys.json").exists() {
        std::fs::write(dir.join("keys.json"), keys().await).unwrap();
    }
    Options::new(dir)
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Status and code of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// How a request differs from a right one.
#[derive(Clone)]
pub struct Quirks {
    pub age_s: i64,
    pub serial: Option<String>,
    pub mchid: Option<String>,
    pub key: Option<PrivateKey>,
    pub authorization: Option<String>,
    pub no_accept: bool,
    pub public_key: bool,
}

impl Default for Quirks {
    fn default() -> Quirks {
        Quirks {
            age_s: 0,
            serial: None,
            mchid: None,
            key: None,
            authorization: None,
            no_accept: false,
            public_key: true,
        }
    }
}

pub struct Merchant {
    pub connection: Connection,
    pub key: PrivateKey,
    pub apiv3: ApiV3Key,
    http: reqwest::Client,
}

impl Merchant {
    pub fn of(running: &Running) -> Merchant {
        let connection = running.connection();
        Merchant {
            key: PrivateKey::from_pem(&connection.merchant_private_key).unwrap(),
            apiv3: ApiV3Key::new(&connection.apiv3_key).unwrap(),
            connection,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.call("GET", target, "", &Quirks::default()).await
    }

    pub async fn post(&self, target: &str, body: &Value) -> Reply {
        self.call("POST", target, &body.to_string(), &Quirks::default()).await
    }

    pub async fn call(&self, method: &str, target: &str, body: &str, quirks: &Quirks) -> Reply {
        let (timestamp, nonce) = (Clock::system().now().seconds() - quirks.age_s, nonce());
        let message = request_message(method, target, timestamp, &nonce, body.as_bytes());
        let signature = quirks.key.as_ref().unwrap_or(&self.key).sign(&message);
        let serial = quirks.serial.as_deref().unwrap_or(&self.connection.merchant_serial);
        let mchid = quirks.mchid.as_deref().unwrap_or(&self.connection.mchid);
        let authorization = quirks.authorization.clone().unwrap_or_else(|| {
            format!(
                "WECHATPAY2-SHA256-RSA2048 mchid=\"{mchid}\",serial_no=\"{serial}\",nonce_str=\"{nonce}\",\
                 timestamp=\"{timestamp}\",signature=\"{signature}\""
            )
        });
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{target}", self.connection.base_url))
            .header("User-Agent", "sangzi-test")
            .body(body.to_owned());
        // reqwest adds Accept by itself unless it is given.
        request = request.header("Accept", if quirks.no_accept { "" } else { "application/json" });
        if !authorization.is_empty() {
            request = request.header("Authorization", authorization);
        }
        if quirks.public_key {
            request = request.header("Wechatpay-Serial", &self.connection.platform_public_key_id);
        }
        let answer = request.send().await.unwrap();
        Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    /// Whether an answer was signed with the platform's public-key pair.
    pub fn is_signed(&self, reply: &Reply) -> bool {
        let key = PublicKey::from_pem(&self.connection.platform_public_key).unwrap();
        let timestamp = reply.header("Wechatpay-Timestamp").parse().unwrap_or_default();
        let message = response_message(timestamp, reply.header("Wechatpay-Nonce"), &reply.body);
        reply.header("Wechatpay-Serial") == self.connection.platform_public_key_id
            && key.verify(&message, reply.header("Wechatpay-Signature"))
    }

    pub fn prepay_body(&self, out_trade_no: &str, total: i64, notify_url: &str) -> Value {
        json!({
            "appid": self.connection.appid, "mchid": self.connection.mchid, "description": "爱心捐款",
            "out_trade_no": out_trade_no, "notify_url": notify_url, "attach": "p=7,r=2",
            "amount": {"total": total, "currency": "CNY"}, "payer": {"openid": "oSample1"},
        })
    }

    pub async fn prepay(&self, out_trade_no: &str, total: i64) -> Reply {
        let body = self.prepay_body(out_trade_no, total, "https://pay.example.org/notify");
        self.post("/v3/pay/transactions/jsapi", &body).await
    }

    pub async fn order(&self, out_trade_no: &str) -> Value {
        let mchid = &self.connection.mchid;
        self.get(&format!("/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={mchid}")).await.json()
    }

    pub async fn refund(&self, out_trade_no: &str, out_refund_no: &str, refund: i64, total: i64) -> Reply {
        let body = json!({
            "out_trade_no": out_trade_no, "out_refund_no": out_refund_no, "reason": "test",
            "amount": {"refund": refund, "total": total, "currency": "CNY"},
        });
        self.post("/v3/refund/domestic/refunds", &body).await
    }

    /// A control of the sandbox.
    pub async fn control(&self, name: &str, body: Value) -> Reply {
        let url = format!("{}/sandbox/{name}", self.connection.base_url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    pub async fn pay(&self, out_trade_no: &str) -> Value {
        let reply = self.control("pay", json!({ "out_trade_no": out_trade_no })).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        reply.json()
    }

    /// Moves business time to `now`.
    pub async fn set_clock(&self, now: &str) {
        assert_eq!(self.control("clock", json!({ "now": now })).await.status, 200);
    }

    /// Fetches a bill: its text and whether its hash fits.
    pub async fn bill(&self, target: &str) -> Result<(Vec<u8>, Value), (u16, String)> {
        let asked = self.get(target).await;
        if asked.status != 200 {
            return Err(asked.refusal());
        }
        assert!(self.is_signed(&asked));
        let asked = asked.json();
        let url = asked["download_url"].as_str().unwrap();
        let path = url.strip_prefix(&self.connection.base_url).unwrap();
        assert!(path.starts_with("/v3/billdownload/file?token="));
        let file = self.get(path).await;
        assert_eq!((file.status, file.header("Wechatpay-Signature")), (200, ""));
        Ok((file.body, asked))
    }
}

/// A notification as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub id: String,
    /// Whether signature, key and age were right; `None` for a key nobody knows.
    pub genuine: Option<bool>,
    pub serial: String,
    pub signature: String,
    pub event: Value,
    pub resource: Value,
}

/// Somebody who receives notifications, checks them, and acknowledges genuine ones.
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    pub async fn start(merchant: &Merchant, certificates: Vec<(String, PublicKey)>) -> Receiver {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let mut keys = certificates;
        let connection = &merchant.connection;
        let public_key = PublicKey::from_pem(&connection.platform_public_key).unwrap();
        keys.push((connection.platform_public_key_id.clone(), public_key));
        let desk = Arc::new((keys, merchant.apiv3.clone(), received.clone()));
        let endpoint = poem::endpoint::make(move |mut request: Request| {
            let desk = desk.clone();
            async move {
                let body = request.take_body().into_vec().await.unwrap();
                let received = receive(&request, &body, &desk.0, &desk.1);
                let genuine = received.genuine == Some(true);
                desk.2.lock().unwrap().push(received);
                let status = if genuine { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
                Response::builder().status(status).finish()
            }
        });
        let task = tokio::spawn(async move {
            poem::Server::new_with_acceptor(acceptor).run(endpoint).await.unwrap();
        });
        Receiver { url: format!("http://{address}/notify"), received, task }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits for so many notifications.
    pub async fn wait(&self, count: usize, patience_ms: u64) -> Vec<Received> {
        for _ in 0..patience_ms / 10 {
            if self.received().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let received = self.received();
        assert!(received.len() >= count, "only {} of {count} notifications came", received.len());
        received
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn receive(request: &Request, body: &[u8], keys: &[(String, PublicKey)], apiv3: &ApiV3Key) -> Received {
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let timestamp: i64 = header("Wechatpay-Timestamp").parse().unwrap();
    let fresh = (Clock::system().now().seconds() - timestamp).abs() < 300;
    let message = response_message(timestamp, &header("Wechatpay-Nonce"), body);
    let (serial, signature) = (header("Wechatpay-Serial"), header("Wechatpay-Signature"));
    let key = keys.iter().find(|(known, _)| *known == serial);
    let event: Value = serde_json::from_slice(body).unwrap();
    let sealed = &event["resource"];
    let text = |member: &str| sealed[member].as_str().unwrap();
    let resource = apiv3.open(text("nonce"), text("associated_data"), text("ciphertext")).unwrap();
    Received {
        id: event["id"].as_str().unwrap().to_owned(),
        genuine: key.map(|(_, key)| fresh && key.verify(&message, &signature)),
        serial,
        signature,
        resource: serde_json::from_slice(&resource).unwrap(),
        event,
    }
}

//! What the tests of this crate share: the public fixtures, and a server on loopback that answers as a test says.
//!
//! The keys are WeChat's published testing key and made-up ones; they open nothing outside of tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::{Clock, Timestamp};
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Request, Response, Server};

use crate::config::Settings;
use crate::crypto::{self, ApiV3Key, PrivateKey, PublicKey};
use crate::{Client, NotificationHeaders};

pub(crate) const KEY: &str = include_str!("../fixtures/testing_key.pem");
pub(crate) const PUBLIC_KEY: &str = include_str!("../fixtures/testing_key_public.pem");
pub(crate) const NOTIFICATION: &str = include_str!("../fixtures/notification.json");
pub(crate) const BILL: &[u8] = include_bytes!("../fixtures/tradebill_all.csv");
pub(crate) const BILL_SHA1: &str = "8a90c68cac1bee690454eb979a9802e65689e4ad";
pub(crate) const APIV3_KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000000012026011500000000000000";

/// The six signatures of the vectors, in their order; the last is the official notification's.
pub(crate) fn signature(number: usize) -> &'static str {
    include_str!("../fixtures/signatures.txt").lines().nth(number - 1).expect("there are six signatures")
}

pub(crate) fn settings(base_url: &str) -> Settings {
    serde_json::from_value(serde_json::json!({
        "base_url": base_url,
        "mini_program_url": base_url,
        "mchid": "1900000001",
        "appid": "wx0123456789abcdef",
        "secret": "a secret",
        "merchant_serial": "0A00000000000000000000000000000000000001",
        "merchant_private_key": KEY,
        "apiv3_key": APIV3_KEY,
        "platform_public_key": { "id": PUBLIC_KEY_ID, "pem": PUBLIC_KEY },
        "payment_notify_url": "https://pay.example.org/wechat/notify/payment",
        "refund_notify_url": "https://pay.example.org/wechat/notify/refund",
    }))
    .expect("these are settings")
}

/// Settings that know no key of WeChat's yet.
pub(crate) fn without_keys(base_url: &str) -> Settings {
    Settings { platform_public_key: None, ..settings(base_url) }
}

pub(crate) fn client(base_url: &str) -> Client {
    Client::new(settings(base_url), Clock::system()).expect("the settings are good")
}

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path_and_query: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Checks our signature as WeChat would: over the bytes that came, and from within five minutes.
    pub(crate) fn assert_signed(&self) {
        let authorization =
            self.headers["authorization"].strip_prefix("WECHATPAY2-SHA256-RSA2048 ").expect("the scheme");
        let parts: HashMap<&str, &str> = authorization
            .split(',')
            .map(|part| {
                let (name, value) = part.split_once('=').expect("name and value");
                (name, value.trim_matches('"'))
            })
            .collect();
        let timestamp: i64 = parts["timestamp"].parse().expect("seconds");
        let message =
            crypto::request_message(&self.method, &self.path_and_query, timestamp, parts["nonce_str"], &self.body);
        assert!(PublicKey::from_pem(PUBLIC_KEY).expect("a key").verify(&message, parts["signature"]), "{self:?}");
        assert!(Timestamp::from_seconds(timestamp).apart(Clock::system().now()).as_secs() < 60);
        assert!(!self.headers["user-agent"].is_empty() && !self.headers["accept"].is_empty());
    }
}

/// What the server answers.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Unsigned.
    pub(crate) fn plain(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, headers: Vec::new(), body: body.into() }
    }

    /// Signed well, by the public key.
    pub(crate) fn signed(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply::signed_by(KEY, PUBLIC_KEY_ID, Clock::system().now().seconds(), status, body)
    }

    pub(crate) fn signed_by(key: &str, serial: &str, timestamp: i64, status: u16, body: impl Into<Vec<u8>>) -> Reply {
        let body = body.into();
        let nonce = crypto::nonce();
        let signature =
            PrivateKey::from_pem(key).expect("a key").sign(&crypto::response_message(timestamp, &nonce, &body));
        let headers = vec![
            ("wechatpay-timestamp", timestamp.to_string()),
            ("wechatpay-nonce", nonce),
            ("wechatpay-signature", signature),
            ("wechatpay-serial", serial.to_owned()),
        ];
        Reply { status, headers, body }
    }

    /// With another value of one header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Reply {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    /// The headers of a notification.
    pub(crate) fn signature(&self) -> NotificationHeaders<'_> {
        NotificationHeaders {
            timestamp: self.header("wechatpay-timestamp"),
            nonce: self.header("wechatpay-nonce"),
            signature: self.header("wechatpay-signature"),
            serial: self.header("wechatpay-serial"),
        }
    }
}

/// A body as WeChat notifies: the content sealed.
pub(crate) fn notification(event_type: &str, original_type: &str, content: &serde_json::Value) -> Vec<u8> {
    let nonce = "61f9c719728a";
    let ciphertext =
        ApiV3Key::new(APIV3_KEY).expect("32 bytes").seal(nonce, original_type, content.to_string().as_bytes());
    serde_json::json!({
        "id": "EV-2026011509004200000001", "create_time": "2026-01-15T09:00:43+08:00",
        "resource_type": "encrypt-resource", "event_type": event_type, "summary": "支付成功",
        "resource": {
            "original_type": original_type, "algorithm": "AEAD_AES_256_GCM", "ciphertext": ciphertext,
            "associated_data": original_type, "nonce": nonce,
        },
    })
    .to_string()
    .into_bytes()
}

/// A server on loopback that remembers what it saw.
pub(crate) struct TestServer {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TestServer {
    /// `answer` gets the request and how many came before it.
    pub(crate) async fn start(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> TestServer {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port is free");
        let address = acceptor.local_addr()[0].as_socket_addr().expect("a TCP address").to_string();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = seen.clone();
        let answer = Arc::new(answer);
        let endpoint = poem::endpoint::make(move |mut request: Request| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                let body = request.take_body().into_vec().await.expect("the body arrives");
                let headers = request.headers().iter();
                let seen = Seen {
                    method: request.method().to_string(),
                    path_and_query: request.original_uri().path_and_query().expect("a path").to_string(),
                    headers: headers.map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned())).collect(),
                    body,
                };
                let before = {
                    let mut log = log.lock().expect("no test panics here");
                    log.push(seen.clone());
                    log.len() - 1
                };
                let reply = answer(&seen, before);
                let status = StatusCode::from_u16(reply.status).expect("a status");
                let mut response = Response::builder().status(status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                Ok::<Response, poem::Error>(response.body(reply.body))
            }
        });
        tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
        TestServer { url: format!("http://{address}"), seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no test panics here").clone()
    }

    pub(crate) fn seen_at(&self, path: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path_and_query.split('?').next() == Some(path)).count()
    }
}

/// An address nobody listens at.
pub(crate) fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("http://{}", listener.local_addr().expect("an address"))
}

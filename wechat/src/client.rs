//! The client: one connection pool, one signer, one key ring, one access token.
//!
//! Cheap to clone; clones share everything. The clock is the *real* one: signatures are worth five minutes, whatever day
//! business time says it is.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Clock;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::certificate::Renewal;
use crate::config::{Settings, SettingsError};
use crate::crypto::{self, ApiV3Key, PrivateKey, PublicKey};
use crate::error::{
    ApiError, Errcode, ErrorCode, MiniProgramError, SignatureError, Unreadable, WechatError, without_ids,
};
use crate::keyring::{Keyring, is_certificate};
use crate::notification::NotificationHeaders;
use crate::token::Tokens;

/// No answer but a file is longer than this.
pub(crate) const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// A client of WeChat for one merchant and one mini-program.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    http: reqwest::Client,
    clock: Clock,
    base_url: Url,
    backup_url: Option<Url>,
    mini_program_url: Url,
    pub(crate) mchid: String,
    pub(crate) appid: String,
    pub(crate) secret: SecretString,
    merchant_serial: String,
    merchant_key: PrivateKey,
    pub(crate) apiv3_key: ApiV3Key,
    public_key_id: Option<HeaderValue>,
    pub(crate) keyring: Keyring,
    pub(crate) renewal: Renewal,
    pub(crate) tokens: Tokens,
    pub(crate) payment_notify_url: String,
    pub(crate) refund_notify_url: String,
    total_timeout: Duration,
    pub(crate) download_timeout: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.0.base_url.as_str()).field("mchid", &self.0.mchid).finish()
    }
}

/// An answer as it came, its body raw.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn signature(&self) -> NotificationHeaders<'_> {
        NotificationHeaders {
            timestamp: self.header("wechatpay-timestamp"),
            nonce: self.header("wechatpay-nonce"),
            signature: self.header("wechatpay-signature"),
            serial: self.header("wechatpay-serial"),
        }
    }

    fn error(&self) -> ApiError {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body {
            code: String,
            message: String,
        }
        let body: Body = serde_json::from_slice(&self.body).unwrap_or_default();
        ApiError {
            status: self.status.as_u16(),
            code: ErrorCode::from(body.code.as_str()),
            message: without_ids(&body.message),
            request_id: self.header("request-id").map(str::to_owned),
        }
    }
}

/// Where a signed request goes and how long it may take.
pub(crate) enum Target<'a> {
    /// Path and query at WeChat Pay, the backup host second.
    Path(&'a str),
    /// A download at an address WeChat gave us.
    File(Url),
}

impl Client {
    /// A client that reads the time of its signatures from `real_clock`. Connects to nothing yet.
    pub fn new(settings: Settings, real_clock: Clock) -> Result<Client, SettingsError> {
        let problems = settings.problems();
        if !problems.is_empty() {
            return Err(SettingsError::Unusable(problems));
        }
        let checked = "the settings were checked above";
        let url = |text: &str| Url::parse(text).expect(checked);
        let public_key = settings
            .platform_public_key
            .as_ref()
            .map(|key| (key.id.clone(), PublicKey::from_pem(&key.pem).expect(checked)));
        let certificates: Vec<_> = settings
            .platform_certificates
            .iter()
            .map(|pem| PublicKey::from_certificate_pem(pem).expect(checked))
            .collect();
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("sangzi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if settings.is_local() {
            http = http.no_proxy();
        }
        Ok(Client(Arc::new(Inner {
            http: http.build().map_err(SettingsError::Http)?,
            clock: real_clock,
            base_url: url(&settings.base_url),
            backup_url: settings.backup_url.as_deref().map(url),
            mini_program_url: url(&settings.mini_program_url),
            merchant_serial: settings.merchant_serial,
            merchant_key: PrivateKey::from_pem(settings.merchant_private_key.expose_secret()).expect(checked),
            apiv3_key: ApiV3Key::new(settings.apiv3_key.expose_secret()).expect(checked),
            public_key_id: public_key.as_ref().map(|(id, _)| HeaderValue::from_str(id).expect(checked)),
            keyring: Keyring::new(public_key, &certificates),
            renewal: Renewal::default(),
            tokens: Tokens::default(),
            mchid: settings.mchid,
            appid: settings.appid,
            secret: settings.secret,
            payment_notify_url: settings.payment_notify_url,
            refund_notify_url: settings.refund_notify_url,
            total_timeout: Duration::from_millis(settings.total_timeout_ms),
            download_timeout: Duration::from_millis(settings.download_timeout_ms),
        })))
    }

    /// The merchant number.
    pub fn mchid(&self) -> &str {
        &self.0.mchid
    }

    /// The mini-program.
    pub fn appid(&self) -> &str {
        &self.0.appid
    }

    pub(crate) fn now(&self) -> domain::Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> String {
        self.0.merchant_key.sign(message)
    }

    /// Whether an address WeChat gave us is at one of the hosts we talk to.
    pub(crate) fn is_ours(&self, url: &Url) -> bool {
        let known = |ours: &Url| ours.origin() == url.origin();
        known(&self.0.base_url)
            || self.0.backup_url.as_ref().is_some_and(known)
            || self.0.base_url.host_str().is_some_and(|host| crate::config::PAY_HOSTS.contains(&host))
                && url.scheme() == "https"
                && url.port().is_none()
                && url.host_str().is_some_and(|host| crate::config::PAY_HOSTS.contains(&host))
    }

    /// One APIv3 call whose good answer is signed JSON.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, WechatError> {
        let answer = self.call_raw(method, path, body).await?;
        serde_json::from_slice(&answer.body).map_err(|e| WechatError::Unreadable(e.into()))
    }

    /// One APIv3 call whose good answer is signed, whatever it says.
    pub(crate) async fn call_raw(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, WechatError> {
        let answer = self.send_signed(method, Target::Path(path), body, MAX_ANSWER).await?;
        self.verify(&answer).await?;
        Ok(answer)
    }

    /// Signs, sends, and answers what is a success: the caller verifies it.
    pub(crate) async fn send_signed(
        &self,
        method: Method,
        target: Target<'_>,
        body: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Answer, WechatError> {
        let (first, second, accept, timeout) = match target {
            Target::Path(path) => {
                let at = |base: &Url| base.join(path).map_err(|_| WechatError::Invalid("the path is no path"));
                let second = self.0.backup_url.as_ref().map(at).transpose()?;
                (at(&self.0.base_url)?, second, "application/json", self.0.total_timeout)
            }
            Target::File(url) => (url, None, "*/*", self.0.download_timeout),
        };
        let mut sent = self.send_once(&method, first, body.as_deref(), accept, timeout, limit).await;
        if let (Err(WechatError::Unreachable(error)), Some(second)) = (&sent, second) {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "WeChat Pay cannot be reached, asking its backup host"
            );
            sent = self.send_once(&method, second, body.as_deref(), accept, timeout, limit).await;
        }
        let answer = sent?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(answer),
            _ => Err(answer.error().into()),
        }
    }

    async fn send_once(
        &self,
        method: &Method,
        url: Url,
        body: Option<&[u8]>,
        accept: &'static str,
        timeout: Duration,
        limit: usize,
    ) -> Result<Answer, WechatError> {
        let path_and_query = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let timestamp = self.now().seconds();
        let nonce = crypto::nonce();
        let message =
            crypto::request_message(method.as_str(), &path_and_query, timestamp, &nonce, body.unwrap_or_default());
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp}\",serial_no=\"{}\",signature=\"{}\"",
            self.0.mchid,
            self.0.merchant_serial,
            self.sign(&message),
        );
        let mut request = self
            .0
            .http
            .request(method.clone(), url)
            .timeout(timeout)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, accept);
        if let Some(id) = &self.0.public_key_id {
            request = request.header(HeaderName::from_static("wechatpay-serial"), id);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        send(request, limit).await
    }

    /// Verifies the signature of an answer; a platform certificate not seen before is fetched, once.
    async fn verify(&self, answer: &Answer) -> Result<(), WechatError> {
        let verified = |this: &Client| this.0.keyring.verify(answer.signature(), &answer.body, this.now());
        let mut outcome = verified(self);
        if let Err(SignatureError::UnknownSerial(serial)) = &outcome
            && is_certificate(serial)
        {
            match self.learn(serial).await {
                Ok(true) => outcome = verified(self),
                Ok(false) => {}
                Err(error) => {
                    let cause = &error as &dyn std::error::Error;
                    tracing::warn!(error = cause, "the platform certificates cannot be fetched");
                }
            }
        }
        outcome.map_err(|error| {
            tracing::warn!(reason = %error, "an answer of WeChat Pay does not verify");
            WechatError::BadSignature(error)
        })
    }

    /// One mini-program call. `errcode` absent or 0 is a success, whatever the HTTP status and the content type.
    pub(crate) async fn call_mini_program<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<T, WechatError> {
        let mut url = self.0.mini_program_url.join(path).map_err(|_| WechatError::Invalid("the path is no path"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request =
            self.0.http.request(method, url).timeout(self.0.total_timeout).header(ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer = send(request, MAX_ANSWER).await?;
        if !answer.status.is_success() {
            return Err(answer.error().into());
        }
        let unreadable = |error: serde_json::Error| WechatError::Unreadable(error.into());
        let value: serde_json::Value = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        match value.get("errcode").and_then(serde_json::Value::as_i64) {
            None | Some(0) => serde_json::from_value(value).map_err(unreadable),
            Some(number) => {
                let message = value.get("errmsg").and_then(serde_json::Value::as_str).unwrap_or_default();
                let error = MiniProgramError { errcode: Errcode::from(number), message: without_ids(message) };
                Err(WechatError::MiniProgram(error))
            }
        }
    }
}

/// Sends a request and reads its answer. Transport errors lose their address, which may hold a token.
async fn send(request: reqwest::RequestBuilder, limit: usize) -> Result<Answer, WechatError> {
    let started = Instant::now();
    let (http, request) = request.build_split();
    let request = request.map_err(|_| WechatError::Invalid("the request cannot be put together"))?;
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let lost = |error: reqwest::Error| {
        let error = error.without_url();
        if error.is_connect() { WechatError::Unreachable(error) } else { WechatError::OutcomeUnknown(Box::new(error)) }
    };
    let mut response = http.execute(request).await.map_err(lost)?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > limit {
            return Err(WechatError::Unreadable(Unreadable { line: 0, column: limit }));
        }
        body.extend_from_slice(&chunk);
    }
    let answer = Answer { status, headers, body };
    tracing::debug!(
        %method,
        path,
        status = status.as_u16(),
        request_id = answer.header("request-id"),
        elapsed_ms = started.elapsed().as_millis(),
        "asked WeChat"
    );
    Ok(answer)
}

/// An order or refund number as a segment of a path, or a refusal.
pub(crate) fn segment(number: &str) -> Result<String, WechatError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-|*@".contains(&b);
    if number.is_empty() || number.len() > 64 || !number.bytes().all(fits) {
        return Err(WechatError::Invalid("a number at WeChat is letters, digits, _, -, |, * and @, at most 64"));
    }
    Ok(number.replace('|', "%7C").replace('@', "%40").replace('*', "%2A"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{self, PUBLIC_KEY_ID, Reply, TestServer};

    const ORDER: &str = "D20260115090036000001";

    fn order() -> String {
        serde_json::json!({
            "appid": "wx0123456789abcdef", "mchid": "1900000001", "out_trade_no": ORDER, "trade_state": "NOTPAY",
        })
        .to_string()
    }

    #[test]
    fn the_client_is_shared_between_threads() {
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<Client>();
    }

    #[tokio::test]
    async fn a_request_is_signed_over_what_travels() {
        let server = TestServer::start(|_, _| Reply::signed(200, order())).await;
        testing::client(&server.url).query_by_out_trade_no(ORDER).await.unwrap();
        let seen = &server.seen()[0];
        seen.assert_signed();
        assert_eq!(seen.path_and_query, format!("/v3/pay/transactions/out-trade-no/{ORDER}?mchid=1900000001"));
        assert_eq!(seen.headers["wechatpay-serial"], PUBLIC_KEY_ID);
        assert_eq!(seen.headers["accept"], "application/json");
        assert!(!seen.headers.contains_key("content-type"), "no body, no type");
    }

    #[tokio::test]
    async fn the_backup_host_is_asked_when_no_connection_can_be_made() {
        let server = TestServer::start(|_, _| Reply::signed(204, "")).await;
        let settings = Settings { backup_url: Some(server.url.clone()), ..testing::settings(&testing::nobody()) };
        Client::new(settings, Clock::system()).unwrap().close(ORDER).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), 1);
        seen[0].assert_signed();
        assert_eq!(seen[0].body, br#"{"mchid":"1900000001"}"#);
        assert_eq!(seen[0].headers["content-type"], "application/json");
    }

    #[tokio::test]
    async fn the_backup_host_is_not_asked_when_the_first_may_have_acted() {
        let backup = TestServer::start(|_, _| Reply::signed(204, "")).await;
        // Takes the connection, reads the request and says nothing, or hangs up.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                let (stream, _) = silent.accept().await.unwrap();
                stream.readable().await.unwrap();
                if kept.is_empty() {
                    kept.push(stream);
                }
            }
        });
        let settings = Settings {
            backup_url: Some(backup.url.clone()),
            total_timeout_ms: 300,
            ..testing::settings(&format!("http://{address}"))
        };
        let client = Client::new(settings, Clock::system()).unwrap();
        for what in ["silence", "hanging up"] {
            let error = client.close(ORDER).await.unwrap_err();
            assert!(matches!(error, WechatError::OutcomeUnknown(_)) && error.outcome_unknown(), "{what}: {error:?}");
        }
        let failing =
            TestServer::start(|_, _| Reply::plain(500, r#"{"code":"SYSTEM_ERROR","message":"系统异常"}"#)).await;
        let settings = Settings { backup_url: Some(backup.url.clone()), ..testing::settings(&failing.url) };
        let error = Client::new(settings, Clock::system()).unwrap().close(ORDER).await.unwrap_err();
        assert!(matches!(error, WechatError::OutcomeUnknown(_)), "{error:?}");
        assert_eq!(failing.seen().len(), 1, "nothing is repeated by itself");
        assert_eq!(backup.seen().len(), 0);
    }

    #[tokio::test]
    async fn a_connection_that_takes_too_long_was_not_made() {
        let backup = TestServer::start(|_, _| Reply::signed(204, "")).await;
        // Takes the connection and never says a word of TLS.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let first = format!("https://{}", silent.local_addr().unwrap());
        let settings =
            Settings { backup_url: Some(backup.url.clone()), connect_timeout_ms: 200, ..testing::settings(&first) };
        Client::new(settings, Clock::system()).unwrap().close(ORDER).await.unwrap();
        assert_eq!(backup.seen().len(), 1);
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable_and_nothing_happened() {
        let settings = Settings { backup_url: Some(testing::nobody()), ..testing::settings(&testing::nobody()) };
        let error = Client::new(settings, Clock::system()).unwrap().close(ORDER).await.unwrap_err();
        assert!(matches!(error, WechatError::Unreachable(_)) && !error.outcome_unknown(), "{error:?}");
    }

    #[tokio::test]
    async fn an_answer_that_does_not_verify_is_not_believed() {
        let now = || Clock::system().now().seconds();
        type Make = Box<dyn Fn() -> Reply + Send + Sync>;
        let bad: [(&str, Make); 7] = [
            (
                "another body",
                Box::new(|| Reply { body: order().replace("NOTPAY", "SUCCESS").into(), ..Reply::signed(200, order()) }),
            ),
            ("no signature", Box::new(|| Reply::plain(200, order()))),
            (
                "a probe",
                Box::new(|| {
                    let signed = Reply::signed(200, order());
                    let probe = format!("WECHATPAY/SIGNTEST/{}", signed.signature().signature.unwrap());
                    signed.with("wechatpay-signature", &probe)
                }),
            ),
            ("too old", Box::new(move || Reply::signed_by(testing::KEY, PUBLIC_KEY_ID, now() - 300, 200, order()))),
            (
                "from the future",
                Box::new(move || Reply::signed_by(testing::KEY, PUBLIC_KEY_ID, now() + 302, 200, order())),
            ),
            ("another public key", Box::new(|| Reply::signed(200, order()).with("wechatpay-serial", "PUB_KEY_ID_02"))),
            (
                "another time than signed",
                Box::new(move || {
                    Reply::signed_by(testing::KEY, PUBLIC_KEY_ID, now() - 5, 200, order())
                        .with("wechatpay-timestamp", &now().to_string())
                }),
            ),
        ];
        for (what, make) in bad {
            let server = TestServer::start(move |_, _| make()).await;
            let error = testing::client(&server.url).query_by_out_trade_no(ORDER).await.unwrap_err();
            assert!(matches!(error, WechatError::BadSignature(_)) && error.outcome_unknown(), "{what}: {error:?}");
            assert_eq!(server.seen().len(), 1, "{what}: nothing else is asked");
        }
        let server =
            TestServer::start(move |_, _| Reply::signed_by(testing::KEY, PUBLIC_KEY_ID, now() - 290, 200, order()))
                .await;
        assert!(testing::client(&server.url).query_by_out_trade_no(ORDER).await.is_ok(), "not too old yet");
    }

    #[tokio::test]
    async fn the_clock_that_is_injected_rules_the_age_of_a_signature() {
        let server = TestServer::start(|_, _| Reply::signed(200, order())).await;
        let clock = Clock::settable();
        clock.set(Clock::system().now().after(Duration::from_secs(600)));
        let client = Client::new(testing::settings(&server.url), clock.clone()).unwrap();
        let error = client.query_by_out_trade_no(ORDER).await.unwrap_err();
        assert!(matches!(error, WechatError::BadSignature(SignatureError::Stale)), "{error:?}");
        clock.reset();
        assert!(client.query_by_out_trade_no(ORDER).await.is_ok());
    }

    #[tokio::test]
    async fn errors_are_told_apart_and_not_followed() {
        for (status, body, variant) in [
            (404, r#"{"code":"ORDER_NOT_EXIST","message":"订单不存在"}"#, "NotFound"),
            (404, "", "Refused"),
            (405, "", "Refused"),
            (400, r#"{"code":"ORDER_PAID"}"#, "OrderPaid"),
            (429, r#"{"code":"FREQUENCY_LIMITED"}"#, "RateLimited"),
            (202, "", "OutcomeUnknown"),
            (503, "<html>", "OutcomeUnknown"),
            (302, "", "Refused"),
        ] {
            let server = TestServer::start(move |_, _| {
                Reply::plain(status, body).with("location", "http://127.0.0.1:1/").with("request-id", "08F1")
            })
            .await;
            let error = testing::client(&server.url).query_by_out_trade_no(ORDER).await.unwrap_err();
            assert!(format!("{error:?}").starts_with(variant), "{status} {body}: {error:?}");
            assert_eq!(server.seen().len(), 1);
        }
    }

    #[tokio::test]
    async fn what_is_no_number_does_not_travel() {
        let client = testing::client(&testing::nobody());
        for number in ["", "..", "a/b", "a?b", "a b", "单", &"a".repeat(65)] {
            let error = client.query_by_out_trade_no(number).await.unwrap_err();
            assert!(matches!(error, WechatError::Invalid(_)), "{number}: {error:?}");
        }
    }

    #[test]
    fn bills_lie_at_wechat() {
        let client = testing::client("http://127.0.0.1:8090");
        let real = testing::client("https://api.mch.weixin.qq.com");
        let ours = |client: &Client, url: &str| client.is_ours(&Url::parse(url).unwrap());
        assert!(ours(&client, "http://127.0.0.1:8090/v3/billdownload/file?token=a"));
        assert!(!ours(&client, "http://127.0.0.1:8091/v3/billdownload/file?token=a"));
        assert!(!ours(&client, "https://api.mch.weixin.qq.com/v3/billdownload/file?token=a"));
        assert!(ours(&real, "https://api.wechatpay.cn/v3/billdownload/file?token=a"));
        assert!(!ours(&real, "http://api.mch.weixin.qq.com/v3/billdownload/file?token=a"));
        assert!(!ours(&real, "https://example.org/v3/billdownload/file?token=a"));
    }
}

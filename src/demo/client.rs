//! A client of the program and of the sandbox, as the mini-program, the console and a payer are: HTTP and nothing else.
//!
//! Everything it sends can be sent again, so it asks again where the answer says "later" (429, 503) and where no answer came,
//! a bounded number of times.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

/// How often something is asked again before it counts as failed.
const PATIENCE: u32 = 40;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The other side refused, with a code that programs can read.
    #[error("{what}: {status} {code}: {detail}")]
    Refused {
        /// What was asked.
        what: String,
        /// The status.
        status: u16,
        /// The code of the problem document, or the sandbox's.
        code: String,
        /// For people.
        detail: String,
    },
    /// No answer that can be read.
    #[error("{what}")]
    Unanswered {
        /// What was asked.
        what: String,
        /// Why.
        source: reqwest::Error,
    },
}

impl CallError {
    /// The code, if it was a refusal.
    pub(crate) fn code(&self) -> &str {
        match self {
            CallError::Refused { code, .. } => code,
            CallError::Unanswered { .. } => "",
        }
    }
}

/// What is already so is no failure.
pub(crate) fn unless(code: &str, answer: Result<Value, CallError>) -> Result<(), CallError> {
    match answer {
        Err(error) if error.code() == code => Ok(()),
        other => other.map(drop),
    }
}

/// What a refusal looks like: ours is a problem document, the sandbox says it as WeChat would.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    #[serde(alias = "message")]
    detail: Option<String>,
    reason: Option<String>,
}

/// What a request carries.
#[derive(Clone, Copy)]
enum Body<'a> {
    Json(&'a Value),
    Bytes(&'a [u8]),
}

/// One side that is talked to.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// Of everything below an address.
    pub(crate) fn new(base: &str) -> Result<Client, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(256)
            .build()?;
        Ok(Client { http, base: base.trim_end_matches('/').to_owned() })
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Result<Value, CallError> {
        self.call(Method::GET, path, token, None).await
    }

    /// Does.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Value, CallError> {
        self.call(Method::POST, path, token, Some(Body::Json(body))).await
    }

    /// Puts.
    pub(crate) async fn put(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Value, CallError> {
        self.call(Method::PUT, path, token, Some(Body::Json(body))).await
    }

    /// Hands a document in.
    pub(crate) async fn upload(&self, path: &str, token: Option<&str>, bytes: Vec<u8>) -> Result<Value, CallError> {
        self.call(Method::POST, path, token, Some(Body::Bytes(&bytes))).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Body<'_>>,
    ) -> Result<Value, CallError> {
        let what = || format!("{method} {}{path}", self.base);
        let mut pause = Duration::from_millis(50);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            request = match body {
                Some(Body::Json(body)) => request.json(body),
                Some(Body::Bytes(bytes)) => {
                    request.header(CONTENT_TYPE, "application/octet-stream").body(bytes.to_vec())
                }
                None => request,
            };
            match request.send().await {
                Ok(answer) => {
                    let status = answer.status();
                    let later = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
                    if later && attempt < PATIENCE {
                        let asked =
                            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                        pause = asked.map_or(pause * 2, Duration::from_secs).min(LONGEST_PAUSE);
                    } else {
                        let bytes =
                            answer.bytes().await.map_err(|source| CallError::Unanswered { what: what(), source })?;
                        return read(what(), status, &bytes);
                    }
                }
                Err(_) if attempt < PATIENCE => pause = (pause * 2).min(LONGEST_PAUSE),
                Err(source) => return Err(CallError::Unanswered { what: what(), source }),
            }
            tokio::time::sleep(pause).await;
        }
    }
}

fn read(what: String, status: StatusCode, bytes: &[u8]) -> Result<Value, CallError> {
    if status.is_success() {
        // An answer that is no JSON is the sandbox's bank statement.
        return Ok(serde_json::from_slice(bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned())));
    }
    let refusal: Option<Refusal> = serde_json::from_slice(bytes).ok();
    let (code, detail) = match refusal {
        Some(Refusal { code, detail, reason }) => {
            (code, [detail, reason].into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
        None => ("unreadable".to_owned(), String::from_utf8_lossy(bytes).chars().take(200).collect()),
    };
    Err(CallError::Refused { what, status: status.as_u16(), code, detail })
}

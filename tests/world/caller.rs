//! Whoever calls: a stranger, a donor, a member of staff. And what they are answered.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use uuid::Uuid;

/// Somebody with or without a token.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) http: reqwest::Client,
    /// Where the program is served.
    pub(crate) base: String,
    pub(crate) token: Option<String>,
}

/// What came back.
pub(crate) struct Answer {
    /// What was asked, for whoever reads a failure.
    asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null if it is no JSON.
    pub(crate) body: Value,
}

impl Caller {
    /// Asks for a path below `/api/v1`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// A step that needs no words.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, &format!("/api/v1{path}"));
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// A request to any path, with the token if there is one.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Gives; `wish` is what the mini-program sends.
    pub(crate) async fn give(&self, campaign: Uuid, wish: &Value) -> Answer {
        self.post(&format!("/campaigns/{campaign}/donations"), wish.clone()).await
    }
}

/// Sends a request and reads the answer to its end.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let asked = format!("{} {}", request.method(), request.url().path());
    let answer = client.execute(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { asked, status, headers, text, body }
}

impl Answer {
    /// The body of an answer that went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {} {}", self.asked, self.status, self.text);
        self.body
    }

    /// Makes sure that this is a problem document of this kind, in words fit for a person.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> &Answer {
        let Answer { asked, text, body, .. } = self;
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{asked}: {text}");
        assert_eq!(self.header(CONTENT_TYPE.as_str()), Some("application/problem+json"), "{asked}");
        assert_eq!(body["status"], status, "{asked}");
        assert_eq!(body["type"], "about:blank", "{asked}");
        let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        assert!(body["detail"].as_str().is_some_and(|detail| detail.chars().any(chinese)), "{asked}: {text}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{asked}");
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

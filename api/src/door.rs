//! The door every request goes through, in this order: it gets a number, it is counted or turned away, it is taken out of the
//! client's hands, its body is read, it is handled, whatever went wrong becomes a problem document, and what happened is
//! measured and written down.
//!
//! Taken out of the client's hands: a request is handled in a task of its own. A client that goes away makes the server drop
//! the future it waits on, and a handler dropped in the middle of `begin` or `commit` leaves a connection of sqlx 0.9 in a
//! transaction that nobody ends (facts: stack, pitfall 1). So a handler always runs to its end, and the place it takes is
//! given back when it ends, not when the client does.
//!
//! Written down are ids only: the number, the method, the route's pattern, the status, the time it took. Never the path as it
//! was sent, a query or a header.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::document::LARGEST;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, PathPattern, Request, Response, Result};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Semaphore;
use tracing::Instrument;
use uuid::Uuid;

use crate::Pages;
use crate::error::{ApiError, BYTES_WANTED};

/// How long the body of a request may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(15);
/// The same for a document.
const DOCUMENT_TIME: Duration = Duration::from_secs(120);
/// What a form wraps around a document, and the fields beside it.
const WRAPPING: usize = 64 * 1024;
/// How many documents may be on their way in at once: each is held in memory until it is stored.
const DOCUMENTS: usize = 16;
/// How many times the limit is read and thrown away of a body that is too long.
const SWALLOWED: usize = 4;
/// How long that may take.
const SWALLOW_TIME: Duration = Duration::from_secs(2);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What an answer may load and who may frame it, unless the handler says otherwise: nothing, nobody.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What the door needs to know.
pub(crate) struct DoorOptions {
    /// Longer bodies are refused.
    pub(crate) body_limit: usize,
    /// More requests at once are refused.
    pub(crate) room: Arc<Semaphore>,
    /// The header our own proxy writes the client's address into.
    pub(crate) client_address_header: Option<HeaderName>,
    /// Whether browsers are told to come by https only.
    pub(crate) https: bool,
    /// What is known of each route, by the router's pattern.
    pub(crate) routes: HashMap<String, KnownRoute>,
    /// Pages for people.
    pub(crate) pages: Option<Pages>,
}

/// What the door knows of a route.
pub(crate) struct KnownRoute {
    /// Its name in logs and metrics: the document's path.
    pub(crate) path: String,
    /// The methods it answers, for `Allow`.
    pub(crate) methods: String,
}

/// An endpoint behind the door.
pub(crate) struct Door<E> {
    inner: Arc<E>,
    options: Arc<DoorOptions>,
    documents: Arc<Semaphore>,
}

impl<E> Door<E> {
    pub(crate) fn new(inner: E, options: DoorOptions) -> Door<E> {
        let documents = Arc::new(Semaphore::new(DOCUMENTS));
        Door { inner: Arc::new(inner), options: Arc::new(options), documents }
    }
}

impl<E: Endpoint + 'static> Endpoint for Door<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let id = request_id(&request);
        let method = method(request.method());
        request.set_data(crate::origin::of(&request, self.options.client_address_header.as_ref()));

        let (pages, reads_pages) = (is_page(request.uri().path()), reads_pages(&request));
        let bytes = takes_bytes(&request, &LARGE) || takes_bytes(&request, &SMALL);
        let (inner, options, documents) = (self.inner.clone(), self.options.clone(), self.documents.clone());
        let (told, span) = (id.clone(), tracing::info_span!("request", id));
        let handled = async move {
            let Ok(_place) = options.room.clone().try_acquire_owned() else {
                return Err(ApiError::overloaded().into());
            };
            // A form around a file would be read as if it were the file.
            if bytes && !pages && is_form(&request) {
                swallow(request.take_body().into_async_read(), LARGEST + WRAPPING).await;
                let kind = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                return Err(ApiError::new(kind, "unsupported_media_type", BYTES_WANTED).into());
            }
            let (_document, body) = if is_document(&request) {
                let Ok(place) = documents.try_acquire_owned() else { return Err(ApiError::overloaded().into()) };
                let most = if is_form(&request) { LARGEST + WRAPPING } else { LARGEST };
                read_body(&mut request, options.body_limit.max(most), DOCUMENT_TIME).await?;
                (Some(place), Bytes::new())
            } else {
                (None, read_body(&mut request, options.body_limit, BODY_TIME).await?)
            };
            match &options.pages {
                Some(ours) if pages => ours.endpoint.call(request).await,
                _ => {
                    let sent = Sent { method: request.method().clone(), body };
                    let remember = |mut error: poem::Error| {
                        error.set_data(sent);
                        error
                    };
                    inner.call(request).await.map(IntoResponse::into_response).map_err(remember)
                }
            }
        };
        let finished = async move {
            let mut answer = match tokio::spawn(handled.in_current_span()).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => self.options.refuse(error, &told, Asked { page: pages && reads_pages, bytes }),
                Err(panicked) => ApiError::internal(&panicked).response(Some(&told)),
            };
            self.options.mark(&mut answer, &told);
            let pattern = answer.data::<PathPattern>();
            let route = pattern.and_then(|pattern| self.options.routes.get(pattern.0.as_ref()));
            // A pattern of the pages' router is one of few, whatever was asked.
            let unknown = pattern.filter(|_| pages).map_or("unmatched", |pattern| pattern.0.as_ref());
            note(method, route.map_or(unknown, |route| &route.path), answer.status(), started.elapsed());
            answer
        };
        Ok(finished.instrument(span).await)
    }
}

/// What was sent, in case it cannot be read.
#[derive(Clone)]
pub(crate) struct Sent {
    /// Its method.
    pub(crate) method: Method,
    /// Its body; nothing of a document.
    pub(crate) body: Bytes,
}

/// What is remembered of a request until it is refused.
#[derive(Clone, Copy)]
struct Asked {
    /// Whether whoever asks reads pages.
    page: bool,
    /// Whether the address takes the bytes of a file.
    bytes: bool,
}

impl DoorOptions {
    /// The problem document of an error, or the page of it.
    fn refuse(&self, error: poem::Error, id: &str, asked: Asked) -> Response {
        if error.is_from_response() {
            return error.into_response();
        }
        let pattern = error.data::<PathPattern>();
        let route = pattern.and_then(|pattern| self.routes.get(pattern.0.as_ref())).map(|route| route.path.as_str());
        let refusal = ApiError::of(&error, asked.bytes, route);
        let mut response = match &self.pages {
            Some(pages) if asked.page => (pages.refuse)(refusal.problem(), id),
            _ => refusal.response(Some(id)),
        };
        if let Some(pattern) = error.data::<PathPattern>() {
            let methods = self.routes.get(pattern.0.as_ref()).and_then(|route| route.methods.parse().ok());
            if let (StatusCode::METHOD_NOT_ALLOWED, Some(methods)) = (response.status(), methods) {
                response.headers_mut().insert(header::ALLOW, methods);
            }
            response.set_data(pattern.clone());
        }
        response
    }

    /// The headers every answer has.
    fn mark(&self, answer: &mut Response, id: &str) {
        let headers = answer.headers_mut();
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(CONTENT_POLICY);
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if self.https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
    }
}

/// The number the client gave, if it can stand in a log line, or a new one.
fn request_id(request: &Request) -> String {
    let sound = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match request.header(REQUEST_ID).filter(sound) {
        Some(id) => id.to_owned(),
        None => Uuid::now_v7().simple().to_string(),
    }
}

/// Whether a form with files is sent.
fn is_form(request: &Request) -> bool {
    request.content_type().is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// What is the interface's; everything else is the pages'.
const INTERFACE: [&str; 5] = ["/api", "/wechat", "/healthz", "/readyz", "/metrics"];

fn is_page(path: &str) -> bool {
    let below = |top: &&str| path.strip_prefix(*top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    !INTERFACE.iter().any(below)
}

/// Whether whoever asks reads pages. A program that does not say so is answered as a program.
fn reads_pages(request: &Request) -> bool {
    request.header(header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html"))
}

/// What is sent as bytes, by how its address ends, and may be as large as a document.
const LARGE: [&str; 5] = ["/attachments", "/papers", "/disbursement-batches", "/bank-statements", "/gift-lists"];
/// What is sent as the parts of a form, and may be as large as a document.
const FORMS: [&str; 1] = ["/bills"];
/// What is sent as bytes and is as small as any request.
const SMALL: [&str; 1] = ["/loan-files"];

/// Whether one of these takes the bytes of a file.
fn takes_bytes(request: &Request, ends: &[&str]) -> bool {
    request.method() == Method::POST && ends.iter().any(|end| request.uri().path().ends_with(end))
}

/// Whether somebody who at least has a token sends a document. Only those may send more than other requests.
fn is_document(request: &Request) -> bool {
    if is_form(request) {
        let of_page = is_page(request.uri().path()) && request.header(header::COOKIE).is_some();
        return of_page || (takes_bytes(request, &FORMS) && request.header(header::AUTHORIZATION).is_some());
    }
    takes_bytes(request, &LARGE)
        && request.header(header::AUTHORIZATION).is_some()
        && request.content_type() == Some("application/octet-stream")
}

/// Reads the body before anything is done, so that no handler waits for a slow client; what it was.
///
/// Of a body that is too long, as much again is thrown away, a few times the limit at most.
async fn read_body(request: &mut Request, limit: usize, time: Duration) -> Result<Bytes> {
    // No text of ours holds a NUL, and PostgreSQL refuses one; told here, it is the client's mistake and not our failure.
    if request.uri().path_and_query().is_some_and(|sent| sent.as_str().contains("%00")) {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_parameter", "请求参数不正确。")
            .because("NUL")
            .into());
    }
    let announced = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let body = request.take_body();
    if body.is_empty() {
        return Ok(Bytes::new());
    }
    let mut body = body.into_async_read();
    let mut bytes = Vec::new();
    if announced.is_none_or(|length| length <= limit as u64) {
        match tokio::time::timeout(time, (&mut body).take(limit as u64 + 1).read_to_end(&mut bytes)).await {
            Ok(Ok(_)) if bytes.len() <= limit => {
                let bytes = Bytes::from(bytes);
                request.set_body(Body::from(bytes.clone()));
                return Ok(bytes);
            }
            Ok(Ok(_)) => {}
            Ok(Err(broken)) => return Err(poem::error::ReadBodyError::Io(broken).into()),
            Err(_) => {
                return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "请求超时，请重试。").into());
            }
        }
    }
    swallow(body, limit.saturating_mul(SWALLOWED)).await;
    Err(poem::error::SizedLimitError::PayloadTooLarge.into())
}

/// Takes what is left of a body and throws it away, so much at most: a client that still writes when the connection closes sees a broken
/// pipe instead of the refusal.
async fn swallow(body: impl AsyncRead + Send + Unpin, most: usize) {
    let mut rest = body.take(most as u64);
    // Whatever becomes of it, the answer is the same.
    let _ = tokio::time::timeout(SWALLOW_TIME, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}

/// A method as a label; clients may invent as many as they like.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Measures and writes down.
fn note(method: &'static str, route: &str, status: StatusCode, took: Duration) {
    tracing::info!(target: "access", method, route, status = status.as_u16(), took_us = took.as_micros() as u64);
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_str().to_owned())];
    metrics::histogram!("sangzi_http_request_seconds", &labels).record(took);
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::{Route, get, handler, post, test::TestClient};
    use tokio::sync::Notify;

    #[handler]
    fn echo(body: Vec<u8>) -> Vec<u8> {
        body
    }

    #[handler]
    fn breaks() -> String {
        panic!("on purpose")
    }

    fn options(room: usize) -> DoorOptions {
        DoorOptions {
            body_limit: 8,
            room: Arc::new(Semaphore::new(room)),
            client_address_header: None,
            https: false,
            routes: HashMap::from([(
                "/echo".to_owned(),
                KnownRoute { path: "/echo".to_owned(), methods: "POST".to_owned() },
            )]),
            pages: None,
        }
    }

    fn door(room: usize) -> TestClient<Door<Route>> {
        let route = Route::new().at("/echo", post(echo)).at("/breaks", get(breaks));
        TestClient::new(Door::new(route, options(room)))
    }

    async fn problem(request: poem::test::TestRequestBuilder<'_, Door<Route>>, status: u16, code: &str) -> Response {
        let response = request.send().await.0;
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.content_type(), Some(crate::error::PROBLEM_JSON));
        let (parts, body) = response.into_parts();
        let body: serde_json::Value = body.into_json().await.unwrap();
        assert_eq!((&body["code"], &body["status"]), (&code.into(), &status.into()));
        assert_eq!(body["request_id"], parts.headers["x-request-id"].to_str().unwrap());
        Response::from_parts(parts, Body::empty())
    }

    #[tokio::test]
    async fn every_error_is_a_problem_document() {
        let door = door(4);
        problem(door.get("/nowhere"), 404, "no_such_address").await;
        let wrong_method = problem(door.get("/echo"), 405, "method_not_allowed").await;
        assert_eq!(wrong_method.header("allow"), Some("POST"));
        problem(door.post("/echo").body("much too long"), 413, "body_too_large").await;
        problem(door.get("/breaks"), 500, "internal").await;
        problem(door.get("/nowhere?name=%00"), 400, "invalid_parameter").await;
    }

    #[tokio::test]
    async fn a_sound_request_id_is_kept_and_another_replaced() {
        let door = door(4);
        let kept = door.post("/echo").header("x-request-id", "abc-1").body("x").send().await;
        kept.assert_header("x-request-id", "abc-1");
        let replaced = door.post("/echo").header("x-request-id", "a b").body("x").send().await;
        assert_ne!(replaced.0.header("x-request-id"), Some("a b"));
    }

    #[tokio::test]
    async fn a_full_house_answers_503_at_once() {
        let response = problem(door(0).post("/echo").body("x"), 503, "overloaded").await;
        assert_eq!(response.header("retry-after"), Some("1"));
    }

    #[tokio::test]
    async fn a_client_that_goes_away_does_not_stop_its_handler() {
        let (entered, finish, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let inner = {
            let (entered, finish, done) = (entered.clone(), finish.clone(), done.clone());
            poem::endpoint::make(move |_| {
                let (entered, finish, done) = (entered.clone(), finish.clone(), done.clone());
                async move {
                    entered.notify_one();
                    finish.notified().await;
                    done.notify_one();
                    Response::default()
                }
            })
        };
        let door = Door::new(inner, options(1));
        let client = tokio::spawn(async move { door.call(Request::builder().finish()).await });
        entered.notified().await;
        client.abort();
        let _ = client.await;
        finish.notify_one();
        done.notified().await;
    }
}

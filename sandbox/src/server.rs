//! The server: what all calls share, and the way from a request to the module that answers it.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use domain::{Clock, Rate};
use poem::http::{HeaderMap, Method, StatusCode};
use poem::{Request, Response};
use tokio::sync::watch;

use crate::answer::{Answer, Refusal};
use crate::bill::Downloads;
use crate::book::Book;
use crate::callback::Postman;
use crate::clock::BusinessClock;
use crate::fault::FaultBox;
use crate::keys::Keys;
use crate::login::Login;
use crate::{control, file, gate, login};

/// Longer bodies are refused.
const BODY: usize = 1 << 20;

/// What all calls share.
pub(crate) struct Server {
    pub(crate) keys: Keys,
    pub(crate) clock: BusinessClock,
    /// For signatures, codes, tokens and download links.
    pub(crate) real: Clock,
    pub(crate) faults: FaultBox,
    pub(crate) postman: Postman,
    pub(crate) login: Login,
    pub(crate) downloads: Downloads,
    pub(crate) base_url: String,
    pub(crate) fee_rate: Rate,
    pub(crate) dir: PathBuf,
    /// Locked for the moment of a decision; never while something is signed or sent.
    pub(crate) book: RwLock<Book>,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Server {
    pub(crate) fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Work that ends, at the latest, with the sandbox.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut stopping = self.stopping.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => {}
                () = work => {}
            }
        });
    }

    /// Writes `sandbox.json`.
    pub(crate) fn write_connection(&self) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(&self.keys.connection(&self.base_url))?;
        file::replace(&self.dir.join("sandbox.json"), &text)
    }

    /// Answers one request.
    pub(crate) async fn answer(self: &Arc<Server>, request: Request) -> Response {
        let call = match Call::read(request).await {
            Ok(call) => call,
            Err(refusal) => return respond(refusal.into()),
        };
        if call.path.starts_with("/v3/") {
            return gate::serve(self, call).await;
        }
        if call.path.starts_with("/sandbox/") {
            return respond(control::serve(self, &call).await);
        }
        if let Some(fault) = self.faults.api(&call.path) {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
            if fault.after {
                login::serve(self, &call);
            }
            let errcode = fault.code.as_deref().and_then(|code| code.parse().ok());
            match (fault.refusal(), errcode) {
                (Some(_), Some(errcode)) => return respond(login::failed(errcode)),
                (Some(refusal), None) => return respond(refusal.into()),
                (None, _) => {}
            }
        }
        respond(login::serve(self, &call).unwrap_or_else(|| Answer::empty(StatusCode::NOT_FOUND)))
    }
}

fn respond(answer: Answer) -> Response {
    let builder = Response::builder().status(answer.status);
    if answer.body.is_empty() { builder.finish() } else { builder.content_type(answer.content_type).body(answer.body) }
}

/// A request, read.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path and query as they came over the wire.
    pub(crate) target: String,
    pub(crate) path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Call {
    async fn read(mut request: Request) -> Result<Call, Refusal> {
        let body = request.take_body().into_bytes_limit(BODY).await;
        let body = body.map_err(|_| Refusal::invalid("请求体过大或不完整"))?.to_vec();
        let uri = request.original_uri();
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let query = match uri.query() {
            Some(query) => pairs(query),
            None => Vec::new(),
        };
        let path = uri.path().to_owned();
        Ok(Call { method: request.method().clone(), target, path, query, headers: request.headers().clone(), body })
    }

    /// A query parameter; the first, if there are several of the name.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header, if it is there and readable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The path's segments, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.trim_start_matches('/').split('/').map(decode).collect()
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// Undoes percent encoding; what is no encoding stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_nonsense_left_alone() {
        assert_eq!(decode("D%7C2%2A"), "D|2*");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%E4%BD%A0"), "%zz你");
        assert_eq!(pairs("a=1+2&b&&c=%26"), [("a", "1 2"), ("b", ""), ("c", "&")].map(|(a, b)| (a.into(), b.into())));
    }
}

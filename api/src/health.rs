//! Whether the process lives, whether it can work, and what it counts. For load balancers and monitors, not for the world: what
//! is counted is not told to whoever comes through the proxy.

use poem::error::NotFoundError;
use poem::http::{HeaderName, StatusCode};
use poem::web::Data;
use poem::{Request, Response, Result, handler};
use serde_json::json;

use crate::{Metrics, Ready};

/// The process answers.
#[handler]
pub(crate) fn alive() -> Response {
    Response::builder().content_type("application/json").body(json!({ "status": "ok" }).to_string())
}

/// The database answers and has the tables this version needs.
#[handler]
pub(crate) async fn ready(ready: Data<&Ready>) -> Response {
    let (status, body) = match ready.0().await {
        Ok(()) => (StatusCode::OK, json!({ "status": "ok" })),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "unavailable", "problem": problem })),
    };
    Response::builder().status(status).content_type("application/json").body(body.to_string())
}

/// The header by which our proxy tells where somebody from outside comes from, if there is a proxy.
#[derive(Clone)]
pub(crate) struct Outside(pub(crate) Option<HeaderName>);

/// What is counted, in Prometheus' format, for whoever asks beside the proxy.
#[handler]
pub(crate) fn metrics(request: &Request, metrics: Data<&Metrics>, outside: Data<&Outside>) -> Result<Response> {
    if outside.0.0.as_ref().is_some_and(|header| request.headers().contains_key(header)) {
        return Err(NotFoundError.into());
    }
    Ok(Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.0()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use poem::test::TestClient;
    use poem::{EndpointExt, Route, get};

    use super::*;

    #[tokio::test]
    async fn what_is_counted_is_not_for_whoever_comes_through_the_proxy() {
        let counted: Metrics = Arc::new(|| "gifts 1\n".to_owned());
        let header = HeaderName::from_static("x-real-ip");
        let client =
            |outside| TestClient::new(Route::new().at("/", get(metrics).data(Outside(outside))).data(counted.clone()));
        let proxied = client(Some(header.clone()));
        proxied.get("/").send().await.assert_text("gifts 1\n").await;
        proxied.get("/").header(&header, "203.0.113.9").send().await.assert_status(StatusCode::NOT_FOUND);
        client(None).get("/").header(&header, "203.0.113.9").send().await.assert_status_is_ok();
    }
}

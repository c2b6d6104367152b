//! Whether the process lives, whether it can work, and what it counts. For load balancers and monitors, not for the world: a
//! proxy need not pass them on.

use poem::http::StatusCode;
use poem::web::Data;
use poem::{Response, handler};
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

/// What is counted, in Prometheus' format.
#[handler]
pub(crate) fn metrics(metrics: Data<&Metrics>) -> Response {
    Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.0())
}

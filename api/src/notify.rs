//! Where WeChat tells us about payments and refunds.
//!
//! The bytes are taken as they came, because the signature is over them. What is answered decides what WeChat does: success
//! ends it, anything else has it come again, freshly signed. Nothing of why is told to the caller, whoever it is; our log
//! knows. A key we do not know is asked for in the background, so that the repetition verifies.

use app::problem::chain;
use std::sync::Arc;

use app::App;
use app::breaks::BreakError;
use app::cashier::CashierError;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Body, IntoResponse, Request, Response, Result, handler};
use serde_json::json;
use wechat::{NotificationError, NotificationHeaders};

/// Why a notification is sent back.
enum Back {
    /// Not to be believed, or not for us.
    Distrusted(NotificationError),
    /// Believed, and not written down.
    Unsettled(CashierError),
    /// The same, of a return.
    Unreturned(BreakError),
}

impl From<NotificationError> for Back {
    fn from(error: NotificationError) -> Back {
        Back::Distrusted(error)
    }
}

impl From<CashierError> for Back {
    fn from(error: CashierError) -> Back {
        Back::Unsettled(error)
    }
}

impl From<BreakError> for Back {
    fn from(error: BreakError) -> Back {
        Back::Unreturned(error)
    }
}

#[handler]
pub(crate) async fn payment(request: &Request, body: Vec<u8>, app: Data<&Arc<App>>) -> Response {
    let settle = async {
        let told = app.wechat.payment_notification(headers(request), &body)?;
        app.cashier.settle_transaction(&told.transaction).await?;
        Ok(())
    };
    answer(app.0, "payment", settle.await)
}

#[handler]
pub(crate) async fn refund(request: &Request, body: Vec<u8>, app: Data<&Arc<App>>) -> Response {
    let settle = async {
        let told = app.wechat.refund_notification(headers(request), &body)?;
        if !app.breaks.notified(&told).await? {
            app.refunds.notified(&told).await?;
        }
        Ok(())
    };
    answer(app.0, "refund", settle.await)
}

fn headers(request: &Request) -> NotificationHeaders<'_> {
    NotificationHeaders {
        timestamp: request.header("wechatpay-timestamp"),
        nonce: request.header("wechatpay-nonce"),
        signature: request.header("wechatpay-signature"),
        serial: request.header("wechatpay-serial"),
    }
}

fn answer(app: &Arc<App>, kind: &'static str, settled: Result<(), Back>) -> Response {
    let (outcome, status, message) = match settled {
        Ok(()) => {
            count(kind, "settled");
            return StatusCode::NO_CONTENT.into_response();
        }
        Err(Back::Distrusted(error)) => {
            let (outcome, status) = distrusted(app, &error);
            tracing::warn!(kind, error = chain(&error), "a notification was sent back");
            (outcome, status, "通知未通过验证")
        }
        Err(Back::Unsettled(CashierError::Overloaded | CashierError::Stopping)) => {
            ("busy", StatusCode::SERVICE_UNAVAILABLE, "系统繁忙，请稍后重试")
        }
        Err(Back::Unreturned(error)) => {
            tracing::error!(kind, error = chain(&error), "a notification could not be settled");
            ("failed", StatusCode::INTERNAL_SERVER_ERROR, "系统异常，请稍后重试")
        }
        Err(Back::Unsettled(error)) => {
            tracing::error!(kind, error = chain(&error), "a notification could not be settled");
            ("failed", StatusCode::INTERNAL_SERVER_ERROR, "系统异常，请稍后重试")
        }
    };
    count(kind, outcome);
    let body = json!({ "code": "FAIL", "message": message }).to_string();
    Response::builder().status(status).content_type("application/json; charset=utf-8").body(Body::from(body))
}

fn distrusted(app: &Arc<App>, error: &NotificationError) -> (&'static str, StatusCode) {
    match error {
        NotificationError::UnknownSerial(serial) => {
            let (app, serial) = (app.clone(), serial.clone());
            tokio::spawn(async move {
                if let Err(error) = app.wechat.learn(&serial).await {
                    tracing::warn!(error = chain(&error), "WeChat's certificates could not be fetched");
                }
            });
            ("unknown_serial", StatusCode::SERVICE_UNAVAILABLE)
        }
        NotificationError::BadSignature(_) => ("bad_signature", StatusCode::UNAUTHORIZED),
        NotificationError::Unreadable(_) | NotificationError::WrongKind(_) => ("unreadable", StatusCode::BAD_REQUEST),
        NotificationError::Sealed(_) => ("sealed", StatusCode::INTERNAL_SERVER_ERROR),
        NotificationError::NotOurs => ("not_ours", StatusCode::FORBIDDEN),
    }
}

fn count(kind: &'static str, outcome: &'static str) {
    metrics::counter!("sangzi_notifications_total", "kind" => kind, "outcome" => outcome).increment(1);
}

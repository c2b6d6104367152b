//! What goes back over the wire: answers, and refusals in the words of the real server.

use poem::http::StatusCode;
use serde_json::{Value, json};

/// The content type of nearly everything.
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// An answer before it is signed.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// 200 with a JSON body.
    pub(crate) fn json(body: &Value) -> Answer {
        Answer { status: StatusCode::OK, content_type: JSON, body: body.to_string().into_bytes() }
    }

    /// 204.
    pub(crate) fn no_content() -> Answer {
        Answer::empty(StatusCode::NO_CONTENT)
    }

    /// A status and nothing else, as the real server treats unknown paths and methods.
    pub(crate) fn empty(status: StatusCode) -> Answer {
        Answer { status, content_type: JSON, body: Vec::new() }
    }
}

/// A refusal: `{code, message}` and sometimes `detail`, under a 4xx or 5xx status. Never signed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) detail: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Refusal {
        Refusal { status, code: code.to_owned(), message: message.into(), detail: None }
    }

    /// A field of the request breaks its rule. `field` is a JSON pointer, or a name for query parameters.
    pub(crate) fn param(location: &str, field: &str, title: &str, issue: &str, value: Value) -> Refusal {
        let slash = if field.starts_with('/') { "" } else { "/" };
        Refusal {
            status: 400,
            code: "PARAM_ERROR".to_owned(),
            message: format!("输入源“/{location}{slash}{field}”映射到字段“{title}”规则校验失败，{issue}"),
            detail: Some(json!({"field": field, "value": value, "issue": issue, "location": location})),
        }
    }

    /// The request makes no sense in the present state.
    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "INVALID_REQUEST", message)
    }

    /// The sandbox itself failed: its disk is full, say.
    pub(crate) fn system(message: impl Into<String>) -> Refusal {
        Refusal::new(500, "SYSTEM_ERROR", message)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        let mut body = json!({"code": refusal.code, "message": refusal.message});
        if let Some(detail) = refusal.detail {
            body["detail"] = detail;
        }
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Answer { status, content_type: JSON, body: body.to_string().into_bytes() }
    }
}

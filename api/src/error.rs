//! What a caller is told when something is not done: a status, a code that never changes, a sentence in Chinese fit for a
//! stranger, all of it in a problem document (RFC 9457).
//!
//! Every error of every service becomes an [`ApiError`] here, by an exhaustive match: a new variant asks what clients shall
//! see. A failure of our own is logged here, once, with its whole chain, and says nothing to the client but a request id. What
//! the router and the parsers say in English is said again by [`ApiError::of`].

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError, ResponseError, SizedLimitError};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, Object};

/// The media type of RFC 9457.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done. Printed as a problem document.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    reason: Option<String>,
    retry_after_s: Option<u64>,
}

/// A problem document.
#[derive(Debug, Object)]
#[oai(rename = "Problem")]
struct Problem {
    /// Always `about:blank`: the kind is told by `code`.
    #[oai(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// The kind of problem, for programs. Never renamed.
    code: String,
    /// What happened, for people, in Chinese.
    detail: String,
    /// Which part of the request could not be read, for developers.
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
    /// The request, as our logs name it.
    #[oai(skip_serializing_if_is_none)]
    request_id: Option<String>,
}

impl ApiError {
    /// A refusal. `code` is for ever.
    pub(crate) const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> ApiError {
        ApiError { status, code, detail: Cow::Borrowed(detail), reason: None, retry_after_s: None }
    }

    /// Something that is not there, or that the caller may not know of.
    pub(crate) const fn not_found(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// Something that cannot be done in the state things are in.
    pub(crate) const fn conflict(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, code, detail)
    }

    /// Something that reads well and makes no sense.
    pub(crate) const fn unprocessable(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// Something that the caller may not do.
    pub(crate) const fn forbidden(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// Nobody is signed in, or not for this.
    pub(crate) const fn unauthorized() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "请先登录。")
    }

    /// Too much at once; come back a little later.
    pub(crate) fn overloaded() -> ApiError {
        let busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "系统繁忙，请稍后再试。");
        ApiError { retry_after_s: Some(1), ..busy }
    }

    /// Too often; come back after so many seconds.
    pub(crate) fn too_many(seconds: u64) -> ApiError {
        let often = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "操作过于频繁，请稍后再试。");
        ApiError { retry_after_s: Some(seconds), ..often }
    }

    /// A failure of our own: logged here with its whole chain, told without it.
    pub(crate) fn internal(error: &dyn StdError) -> ApiError {
        tracing::error!(error = chain(error), "a request failed");
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "系统出现异常，请稍后再试。")
    }

    /// The same with a detail that was made for this case.
    pub(crate) fn saying(self, detail: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError { detail: detail.into(), ..self }
    }

    /// The same with what a developer should look at.
    pub(crate) fn because(self, reason: impl Into<String>) -> ApiError {
        ApiError { reason: Some(reason.into()), ..self }
    }

    /// Whatever a handler, the router or a parser answered.
    pub(crate) fn of(error: &poem::Error) -> ApiError {
        use StatusCode as S;
        if let Some(ours) = error.downcast_ref::<ApiError>() {
            return ours.clone();
        }
        if error.is::<NotFoundError>() {
            return ApiError::not_found("no_such_address", "没有这个地址。");
        }
        if error.is::<MethodNotAllowedError>() {
            return ApiError::new(S::METHOD_NOT_ALLOWED, "method_not_allowed", "这个地址不支持该操作。");
        }
        if error.is::<ParsePathError>() || error.is::<ParseParamError>() {
            return ApiError::new(S::BAD_REQUEST, "invalid_parameter", "请求参数不正确。").because(error.to_string());
        }
        if error.is::<ParseRequestPayloadError>() {
            return ApiError::new(S::BAD_REQUEST, "invalid_body", "请求内容无法识别。").because(error.to_string());
        }
        if error.is::<ContentTypeError>() {
            return ApiError::new(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "请以 JSON 格式提交。")
                .because(error.to_string());
        }
        if error.is::<AuthorizationError>() {
            return ApiError::unauthorized();
        }
        if error.is::<SizedLimitError>() || matches!(error.downcast_ref(), Some(ReadBodyError::PayloadTooLarge)) {
            return ApiError::new(S::PAYLOAD_TOO_LARGE, "body_too_large", "提交的内容过大。");
        }
        match error.status() {
            status if status.is_server_error() => ApiError::internal(error),
            status => ApiError::new(status, "bad_request", "请求不正确。").because(error.to_string()),
        }
    }

    /// The answer, naming the request.
    pub(crate) fn response(&self, request_id: Option<&str>) -> Response {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone().into_owned(),
            reason: self.reason.clone(),
            request_id: request_id.map(str::to_owned),
        };
        let mut response =
            Response::builder().status(self.status).content_type(PROBLEM_JSON).body(problem.to_json_string());
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl StdError for ApiError {}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.response(None)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.response(None)
    }
}

/// What any operation may answer instead of what it is for.
const DOCUMENTED: [(StatusCode, &str); 13] = [
    (StatusCode::BAD_REQUEST, "The request cannot be read."),
    (StatusCode::UNAUTHORIZED, "Nobody is signed in, or the session is over."),
    (StatusCode::FORBIDDEN, "The caller may not do this."),
    (StatusCode::NOT_FOUND, "There is no such thing, or the caller may not know of it."),
    (StatusCode::REQUEST_TIMEOUT, "The request did not arrive in time."),
    (StatusCode::CONFLICT, "The state of things does not allow it."),
    (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The request is not JSON."),
    (StatusCode::UNPROCESSABLE_ENTITY, "The request can be read and makes no sense."),
    (StatusCode::TOO_MANY_REQUESTS, "Too often; see Retry-After."),
    (StatusCode::INTERNAL_SERVER_ERROR, "A failure of ours."),
    (StatusCode::BAD_GATEWAY, "WeChat did not do its part."),
    (StatusCode::SERVICE_UNAVAILABLE, "Too much at once, or WeChat or the database cannot be reached; see Retry-After."),
];

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let answer = |(status, description): (StatusCode, &'static str)| MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: Problem::schema_ref() }],
            headers: Vec::new(),
        };
        MetaResponses { responses: DOCUMENTED.into_iter().map(answer).collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

/// An error with everything behind it, in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // `#[error(transparent)]` says the same sentence twice.
        let sentence = error.to_string();
        if !text.ends_with(&sentence) {
            text.push_str(": ");
            text.push_str(&sentence);
        }
        cause = error.source();
    }
    text
}

//! What a caller is told when something is not done, as a problem document (RFC 9457).
//!
//! Every error of every service becomes a [`Problem`] in `app`, by an exhaustive match, and an [`ApiError`] here. What the router
//! and the parsers say in English is said again by [`ApiError::of`].

use std::error::Error as StdError;
use std::fmt;

use app::problem::Problem;
use domain::plan;
use poem::error::{
    MethodNotAllowedError, NotFoundError, ParseMultipartError as ParseFormError, ReadBodyError, ResponseError,
    SizedLimitError,
};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseMultipartError as FormPartError, ParseParamError, ParsePathError,
    ParseRequestPayloadError,
};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, Object};

use crate::door::Sent;

/// What is said where the bytes of a file are wanted and something else came.
pub(crate) const BYTES_WANTED: &str =
    "请把文件内容直接作为请求正文提交，Content-Type 为 application/octet-stream，不要放进 multipart/form-data 表单。";

/// The media type of RFC 9457.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done. Printed as a problem document.
#[derive(Clone, Debug)]
pub struct ApiError(Problem);

/// One of several things that are wrong at once.
#[derive(Clone, Debug, Object)]
struct FieldProblem {
    /// Which field, or which rule.
    field: String,
    /// What is wrong with it, for people, in Chinese.
    problem: String,
}

/// A problem document.
#[derive(Debug, Object)]
#[oai(rename = "Problem")]
struct Document {
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
    /// Everything that is wrong at once, where it is more than one thing; of what cannot be read each part with its place.
    #[oai(skip_serializing_if_is_none)]
    problems: Option<Vec<FieldProblem>>,
    /// The request, as our logs name it.
    #[oai(skip_serializing_if_is_none)]
    request_id: Option<String>,
}

impl ApiError {
    /// A refusal. `code` is for ever.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: &'static str) -> ApiError {
        ApiError(Problem::new(status.as_u16(), code, detail))
    }

    /// Something that is not there, or that the caller may not know of.
    pub(crate) fn not_found(code: &'static str, detail: &'static str) -> ApiError {
        ApiError(Problem::not_found(code, detail))
    }

    /// Something that cannot be done in the state things are in.
    pub(crate) fn conflict(code: &'static str, detail: &'static str) -> ApiError {
        ApiError(Problem::conflict(code, detail))
    }

    /// Nobody is signed in, or not for this.
    pub(crate) fn unauthorized() -> ApiError {
        ApiError(Problem::unauthorized())
    }

    /// Too much at once; come back a little later.
    pub(crate) fn overloaded() -> ApiError {
        ApiError(Problem::overloaded())
    }

    /// A cursor that none of our pages gave out.
    pub(crate) fn cursor() -> ApiError {
        ApiError(Problem::cursor())
    }

    /// The number of an identity card that cannot be one.
    pub(crate) fn no_identity_number() -> ApiError {
        ApiError(Problem::no_identity_number())
    }

    /// Why a list could not be read. A list names nothing but its cursor: what is not there is the cursor.
    pub(crate) fn of_list(error: impl Into<ApiError>) -> ApiError {
        ApiError(Problem::of_list(error.into().0))
    }

    /// A failure of our own: logged here with its whole chain, told without it.
    pub(crate) fn internal(error: &dyn StdError) -> ApiError {
        ApiError(Problem::internal(error))
    }

    /// A field that is not acceptable, in the words of whoever refused it.
    pub(crate) fn field(field: &'static str, problem: &'static str) -> ApiError {
        ApiError(Problem::field(field, problem))
    }

    /// The same with what a developer should look at.
    pub(crate) fn because(self, reason: impl Into<String>) -> ApiError {
        ApiError(self.0.because(reason))
    }

    /// What is told.
    pub fn problem(&self) -> &Problem {
        &self.0
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whatever a handler, the router or a parser answered, at an address that takes the bytes of a file or one that does not, and on
    /// a route of the document.
    pub(crate) fn of(error: &poem::Error, bytes: bool, route: Option<&str>) -> ApiError {
        use StatusCode as S;
        if let Some(ours) = error.downcast_ref::<ApiError>() {
            return ours.clone();
        }
        if let Some(told) = error.downcast_ref::<Problem>() {
            return ApiError(told.clone());
        }
        if error.is::<NotFoundError>() {
            return ApiError::not_found("no_such_address", "没有这个地址。");
        }
        if error.is::<MethodNotAllowedError>() {
            return ApiError::new(S::METHOD_NOT_ALLOWED, "method_not_allowed", "这个地址不支持该操作。");
        }
        if error.is::<ParsePathError>() || error.is::<ParseParamError>() || error.is::<poem::error::ParsePathError>() {
            return unread("invalid_parameter", "请求参数不正确", error, &in_parameter(error, route));
        }
        if error.is::<ParseRequestPayloadError>() || matches!(error.downcast_ref(), Some(ReadBodyError::Io(_))) {
            return unread("invalid_body", "请求内容无法识别", error, &in_body(error, route));
        }
        if error.is::<ParseFormError>() || error.is::<FormPartError>() {
            return unread("invalid_body", "提交的表单无法识别", error, &in_form(error, route));
        }
        if error.is::<ContentTypeError>() {
            let wanted = if bytes {
                BYTES_WANTED
            } else if route.is_some_and(|route| route.ends_with("/bills")) {
                "请以 multipart/form-data 表单提交账单文件，各部分的名称为 trade（交易账单）、fund_flow（资金账单）、bank（银行对账单），至少一个。"
            } else {
                "请以 JSON 格式提交。"
            };
            return ApiError::new(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", wanted)
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
        let one = |one: &plan::Problem| FieldProblem { field: one.field.clone(), problem: one.problem.clone() };
        let (status, told) = (self.status(), &self.0);
        let problems: Vec<FieldProblem> = told.problems.iter().map(one).collect();
        let problem = Document {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: told.status,
            code: told.code.to_owned(),
            detail: told.detail.clone().into_owned(),
            reason: told.reason.clone(),
            problems: Some(problems).filter(|all| !all.is_empty()),
            request_id: request_id.map(str::to_owned),
        };
        let mut response = Response::builder().status(status).content_type(PROBLEM_JSON).body(problem.to_json_string());
        if let Some(seconds) = told.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What could not be read: each part with its place if that is known, or in the words of whoever read it if they were meant for a person
/// (`crate::wire`).
fn unread(code: &'static str, what: &str, error: &poem::Error, found: &[plan::Problem]) -> ApiError {
    let text = error.to_string();
    // A member that is spelt otherwise would silently count for nothing, where a body takes only what it knows.
    let unknown = text.split_once("unknown field `").and_then(|(_, rest)| rest.split_once('`'));
    let unknown =
        unknown.map(|(name, _)| plan::Problem { field: name.to_owned(), problem: "没有这一项".to_owned() });
    let unknown = unknown.filter(|one| found.iter().all(|known| known.field != one.field));
    let problems: Vec<plan::Problem> = found.iter().cloned().chain(unknown).collect();
    let one = |one: &plan::Problem| format!("{}（{}）", one.field, one.problem);
    let words = match problems.len() {
        0 => in_chinese(&text),
        all => {
            let more = (all > TOLD).then(|| format!("另有{}处", all - TOLD));
            Some(problems.iter().take(TOLD).map(one).chain(more).collect::<Vec<_>>().join("；"))
        }
    };
    let detail = words.map_or_else(|| format!("{what}。"), |words| format!("{what}：{words}。"));
    let told = Problem::new(StatusCode::BAD_REQUEST.as_u16(), code, "").saying(detail);
    // The library's own words may hold all that was sent.
    ApiError(told.because(text.chars().take(REASON).collect::<String>()).listing(problems))
}

/// So many parts that cannot be read are told in the sentence.
const TOLD: usize = 3;
/// So many letters of a reason.
const REASON: usize = 400;

/// What a parser of ours said in Chinese.
fn in_chinese(text: &str) -> Option<String> {
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let words = text.split_once("\": ").map(|(_, rest)| rest.split(" (occurred").next().unwrap_or(rest));
    words.filter(|words| words.contains(chinese)).map(str::to_owned)
}

/// What is wrong with the body that was sent.
fn in_body(error: &poem::Error, route: Option<&str>) -> Vec<plan::Problem> {
    let sent = error.data::<Sent>().zip(route);
    sent.map_or_else(Vec::new, |(sent, route)| crate::expected().body(route, &sent.method, &sent.body))
}

/// What is wrong with the form of parts that was sent.
fn in_form(error: &poem::Error, route: Option<&str>) -> Vec<plan::Problem> {
    let sent = error.data::<Sent>().zip(route);
    sent.map_or_else(Vec::new, |(sent, route)| crate::expected().form(route, &sent.method, &error.to_string()))
}

/// What is wrong with the parameter that was sent.
fn in_parameter(error: &poem::Error, route: Option<&str>) -> Vec<plan::Problem> {
    let of_query = error.downcast_ref::<ParseParamError>().map(|error| error.name);
    let Some(called) = of_query.or_else(|| error.downcast_ref::<ParsePathError>().map(|error| error.name)) else {
        return Vec::new();
    };
    let known = error.data::<Sent>().zip(route);
    let known = known.and_then(|(sent, route)| crate::expected().parameter(route, &sent.method, called));
    let (name, kind) = known.unwrap_or((called, None));
    let problem = in_chinese(&error.to_string()).or(kind);
    problem.map(|problem| plan::Problem { field: name.to_owned(), problem }).into_iter().collect()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for ApiError {}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        ApiError::status(self)
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
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Too much at once, or WeChat or the database cannot be reached; see Retry-After.",
    ),
];

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let answer = |(status, description): (StatusCode, &'static str)| MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: Document::schema_ref() }],
            headers: Vec::new(),
        };
        MetaResponses { responses: DOCUMENTED.into_iter().map(answer).collect() }
    }

    fn register(registry: &mut Registry) {
        Document::register(registry);
    }
}

impl<E: Into<Problem>> From<E> for ApiError {
    fn from(error: E) -> ApiError {
        ApiError(error.into())
    }
}

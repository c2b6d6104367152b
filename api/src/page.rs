//! Lists. They page by key, never by offset: what is added or changed meanwhile moves nothing out of a page.

use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ToJSON};

use crate::error::ApiError;

/// A page of a list.
#[derive(Debug, Object)]
pub(crate) struct Page<T: ParseFromJSON + ToJSON> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What `after` is for the next page; null on the last.
    #[oai(nullable)]
    pub(crate) next: Option<String>,
}

/// What is asked for in one go unless the caller says otherwise.
pub(crate) const DEFAULT_LIMIT: u64 = 20;

/// The default of `limit`.
pub(crate) fn default_limit() -> u64 {
    DEFAULT_LIMIT
}

#[allow(dead_code, reason = "wired with the first list")]
fn unknown_cursor() -> ApiError {
    use poem::http::StatusCode;
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_cursor", "翻页参数不正确，请从第一页开始。")
}

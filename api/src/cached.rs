//! Answers that a client may keep for a moment and ask about again cheaply.

use std::hash::{DefaultHasher, Hash, Hasher};

use poem_openapi::ApiResponse;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;

/// How long nobody needs to ask again.
const FRESH: &str = "public, max-age=2";

/// A public answer with its tag.
#[derive(ApiResponse)]
pub(crate) enum Cached<T: ToJSON> {
    /// The answer.
    #[oai(status = 200)]
    Fresh(Json<T>, #[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
    /// Nothing changed since the answer that had this tag.
    #[oai(status = 304)]
    Same(#[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
}

impl<T: ToJSON> Cached<T> {
    /// The answer, unless the client has it. The tag is a hash of the content: weak, because the bytes may be compressed.
    pub(crate) fn of(answer: T, known: Option<&str>) -> Cached<T> {
        let mut hasher = DefaultHasher::new();
        answer.to_json_string().hash(&mut hasher);
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        // Compared weakly: a proxy may have left the W/ away.
        let strong = tag.trim_start_matches("W/");
        let same = |one: &str| one.trim() == "*" || one.trim().trim_start_matches("W/") == strong;
        let same = known.is_some_and(|known| known.split(',').any(same));
        if same { Cached::Same(tag, FRESH.to_owned()) } else { Cached::Fresh(Json(answer), tag, FRESH.to_owned()) }
    }
}

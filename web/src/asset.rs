//! What pages load: one style sheet and one script, from within the program.
//!
//! The address of each holds a hash of its content, so a browser keeps it for ever and still has the right one after an
//! upgrade. They are compressed once, when first asked for.

use std::io::Write;
use std::sync::LazyLock;

use app::problem::Problem;
use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::header;
use poem::web::Path;
use poem::{Request, Response, handler};
use sha2::{Digest, Sha256};

use crate::page::PageError;

/// One file.
struct Asset {
    name: String,
    content_type: &'static str,
    plain: &'static [u8],
    gzip: Vec<u8>,
}

fn asset(stem: &str, extension: &str, content_type: &'static str, plain: &'static [u8]) -> Asset {
    let hash = hex::encode(&Sha256::digest(plain)[..8]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Into memory: it cannot fail, and if it did the plain bytes would be served.
    let gzip = encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default();
    Asset { name: format!("{stem}.{hash}.{extension}"), content_type, plain, gzip }
}

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| asset("sangzi", "css", "text/css; charset=utf-8", include_bytes!("../assets/sangzi.css")));
/// htmx 2.0.11 as its makers publish it (Zero-Clause BSD; the licence stands beside it).
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    asset("htmx", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/htmx-2.0.11.min.js"))
});
static ICON: LazyLock<Asset> =
    LazyLock::new(|| asset("icon", "svg", "image/svg+xml", include_bytes!("../assets/icon.svg")));

/// The address of the style sheet.
pub(crate) fn style() -> String {
    format!("/assets/{}", STYLE.name)
}

/// The address of the script.
pub(crate) fn script() -> String {
    format!("/assets/{}", SCRIPT.name)
}

/// The address of the icon.
pub(crate) fn icon() -> String {
    format!("/assets/{}", ICON.name)
}

/// Serves a file by its full name; an old hash is no file.
#[handler]
pub(crate) fn serve(Path(name): Path<String>, request: &Request) -> Result<Response, PageError> {
    let asset = [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| Problem::not_found("no_such_address", "没有这个地址。"))?;
    let zipped =
        request.header(header::ACCEPT_ENCODING).is_some_and(|how| how.contains("gzip")) && !asset.gzip.is_empty();
    let response = Response::builder()
        .content_type(asset.content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::VARY, "Accept-Encoding");
    Ok(if zipped {
        response.header(header::CONTENT_ENCODING, "gzip").body(asset.gzip.as_slice())
    } else {
        response.body(asset.plain)
    })
}

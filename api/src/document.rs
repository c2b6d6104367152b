//! Documents under things: the pieces that whoever owns a thing mounts below it as `…/{id}/attachments`. The owner's service
//! says first whether the caller may see or change the thing; then these do the rest.
//!
//! A document is sent as the body (`application/octet-stream`), its name and purpose in the query. It is told from its bytes
//! what it is. It comes back as an attachment to be saved, never to be shown in place, whatever it holds.

use std::fmt::Write as _;
use std::sync::Arc;

use app::App;
use app::documents::{Attached, Content};
use domain::role::Member;
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{ApiResponse, Object};
use uuid::Uuid;

use crate::error::ApiError;
use crate::page::Page;
use crate::wire::Instant;

/// A document under something.
#[derive(Object)]
pub(crate) struct Attachment {
    id: Uuid,
    /// What it proves.
    kind: String,
    file_name: String,
    /// What it is, told from its bytes.
    media_type: String,
    /// In bytes.
    size: i64,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    author: Uuid,
    created_at: Instant,
}

impl From<Attached> for Attachment {
    fn from(attached: Attached) -> Attachment {
        let Attached { attachment: row, media_type, size } = attached;
        let sha256 = row.hash.iter().fold(String::with_capacity(64), |mut text, byte| {
            // A string takes whatever is written to it.
            let _ = write!(text, "{byte:02x}");
            text
        });
        Attachment {
            id: row.id.uuid(),
            kind: row.kind,
            file_name: row.file_name,
            media_type,
            size,
            sha256,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
        }
    }
}

/// A document, to be saved.
#[derive(ApiResponse)]
pub(crate) enum Download {
    /// The bytes.
    #[oai(status = 200)]
    Bytes(
        Binary<Vec<u8>>,
        /// What it is.
        #[oai(header = "Content-Type")]
        String,
        /// Its name.
        #[oai(header = "Content-Disposition")]
        String,
        /// Nothing in it may run, should somebody show it in place.
        #[oai(header = "Content-Security-Policy")]
        String,
    ),
}

/// The attachments of a thing that stand, oldest first.
pub(crate) async fn list(app: &Arc<App>, object: &str) -> Result<Json<Page<Attachment>>, ApiError> {
    Ok(Json(Page::whole(app.documents.of(object).await?)))
}

/// Attaches a document to a thing. The same bytes for the same purpose again are the attachment that stands.
pub(crate) async fn upload(
    app: &Arc<App>,
    by: &Member,
    object: &str,
    kind: &str,
    file_name: &str,
    body: Binary<Vec<u8>>,
) -> Result<Json<Attachment>, ApiError> {
    Ok(Json(app.documents.attach(by, object, kind, file_name, body.0).await?.into()))
}

/// A document of a thing.
pub(crate) async fn download(app: &Arc<App>, object: &str, id: Uuid) -> Result<Download, ApiError> {
    Ok(given(app.documents.read(object, id.into()).await?))
}

/// A document that its owner gives.
pub(crate) fn given(content: Content) -> Download {
    let Content { attachment, media_type, bytes } = content;
    let disposition = disposition(&attachment.file_name);
    Download::Bytes(Binary(bytes), media_type, disposition, "default-src 'none'; sandbox".to_owned())
}

/// A workbook that was made for whoever asks.
pub(crate) fn workbook(bytes: Vec<u8>, file_name: &str) -> Download {
    made(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", file_name)
}

/// An archive that was made for whoever asks.
pub(crate) fn archive(bytes: Vec<u8>, file_name: &str) -> Download {
    made(bytes, "application/zip", file_name)
}

fn made(bytes: Vec<u8>, media_type: &str, file_name: &str) -> Download {
    let policy = "default-src 'none'; sandbox".to_owned();
    Download::Bytes(Binary(bytes), media_type.to_owned(), disposition(file_name), policy)
}

/// A picture that is public.
#[derive(Object)]
pub(crate) struct Picture {
    id: Uuid,
    /// What it is, told from its bytes.
    media_type: String,
    /// In bytes.
    size: i64,
}

impl From<Attached> for Picture {
    fn from(attached: Attached) -> Picture {
        Picture { id: attached.attachment.id.uuid(), media_type: attached.media_type, size: attached.size }
    }
}

/// The pictures of something public. Who attached them and what they called them is not told.
pub(crate) async fn pictures(app: &Arc<App>, object: &str) -> Result<Json<Page<Picture>>, ApiError> {
    Ok(Json(Page::whole(app.documents.of(object).await?)))
}

/// A picture of something public, under a name that tells nothing.
pub(crate) async fn picture(app: &Arc<App>, object: &str, id: Uuid) -> Result<Download, ApiError> {
    let Content { attachment, media_type, bytes } = app.documents.picture(object, id.into()).await?;
    let disposition = disposition(&attachment.id.to_string());
    Ok(Download::Bytes(Binary(bytes), media_type, disposition, "default-src 'none'; sandbox".to_owned()))
}

/// Withdraws an attachment of a thing. What was attached stays to be seen in the trail.
pub(crate) async fn withdraw(app: &Arc<App>, by: &Member, object: &str, id: Uuid) -> Result<(), ApiError> {
    Ok(app.documents.withdraw(by, object, id.into()).await?)
}

/// A workbook.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Something we made, to be saved.
pub(crate) fn saved(file_name: &str, media_type: &str, bytes: Vec<u8>) -> Download {
    let policy = "default-src 'none'; sandbox".to_owned();
    Download::Bytes(Binary(bytes), media_type.to_owned(), disposition(file_name), policy)
}

/// RFC 6266: the name in UTF-8, every byte escaped that is no letter or digit.
fn disposition(file_name: &str) -> String {
    let mut text = "attachment; filename*=UTF-8''".to_owned();
    for byte in file_name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("a b\".pdf"), "attachment; filename*=UTF-8''a%20b%22.pdf");
        assert_eq!(disposition("票.pdf"), "attachment; filename*=UTF-8''%E7%A5%A8.pdf");
    }
}

//! A book of a period as one file, for somebody who waits for it. Larger books are written by the command line.

use domain::role::Member;
use domain::{BookId, BusinessDate, Timestamp};
use entity::{Db, book, entry};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{ExportError, Format, Wanted, export};
use crate::books::READERS;
use crate::trail::{self, Line};

/// How many entries are written while somebody waits: a few seconds, some tens of megabytes.
const MOST: i64 = 50_000;

/// A file to be handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// What it is called.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Writes a book of these days as one file; who took it is written down.
pub async fn download(
    db: &Db,
    now: Timestamp,
    (id, format): (BookId, Format),
    (from, to): (BusinessDate, BusinessDate),
    by: &Member,
) -> Result<Download, ExportError> {
    by.may(&READERS, &crowdfunding::book_place(db.read(), id).await?)?;
    let row = book::Entity::find_by_id(id).one(db.read()).await?;
    let row = row.ok_or_else(|| ExportError::NoSuchBook(id.to_string()))?;
    let entries = entry::Entity::find()
        .filter(entry::Column::BookId.eq(id))
        .filter(entry::Column::BookDate.gte(from))
        .filter(entry::Column::BookDate.lte(to))
        .count(db.read())
        .await?;
    let entries = i64::try_from(entries).unwrap_or(i64::MAX);
    if entries > MOST {
        return Err(ExportError::TooLarge { entries, most: MOST });
    }
    let wanted = Wanted { format, book: Some(row.code.clone()), from: Some(from), to: Some(to) };
    let dir = tempfile::tempdir()?;
    let written = export(db, &wanted, dir.path(), &|_| {}).await?;
    let Some(one) = written.first() else { return Err(ExportError::NoSuchBook(row.code)) };
    let content = std::fs::read(&one.file)?;
    let extension = one.file.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_owned();
    let tx = db.begin().await?;
    let detail = json!({ "from": from, "to": to, "as": extension, "entries": one.entries });
    let (actor, object) = (trail::staff(by.id), format!("book:{id}"));
    trail::record(&tx, now, Line { actor, action: "book.export", object, origin: by.origin.clone(), detail }).await?;
    tx.commit().await?;
    Ok(Download { name: format!("{}_{from}_{to}.{extension}", row.code), content })
}

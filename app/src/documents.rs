//! Documents under things: a contract, a receipt, a scan. The bytes are named by their SHA-256 and stand once in the
//! database, however often they are attached; nothing is ever overwritten or deleted, an attachment can only be withdrawn.
//!
//! Permission is asked by whoever owns the thing: their service is called first, this one second. An attachment is asked for
//! together with the thing it is under, so that one thing's permission opens no other's documents.
//!
//! Refused: nothing or more than 10 MiB, a kind that is not taken, a file whose name says something else than its bytes
//! ([`domain::document`]), a word for what it proves that nobody knows. Attaching the same bytes to the same thing for the same purpose again changes nothing.

use aws_lc_rs::digest::{SHA256, digest};
use domain::document::{AttachmentKind, MediaType, NotTaken};
use domain::role::Member;
use domain::{AttachmentId, Clock, Timestamp};
use entity::{Db, Tx, attachment, document, execute, violation};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Set, Statement};
use serde_json::json;

use crate::trail::{self, Line};

/// Why a document was not taken or given.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// There is no such attachment under this thing.
    #[error("no such attachment")]
    NoSuchAttachment,
    /// What it proves is none of the words of [`AttachmentKind`].
    #[error("this is no kind of an attachment")]
    NoSuchKind,
    /// Something else than a picture where only pictures are taken.
    #[error("this is no picture")]
    NoPicture,
    /// The thing was published meanwhile: nothing joins it any more.
    #[error("it is published")]
    Published,
    /// What it proves is decided meanwhile: nothing is taken away any more.
    #[error("it is decided")]
    Decided,
    /// The bytes or the name are not acceptable.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// An attachment with what is known of its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The attachment.
    pub attachment: attachment::Model,
    /// What it is.
    pub media_type: String,
    /// How long it is.
    pub size: i64,
}

/// A document to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The attachment.
    pub attachment: attachment::Model,
    /// What it is.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The documents of the program. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Documents {
    db: Db,
    clock: Clock,
}

impl Documents {
    /// On a database, by business time.
    pub fn new(db: Db, clock: Clock) -> Documents {
        Documents { db, clock }
    }

    /// Attaches a document to a thing, named as in the trail (`disbursement:{id}`).
    pub async fn attach(
        &self,
        by: &Member,
        object: &str,
        kind: &str,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Result<Attached, DocumentError> {
        let tx = self.db.begin().await?;
        let attached = attach(&tx, self.clock.now(), by, object, kind, file_name, bytes).await?;
        tx.commit().await?;
        Ok(attached)
    }

    /// Attaches a picture to a thing.
    pub async fn attach_picture(
        &self,
        by: &Member,
        object: &str,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Result<Attached, DocumentError> {
        if !matches!(MediaType::of(file_name, &bytes)?, MediaType::Png | MediaType::Jpeg) {
            return Err(DocumentError::NoPicture);
        }
        self.attach(by, object, AttachmentKind::Picture.as_str(), file_name, bytes).await
    }

    /// A picture of a thing with its bytes, as long as it is not withdrawn.
    pub async fn picture(&self, object: &str, id: AttachmentId) -> Result<Content, DocumentError> {
        let content = self.read(object, id).await?;
        let shown =
            content.attachment.withdrawn_us.is_none() && content.attachment.kind == AttachmentKind::Picture.as_str();
        if shown { Ok(content) } else { Err(DocumentError::NoSuchAttachment) }
    }

    /// The attachments of a thing that stand, oldest first.
    pub async fn of(&self, object: &str) -> Result<Vec<Attached>, DocumentError> {
        of(self.db.read(), object).await
    }

    /// An attachment of a thing with its bytes. A withdrawn one can still be read by whoever knows its id: what somebody
    /// decided on stays to be seen.
    pub async fn read(&self, object: &str, id: AttachmentId) -> Result<Content, DocumentError> {
        read(self.db.read(), object, id).await
    }

    /// Withdraws an attachment of a thing; withdrawn already is as good.
    pub async fn withdraw(&self, by: &Member, object: &str, id: AttachmentId) -> Result<(), DocumentError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = find(&tx, object, id).await?;
        let sql = "UPDATE attachment SET withdrawn_us = $1 WHERE id = $2 AND withdrawn_us IS NULL";
        let withdrawn = execute(&tx, sql, [now.into(), id.into()]).await.map_err(|error| match violation(&error) {
            Some(rule) if rule.contains("attachment_settled") || rule.contains("attachment_filed") => {
                DocumentError::Decided
            }
            _ => error.into(),
        })?;
        if withdrawn == 1 {
            told(&tx, now, by, "document.withdraw", &row).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Attaches a document within a transaction of its owner.
pub async fn attach(
    tx: &Tx,
    now: Timestamp,
    by: &Member,
    object: &str,
    kind: &str,
    file_name: &str,
    bytes: Vec<u8>,
) -> Result<Attached, DocumentError> {
    let kind = AttachmentKind::of(kind).ok_or(DocumentError::NoSuchKind)?.as_str();
    let media_type = MediaType::of(file_name, &bytes)?;
    let hash = digest(&SHA256, &bytes).as_ref().to_vec();
    let size = i64::try_from(bytes.len()).map_err(|_| NotTaken::Size)?;
    // SQLite has one writer, so what is not there now will not be there at the insert; PostgreSQL says nothing if it is.
    if document::Entity::find_by_id(hash.clone())
        .select_only()
        .column(document::Column::Size)
        .into_tuple::<i64>()
        .one(tx)
        .await?
        .is_none()
    {
        let row = document::ActiveModel {
            hash: Set(hash.clone()),
            media_type: Set(media_type.as_str().to_owned()),
            size: Set(size),
            content: Set(bytes),
            created_us: Set(now),
        };
        let unless = OnConflict::column(document::Column::Hash).do_nothing().to_owned();
        document::Entity::insert(row).on_conflict(unless).exec_without_returning(tx).await?;
    }
    let row = attachment::Model {
        id: AttachmentId::new(),
        object: object.to_owned(),
        kind: kind.to_owned(),
        file_name: file_name.to_owned(),
        hash,
        author_id: by.id,
        created_us: now,
        withdrawn_us: None,
    };
    let fresh = attachment::Entity::insert(attachment::ActiveModel::from(row.clone()))
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await
        .map_err(|error| match violation(&error) {
            Some(rule) if rule.contains("attachment_published") => DocumentError::Published,
            _ => error.into(),
        })?;
    let attachment = if fresh == 1 {
        told(tx, now, by, "document.attach", &row).await?;
        row
    } else {
        attachment::Entity::find()
            .filter(attachment::Column::Object.eq(object))
            .filter(attachment::Column::Kind.eq(kind))
            .filter(attachment::Column::Hash.eq(row.hash))
            .filter(attachment::Column::WithdrawnUs.is_null())
            .one(tx)
            .await?
            .ok_or(DocumentError::NoSuchAttachment)?
    };
    Ok(Attached { attachment, media_type: media_type.as_str().to_owned(), size })
}

/// The attachments of a thing that stand, oldest first. One statement.
pub async fn of(db: &impl ConnectionTrait, object: &str) -> Result<Vec<Attached>, DocumentError> {
    let sql = "SELECT a.id, a.object, a.kind, a.file_name, a.hash, a.author_id, a.created_us, a.withdrawn_us, d.media_type, d.size \
               FROM attachment a JOIN document d ON d.hash = a.hash WHERE a.object = $1 AND a.withdrawn_us IS NULL \
               ORDER BY a.created_us, a.id";
    let rows =
        db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [object.into()])).await?;
    let attached = |row: &sea_orm::QueryResult| {
        Ok(Attached {
            attachment: <attachment::Model as sea_orm::FromQueryResult>::from_query_result(row, "")?,
            media_type: row.try_get("", "media_type")?,
            size: row.try_get("", "size")?,
        })
    };
    rows.iter().map(attached).collect()
}

/// An attachment of a thing with its bytes. Two statements.
pub async fn read(db: &impl ConnectionTrait, object: &str, id: AttachmentId) -> Result<Content, DocumentError> {
    let attachment = find(db, object, id).await?;
    let document = document::Entity::find_by_id(attachment.hash.clone()).one(db).await?;
    let document = document.ok_or(DocumentError::NoSuchAttachment)?;
    Ok(Content { attachment, media_type: document.media_type, bytes: document.content })
}

async fn find(db: &impl ConnectionTrait, object: &str, id: AttachmentId) -> Result<attachment::Model, DocumentError> {
    let row = attachment::Entity::find_by_id(id).filter(attachment::Column::Object.eq(object)).one(db).await?;
    row.ok_or(DocumentError::NoSuchAttachment)
}

async fn told(
    tx: &Tx,
    now: Timestamp,
    by: &Member,
    action: &'static str,
    row: &attachment::Model,
) -> Result<(), DbErr> {
    let detail = json!({ "attachment": row.id, "kind": row.kind, "sha256": hex::encode(&row.hash) });
    let (actor, object, origin) = (trail::staff(by.id), row.object.clone(), by.origin.clone());
    trail::record(tx, now, Line { actor, action, object, origin, detail }).await
}

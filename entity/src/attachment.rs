//! A document under something.

use domain::{AttachmentId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A document under something.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttachmentId,
    pub object: String,
    pub kind: String,
    pub file_name: String,
    pub hash: Vec<u8>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub withdrawn_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

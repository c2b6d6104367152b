//! The bytes of a document, named by their SHA-256.

use domain::Timestamp;
use sea_orm::entity::prelude::*;

/// The bytes of a document, named by their SHA-256.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub media_type: String,
    pub size: i64,
    pub content: Vec<u8>,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

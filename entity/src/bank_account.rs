//! A bank account of a book, and how its bank writes statements.

use domain::{BookId, Timestamp};
use sea_orm::entity::prelude::*;

/// A bank account of a book, and how its bank writes statements.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_account")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: BookId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub mapping: Option<String>,
    pub number: Option<String>,
    pub changed_by: String,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

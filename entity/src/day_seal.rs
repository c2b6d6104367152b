//! A sealed day of a book (日封存).

use domain::{BookId, BusinessDate, Timestamp};
use sea_orm::entity::prelude::*;

/// A sealed day of a book (日封存).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "day_seal")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: BookId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: BusinessDate,
    pub first_number: i64,
    pub last_number: i64,
    pub tree_head: Vec<u8>,
    pub previous: Option<Vec<u8>>,
    pub seal: Vec<u8>,
    pub sealed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

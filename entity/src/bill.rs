//! A bill of the channel or a statement of the bank, as it came.

use domain::{BillId, BookId, BusinessDate, Timestamp};
use sea_orm::entity::prelude::*;

/// A bill of the channel or a statement of the bank, as it came.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BillId,
    pub book_id: BookId,
    pub day: BusinessDate,
    pub kind: String,
    pub sha256: Vec<u8>,
    pub content: Vec<u8>,
    pub actor: String,
    pub received_us: Timestamp,
    pub replaced_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

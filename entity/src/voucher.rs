//! A voucher number (凭证号), given when the day of its entry is sealed.

use domain::{BookId, EntryId};
use sea_orm::entity::prelude::*;

/// A voucher number (凭证号), given when the day of its entry is sealed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voucher")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: BookId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub entry_id: EntryId,
    pub salt: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

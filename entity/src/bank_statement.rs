//! A file of the bank, as it came.

use domain::{BankStatementId, BookId, BusinessDate, Money, Timestamp};
use sea_orm::entity::prelude::*;

/// A file of the bank, as it came.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_statement")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BankStatementId,
    pub book_id: BookId,
    pub bank_account: String,
    pub file_name: Option<String>,
    pub format: String,
    pub sha256: Vec<u8>,
    pub content_sealed: Vec<u8>,
    pub opening_fen: Option<Money>,
    pub closing_fen: Option<Money>,
    pub first_day: BusinessDate,
    pub last_day: BusinessDate,
    pub lines: i64,
    pub fresh: i64,
    pub actor: String,
    pub received_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

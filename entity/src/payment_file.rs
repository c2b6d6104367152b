//! A file of payments for the bank.

use domain::{BookId, Money, PaymentFileId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A file of payments for the bank.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_file")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentFileId,
    pub book_id: BookId,
    pub bank_account: String,
    pub state: String,
    pub lines: i64,
    pub total_fen: Money,
    pub hash: Vec<u8>,
    pub content: Vec<u8>,
    pub request: Vec<u8>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub sent_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

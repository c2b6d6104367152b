//! A line of a bank statement.

use domain::bank::LineState;
use domain::{BankLineId, BankStatementId, BookId, BusinessDate, Money, Timestamp};
use sea_orm::entity::prelude::*;

/// A line of a bank statement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_line")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BankLineId,
    pub statement_id: BankStatementId,
    pub book_id: BookId,
    pub bank_account: String,
    pub position: i64,
    pub day: BusinessDate,
    pub reference: String,
    pub amount_fen: Money,
    pub balance_fen: Option<Money>,
    pub code: Option<String>,
    pub identity: Vec<u8>,
    pub occurrence: i64,
    pub words_sealed: Vec<u8>,
    pub state: LineState,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! A 银行存款余额调节表 of an account and a month.

use domain::bank::BalanceState;
use domain::{BankBalanceId, BookId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A 银行存款余额调节表 of an account and a month.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_balance")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BankBalanceId,
    pub book_id: BookId,
    pub bank_account: String,
    pub month: String,
    pub ledger_fen: Money,
    pub statement_fen: Money,
    pub adjusted_fen: Money,
    pub report: String,
    pub state: BalanceState,
    pub author_id: StaffId,
    pub reviewer_id: Option<StaffId>,
    pub reviewer_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub reviewed_us: Option<Timestamp>,
    pub author_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

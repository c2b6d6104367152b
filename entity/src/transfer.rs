//! Money moved between the payment channel and the bank.

use domain::transfer::{TransferKind, TransferState};
use domain::{BookId, BusinessDate, Money, StaffId, Timestamp, TransferId};
use sea_orm::entity::prelude::*;

/// Money moved between the payment channel and the bank.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TransferId,
    pub book_id: BookId,
    pub kind: TransferKind,
    pub state: TransferState,
    pub amount_fen: Money,
    pub bank_account: String,
    pub note: Option<String>,
    pub author_id: Option<StaffId>,
    pub approver_id: Option<StaffId>,
    pub outcome_author_id: Option<StaffId>,
    pub outcome_approver_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub departed_us: Option<Timestamp>,
    pub finished_us: Option<Timestamp>,
    pub approver_for_id: Option<StaffId>,
    pub outcome_approver_for_id: Option<StaffId>,
    pub flow_no: Option<String>,
    pub bank_line: Option<String>,
    pub return_no: Option<String>,
    pub left_on: Option<BusinessDate>,
    pub author_for_id: Option<StaffId>,
    pub outcome_author_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

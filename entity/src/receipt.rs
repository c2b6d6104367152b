//! A receipt of the finance bureau for a gift.

use domain::receipt::ReceiptState;
use domain::{BusinessDate, DonationId, Money, ReceiptId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A receipt of the finance bureau for a gift.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReceiptId,
    pub donation_id: DonationId,
    pub code: String,
    pub number: String,
    pub check_code: String,
    pub issued_on: BusinessDate,
    pub amount_fen: Money,
    pub state: ReceiptState,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub ended_by: Option<StaffId>,
    pub ended_us: Option<Timestamp>,
    pub end_reason: Option<String>,
    pub reversal_code: Option<String>,
    pub reversal_number: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

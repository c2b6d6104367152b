//! A break: a difference that somebody has to settle.

use domain::{BookId, BreakId, BusinessDate, DonationId, LoanContractId, Money, Timestamp};
use sea_orm::entity::prelude::*;

/// A break: a difference that somebody has to settle.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "discrepancy")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BreakId,
    pub class: String,
    pub item: String,
    pub state: String,
    pub amount_fen: Money,
    pub expected_fen: Option<Money>,
    pub book_id: BookId,
    pub donation_id: Option<DonationId>,
    pub detail: String,
    pub proposal: String,
    pub created_us: Timestamp,
    pub suspense: bool,
    pub day: BusinessDate,
    pub owner: String,
    pub settled_us: Option<Timestamp>,
    pub cleared_us: Option<Timestamp>,
    pub contract_id: Option<LoanContractId>,
    pub gone_us: Option<Timestamp>,
    pub cleared_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

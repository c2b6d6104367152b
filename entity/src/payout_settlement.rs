//! Money paid back, or accounted for by a partner.

use domain::{BusinessDate, Money, PayoutId, SettlementId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Money paid back, or accounted for by a partner.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payout_settlement")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SettlementId,
    pub payout_id: PayoutId,
    pub kind: String,
    pub state: String,
    pub amount_fen: Money,
    pub reason: String,
    pub bank_account: Option<String>,
    pub bank_reference: Option<String>,
    pub happened_on: BusinessDate,
    pub author_id: StaffId,
    pub approver_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
    pub author_for_id: Option<StaffId>,
    pub approver_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

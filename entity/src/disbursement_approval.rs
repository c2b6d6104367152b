//! An approval of a round.

use domain::{DisbursementId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// An approval of a round.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disbursement_approval")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub disbursement_id: DisbursementId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub round: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub step: i64,
    pub author_id: StaffId,
    pub approver_id: StaffId,
    pub acting_for_id: Option<StaffId>,
    pub amount_fen: Money,
    pub at_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

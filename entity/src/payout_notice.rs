//! Word to the organiser that money is about to go out.

use domain::{DisbursementId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Word to the organiser that money is about to go out.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payout_notice")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub disbursement_id: DisbursementId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: StaffId,
    pub at_us: Timestamp,
    pub read_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

//! The number of a duty from a day on.

use domain::duty::DutyKind;
use domain::role::Role;
use domain::{BusinessDate, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// The number of a duty from a day on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duty_rule")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: DutyKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_day: BusinessDate,
    pub amount: i64,
    pub warn_days: i64,
    pub escalate_days: i64,
    pub escalate_to: Role,
    pub reason: String,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

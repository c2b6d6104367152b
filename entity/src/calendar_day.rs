//! A day that is not what its weekday says.

use domain::{BusinessDate, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A day that is not what its weekday says.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_day")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: BusinessDate,
    pub working: bool,
    pub name: String,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! A role that a member of staff holds.

use domain::role::Role;
use domain::{StaffId, Timestamp, UnitId};
use sea_orm::entity::prelude::*;

/// A role that a member of staff holds.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_role")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: StaffId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: Role,
    pub unit_id: Option<UnitId>,
    pub granted_by: String,
    pub granted_us: Timestamp,
    pub approved_by: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

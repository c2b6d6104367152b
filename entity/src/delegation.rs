//! A role lent to somebody for some days.

use domain::role::Role;
use domain::{BusinessDate, DelegationId, StaffId, Timestamp, UnitId};
use sea_orm::entity::prelude::*;

/// A role lent to somebody for some days.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delegation")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DelegationId,
    pub lender_id: StaffId,
    pub holder_id: StaffId,
    pub role: Role,
    pub unit_id: Option<UnitId>,
    pub starts_on: BusinessDate,
    pub ends_on: BusinessDate,
    pub reason: String,
    pub author_id: StaffId,
    pub approver_id: Option<StaffId>,
    pub acting_for_id: Option<StaffId>,
    pub revoked_us: Option<Timestamp>,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

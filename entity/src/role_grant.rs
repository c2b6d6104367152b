//! A role proposed for a member of staff.

use domain::proposal::ProposalState;
use domain::role::Role;
use domain::{RoleGrantId, StaffId, Timestamp, UnitId};
use sea_orm::entity::prelude::*;

/// A role proposed for a member of staff.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_grant")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoleGrantId,
    pub staff_id: StaffId,
    pub role: Role,
    pub unit_id: Option<UnitId>,
    pub reason: String,
    pub state: ProposalState,
    pub author_id: StaffId,
    pub approver_id: Option<StaffId>,
    pub acting_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

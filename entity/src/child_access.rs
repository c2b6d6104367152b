//! A request to read a child's data, and what those responsible for it said.

use domain::{ChildAccessId, PayeeId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A request to read a child's data, and what those responsible for it said.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "child_access")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChildAccessId,
    pub payee_id: PayeeId,
    pub reason: String,
    pub days: i64,
    pub state: String,
    pub requester_id: StaffId,
    pub requester_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decider_id: Option<StaffId>,
    pub decider_for_id: Option<StaffId>,
    pub decision_reason: Option<String>,
    pub decided_us: Option<Timestamp>,
    pub ends_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

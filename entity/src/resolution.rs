//! What is done about a break.

use domain::resolution::{ResolutionChoice, ResolutionState};
use domain::{BreakId, ResolutionId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What is done about a break.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resolution")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ResolutionId,
    pub break_id: BreakId,
    pub choice: ResolutionChoice,
    pub reason: String,
    pub state: ResolutionState,
    pub author_id: StaffId,
    pub approver_id: Option<StaffId>,
    pub attempt: i64,
    pub channel_refund_id: Option<String>,
    pub last_error: Option<String>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
    pub next_try_us: Timestamp,
    pub finished_us: Option<Timestamp>,
    pub approver_for_id: Option<StaffId>,
    pub author_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

//! A payee whose name stands on a list.

use domain::{PayeeId, ScreeningHitId, StaffId, Timestamp, WatchNameId};
use sea_orm::entity::prelude::*;

/// A payee whose name stands on a list.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "screening_hit")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScreeningHitId,
    pub payee_id: PayeeId,
    pub watch_name_id: WatchNameId,
    pub state: String,
    pub decider_id: Option<StaffId>,
    pub reason: Option<String>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

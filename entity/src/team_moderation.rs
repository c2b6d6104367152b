//! A team's name hidden or shown, or the team closed, by staff.

use domain::team::TeamStep;
use domain::{StaffId, TeamId, Timestamp};
use sea_orm::entity::prelude::*;

/// A team's name hidden or shown, or the team closed, by staff.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "team_moderation")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub team_id: TeamId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub step: TeamStep,
    pub reason: String,
    pub author_id: StaffId,
    pub at_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

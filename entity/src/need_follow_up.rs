//! What was done about a need.

use domain::{BusinessDate, FollowUpId, NeedId, NeedMatchId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What was done about a need.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "need_follow_up")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FollowUpId,
    pub need_id: NeedId,
    pub match_id: Option<NeedMatchId>,
    pub on_day: BusinessDate,
    pub words: String,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

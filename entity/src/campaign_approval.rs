//! One of the two approvals of a round.

use domain::{CampaignId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// One of the two approvals of a round.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_approval")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub round: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub step: String,
    pub author_id: StaffId,
    pub approver_id: StaffId,
    pub at_us: Timestamp,
    pub acting_for_id: Option<StaffId>,
    pub for_a_group: Option<bool>,
}

impl ActiveModelBehavior for ActiveModel {}

//! One of the two approvals of a change.

use domain::{CampaignChangeId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// One of the two approvals of a change.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_change_approval")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub change_id: CampaignChangeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub step: String,
    pub author_id: StaffId,
    pub approver_id: StaffId,
    pub acting_for_id: Option<StaffId>,
    pub at_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

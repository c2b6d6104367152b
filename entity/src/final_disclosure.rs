//! That the full report of a campaign was published.

use domain::{BusinessDate, CampaignId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// That the full report of a campaign was published.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "final_disclosure")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    pub published_on: BusinessDate,
    pub reference: String,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

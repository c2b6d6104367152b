//! What is told of a campaign's progress.

use domain::{CampaignId, CampaignUpdateId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What is told of a campaign's progress.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_update")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignUpdateId,
    pub campaign_id: CampaignId,
    pub corrects_id: Option<CampaignUpdateId>,
    pub title: String,
    pub words: String,
    pub state: String,
    pub author_id: StaffId,
    pub publisher_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub published_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

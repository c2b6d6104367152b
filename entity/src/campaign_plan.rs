//! A version of a fundraising plan.

use domain::{CampaignId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A version of a fundraising plan.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_plan")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub content: String,
    pub state: String,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub in_force_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

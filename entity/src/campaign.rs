//! A crowdfunding campaign.

use domain::campaign::CampaignState;
use domain::{BookId, CampaignId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A crowdfunding campaign.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignId,
    pub book_id: BookId,
    pub name: String,
    pub summary: String,
    pub target_fen: Money,
    pub over_target: bool,
    pub starts_us: Timestamp,
    pub ends_us: Timestamp,
    pub state: CampaignState,
    pub round: i64,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

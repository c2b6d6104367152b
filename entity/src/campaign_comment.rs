//! What is said about a section of a plan.

use domain::plan::Section;
use domain::{CampaignCommentId, CampaignId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What is said about a section of a plan.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_comment")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignCommentId,
    pub campaign_id: CampaignId,
    pub version: i64,
    pub round: i64,
    pub section: Section,
    pub words: String,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

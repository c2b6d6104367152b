//! A change of a filed plan.

use domain::change::ChangeState;
use domain::{BusinessDate, CampaignChangeId, CampaignId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A change of a filed plan.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_change")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignChangeId,
    pub campaign_id: CampaignId,
    pub version: i64,
    pub reason: String,
    pub state: ChangeState,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub evidence: Option<String>,
    pub refiled_on: Option<BusinessDate>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

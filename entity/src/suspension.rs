//! A suspension of a campaign, and its lifting.

use domain::{AttachmentId, CampaignId, ComplaintId, StaffId, SuspensionId, Timestamp};
use sea_orm::entity::prelude::*;

/// A suspension of a campaign, and its lifting.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suspension")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SuspensionId,
    pub campaign_id: CampaignId,
    pub ground: String,
    pub complaint_id: Option<ComplaintId>,
    pub reason: String,
    pub author_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub lifted_by: Option<StaffId>,
    pub lift_reason: Option<String>,
    pub lifted_us: Option<Timestamp>,
    pub author_for_id: Option<StaffId>,
    pub lifted_for_id: Option<StaffId>,
    pub order_id: Option<AttachmentId>,
}

impl ActiveModelBehavior for ActiveModel {}

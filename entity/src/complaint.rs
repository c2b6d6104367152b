//! What somebody complains of.

use domain::complaint::ComplaintState;
use domain::{CampaignId, ComplaintId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What somebody complains of.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "complaint")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ComplaintId,
    pub campaign_id: Option<CampaignId>,
    pub words: String,
    pub state: ComplaintState,
    pub handler_id: Option<StaffId>,
    pub answer: Option<String>,
    pub created_us: Timestamp,
    pub answered_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

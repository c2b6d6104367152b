//! The agreement with a campaign's partner, and the partner's evaluation.

use domain::{BusinessDate, CampaignId, PartnerId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// The agreement with a campaign's partner, and the partner's evaluation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cooperation")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    pub author_id: StaffId,
    pub partner_id: PartnerId,
    pub signed_on: BusinessDate,
    pub agreement: String,
    pub score: Option<i64>,
    pub findings: Option<String>,
    pub evaluator_id: Option<StaffId>,
    pub evaluated_on: Option<BusinessDate>,
    pub created_us: Timestamp,
    pub signer_id: Option<StaffId>,
    pub signer_for_id: Option<StaffId>,
    pub evaluator_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

//! What a donor asks.

use domain::{BusinessDate, CampaignId, DonationId, DonorId, EnquiryId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What a donor asks.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enquiry")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EnquiryId,
    pub donor_id: DonorId,
    pub campaign_id: Option<CampaignId>,
    pub donation_id: Option<DonationId>,
    pub question_sealed: Vec<u8>,
    pub state: String,
    pub answer: Option<String>,
    pub answered_by: Option<StaffId>,
    pub created_us: Timestamp,
    pub due_on: BusinessDate,
    pub answered_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

//! Somebody without a certificate with whom money is raised.

use domain::plan::PartnerKind;
use domain::{BookId, CampaignId, PartnerId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Somebody without a certificate with whom money is raised.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PartnerId,
    pub book_id: BookId,
    pub kind: PartnerKind,
    pub name: String,
    pub credit_code: Option<String>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub campaign_id: Option<CampaignId>,
}

impl ActiveModelBehavior for ActiveModel {}

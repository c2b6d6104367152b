//! A crowdfunding campaign.

use domain::campaign::{CampaignKind, CampaignState, Cause};
use domain::{BookId, BusinessDate, CampaignId, Money, StaffId, Timestamp, UnitId, UnitPath};
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
    pub unit_id: Option<UnitId>,
    pub unit_path: UnitPath,
    pub parent_id: Option<CampaignId>,
    pub kind: CampaignKind,
    pub name: String,
    pub summary: String,
    pub cause: Cause,
    pub target_fen: Money,
    pub over_target: bool,
    pub starts_us: Timestamp,
    pub ends_us: Timestamp,
    pub state: CampaignState,
    pub suspended_from: Option<CampaignState>,
    pub frozen: bool,
    pub round: i64,
    pub plan_version: i64,
    pub emergency: bool,
    pub channel: String,
    pub platform_number: Option<String>,
    pub platform_url: Option<String>,
    pub operator_code: Option<String>,
    pub filing_submitted_on: Option<BusinessDate>,
    pub filing_number: Option<String>,
    pub filed_on: Option<BusinessDate>,
    pub opened_us: Option<Timestamp>,
    pub ended_us: Option<Timestamp>,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

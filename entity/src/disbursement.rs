//! A paper that asks for money of a campaign.

use domain::charity::Profile;
use domain::disbursement::{DisbursementKind, DisbursementState};
use domain::{BookId, CampaignId, DisbursementId, Money, StaffId, Timestamp, UnitPath};
use sea_orm::entity::prelude::*;

/// A paper that asks for money of a campaign.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disbursement")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DisbursementId,
    pub book_id: BookId,
    pub campaign_id: CampaignId,
    pub unit_path: UnitPath,
    pub line_code: String,
    pub kind: DisbursementKind,
    pub state: DisbursementState,
    pub round: i64,
    pub amount_fen: Money,
    pub payouts: i64,
    pub purpose: String,
    pub content: Vec<u8>,
    pub file_hash: Option<Vec<u8>>,
    pub profile: Option<Profile>,
    pub needed: Option<i64>,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
    pub submitted_us: Option<Timestamp>,
    pub approved_us: Option<Timestamp>,
    pub finished_us: Option<Timestamp>,
    pub repeat_reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

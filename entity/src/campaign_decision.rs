//! What two persons decide about campaigns.

use domain::decision::{DecisionKind, DecisionState};
use domain::{BookId, CampaignDecisionId, CampaignId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What two persons decide about campaigns.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_decision")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignDecisionId,
    pub kind: DecisionKind,
    pub book_id: BookId,
    pub campaign_id: Option<CampaignId>,
    pub to_campaign_id: Option<CampaignId>,
    pub amount_fen: Option<Money>,
    pub operator_code: Option<String>,
    pub reason: String,
    pub publication: Option<String>,
    pub state: DecisionState,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub approver_id: Option<StaffId>,
    pub acting_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

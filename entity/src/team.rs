//! A team that gives together.

use domain::team::TeamState;
use domain::{CampaignId, DonorId, Money, TeamId, Timestamp};
use sea_orm::entity::prelude::*;

/// A team that gives together.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "team")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TeamId,
    pub campaign_id: CampaignId,
    pub donor_id: DonorId,
    pub name: Option<String>,
    pub name_state: String,
    pub goal_fen: Option<Money>,
    pub state: TeamState,
    pub created_us: Timestamp,
    pub closed_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

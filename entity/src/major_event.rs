//! Something of a charity that has to be told, or that the emergency of a campaign is over.

use domain::duty::EventKind;
use domain::{BookId, BusinessDate, CampaignId, MajorEventId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Something of a charity that has to be told, or that the emergency of a campaign is over.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "major_event")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MajorEventId,
    pub book_id: BookId,
    pub campaign_id: Option<CampaignId>,
    pub kind: EventKind,
    pub title: String,
    pub words: String,
    pub happened_on: BusinessDate,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! A version of what is published.

use domain::duty::DutyKind;
use domain::{BookId, BusinessDate, CampaignId, DisclosureId, MajorEventId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A version of what is published.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosure")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DisclosureId,
    pub series_id: DisclosureId,
    pub version: i64,
    pub kind: DutyKind,
    pub book_id: BookId,
    pub campaign_id: Option<CampaignId>,
    pub event_id: Option<MajorEventId>,
    pub year: Option<i64>,
    pub from_day: BusinessDate,
    pub through_day: BusinessDate,
    pub title: String,
    pub content: String,
    pub fingerprint: Vec<u8>,
    pub wish: Vec<u8>,
    pub correction: Option<String>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

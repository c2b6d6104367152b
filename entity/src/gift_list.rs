//! A list of gifts that came outside of the mini-program.

use domain::bank::ListState;
use domain::donation::{Purpose, Via};
use domain::{BookId, CampaignId, GiftListId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A list of gifts that came outside of the mini-program.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gift_list")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GiftListId,
    pub book_id: BookId,
    pub campaign_id: Option<CampaignId>,
    pub via: Via,
    pub place: String,
    pub sha256: Vec<u8>,
    pub lines: i64,
    pub total_fen: Money,
    pub state: ListState,
    pub author_id: StaffId,
    pub approver_id: Option<StaffId>,
    pub approver_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
    pub author_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// What its gifts are for.
    pub fn purpose(&self) -> Purpose {
        self.campaign_id.map_or(Purpose::General(self.book_id), Purpose::Campaign)
    }
}

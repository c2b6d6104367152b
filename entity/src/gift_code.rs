//! What a donor writes into the remark of a transfer.

use domain::anonymity::Anonymity;
use domain::donation::ReceiptChoice;
use domain::{BookId, CampaignId, DonorId, GiftCodeId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What a donor writes into the remark of a transfer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gift_code")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GiftCodeId,
    pub code: String,
    pub book_id: BookId,
    pub campaign_id: CampaignId,
    pub donor_id: Option<DonorId>,
    pub amount_fen: Option<Money>,
    pub anonymity: Anonymity,
    pub receipt: ReceiptChoice,
    pub author_id: Option<StaffId>,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

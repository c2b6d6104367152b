//! A gift.

use domain::anonymity::Anonymity;
use domain::donation::{Channel, DonationState, DonorType, Purpose, ReceiptChoice, Tribute, Via};
use domain::{BookId, CampaignId, DonationId, DonorId, GiftListId, Money, StaffId, TeamId, Timestamp};
use sea_orm::entity::prelude::*;

/// A gift.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donation")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DonationId,
    pub campaign_id: Option<CampaignId>,
    pub channel: Channel,
    pub state: DonationState,
    pub amount_fen: Money,
    pub refunded_fen: Money,
    pub donor_id: Option<DonorId>,
    pub content: Vec<u8>,
    pub anonymity: Anonymity,
    pub show_amount: bool,
    pub name_sealed: Option<Vec<u8>>,
    pub nickname_sealed: Option<Vec<u8>>,
    pub message: Option<String>,
    pub message_state: String,
    pub receipt: ReceiptChoice,
    pub receipt_us: Timestamp,
    pub origin: Option<String>,
    pub created_us: Timestamp,
    pub expires_us: Timestamp,
    pub prepay_id: Option<String>,
    pub prepay_us: Option<Timestamp>,
    pub queries: i64,
    pub next_query_us: Timestamp,
    pub transaction_id: Option<String>,
    pub paid_us: Option<Timestamp>,
    pub confirmed_us: Option<Timestamp>,
    pub late: bool,
    pub settled_us: Option<Timestamp>,
    pub bank_account: Option<String>,
    pub bank_reference: Option<String>,
    pub counterparty: Option<String>,
    pub author_id: Option<StaffId>,
    pub approver_id: Option<StaffId>,
    pub approver_for_id: Option<StaffId>,
    pub via: Via,
    pub list_id: Option<GiftListId>,
    pub author_for_id: Option<StaffId>,
    pub book_id: Option<BookId>,
    pub tribute: Option<Tribute>,
    pub tribute_sealed: Option<Vec<u8>>,
    pub tribute_shown: bool,
    pub team_id: Option<TeamId>,
    pub payer_code: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether a person gave it or an organisation; nothing of who gave by bank without a name.
    pub fn donor_type(&self) -> Option<DonorType> {
        if self.counterparty.is_some() {
            return Some(DonorType::Organisation);
        }
        let by_person = self.channel == Channel::Wechat || self.donor_id.is_some() || self.name_sealed.is_some();
        by_person.then_some(DonorType::Person)
    }

    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        let general = || self.book_id.map(Purpose::General);
        let purpose = self.campaign_id.map(Purpose::Campaign).or_else(general);
        purpose.expect("the database keeps it: donation_purpose_check")
    }
}

//! What two persons make of money that came to the bank.

use domain::anonymity::Anonymity;
use domain::bank::{ClaimChoice, ClaimState};
use domain::donation::ReceiptChoice;
use domain::{BankClaimId, BankLineId, CampaignId, DonorId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What two persons make of money that came to the bank.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_claim")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BankClaimId,
    pub line_id: BankLineId,
    pub choice: ClaimChoice,
    pub campaign_id: Option<CampaignId>,
    pub donor_id: Option<DonorId>,
    pub code: Option<String>,
    pub words_sealed: Vec<u8>,
    pub anonymity: Anonymity,
    pub receipt: ReceiptChoice,
    pub reason: String,
    pub state: ClaimState,
    pub author_id: StaffId,
    pub approver_id: Option<StaffId>,
    pub approver_for_id: Option<StaffId>,
    pub payment_line_id: Option<BankLineId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
    pub finished_us: Option<Timestamp>,
    pub author_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

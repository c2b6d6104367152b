//! One payment of a disbursement.

use domain::disbursement::PayoutState;
use domain::{BusinessDate, DisbursementId, Money, PayeeId, PaymentFileId, PayoutId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// One payment of a disbursement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payout")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PayoutId,
    pub disbursement_id: DisbursementId,
    pub position: i64,
    pub payee_id: PayeeId,
    pub beneficiary_id: Option<PayeeId>,
    pub relation: Option<String>,
    pub amount_fen: Money,
    pub state: PayoutState,
    pub attempt: i64,
    pub payment_file_id: Option<PaymentFileId>,
    pub payer_id: Option<StaffId>,
    pub account_hmac: Option<Vec<u8>>,
    pub scheduled_us: Option<Timestamp>,
    pub confirmer_id: Option<StaffId>,
    pub paid_on: Option<BusinessDate>,
    pub bank_reference: Option<String>,
    pub last_error: Option<String>,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
    pub confirmer_for_id: Option<StaffId>,
    pub relation_sealed: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}

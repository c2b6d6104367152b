//! What a borrower agrees to, for one bank.

use domain::lending::application::ConsentScope;
use domain::{BankId, DonorId, LoanConsentId, Timestamp};
use sea_orm::entity::prelude::*;

/// What a borrower agrees to, for one bank.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_consent")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanConsentId,
    pub donor_id: DonorId,
    pub bank_id: BankId,
    pub scope: ConsentScope,
    pub words: String,
    pub given_us: Timestamp,
    pub withdrawn_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

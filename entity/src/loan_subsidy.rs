//! Interest subsidy of an instalment.

use domain::{BusinessDate, LoanContractId, LoanProgrammeId, LoanSubsidyId, Money, PayoutId, Timestamp};
use sea_orm::entity::prelude::*;

/// Interest subsidy of an instalment.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_subsidy")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanSubsidyId,
    pub programme_id: LoanProgrammeId,
    pub contract_id: LoanContractId,
    pub instalment: i64,
    pub due_on: BusinessDate,
    pub interest_fen: Money,
    pub amount_fen: Money,
    pub state: String,
    pub claimed_on: BusinessDate,
    pub received_on: Option<BusinessDate>,
    pub actor: String,
    pub created_us: Timestamp,
    pub received_fen: Option<Money>,
    pub withdrawn_on: Option<BusinessDate>,
    pub reason: Option<String>,
    pub payout_id: Option<PayoutId>,
}

impl ActiveModelBehavior for ActiveModel {}

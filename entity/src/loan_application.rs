//! An application for a loan, or for a change of one.

use domain::lending::product::{Guarantee, Industry};
use domain::lending::{ApplicantKind, ApplicationKind, LoanState, Office, QuotaUse, RepaymentMethod};
use domain::{
    BankId, BusinessDate, DonorId, LoanApplicationId, LoanContractId, LoanProductId, LoanQuotaId, Money, Timestamp,
    UnitPath,
};
use sea_orm::entity::prelude::*;

/// An application for a loan, or for a change of one.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_application")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanApplicationId,
    pub kind: ApplicationKind,
    pub donor_id: DonorId,
    pub contract_id: Option<LoanContractId>,
    pub renewal_count: i64,
    pub bank_id: BankId,
    pub product_id: LoanProductId,
    pub version: i64,
    pub unit_path: UnitPath,
    pub city_path: UnitPath,
    pub division: String,
    pub state: LoanState,
    pub round: i64,
    pub office: Option<Office>,
    pub office_path: Option<UnitPath>,
    pub due_on: Option<BusinessDate>,
    pub escalated_us: Option<Timestamp>,
    pub applicant: ApplicantKind,
    pub enterprise: Option<String>,
    pub credit_code: Option<String>,
    pub amount_fen: Money,
    pub term: i64,
    pub method: RepaymentMethod,
    pub industry: Industry,
    pub guarantee: Guarantee,
    pub purpose: String,
    pub person_hmac: Option<Vec<u8>>,
    pub personal_sealed: Option<Vec<u8>>,
    pub content: Vec<u8>,
    pub approved_fen: Option<Money>,
    pub approved_term: Option<i64>,
    pub approved_spread_bp: Option<i64>,
    pub quota_id: Option<LoanQuotaId>,
    pub quota_use: QuotaUse,
    pub reason: Option<String>,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
    pub submitted_us: Option<Timestamp>,
    pub sent_us: Option<Timestamp>,
    pub ended_us: Option<Timestamp>,
    pub purged_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

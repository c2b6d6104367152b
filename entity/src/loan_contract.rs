//! A contract about a loan.

use domain::lending::product::{LprTenor, Repricing};
use domain::lending::{ApplicantKind, ApplicationKind, LoanState, RepaymentMethod};
use domain::loan::overdue::{Class, GraceMode};
use domain::loan::{DayCount, InterestMode};
use domain::{
    BankId, BusinessDate, DonorId, LoanApplicationId, LoanContractId, LoanProductId, Money, Multiplier, Rate, StaffId,
    Timestamp, UnitPath,
};
use sea_orm::entity::prelude::*;

/// A contract about a loan.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_contract")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanContractId,
    pub number: String,
    pub application_id: LoanApplicationId,
    pub donor_id: DonorId,
    pub kind: ApplicationKind,
    pub replaces_id: Option<LoanContractId>,
    pub renewal_count: i64,
    pub bank_id: BankId,
    pub product_id: LoanProductId,
    pub version: i64,
    pub unit_path: UnitPath,
    pub division: String,
    pub applicant: ApplicantKind,
    pub person_hmac: Vec<u8>,
    pub personal_sealed: Vec<u8>,
    pub principal_fen: Money,
    pub payout_fen: Money,
    pub outstanding_fen: Money,
    pub annual_rate: Rate,
    pub lpr_tenor: LprTenor,
    pub lpr_on: BusinessDate,
    pub lpr_rate: Rate,
    pub spread_bp: i64,
    pub repricing: Repricing,
    pub method: RepaymentMethod,
    pub interest_mode: InterestMode,
    pub day_count: DayCount,
    pub odd_first_period: bool,
    pub term: i64,
    pub due_day: i64,
    pub payout_on: BusinessDate,
    pub first_due_on: BusinessDate,
    pub maturity_on: BusinessDate,
    pub allocation: String,
    pub penalty_multiplier: Multiplier,
    pub misuse_multiplier: Multiplier,
    pub compound: bool,
    pub grace_days: i64,
    pub grace_mode: GraceMode,
    pub prepayment_fee_rate: Rate,
    pub prepayment_fee_months: i64,
    pub subsidy: Option<String>,
    pub compensation: Option<String>,
    pub state: LoanState,
    pub class: Class,
    pub signed_on: BusinessDate,
    pub paid_out_on: Option<BusinessDate>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
    pub ended_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

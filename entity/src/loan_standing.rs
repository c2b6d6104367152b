//! What a loan comes to until something changes.

use domain::loan::overdue::Class;
use domain::{BusinessDate, LoanContractId, LoanProgrammeId, Money};
use sea_orm::entity::prelude::*;

/// What a loan comes to until something changes.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_standing")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub contract_id: LoanContractId,
    pub programme_id: LoanProgrammeId,
    pub as_of: BusinessDate,
    pub until_day: Option<BusinessDate>,
    pub class: Class,
    pub accruing: bool,
    pub undue_fen: Money,
    pub due_fen: Money,
    pub late_since: Option<BusinessDate>,
    pub credit_fen: Money,
    pub earned_interest_fen: Money,
    pub earned_penalty_fen: Money,
    pub earned_compound_fen: Money,
    pub open_interest_fen: Money,
    pub open_penalty_fen: Money,
    pub open_compound_fen: Money,
    pub interest_from: i64,
    pub interest_start: i64,
    pub interest_step: i64,
    pub interest_den: i64,
    pub compensated_fen: Money,
    pub recovered_fen: Money,
    pub ended: Option<String>,
    pub bank_day: Option<BusinessDate>,
    pub bank_balance_fen: Option<Money>,
    pub bank_class: Option<Class>,
}

impl ActiveModelBehavior for ActiveModel {}

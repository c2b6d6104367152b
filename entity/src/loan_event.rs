//! What happened to a loan.

use domain::loan::overdue::Class;
use domain::{BusinessDate, LoanContractId, LoanEventId, LoanFileId, LoanProgrammeId, Money, Rate, Timestamp};
use sea_orm::entity::prelude::*;

/// What happened to a loan.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_event")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanEventId,
    pub programme_id: LoanProgrammeId,
    pub contract_id: LoanContractId,
    pub kind: String,
    pub on_day: BusinessDate,
    pub amount_fen: Money,
    pub booked: bool,
    pub principal_fen: Money,
    pub interest_fen: Money,
    pub penalty_fen: Money,
    pub compound_fen: Money,
    pub fee_fen: Money,
    pub credit_fen: Money,
    pub mode: Option<String>,
    pub rate: Option<Rate>,
    pub class: Option<Class>,
    pub reverses: Option<LoanEventId>,
    pub serial: Option<String>,
    pub file_id: Option<LoanFileId>,
    pub reason: Option<String>,
    pub actor: String,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

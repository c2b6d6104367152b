//! How penalties of a late instalment grow.

use domain::{BusinessDate, LoanContractId, LoanProgrammeId};
use sea_orm::entity::prelude::*;

/// How penalties of a late instalment grow.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_late")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub contract_id: LoanContractId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    pub programme_id: LoanProgrammeId,
    pub due_on: BusinessDate,
    pub late_from: i64,
    pub penalty_step: i64,
    pub penalty_den: i64,
    pub compound_step: i64,
    pub compound_den: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! A step of a contract.

use domain::lending::{LoanEvent, LoanState};
use domain::{BusinessDate, LoanContractId, Timestamp};
use sea_orm::entity::prelude::*;

/// A step of a contract.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_contract_history")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub contract_id: LoanContractId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub from_state: LoanState,
    pub to_state: LoanState,
    pub event: LoanEvent,
    pub on_day: BusinessDate,
    pub at_us: Timestamp,
    pub actor: String,
    pub reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

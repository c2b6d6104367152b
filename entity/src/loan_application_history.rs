//! A step of an application.

use domain::lending::{LoanEvent, LoanState, Office};
use domain::{LoanApplicationId, Timestamp};
use sea_orm::entity::prelude::*;

/// A step of an application.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_application_history")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_id: LoanApplicationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub from_state: LoanState,
    pub to_state: LoanState,
    pub event: LoanEvent,
    pub office: Option<Office>,
    pub at_us: Timestamp,
    pub actor: String,
    pub reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

//! What an office or the bank said about an application.

use domain::lending::{Office, Verdict};
use domain::{LoanApplicationId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What an office or the bank said about an application.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_decision")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_id: LoanApplicationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub round: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub office: Office,
    pub verdict: Verdict,
    pub reason: Option<String>,
    pub decider_id: StaffId,
    pub acting_for_id: Option<StaffId>,
    pub at_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

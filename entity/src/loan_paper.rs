//! A paper of an application for a loan.

use domain::{LoanApplicationId, LoanPaperId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A paper of an application for a loan.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_paper")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanPaperId,
    pub application_id: LoanApplicationId,
    pub kind: String,
    pub file_name: String,
    pub media_type: String,
    pub size: i64,
    pub hash: Vec<u8>,
    pub content_sealed: Vec<u8>,
    pub staff_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub withdrawn_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

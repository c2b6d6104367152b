//! Somebody close to a borrower.

use domain::{LoanApplicationId, LoanRelationId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Somebody close to a borrower.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_relation")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanRelationId,
    pub application_id: LoanApplicationId,
    pub staff_id: Option<StaffId>,
    pub person_hmac: Option<Vec<u8>>,
    pub relation: String,
    pub actor: String,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! Who holds the pool that bears a part of the losses.

use domain::{LoanProgrammeId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Who holds the pool that bears a part of the losses.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_pool")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub programme_id: LoanProgrammeId,
    pub holder: String,
    pub holder_credit_code: String,
    pub size_fen: Money,
    pub author_id: Option<StaffId>,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

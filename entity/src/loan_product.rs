//! A loan product of a bank.

use domain::lending::product::Family;
use domain::{BankId, LoanProductId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A loan product of a bank.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_product")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanProductId,
    pub bank_id: BankId,
    pub code: String,
    pub family: Family,
    pub name: String,
    pub summary: String,
    pub version: i64,
    pub open: bool,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

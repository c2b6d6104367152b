//! What a bank lends of a product in a city in a year.

use domain::{BankId, LoanProductId, LoanQuotaId, Money, StaffId, Timestamp, UnitId, UnitPath};
use sea_orm::entity::prelude::*;

/// What a bank lends of a product in a city in a year.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_quota")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanQuotaId,
    pub unit_id: UnitId,
    pub unit_path: UnitPath,
    pub bank_id: BankId,
    pub product_id: LoanProductId,
    pub year: i64,
    pub limit_fen: Money,
    pub reserved_fen: Money,
    pub used_fen: Money,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

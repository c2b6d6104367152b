//! The books of one legal entity, or a memo ledger.

use domain::{BookId, BusinessDate, Timestamp};
use sea_orm::entity::prelude::*;

/// The books of one legal entity, or a memo ledger.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "book")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BookId,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub chart: String,
    pub credit_code: Option<String>,
    pub closed_through: Option<BusinessDate>,
    pub locked_through: Option<BusinessDate>,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

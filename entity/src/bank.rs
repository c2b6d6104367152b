//! A bank that lends.

use domain::{BankId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A bank that lends.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BankId,
    pub code: String,
    pub name: String,
    pub active: bool,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

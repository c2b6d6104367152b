//! When a bill was in force.

use domain::{BillHistoryId, BillId, Timestamp};
use sea_orm::entity::prelude::*;

/// When a bill was in force.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill_history")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BillHistoryId,
    pub bill_id: BillId,
    pub in_force: bool,
    pub actor: String,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

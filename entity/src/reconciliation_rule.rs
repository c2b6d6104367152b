//! How long reconciliation lets lines wait, as finance has set it.

use domain::{BookId, ReconciliationRuleId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// How long reconciliation lets lines wait.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation_rule")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReconciliationRuleId,
    pub book_id: BookId,
    pub border_minutes: i64,
    pub buffer_days: i64,
    pub bank_days: i64,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! One run of a day's reconciliation.

use domain::{BookId, BusinessDate, ReconciliationRunId, Timestamp};
use sea_orm::entity::prelude::*;

/// One run of a day's reconciliation, and what it found.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation_run")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReconciliationRunId,
    pub book_id: BookId,
    pub day: BusinessDate,
    pub state: String,
    pub report: String,
    pub actor: String,
    pub ran_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

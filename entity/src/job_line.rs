//! What a run tells while it lasts.

use domain::{JobRunId, Timestamp};
use sea_orm::entity::prelude::*;

/// What a run tells while it lasts.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_line")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: JobRunId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at_us: Timestamp,
    pub failed: bool,
    pub words: String,
}

impl ActiveModelBehavior for ActiveModel {}

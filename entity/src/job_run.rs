//! One run of a job.

use domain::{JobRunId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// One run of a job.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_run")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobRunId,
    pub job: String,
    pub started_us: Timestamp,
    pub finished_us: Option<Timestamp>,
    pub outcome: String,
    pub done: i64,
    pub failed: i64,
    pub detail: Option<String>,
    pub asked_by: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

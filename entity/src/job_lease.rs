//! Who runs a job just now.

use domain::Timestamp;
use sea_orm::entity::prelude::*;

/// Who runs a job just now.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_lease")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub owner: Uuid,
    pub until_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! That a supervisor looked through a month of a small foundation.

use domain::{BookId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// That a supervisor looked through a month of a small foundation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "small_review")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: BookId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: String,
    pub first_us: Timestamp,
    pub until_us: Timestamp,
    pub reviewer_id: StaffId,
    pub reviewer_for_id: Option<StaffId>,
    pub papers: i64,
    pub findings: String,
    pub at_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

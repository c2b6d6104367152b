//! Personal data shown in plain to somebody.

use domain::{StaffId, Timestamp, UnmaskingId};
use sea_orm::entity::prelude::*;

/// Personal data shown in plain to somebody.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unmasking")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UnmaskingId,
    pub at_us: Timestamp,
    pub staff_id: StaffId,
    pub object: String,
    pub fields: String,
    pub reason: String,
    pub origin: String,
}

impl ActiveModelBehavior for ActiveModel {}

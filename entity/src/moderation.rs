//! A donor's message hidden or shown again.

use domain::{DonationId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A donor's message hidden or shown again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "moderation")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub donation_id: DonationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub hidden: bool,
    pub reason: String,
    pub author_id: StaffId,
    pub at_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

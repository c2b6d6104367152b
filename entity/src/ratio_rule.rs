//! What a ratio is held against from a day on.

use domain::{BusinessDate, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// What a ratio is held against from a day on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ratio_rule")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ratio: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub valid_from: BusinessDate,
    pub bound: Option<String>,
    pub warning: Option<String>,
    pub exempt_below_fen: Option<Money>,
    pub source: String,
    pub author_id: Option<StaffId>,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

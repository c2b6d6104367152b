//! A step of a payout.

use domain::{PayoutId, Timestamp};
use sea_orm::entity::prelude::*;

/// A step of a payout.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payout_history")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payout_id: PayoutId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_state: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub at_us: Timestamp,
    pub from_state: String,
    pub actor: String,
    pub reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

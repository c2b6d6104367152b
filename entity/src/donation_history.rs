//! A step in the life of a gift.

use domain::{DonationId, Timestamp};
use sea_orm::entity::prelude::*;

/// A step in the life of a gift.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donation_history")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub donation_id: DonationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_state: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub at_us: Timestamp,
    pub from_state: String,
    pub actor: String,
}

impl ActiveModelBehavior for ActiveModel {}

//! A gift that compliance looks at.

use domain::{DonationId, GiftAlertId, Money, StaffId, Timestamp, WatchNameId};
use sea_orm::entity::prelude::*;

/// A gift that compliance looks at.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gift_alert")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GiftAlertId,
    pub donation_id: DonationId,
    pub ground: String,
    pub gifts: i64,
    pub total_fen: Money,
    pub watch_name_id: Option<WatchNameId>,
    pub state: String,
    pub decider_id: Option<StaffId>,
    pub reason: Option<String>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

//! Cash that was counted.

use domain::cash::{CountState, DifferenceChoice};
use domain::{BookId, BusinessDate, CashCountId, Money, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Cash that was counted.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cash_count")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CashCountId,
    pub book_id: BookId,
    #[sea_orm(column_name = "box")]
    pub cash_box: String,
    pub counted_on: BusinessDate,
    pub pieces: String,
    pub counted_fen: Money,
    pub booked_fen: Money,
    pub state: CountState,
    pub choice: Option<DifferenceChoice>,
    pub reason: Option<String>,
    pub counter_id: StaffId,
    pub counter_for_id: Option<StaffId>,
    pub witness_id: Option<StaffId>,
    pub witness_for_id: Option<StaffId>,
    pub decider_id: Option<StaffId>,
    pub decider_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub signed_us: Option<Timestamp>,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

//! A voucher that comes again.

use domain::voucher::Cadence;
use domain::{BookId, BusinessDate, Money, StaffId, Timestamp, VoucherTemplateId};
use sea_orm::entity::prelude::*;

/// A voucher that comes again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voucher_template")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VoucherTemplateId,
    pub book_id: BookId,
    pub name: String,
    pub summary: String,
    pub lines: String,
    pub total_fen: Money,
    pub cadence: Cadence,
    pub day: i64,
    pub starts_on: BusinessDate,
    pub ends_on: Option<BusinessDate>,
    pub next_on: Option<BusinessDate>,
    pub state: String,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! A voucher that a person writes.

use domain::voucher::{VoucherKind, VoucherState};
use domain::{BookId, BusinessDate, EntryId, ManualVoucherId, Money, StaffId, Timestamp, VoucherTemplateId};
use sea_orm::entity::prelude::*;

/// A voucher that a person writes.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manual_voucher")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ManualVoucherId,
    pub book_id: BookId,
    pub kind: VoucherKind,
    pub event_date: BusinessDate,
    pub summary: String,
    pub lines: String,
    pub converted_from: Option<String>,
    pub total_fen: Money,
    pub state: VoucherState,
    pub template_id: Option<VoucherTemplateId>,
    pub reverses_id: Option<ManualVoucherId>,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub submitter_id: Option<StaffId>,
    pub submitter_for_id: Option<StaffId>,
    pub poster_id: Option<StaffId>,
    pub poster_for_id: Option<StaffId>,
    pub returned_because: Option<String>,
    pub entry_id: Option<EntryId>,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
    pub posted_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

//! A refund of a gift.

use domain::refund::{RefundReason, RefundState};
use domain::{DonationId, Money, RefundId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A refund of a gift.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefundId,
    pub donation_id: DonationId,
    pub amount_fen: Money,
    pub reason: RefundReason,
    pub note: Option<String>,
    pub state: RefundState,
    pub attempt: i64,
    pub requested_by: String,
    pub requester_id: Option<StaffId>,
    pub decider_id: Option<StaffId>,
    pub outcome_author_id: Option<StaffId>,
    pub outcome_approver_id: Option<StaffId>,
    pub channel_refund_id: Option<String>,
    pub last_error: Option<String>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
    pub next_try_us: Timestamp,
    pub finished_us: Option<Timestamp>,
    pub cover_author_id: Option<StaffId>,
    pub cover_approver_id: Option<StaffId>,
    pub decider_for_id: Option<StaffId>,
    pub outcome_approver_for_id: Option<StaffId>,
    pub cover_approver_for_id: Option<StaffId>,
    pub requester_for_id: Option<StaffId>,
    pub outcome_author_for_id: Option<StaffId>,
    pub cover_author_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

//! The audited report of a year.

use domain::proposal::ProposalState;
use domain::{AuditedYearId, BookId, BusinessDate, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// The audited report of a year.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audited_year")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditedYearId,
    pub book_id: BookId,
    pub year: i64,
    pub auditor: String,
    pub report_number: String,
    pub reported_on: BusinessDate,
    pub state: ProposalState,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub approver_id: Option<StaffId>,
    pub approver_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

//! That a year is ended: proposed by one person, decided by another.

use domain::proposal::ProposalState;
use domain::{BookId, StaffId, Timestamp, YearClosingId};
use sea_orm::entity::prelude::*;

/// That a year is ended.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "year_closing")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: YearClosingId,
    pub book_id: BookId,
    pub year: i64,
    pub unmet: String,
    pub reason: Option<String>,
    pub state: ProposalState,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub approver_id: Option<StaffId>,
    pub approver_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

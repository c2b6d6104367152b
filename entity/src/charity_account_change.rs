//! Another bank account or merchant number of a charity, proposed or decided.

use domain::proposal::ProposalState;
use domain::{AccountChangeId, BookId, BusinessDate, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Another bank account or merchant number of a charity, proposed or decided.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charity_account_change")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountChangeId,
    pub book_id: BookId,
    pub old_bank_account: String,
    pub old_mchid: Option<String>,
    pub new_bank_account: String,
    pub new_mchid: Option<String>,
    pub valid_from: BusinessDate,
    pub reason: String,
    pub state: ProposalState,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub approver_id: Option<StaffId>,
    pub approver_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

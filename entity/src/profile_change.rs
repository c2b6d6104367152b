//! Another profile or other limits of a charity, proposed or decided.

use domain::charity::Profile;
use domain::proposal::ProposalState;
use domain::{BookId, Money, ProfileChangeId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// Another profile or other limits of a charity, proposed or decided.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_change")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProfileChangeId,
    pub book_id: BookId,
    pub profile: Profile,
    pub single_limit_fen: Money,
    pub third_limit_fen: Money,
    pub account_quiet_days: i64,
    pub reason: String,
    pub state: ProposalState,
    pub author_id: StaffId,
    pub approver_id: Option<StaffId>,
    pub acting_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decided_us: Option<Timestamp>,
    pub author_for_id: Option<StaffId>,
}

impl ActiveModelBehavior for ActiveModel {}

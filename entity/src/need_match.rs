//! A product put before its bank for a need.

use domain::lending::MatchState;
use domain::{BankId, LoanProductId, NeedId, NeedMatchId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A product put before its bank for a need.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "need_match")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NeedMatchId,
    pub need_id: NeedId,
    pub product_id: LoanProductId,
    pub bank_id: BankId,
    pub state: MatchState,
    pub reason: Option<String>,
    pub author_id: StaffId,
    pub answerer_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub answered_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

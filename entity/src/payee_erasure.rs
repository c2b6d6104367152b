//! A payee's wish to be erased, what was decided about it, and until when the law keeps what is left.

use domain::{BusinessDate, PayeeErasureId, PayeeId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A payee's wish to be erased, what was decided about it, and until when the law keeps what is left.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payee_erasure")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PayeeErasureId,
    pub payee_id: PayeeId,
    pub reason: String,
    pub state: String,
    pub author_id: StaffId,
    pub author_for_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub decider_id: Option<StaffId>,
    pub decider_for_id: Option<StaffId>,
    pub decision_reason: Option<String>,
    pub decided_us: Option<Timestamp>,
    pub kept_until: Option<BusinessDate>,
    pub erased_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

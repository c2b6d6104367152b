//! A revocable session; only the hash of its token is kept.

use domain::{DonorId, SessionId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A revocable session; only the hash of its token is kept.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub token_hash: Vec<u8>,
    pub staff_id: Option<StaffId>,
    pub donor_id: Option<DonorId>,
    pub created_us: Timestamp,
    pub expires_us: Timestamp,
    pub revoked_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

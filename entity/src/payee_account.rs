//! An account a payee has or had.

use domain::{PayeeId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// An account a payee has or had.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payee_account")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payee_id: PayeeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub account_sealed: Vec<u8>,
    pub bank_sealed: Vec<u8>,
    pub account_hmac: Vec<u8>,
    pub author_id: StaffId,
    pub at_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

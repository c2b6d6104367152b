//! A member of staff.

use domain::{StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A member of staff.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StaffId,
    pub username: String,
    pub name: String,
    pub password_hash: String,
    pub totp_sealed: Option<Vec<u8>>,
    pub totp_last_step: i64,
    pub active: bool,
    pub failed_logins: i64,
    pub locked_until_us: Timestamp,
    pub created_us: Timestamp,
    pub person_hmac: Option<Vec<u8>>,
    pub own_password: bool,
}

impl ActiveModelBehavior for ActiveModel {}

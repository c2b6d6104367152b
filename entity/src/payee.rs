//! Somebody who is paid, or for whom it is; what is personal is sealed.

use domain::{BookId, PayeeId, StaffId, Timestamp, UnitPath};
use sea_orm::entity::prelude::*;

/// Somebody who is paid, or for whom it is; what is personal is sealed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payee")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PayeeId,
    pub book_id: BookId,
    pub unit_path: UnitPath,
    pub kind: String,
    pub part: String,
    pub minor: bool,
    pub division: Option<String>,
    pub staff_id: Option<StaffId>,
    pub related: bool,
    pub related_note: Option<String>,
    pub name_sealed: Vec<u8>,
    pub name_hmac: Vec<u8>,
    pub phone_sealed: Option<Vec<u8>>,
    pub account_sealed: Option<Vec<u8>>,
    pub bank_sealed: Option<Vec<u8>>,
    pub account_hmac: Option<Vec<u8>>,
    pub account_changed_us: Option<Timestamp>,
    pub account_changed_by: Option<StaffId>,
    pub account_confirmed_by: Option<StaffId>,
    pub key_sealed: Vec<u8>,
    pub key_version: i64,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub account_changed_for: Option<StaffId>,
    pub account_confirmed_for: Option<StaffId>,
    pub related_sealed: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}

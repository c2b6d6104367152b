//! A charity: the legal entity behind a book.

use domain::charity::Profile;
use domain::{BookId, Money, Timestamp, UnitId};
use sea_orm::entity::prelude::*;

/// A charity: the legal entity behind a book.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charity")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: BookId,
    pub unit_id: UnitId,
    pub profile: Profile,
    pub single_limit_fen: Money,
    pub third_limit_fen: Money,
    pub account_quiet_days: i64,
    pub mchid: Option<String>,
    pub bank_account: String,
    pub office_address: String,
    pub contact: String,
    pub information_url: String,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

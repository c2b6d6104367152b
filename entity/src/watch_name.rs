//! A name nobody may be paid on.

use domain::{StaffId, Timestamp, WatchNameId};
use sea_orm::entity::prelude::*;

/// A name nobody may be paid on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "watch_name")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WatchNameId,
    pub list: String,
    pub name_hmac: Vec<u8>,
    pub name_sealed: Vec<u8>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub removed_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

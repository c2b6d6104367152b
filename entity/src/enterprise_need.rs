//! What an enterprise needs.

use domain::lending::NeedState;
use domain::lending::product::{Guarantee, Industry};
use domain::{Money, NeedId, StaffId, Timestamp, UnitPath};
use sea_orm::entity::prelude::*;

/// What an enterprise needs.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enterprise_need")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NeedId,
    pub unit_path: UnitPath,
    pub division: String,
    pub enterprise: String,
    pub credit_code: String,
    pub industry: Industry,
    pub amount_fen: Money,
    pub term: i64,
    pub guarantee: Guarantee,
    pub words: String,
    pub contact_sealed: Vec<u8>,
    pub key_sealed: Vec<u8>,
    pub key_version: i64,
    pub state: NeedState,
    pub outcome: Option<String>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

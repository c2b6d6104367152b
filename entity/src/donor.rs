//! A person who gives; the openid is sealed.

use domain::{DonorId, Timestamp};
use sea_orm::entity::prelude::*;

/// A person who gives; the openid is sealed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donor")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DonorId,
    pub openid_hmac: Vec<u8>,
    pub openid_sealed: Vec<u8>,
    pub key_sealed: Vec<u8>,
    pub key_version: i64,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! A step of a disbursement.

use domain::{DisbursementId, Timestamp};
use sea_orm::entity::prelude::*;

/// A step of a disbursement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disbursement_history")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub disbursement_id: DisbursementId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub from_state: String,
    pub to_state: String,
    pub at_us: Timestamp,
    pub actor: String,
    pub reason: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

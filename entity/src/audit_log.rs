//! A line of the append-only audit trail.

use domain::{AuditId, Timestamp};
use sea_orm::entity::prelude::*;

/// A line of the append-only audit trail.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    pub at_us: Timestamp,
    pub actor: String,
    pub action: String,
    pub object: String,
    pub origin: String,
    pub detail: String,
}

impl ActiveModelBehavior for ActiveModel {}

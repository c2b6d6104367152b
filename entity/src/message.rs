//! A message in the outbox.

use domain::{DonorId, MessageId, Timestamp};
use sea_orm::entity::prelude::*;

/// A message in the outbox.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub topic: String,
    pub donor_id: DonorId,
    pub template: String,
    pub content: String,
    pub state: String,
    pub attempts: i64,
    pub next_try_us: Timestamp,
    pub last_error: Option<String>,
    pub created_us: Timestamp,
    pub finished_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

//! A line of a statement and an entry that are the same movement.

use domain::{BankLineId, BankMatchId, EntryId, Money, Timestamp};
use sea_orm::entity::prelude::*;

/// A line of a statement and an entry that are the same movement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_match")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BankMatchId,
    pub line_id: BankLineId,
    pub entry_id: EntryId,
    pub amount_fen: Money,
    pub rule: String,
    pub actor: String,
    pub at_us: Timestamp,
    pub untied_by: Option<String>,
    pub untied_us: Option<Timestamp>,
    pub actor_for: Option<String>,
    pub untied_for: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

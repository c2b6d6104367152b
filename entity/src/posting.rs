//! One line of an entry: one debit account, one credit account, one positive amount.

use domain::{AccountId, EntryId, Money};
use sea_orm::entity::prelude::*;

/// One line of an entry: one debit account, one credit account, one positive amount.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "posting")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: EntryId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    pub debit_account: AccountId,
    pub credit_account: AccountId,
    pub amount_fen: Money,
    pub raised: String,
    pub cash_flow: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

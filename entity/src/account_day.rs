//! What moved on an account on one book date.

use domain::{AccountId, BusinessDate, Money};
use sea_orm::entity::prelude::*;

/// What moved on an account on one book date.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_day")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: BusinessDate,
    pub debit_fen: Money,
    pub credit_fen: Money,
}

impl ActiveModelBehavior for ActiveModel {}

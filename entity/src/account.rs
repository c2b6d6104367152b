//! An account with its running totals; the balance is their difference.

use domain::{AccountId, BookId, CampaignId, Money};
use sea_orm::entity::prelude::*;

/// An account with its running totals; the balance is their difference.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    pub book_id: BookId,
    pub chart: String,
    pub subject: String,
    pub name: String,
    pub campaign_id: Option<CampaignId>,
    pub budget_line: Option<String>,
    pub channel: Option<String>,
    pub bank_account: Option<String>,
    pub contract: Option<String>,
    pub payable: Option<String>,
    pub goods: bool,
    pub debit_fen: Money,
    pub credit_fen: Money,
}

impl ActiveModelBehavior for ActiveModel {}

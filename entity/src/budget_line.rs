//! A line of a campaign's budget.

use domain::plan::BudgetKind;
use domain::{CampaignId, Money};
use sea_orm::entity::prelude::*;

/// A line of a campaign's budget.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "budget_line")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub name: String,
    pub kind: BudgetKind,
    pub planned_fen: Money,
    pub committed_fen: Money,
    pub used_fen: Money,
    pub position: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! The ring-fenced money of a campaign in a book, and its public total.

use domain::{BookId, CampaignId, Money};
use sea_orm::entity::prelude::*;

/// The ring-fenced money of a campaign in a book, and its public total.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fund")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: BookId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    pub received_fen: Money,
    pub committed_fen: Money,
    pub used_fen: Money,
    pub raised_cash_fen: Money,
    pub raised_goods_fen: Money,
}

impl ActiveModelBehavior for ActiveModel {}

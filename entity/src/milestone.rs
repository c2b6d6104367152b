//! A step of a project.

use domain::{BusinessDate, CampaignId, Timestamp};
use sea_orm::entity::prelude::*;

/// A step of a project.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "milestone")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: CampaignId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub name: String,
    pub due: BusinessDate,
    pub progress: i64,
    pub note: String,
    pub position: i64,
    pub changed_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

//! Counted consents of a donor to one message template.

use domain::DonorId;
use sea_orm::entity::prelude::*;

/// Counted consents of a donor to one message template.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub donor_id: DonorId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub template: String,
    pub given: i64,
    pub used: i64,
}

impl ActiveModelBehavior for ActiveModel {}

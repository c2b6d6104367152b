//! A published loan prime rate.

use domain::lending::product::LprTenor;
use domain::{BusinessDate, Rate, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A published loan prime rate.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lpr")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub published_on: BusinessDate,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenor: LprTenor,
    pub rate: Rate,
    pub author_id: StaffId,
    pub confirmer_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub confirmed_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

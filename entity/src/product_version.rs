//! A version of the terms of a product.

use domain::{LoanProductId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A version of the terms of a product.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_version")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: LoanProductId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub state: String,
    pub terms: String,
    pub author_id: StaffId,
    pub publisher_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub published_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

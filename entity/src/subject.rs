//! A subject (会计科目) of a chart of accounts, named by chart and code.

use sea_orm::entity::prelude::*;

/// A subject (会计科目) of a chart of accounts, named by chart and code.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subject")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub chart: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub name: String,
    pub element: String,
    pub normal_side: String,
}

impl ActiveModelBehavior for ActiveModel {}

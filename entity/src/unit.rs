//! A unit of the organisation tree.

use domain::unit::UnitKind;
use domain::{Timestamp, UnitId, UnitPath};
use sea_orm::entity::prelude::*;

/// A unit of the organisation tree.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UnitId,
    pub parent_id: Option<UnitId>,
    pub code: String,
    pub name: String,
    pub kind: UnitKind,
    pub division: Option<String>,
    pub path: UnitPath,
    pub active: bool,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

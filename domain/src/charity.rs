//! The charity (慈善组织): how many persons its papers need.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// How duties are separated (facts: charity 6.6a).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Profile {
    /// Every paper needs all its approvals.
    Full,
    /// A small foundation: up to a limit one approval suffices, above it the second comes from the chair.
    Small,
}

//! Teams that give together to one campaign (一起捐; facts: charity 3.2).

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// How long the name of a team may be, in characters.
pub const NAME_LONGEST: usize = 20;
/// What strangers read instead of a name that is looked at, hidden, or gone with its founder.
pub const NAMELESS: &str = "爱心小队";
/// How many teams of a campaign a donor may found.
pub const MOST: u64 = 5;

/// Where a team stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TeamState {
    /// Others may give through it.
    Open,
    /// Nobody gives through it any more; what was given stays counted.
    Closed,
}

/// What a person of staff does with a team. Each step has its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TeamStep {
    /// The name is shown to nobody.
    Hidden,
    /// The name is shown to everybody.
    Shown,
    /// Nobody gives through it any more.
    Closed,
}

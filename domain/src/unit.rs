//! Parts of the organisation tree (组织), which is neither where something is (行政区划) nor whose books it stands in (法人).

use sea_orm::{DeriveActiveEnum, DeriveValueType, EnumIter};
use serde::{Deserialize, Serialize};

/// Where a unit stands in the tree: the codes from the root to it, each followed by a slash (`/hebei/1305/130502/`). The path `/`
/// is above every unit: the whole tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
#[serde(transparent)]
pub struct UnitPath(String);

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum UnitKind {
    /// 团省委.
    Province,
    /// 团市委, and 雄安 as one.
    City,
    /// 团县(市、区)委, and 辛集 and 定州, which the province runs directly.
    County,
    /// 乡镇(街道).
    Township,
    /// A school.
    School,
    /// A station: 燕归巢, 小青星 and the like.
    Station,
}

/// A code of 1 to 40 lower-case letters, digits and hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code of a unit is 1 to 40 lower-case letters, digits and hyphens")]
pub struct BadUnitCode;

impl UnitPath {
    /// Everything.
    pub fn whole() -> UnitPath {
        UnitPath("/".to_owned())
    }

    /// The path of a unit below this one.
    pub fn below(&self, code: &str) -> Result<UnitPath, BadUnitCode> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=40).contains(&code.len()) && code.bytes().all(plain) {
            Ok(UnitPath(format!("{}{code}/", self.0)))
        } else {
            Err(BadUnitCode)
        }
    }

    /// Whether the other stands in this part of the tree: is it, or is below it.
    pub fn covers(&self, other: &UnitPath) -> bool {
        other.0.starts_with(&self.0)
    }

    /// How it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_covers_itself_and_what_is_below() {
        let city = UnitPath::whole().below("hebei").unwrap().below("1305").unwrap();
        let county = city.below("130502").unwrap();
        assert_eq!(county.as_str(), "/hebei/1305/130502/");
        assert!(UnitPath::whole().covers(&county) && city.covers(&county) && county.covers(&county));
        assert!(!county.covers(&city));
        let neighbour = UnitPath::whole().below("hebei").unwrap().below("13050").unwrap();
        assert!(!neighbour.covers(&city), "a code is compared whole");
        assert_eq!(city.below("a/b"), Err(BadUnitCode));
    }
}

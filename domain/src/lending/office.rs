//! The chain of recommendation: 乡镇 → 县 → 市 → bank. Where it begins is where the application was handed in; it goes up the tree
//! office by office. Where the province runs a county directly (辛集, 定州), the county is the last.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::unit::UnitKind;

/// An office that has a say.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Office {
    /// 乡镇(街道)团委.
    Township,
    /// 团县(市、区)委.
    County,
    /// 团市委.
    City,
    /// 团省委: only for what was handed in there.
    Province,
    /// The bank.
    Bank,
}

impl Office {
    /// The office of a unit, if it has a say. Schools and stations pass on to whom they belong.
    pub fn of(kind: UnitKind) -> Option<Office> {
        match kind {
            UnitKind::Township => Some(Office::Township),
            UnitKind::County => Some(Office::County),
            UnitKind::City => Some(Office::City),
            UnitKind::Province => Some(Office::Province),
            UnitKind::School | UnitKind::Station => None,
        }
    }

    /// What it is called before people.
    pub fn chinese(self) -> &'static str {
        match self {
            Office::Township => "乡镇团委",
            Office::County => "县级团委",
            Office::City => "市级团委",
            Office::Province => "团省委",
            Office::Bank => "银行",
        }
    }

    /// How many working days it has: from intake to payout about five to ten (facts: lending 1), a parameter of the house.
    pub fn working_days(self) -> u32 {
        match self {
            Office::Township | Office::County | Office::City | Office::Province => 3,
            Office::Bank => 5,
        }
    }
}

/// The offices of an application from the unit it was handed in at, given the units from the root down to it. The province has a say
/// only if nobody below it does.
pub fn chain<T: Copy>(from_root: &[(UnitKind, T)]) -> Vec<(Office, T)> {
    let mut offices: Vec<(Office, T)> =
        from_root.iter().rev().filter_map(|&(kind, unit)| Some((Office::of(kind)?, unit))).collect();
    if offices.len() > 1 {
        offices.retain(|(office, _)| *office != Office::Province);
    }
    offices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_goes_up_to_the_city() {
        use UnitKind::*;
        let offices = |kinds: &[UnitKind]| {
            let units: Vec<_> = kinds.iter().map(|kind| (*kind, ())).collect();
            chain(&units).into_iter().map(|(office, ())| office).collect::<Vec<_>>()
        };
        assert_eq!(offices(&[Province, City, County, Township]), [Office::Township, Office::County, Office::City]);
        assert_eq!(offices(&[Province, City, County, Station]), [Office::County, Office::City]);
        assert_eq!(offices(&[Province, County]), [Office::County], "the province runs it directly");
        assert_eq!(offices(&[Province, City]), [Office::City]);
        assert_eq!(offices(&[Province]), [Office::Province]);
    }
}

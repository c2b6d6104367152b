//! A change of a filed plan (facts: charity 3.1): asked for, approved by two, filed, in force.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ChangeState {
    /// 待初审.
    Submitted,
    /// 待财务审核.
    ManagerApproved,
    /// 已批准: to be filed.
    Approved,
    /// 已生效.
    InForce,
    /// 未通过.
    Declined,
}

/// What can happen to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum ChangeEvent {
    /// The first approval.
    ManagerApprove,
    /// The second approval.
    FinanceApprove,
    /// A reviewer does not agree, or its author gives it up.
    Decline,
    /// It was filed with the authority.
    File,
}

impl ChangeState {
    /// The whole table.
    pub fn on(self, event: ChangeEvent) -> Result<ChangeState, Refused<ChangeState, ChangeEvent>> {
        use ChangeEvent as E;
        use ChangeState::*;
        Ok(match (self, event) {
            (Submitted, E::ManagerApprove) => ManagerApproved,
            (ManagerApproved, E::FinanceApprove) => Approved,
            (Submitted | ManagerApproved | Approved, E::Decline) => Declined,
            (Approved, E::File) => InForce,
            (Submitted | ManagerApproved | Approved | InForce | Declined, _) => {
                return Err(Refused { state: self, event });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::grid;
    use sea_orm::Iterable;

    #[test]
    fn the_grid() {
        let states: Vec<_> = ChangeState::iter().collect();
        let events: Vec<_> = ChangeEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, ChangeState::on));
    }
}

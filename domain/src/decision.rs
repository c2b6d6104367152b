//! What two persons decide about campaigns: one proposes, another decides.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DecisionKind {
    /// Somebody else than the certificate's holder may run the service (facts: charity, open point 1).
    Operator,
    /// What is left of a campaign goes to another (facts: charity 2.1 Art. 58, entry 20).
    Leftover,
    /// A unit may begin a campaign though it has not done with its last (facts: charity 7, 9).
    Exception,
    /// A campaign is given up after money came; what is left follows its plan (facts: charity 3.1).
    Termination,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DecisionState {
    /// 待决定.
    Proposed,
    /// 同意.
    Approved,
    /// 不同意.
    Declined,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum DecisionEvent {
    /// Another person agrees.
    Approve,
    /// Another person does not agree.
    Decline,
}

impl DecisionState {
    /// The whole table.
    pub fn on(self, event: DecisionEvent) -> Result<DecisionState, Refused<DecisionState, DecisionEvent>> {
        use DecisionEvent as E;
        use DecisionState::*;
        Ok(match (self, event) {
            (Proposed, E::Approve) => Approved,
            (Proposed, E::Decline) => Declined,
            (Approved | Declined, _) => return Err(Refused { state: self, event }),
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
        let states: Vec<_> = DecisionState::iter().collect();
        let events: Vec<_> = DecisionEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, DecisionState::on));
    }
}

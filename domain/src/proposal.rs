//! What one person proposes and another decides: the smallest state machine there is, for papers that move no money.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ProposalState {
    /// Waits for another person.
    Proposed,
    /// In force, or was until the next one.
    Approved,
    /// Came to nothing.
    Declined,
}

/// What can happen to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum ProposalEvent {
    /// Another person agrees.
    Approve,
    /// Another person does not.
    Decline,
}

impl ProposalState {
    /// The whole table.
    pub fn on(self, event: ProposalEvent) -> Result<ProposalState, Refused<ProposalState, ProposalEvent>> {
        use ProposalEvent::*;
        use ProposalState::*;
        Ok(match (self, event) {
            (Proposed, Approve) => Approved,
            (Proposed, Decline) => Declined,
            (Approved | Declined, _) => return Err(Refused { state: self, event }),
        })
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn the_grid() {
        let states: Vec<_> = ProposalState::iter().collect();
        let events: Vec<_> = ProposalEvent::iter().collect();
        insta::assert_snapshot!(crate::state::grid(&states, &events, ProposalState::on), @r"
        Proposed
            Approve -> Approved
            Decline -> Declined
        Approved
        Declined
        ");
    }
}

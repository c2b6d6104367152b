//! Complaints (投诉举报), by anybody (facts: charity 2.1 Art. 103-108).

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// Where a complaint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ComplaintState {
    /// 已收到.
    Received,
    /// 办理中.
    Taken,
    /// 属实.
    Upheld,
    /// 不属实.
    Dismissed,
}

/// What can happen to a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum ComplaintEvent {
    /// Somebody takes it up.
    Take,
    /// It is found to be right, and answered.
    Uphold,
    /// It is found to be wrong, and answered.
    Dismiss,
}

impl ComplaintState {
    /// The whole table.
    pub fn on(self, event: ComplaintEvent) -> Result<ComplaintState, Refused<ComplaintState, ComplaintEvent>> {
        use ComplaintEvent as E;
        use ComplaintState::*;
        Ok(match (self, event) {
            (Received, E::Take) => Taken,
            (Taken, E::Uphold) => Upheld,
            (Taken, E::Dismiss) => Dismissed,
            (Received | Taken | Upheld | Dismissed, _) => return Err(Refused { state: self, event }),
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
        let states: Vec<_> = ComplaintState::iter().collect();
        let events: Vec<_> = ComplaintEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, ComplaintState::on));
    }
}

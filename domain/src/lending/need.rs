//! 金团助青企: what an enterprise of young people needs, put before banks, and followed up until it is met or given up.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// Where a need stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum NeedState {
    /// 待对接.
    Open,
    /// 对接中: a bank has taken it up.
    Matched,
    /// 已满足.
    Met,
    /// 已关闭.
    Closed,
}

/// What can happen to a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum NeedEvent {
    /// A bank takes it up.
    Accept,
    /// The enterprise has its money.
    Meet,
    /// It is given up.
    Close,
    /// It is taken up again.
    Reopen,
}

impl NeedState {
    /// The whole table.
    pub fn on(self, event: NeedEvent) -> Result<NeedState, Refused<NeedState, NeedEvent>> {
        use NeedEvent as E;
        use NeedState::*;
        Ok(match (self, event) {
            (Open | Matched, E::Accept) => Matched,
            (Matched, E::Meet) => Met,
            (Open | Matched, E::Close) => Closed,
            (Met | Closed, E::Reopen) => Open,
            (Open | Matched | Met | Closed, _) => return Err(Refused { state: self, event }),
        })
    }
}

/// What a bank says to a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MatchState {
    /// 待银行回应.
    Proposed,
    /// 已受理.
    Accepted,
    /// 不受理, with a reason.
    Declined,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::grid;
    use sea_orm::Iterable;

    #[test]
    fn the_grid() {
        let states: Vec<_> = NeedState::iter().collect();
        let events: Vec<_> = NeedEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, NeedState::on), @r"
        Open
            Accept -> Matched
            Close -> Closed
        Matched
            Accept -> Matched
            Meet -> Met
            Close -> Closed
        Met
            Reopen -> Open
        Closed
            Reopen -> Open
        ");
    }
}

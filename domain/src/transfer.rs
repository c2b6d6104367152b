//! Money between the payment channel and the bank (facts: charity 6.2, entries 3a-3d). Each step that books something is
//! recorded by one person and confirmed by another.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// Which way the money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TransferKind {
    /// 提现: from the channel's balance to the bank.
    Withdrawal,
    /// 充值: from the bank to the channel's balance, so that refunds can be paid.
    TopUp,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TransferState {
    /// Recorded by the cashier; nothing booked.
    Proposed,
    /// Confirmed: it has left its source and is on its way (在途).
    Departed,
    /// The cashier says that it has arrived.
    ArrivalProposed,
    /// Confirmed: it has arrived.
    Arrived,
    /// The cashier says that it failed and came back.
    ReturnProposed,
    /// Confirmed: it came back.
    Returned,
    /// Not confirmed; nothing was booked.
    Rejected,
}

/// What can happen to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum TransferEvent {
    /// The cashier reports the arrival.
    ProposeArrival,
    /// The cashier reports that it came back.
    ProposeReturn,
    /// A second person confirms what is proposed.
    Confirm,
    /// A second person does not confirm it.
    Reject,
    /// A line of the other side's bill or statement shows that it has arrived.
    ShowArrival,
    /// A line of the channel's bill shows that it came back.
    ShowReturn,
}

impl TransferState {
    /// The whole table.
    pub fn on(self, event: TransferEvent) -> Result<TransferState, Refused<TransferState, TransferEvent>> {
        use TransferEvent as E;
        use TransferState::*;
        Ok(match (self, event) {
            (Proposed, E::Confirm) => Departed,
            (Proposed, E::Reject) => Rejected,
            (Departed, E::ProposeArrival) => ArrivalProposed,
            (Departed, E::ProposeReturn) => ReturnProposed,
            (ArrivalProposed, E::Confirm) => Arrived,
            (ReturnProposed, E::Confirm) => Returned,
            (ArrivalProposed | ReturnProposed, E::Reject) => Departed,
            // A line is stronger than what one person says, either way.
            (Departed | ArrivalProposed | ReturnProposed, E::ShowArrival) => Arrived,
            (Departed | ArrivalProposed | ReturnProposed, E::ShowReturn) => Returned,
            (Proposed | Departed | ArrivalProposed | Arrived | ReturnProposed | Returned | Rejected, _) => {
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
        let states: Vec<_> = TransferState::iter().collect();
        let events: Vec<_> = TransferEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, TransferState::on));
    }
}

//! Receipts (公益事业捐赠统一票据, facts: charity 2.9): issued by the finance bureau's system, never edited.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// Within so many days of the gift a wish is met; after that it is backlog (慈善法 38, 115).
pub const PROMPT_DAYS: u64 = 7;

/// Where a receipt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ReceiptState {
    /// 已开具.
    Issued,
    /// 作废: it was wrong, or never handed over.
    Voided,
    /// 红冲: reversed by a red receipt with a number of its own.
    Reversed,
}

/// What can happen to a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum ReceiptEvent {
    /// It is void.
    Void,
    /// A red receipt was issued.
    Reverse,
}

impl ReceiptState {
    /// The whole table.
    pub fn on(self, event: ReceiptEvent) -> Result<ReceiptState, Refused<ReceiptState, ReceiptEvent>> {
        use ReceiptState::*;
        Ok(match (self, event) {
            (Issued, ReceiptEvent::Void) => Voided,
            (Issued, ReceiptEvent::Reverse) => Reversed,
            (Voided | Reversed, _) => return Err(Refused { state: self, event }),
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
        let states: Vec<_> = ReceiptState::iter().collect();
        let events: Vec<_> = ReceiptEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, ReceiptState::on));
    }
}

//! What is done about a break (差错处理): proposed by one person, decided by another, and carried out.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// What becomes of money that belongs to no open order (facts: charity 6.2, entry 6d).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ResolutionChoice {
    /// 确认为捐赠: a gift of the donor whose order it names, to that order's campaign.
    Gift,
    /// 转入一般捐赠: a gift to the general fund of the charity it came to, when it can neither be a gift to its campaign nor go back.
    General,
    /// 退回: back to the payer.
    Return,
    /// 以对方为准: what the channel's bills say is booked; a loan follows its bank's figures.
    Follow,
    /// 退回银行更正: the bank sends a corrected file, which is compared again. Nothing is booked.
    Correct,
    /// 以账本为准，说明原因: the difference holds no money; why it is none is recorded, and nothing is booked.
    Explain,
}

/// Where a resolution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ResolutionState {
    /// Waits for another person.
    Proposed,
    /// The other person does not agree.
    Declined,
    /// To be sent to the channel.
    Approved,
    /// The channel works on it.
    Processing,
    /// The channel cannot do it: a person sends it again or pays by bank.
    Failed,
    /// Carried out and booked.
    Done,
    /// 已由其他办法取代: a return that failed, when another way was carried out; or another way, when the money went back after all.
    Superseded,
}

/// What can happen to a resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum ResolutionEvent {
    /// The second person does not agree.
    Decline,
    /// The second person agrees that it is a gift; that books it.
    TakeAsGift,
    /// The second person agrees that it goes back.
    SendBack,
    /// The second person agrees that the channel is right; that books what its bills say.
    Follow,
    /// The second person agrees that the bank has to correct it.
    HandBack,
    /// The second person agrees with the reason.
    Explain,
    /// The channel took the return.
    Accepted,
    /// The channel says SUCCESS.
    Success,
    /// The channel says CLOSED or ABNORMAL, or refuses.
    Failure,
    /// Sent again under a new number.
    Retry,
    /// Paid from the bank account instead.
    PayByBank,
    /// Another way out of the same break was carried out.
    Supersede,
}

impl ResolutionState {
    /// Whether it is the way out of its break that is taken now, or was: there is one at most. A return that failed leaves room for another.
    pub fn is_taken(self) -> bool {
        match self {
            ResolutionState::Proposed
            | ResolutionState::Approved
            | ResolutionState::Processing
            | ResolutionState::Done => true,
            ResolutionState::Declined | ResolutionState::Failed | ResolutionState::Superseded => false,
        }
    }

    /// The whole table.
    pub fn on(self, event: ResolutionEvent) -> Result<ResolutionState, Refused<ResolutionState, ResolutionEvent>> {
        use ResolutionEvent as E;
        use ResolutionState::*;
        Ok(match (self, event) {
            (Proposed, E::Decline) => Declined,
            (Proposed, E::TakeAsGift | E::Follow | E::HandBack | E::Explain) => Done,
            (Proposed, E::SendBack) => Approved,
            (Approved, E::Accepted) => Processing,
            (Approved | Processing | Failed, E::Success) => Done,
            (Approved | Processing, E::Failure) => Failed,
            (Failed, E::Retry) => Approved,
            (Failed, E::PayByBank) => Done,
            (Proposed | Failed, E::Supersede) => Superseded,
            (Proposed | Declined | Approved | Processing | Failed | Done | Superseded, _) => {
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
        let states: Vec<_> = ResolutionState::iter().collect();
        let events: Vec<_> = ResolutionEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, ResolutionState::on));
    }
}

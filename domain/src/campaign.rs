//! The life of a campaign (facts: charity 3.1), as far as it is built: the way from a draft through two reviews by different
//! persons to giving, and its end. Filing, execution and closing join between these states and change none of them.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::{Refused, Timestamp};

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum CampaignState {
    /// 草稿: being written; nobody but its author's side sees it.
    Draft,
    /// 待初审: waits for a project manager.
    Submitted,
    /// 待财务审核: waits for the head of finance.
    FinanceReview,
    /// 已批准: waits for its first day.
    Approved,
    /// 募捐中: gifts are accepted.
    Open,
    /// 暂停: no new gifts for a while.
    Paused,
    /// 募捐结束: no new gifts; payments started in time still arrive.
    Ended,
    /// 退回: sent back with a reason; its author may revise it.
    Rejected,
    /// 撤销: given up before any money came.
    Cancelled,
}

/// What can happen to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum CampaignEvent {
    /// The author hands it in.
    Submit,
    /// The first approval, by a project manager.
    ManagerApprove,
    /// The second approval, by the head of finance.
    FinanceApprove,
    /// A reviewer sends it back.
    Reject,
    /// The author takes a rejected campaign up again.
    Revise,
    /// Its first day has come.
    Open,
    /// Gifts are stopped for a while.
    Pause,
    /// Gifts go on.
    Resume,
    /// Its last moment has passed, or it is ended early.
    End,
    /// It is given up before it opened.
    Cancel,
}

impl CampaignState {
    /// The whole table.
    pub fn on(self, event: CampaignEvent) -> Result<CampaignState, Refused<CampaignState, CampaignEvent>> {
        use CampaignEvent as E;
        use CampaignState::*;
        Ok(match (self, event) {
            (Draft, E::Submit) => Submitted,
            (Submitted, E::ManagerApprove) => FinanceReview,
            (FinanceReview, E::FinanceApprove) => Approved,
            (Submitted | FinanceReview, E::Reject) => Rejected,
            (Rejected, E::Revise) => Draft,
            (Approved, E::Open) => Open,
            (Open, E::Pause) => Paused,
            (Paused, E::Resume) => Open,
            (Open | Paused, E::End) => Ended,
            (Draft | Submitted | FinanceReview | Approved | Rejected, E::Cancel) => Cancelled,
            (Draft | Submitted | FinanceReview | Approved | Open | Paused | Ended | Rejected | Cancelled, _) => {
                return Err(Refused { state: self, event });
            }
        })
    }

    /// Whether strangers may see it at all.
    pub fn is_public(self) -> bool {
        match self {
            CampaignState::Open | CampaignState::Paused | CampaignState::Ended => true,
            CampaignState::Draft
            | CampaignState::Submitted
            | CampaignState::FinanceReview
            | CampaignState::Approved
            | CampaignState::Rejected
            | CampaignState::Cancelled => false,
        }
    }
}

/// Why a gift is refused before anybody pays (facts: charity 3.1, third gate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivingClosed {
    /// The campaign is not in a state that accepts gifts.
    #[error("the campaign does not accept gifts")]
    NotOpen,
    /// Its end has passed.
    #[error("the campaign has ended")]
    Ended,
}

/// Whether a gift may be started now: the campaign is open and its end has not passed.
pub fn may_give(state: CampaignState, starts: Timestamp, ends: Timestamp, now: Timestamp) -> Result<(), GivingClosed> {
    if state == CampaignState::Ended || (state == CampaignState::Open && now > ends) {
        Err(GivingClosed::Ended)
    } else if state != CampaignState::Open || now < starts {
        Err(GivingClosed::NotOpen)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::grid;
    use sea_orm::Iterable;

    #[test]
    fn the_grid() {
        let states: Vec<_> = CampaignState::iter().collect();
        let events: Vec<_> = CampaignEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, CampaignState::on));
    }

    #[test]
    fn gifts_start_only_inside_the_period() {
        let at = Timestamp::from_seconds;
        assert_eq!(may_give(CampaignState::Open, at(10), at(20), at(20)), Ok(()));
        assert_eq!(may_give(CampaignState::Open, at(10), at(20), at(21)), Err(GivingClosed::Ended));
        assert_eq!(may_give(CampaignState::Open, at(10), at(20), at(9)), Err(GivingClosed::NotOpen));
        assert_eq!(may_give(CampaignState::Paused, at(10), at(20), at(15)), Err(GivingClosed::NotOpen));
        assert_eq!(may_give(CampaignState::Ended, at(10), at(20), at(15)), Err(GivingClosed::Ended));
    }
}

//! The life of a campaign (facts: charity 3.1): written, reviewed by two different persons, filed with the authority, open,
//! executed, closed; and what can come between.
//!
//! ```text
//! draft → submitted → org_review → finance_review → approved → filing → filed → scheduled → open ⇄ paused
//!       → ended → executing → closing → closed
//! ```
//!
//! Beside it: `rejected` (back to the author), `suspended` (a complaint or an order; no gifts, money frozen), `cancelled` (before
//! any money), `terminated` (after money: what is left follows the plan), `emergency_open` (opened before it is filed, with a clock
//! of ten days). The table says what can follow what; what has to be true for a step besides stands in the gates of `crowdfunding`.

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
    /// 待初审: handed in; its author may still take it back.
    Submitted,
    /// 初审中: a project manager has taken it up.
    OrgReview,
    /// 待财务审核: waits for the head of finance.
    FinanceReview,
    /// 已批准: to be filed with the authority.
    Approved,
    /// 备案中: its plan lies with the authority.
    Filing,
    /// 已备案: the authority has given it a number.
    Filed,
    /// 待开放: everything is there; waits for its first moment.
    Scheduled,
    /// 募捐中: gifts are accepted.
    Open,
    /// 暂停: no new gifts for a while.
    Paused,
    /// 募捐结束: no new gifts; payments started in time still arrive.
    Ended,
    /// 执行中: what was raised is being used.
    Executing,
    /// 结项中: the last accounts are drawn.
    Closing,
    /// 已结项.
    Closed,
    /// 退回: sent back with a reason; its author may revise it.
    Rejected,
    /// 核查中: suspended on a complaint or an order; no gifts, money frozen.
    Suspended,
    /// 撤销: given up before any money came.
    Cancelled,
    /// 终止: given up after money came; what is left follows the plan.
    Terminated,
    /// 应急募捐中: accepts gifts before it is filed (facts: charity 2.1 Art. 73).
    EmergencyOpen,
}

/// What can happen to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum CampaignEvent {
    /// The author hands it in.
    Submit,
    /// The author takes it back before anybody took it up.
    Withdraw,
    /// A project manager takes it up.
    TakeUp,
    /// The first approval, by a project manager.
    ManagerApprove,
    /// The second approval, by the head of finance.
    FinanceApprove,
    /// A reviewer sends it back, or what the authority wants changed does.
    Reject,
    /// The author takes a rejected campaign up again.
    Revise,
    /// The plan was handed to the authority.
    SubmitFiling,
    /// The authority asks for completion.
    ReturnFiling,
    /// The authority gave its number.
    File,
    /// Everything for the opening is there.
    Schedule,
    /// Something for the opening is missing after all.
    Unschedule,
    /// Its first moment has come.
    Open,
    /// A disaster does not wait for the filing.
    OpenInEmergency,
    /// Gifts are stopped for a while.
    Pause,
    /// Gifts go on.
    Resume,
    /// Its last moment has passed, or it is ended early.
    End,
    /// What was raised is going to be used.
    StartExecution,
    /// The last accounts begin.
    StartClosing,
    /// The last accounts have to wait: something is still to be done.
    ReopenExecution,
    /// Nothing is left to be done.
    Close,
    /// A complaint or an order stops it.
    Suspend,
    /// The suspension is lifted: it was open.
    LiftToOpen,
    /// The suspension is lifted: it was paused.
    LiftToPaused,
    /// The suspension is lifted: it was open before it was filed.
    LiftToEmergencyOpen,
    /// The suspension is lifted: it had ended.
    LiftToEnded,
    /// The suspension is lifted: it was being executed.
    LiftToExecuting,
    /// The suspension is lifted: it was being closed.
    LiftToClosing,
    /// It is given up before any money came.
    Cancel,
    /// It is given up after money came.
    Terminate,
}

impl CampaignState {
    /// The whole table.
    pub fn on(self, event: CampaignEvent) -> Result<CampaignState, Refused<CampaignState, CampaignEvent>> {
        use CampaignEvent as E;
        use CampaignState::*;
        Ok(match (self, event) {
            (Draft, E::Submit) => Submitted,
            (Submitted, E::Withdraw) => Draft,
            (Submitted, E::TakeUp) => OrgReview,
            (OrgReview, E::ManagerApprove) => FinanceReview,
            (FinanceReview, E::FinanceApprove) => Approved,
            (Submitted | OrgReview | FinanceReview | Approved, E::Reject) => Rejected,
            (Rejected, E::Revise) => Draft,
            (Approved, E::SubmitFiling) => Filing,
            (Filing, E::ReturnFiling) => Approved,
            (Filing, E::File) => Filed,
            (Filed, E::Schedule) => Scheduled,
            (Scheduled, E::Unschedule) => Filed,
            (Scheduled, E::Open) => Open,
            (Approved | Filing, E::OpenInEmergency) => EmergencyOpen,
            (EmergencyOpen, E::SubmitFiling | E::ReturnFiling) => EmergencyOpen,
            // What was suspended because it was not filed in time is filed all the same.
            (Suspended, E::SubmitFiling | E::ReturnFiling | E::File) => Suspended,
            (EmergencyOpen, E::File) => Open,
            (Ended, E::SubmitFiling | E::ReturnFiling | E::File) => Ended,
            (Terminated, E::SubmitFiling | E::ReturnFiling | E::File) => Terminated,
            (Open, E::Pause) => Paused,
            (Paused, E::Resume) => Open,
            (Open | Paused | EmergencyOpen, E::End) => Ended,
            (Ended, E::StartExecution) | (Closing, E::ReopenExecution) => Executing,
            (Executing | Terminated, E::StartClosing) => Closing,
            (Closing, E::Close) => Closed,
            (Open | Paused | EmergencyOpen | Ended | Executing | Closing, E::Suspend) => Suspended,
            (Suspended, E::LiftToOpen) => Open,
            (Suspended, E::LiftToPaused) => Paused,
            (Suspended, E::LiftToEmergencyOpen) => EmergencyOpen,
            (Suspended, E::LiftToEnded) => Ended,
            (Suspended, E::LiftToExecuting) => Executing,
            (Suspended, E::LiftToClosing) => Closing,
            (
                Draft | Submitted | OrgReview | FinanceReview | Approved | Filing | Filed | Scheduled | Rejected
                | Paused | Ended,
                E::Cancel,
            ) => Cancelled,
            (Open | Paused | EmergencyOpen | Ended | Executing, E::Terminate) => Terminated,
            (
                Draft | Submitted | OrgReview | FinanceReview | Approved | Filing | Filed | Scheduled | Open | Paused
                | Ended | Executing | Closing | Closed | Rejected | Suspended | Cancelled | Terminated | EmergencyOpen,
                _,
            ) => return Err(Refused { state: self, event }),
        })
    }

    /// Whether strangers may see it at all.
    pub fn is_public(self) -> bool {
        use CampaignState::*;
        match self {
            Open | Paused | Ended | Executing | Closing | Closed | Suspended | Terminated | EmergencyOpen => true,
            Draft | Submitted | OrgReview | FinanceReview | Approved | Filing | Filed | Scheduled | Rejected
            | Cancelled => false,
        }
    }

    /// The states strangers may see.
    pub fn public() -> Vec<CampaignState> {
        use sea_orm::Iterable;
        CampaignState::iter().filter(|state| state.is_public()).collect()
    }

    /// Whether gifts may be started, as far as the state says.
    pub fn accepts_gifts(self) -> bool {
        matches!(self, CampaignState::Open | CampaignState::EmergencyOpen)
    }

    /// What lifts a suspension that came in this state.
    pub fn lift(self) -> Option<CampaignEvent> {
        use CampaignEvent as E;
        use CampaignState::*;
        match self {
            Open => Some(E::LiftToOpen),
            Paused => Some(E::LiftToPaused),
            EmergencyOpen => Some(E::LiftToEmergencyOpen),
            Ended => Some(E::LiftToEnded),
            Executing => Some(E::LiftToExecuting),
            Closing => Some(E::LiftToClosing),
            Draft | Submitted | OrgReview | FinanceReview | Approved | Filing | Filed | Scheduled | Closed
            | Rejected | Suspended | Cancelled | Terminated => None,
        }
    }
}

/// Whether a campaign takes gifts itself or is the sum of its leaves (母子计划).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum CampaignKind {
    /// 子项目, or one without a parent: takes gifts.
    Leaf,
    /// 母项目: takes none; its totals are those of its leaves.
    Parent,
}

/// What a campaign is for, for those who look for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Cause {
    /// 助学.
    Education,
    /// 关爱: children in need, old people, the disabled.
    Care,
    /// 医疗救助.
    Medical,
    /// 救灾.
    Disaster,
    /// 乡村振兴.
    Rural,
    /// 生态环保.
    Environment,
    /// 其他.
    Other,
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
    use CampaignState::*;
    match state {
        Ended | Executing | Closing | Closed | Terminated => Err(GivingClosed::Ended),
        Open | EmergencyOpen if now > ends => Err(GivingClosed::Ended),
        Open | EmergencyOpen if now >= starts => Ok(()),
        Draft | Submitted | OrgReview | FinanceReview | Approved | Filing | Filed | Scheduled | Open | Paused
        | Rejected | Suspended | Cancelled | EmergencyOpen => Err(GivingClosed::NotOpen),
    }
}

/// Whether money that came to the bank for a campaign, or for no open order of it, may still be booked as a gift to it. It may come late, and
/// is marked so (facts: charity 3.1), but not once what is left is being decided on, nor while a suspension stands: then it waits in 2209.
pub fn may_receive(state: CampaignState) -> Result<(), GivingClosed> {
    use CampaignState::*;
    match state {
        Open | EmergencyOpen | Paused | Ended | Executing => Ok(()),
        Closing | Closed | Terminated => Err(GivingClosed::Ended),
        Draft | Submitted | OrgReview | FinanceReview | Approved | Filing | Filed | Scheduled | Rejected
        | Suspended | Cancelled => Err(GivingClosed::NotOpen),
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
    fn a_lifted_suspension_leads_back_to_where_it_came() {
        for state in CampaignState::iter() {
            let suspended = state.on(CampaignEvent::Suspend);
            assert_eq!(suspended.is_ok(), state.lift().is_some(), "{state:?}");
            if let (Ok(suspended), Some(lift)) = (suspended, state.lift()) {
                assert_eq!(suspended.on(lift), Ok(state));
            }
        }
    }

    #[test]
    fn gifts_start_only_inside_the_period() {
        let at = Timestamp::from_seconds;
        assert_eq!(may_give(CampaignState::Open, at(10), at(20), at(20)), Ok(()));
        assert_eq!(may_give(CampaignState::Open, at(10), at(20), at(21)), Err(GivingClosed::Ended));
        assert_eq!(may_give(CampaignState::Open, at(10), at(20), at(9)), Err(GivingClosed::NotOpen));
        assert_eq!(may_give(CampaignState::Paused, at(10), at(20), at(15)), Err(GivingClosed::NotOpen));
        assert_eq!(may_give(CampaignState::EmergencyOpen, at(10), at(20), at(15)), Ok(()));
        assert_eq!(may_give(CampaignState::Suspended, at(10), at(20), at(15)), Err(GivingClosed::NotOpen));
        assert_eq!(may_give(CampaignState::Ended, at(10), at(20), at(15)), Err(GivingClosed::Ended));
    }
}

//! The life of a disbursement (facts: charity 3.5): a paper that asks for money of a campaign, approved as a whole by as many
//! persons as its charity's profile requires (6.6a), and the payouts it consists of, which the bank makes or sends back one by one.
//! A single grant is a disbursement of one payout, a batch one of many.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::charity::Profile;
use crate::role::Role;
use crate::{Money, Refused};

/// What the money is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DisbursementKind {
    /// 资助: aid to beneficiaries.
    Grant,
    /// 采购: goods or services with an invoice.
    Purchase,
    /// 报销: what somebody has laid out.
    Reimbursement,
    /// 预付: paid ahead to an executing partner who accounts for it later.
    Advance,
}

/// Where a disbursement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DisbursementState {
    /// 草稿: being written.
    Draft,
    /// 待初审: waits for the first approval.
    Submitted,
    /// 待财务审核: approved by a project manager, waits for finance (in the profile `small`: for the chair).
    PmApproved,
    /// 待第三人审批: approved by finance, and above the limit: waits for a third person.
    FinanceApproved,
    /// 已批准: every approval that its profile requires is there; its money is promised. The rest is told by its payouts.
    Approved,
    /// 已办结: every payout has been made or given up.
    Finished,
    /// 已撤销: given up before it was approved, or all of its payouts were.
    Cancelled,
}

/// What can happen to a disbursement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum DisbursementEvent {
    /// The author hands it in.
    Submit,
    /// An approval after which another is needed.
    Approve,
    /// The last approval that the profile requires.
    ApproveLast,
    /// An approver sends it back with a reason; a new round follows.
    Reject,
    /// It is given up before it is approved.
    Cancel,
    /// The last payout was made or given up, and one at least was made.
    Finish,
    /// Every payout was given up.
    GiveUp,
    /// A payout that was thought made came back.
    Reopen,
}

impl DisbursementState {
    /// The whole table.
    pub fn on(
        self,
        event: DisbursementEvent,
    ) -> Result<DisbursementState, Refused<DisbursementState, DisbursementEvent>> {
        use DisbursementEvent as E;
        use DisbursementState::*;
        Ok(match (self, event) {
            (Draft, E::Submit) => Submitted,
            (Submitted, E::Approve) => PmApproved,
            (PmApproved, E::Approve) => FinanceApproved,
            (Submitted | PmApproved | FinanceApproved, E::ApproveLast) => Approved,
            (Submitted | PmApproved | FinanceApproved, E::Reject) => Draft,
            (Draft | Submitted | PmApproved | FinanceApproved, E::Cancel) => Cancelled,
            (Approved, E::Finish) => Finished,
            (Approved, E::GiveUp) => Cancelled,
            (Finished, E::Reopen) => Approved,
            (Draft | Submitted | PmApproved | FinanceApproved | Approved | Finished | Cancelled, _) => {
                return Err(Refused { state: self, event });
            }
        })
    }

    /// Which approval it waits for, the first being 1.
    pub fn step(self) -> Option<i64> {
        match self {
            DisbursementState::Submitted => Some(1),
            DisbursementState::PmApproved => Some(2),
            DisbursementState::FinanceApproved => Some(3),
            DisbursementState::Draft
            | DisbursementState::Approved
            | DisbursementState::Finished
            | DisbursementState::Cancelled => None,
        }
    }
}

/// Where a payout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum PayoutState {
    /// 拟付: its disbursement is not approved yet.
    Planned,
    /// 待付: approved, waits for the cashier.
    Approved,
    /// 已排款: in a payment file.
    Scheduled,
    /// 已发出: the file is with the bank.
    Sent,
    /// 已付: the bank has paid.
    Confirmed,
    /// 退票: the bank could not pay, or the money came back.
    Bounced,
    /// 重付: to be paid again.
    Retried,
    /// 已撤销: given up; the money is the campaign's again.
    Cancelled,
}

/// What can happen to a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum PayoutEvent {
    /// Its disbursement got its last approval.
    Approve,
    /// The cashier puts it into a payment file.
    Schedule,
    /// The file was not handed in after all.
    Unschedule,
    /// The file is handed to the bank.
    Send,
    /// Another person reads on the bank's statement that it was paid.
    Confirm,
    /// Another person reads there that it was not, or that it came back.
    Bounce,
    /// It shall be paid again.
    Retry,
    /// It is given up.
    Cancel,
}

impl PayoutState {
    /// The whole table.
    pub fn on(self, event: PayoutEvent) -> Result<PayoutState, Refused<PayoutState, PayoutEvent>> {
        use PayoutEvent as E;
        use PayoutState::*;
        Ok(match (self, event) {
            (Planned, E::Approve) => Approved,
            (Approved | Retried, E::Schedule) => Scheduled,
            (Scheduled, E::Unschedule) => Retried,
            (Scheduled, E::Send) => Sent,
            (Sent, E::Confirm) => Confirmed,
            (Sent | Confirmed, E::Bounce) => Bounced,
            (Bounced, E::Retry) => Retried,
            (Planned | Approved | Retried | Bounced, E::Cancel) => Cancelled,
            (Planned | Approved | Scheduled | Sent | Confirmed | Bounced | Retried | Cancelled, _) => {
                return Err(Refused { state: self, event });
            }
        })
    }

    /// Whether it is owed: promised and not paid.
    pub fn is_owed(self) -> bool {
        match self {
            PayoutState::Approved
            | PayoutState::Scheduled
            | PayoutState::Sent
            | PayoutState::Bounced
            | PayoutState::Retried => true,
            PayoutState::Planned | PayoutState::Confirmed | PayoutState::Cancelled => false,
        }
    }
}

/// How many persons the papers of a charity need: its profile with its limits (facts: charity 6.6a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalRule {
    /// Which profile.
    pub profile: Profile,
    /// In the profile `small`, one approval suffices up to here.
    pub single_limit: Money,
    /// In the profile `full`, a third person approves above it.
    pub third_limit: Money,
}

impl ApprovalRule {
    /// How many different persons have to approve such an amount. The database computes the same at submission.
    pub fn needed(&self, amount: Money) -> i64 {
        match self.profile {
            Profile::Full => 2 + i64::from(amount > self.third_limit),
            Profile::Small => 1 + i64::from(amount > self.single_limit),
        }
    }
}

/// Who gives the approval of this step (facts: charity 6.6a). A guest approver is somebody to whom the chair's role is lent.
pub fn approvers(profile: Profile, step: i64) -> &'static [Role] {
    match (profile, step) {
        (Profile::Full, ..=1) => &[Role::ProjectManager],
        (Profile::Full, 2) => &[Role::FinanceHead],
        (Profile::Small, ..=1) => &[Role::ProjectManager, Role::FinanceHead],
        (Profile::Full | Profile::Small, _) => &[Role::Chair],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::grid;
    use sea_orm::Iterable;

    #[test]
    fn the_grid() {
        let states: Vec<_> = DisbursementState::iter().collect();
        let events: Vec<_> = DisbursementEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, DisbursementState::on));
    }

    #[test]
    fn the_grid_of_payouts() {
        let states: Vec<_> = PayoutState::iter().collect();
        let events: Vec<_> = PayoutEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, PayoutState::on));
    }

    #[test]
    fn the_profile_says_how_many_persons_approve() {
        let yuan = |yuan: i64| Money::from_fen(yuan * 100);
        let rule = |profile| ApprovalRule { profile, single_limit: yuan(1_000), third_limit: yuan(50_000) };
        let (full, small) = (rule(Profile::Full), rule(Profile::Small));
        assert_eq!([1, 50_000, 50_001].map(|amount| full.needed(yuan(amount))), [2, 2, 3]);
        assert_eq!([1, 1_000, 1_001, 50_001].map(|amount| small.needed(yuan(amount))), [1, 1, 2, 2]);
        assert_eq!(approvers(Profile::Full, 3), [Role::Chair]);
        assert_eq!(approvers(Profile::Small, 2), [Role::Chair]);
    }
}

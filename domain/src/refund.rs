//! The life of a refund. A gift once paid is not given back at pleasure (民法典 Art. 658): every refund has a reason.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::charity::Profile;
use crate::role::Role;

/// Why a gift is given back (facts: charity 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum RefundReason {
    /// 误操作: the donor gave by mistake.
    Error,
    /// 重复捐赠: given twice.
    Duplicate,
    /// 未成年人: the guardian asks for it back (民法典 Art. 19-20).
    Minor,
    /// 无民事行为能力: the donor lacked capacity for another cause.
    Incapacity,
    /// 违规募捐: the raising was unlawful (慈善法 Art. 113).
    UnlawfulRaising,
    /// 条件未成就: a condition of the gift failed.
    ConditionFailed,
    /// 项目取消: the campaign is cancelled.
    CampaignCancelled,
}

impl RefundReason {
    /// Whether the law gives the money back, whatever happens to the campaign (facts: charity 2.1 Art. 113, 2.2): such a refund does
    /// not wait for a suspension to be lifted.
    pub fn is_by_law(self) -> bool {
        match self {
            RefundReason::Minor | RefundReason::Incapacity | RefundReason::UnlawfulRaising => true,
            RefundReason::Error
            | RefundReason::Duplicate
            | RefundReason::ConditionFailed
            | RefundReason::CampaignCancelled => false,
        }
    }
}

/// Who decides on a refund, and how one ends that the channel could not make (facts: charity 1, 6.6a). In a small foundation the chair may, too,
/// or a guest to whom the chair's role is lent; never who asked for it.
pub fn deciders(profile: Profile) -> &'static [Role] {
    match profile {
        Profile::Full => &[Role::FinanceHead],
        Profile::Small => &[Role::FinanceHead, Role::Chair],
    }
}

/// Who proposes that the general fund bears what a campaign has spent; the chair decides that under either profile.
pub fn cover_authors(profile: Profile) -> &'static [Role] {
    match profile {
        Profile::Full => &[Role::FinanceHead],
        Profile::Small => &[Role::FinanceHead, Role::ProjectManager],
    }
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum RefundState {
    /// Asked for; waits for a decision by another person.
    Requested,
    /// Decided and booked as owed (entry 4a); to be sent to the channel.
    Approved,
    /// The channel has accepted it.
    Processing,
    /// The channel has given the money back (entry 4b).
    Succeeded,
    /// The channel closed it or found the payer's account unusable (entry 4d): the debt stands.
    Failed,
    /// Paid to the donor's bank account instead.
    PaidByBank,
    /// Given up by decision: the money stays with the campaign.
    GivenUp,
    /// The request was declined.
    Declined,
}

/// What can happen to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum RefundEvent {
    /// A second person agrees.
    Approve,
    /// A second person does not agree.
    Decline,
    /// The channel took it.
    Accepted,
    /// The channel says SUCCESS.
    Success,
    /// The channel says CLOSED or ABNORMAL.
    Failure,
    /// Try again under a new number.
    Retry,
    /// Paid by bank.
    PayByBank,
    /// The debt is given up.
    GiveUp,
}

impl RefundState {
    /// The whole table.
    pub fn on(self, event: RefundEvent) -> Result<RefundState, Refused<RefundState, RefundEvent>> {
        use RefundEvent as E;
        use RefundState::*;
        Ok(match (self, event) {
            (Requested, E::Approve) => Approved,
            (Requested, E::Decline) => Declined,
            (Approved, E::Accepted) => Processing,
            // The callback may overtake the answer to our own request.
            // An abnormal refund may be mended at the channel's own site and succeed after all.
            (Approved | Processing | Failed, E::Success) => Succeeded,
            (Approved | Processing, E::Failure) => Failed,
            (Failed, E::Retry) => Approved,
            (Failed, E::PayByBank) => PaidByBank,
            (Failed, E::GiveUp) => GivenUp,
            (Requested | Approved | Processing | Succeeded | Failed | PaidByBank | GivenUp | Declined, _) => {
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
        let states: Vec<_> = RefundState::iter().collect();
        let events: Vec<_> = RefundEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, RefundState::on));
    }
}

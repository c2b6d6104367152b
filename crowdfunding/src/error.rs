//! What can be refused.

use domain::campaign::{CampaignEvent, CampaignState, GivingClosed};
use domain::change::{ChangeEvent, ChangeState};
use domain::complaint::{ComplaintEvent, ComplaintState};
use domain::decision::{DecisionEvent, DecisionState};
use domain::donation::{DonationEvent, DonationState};
use domain::plan::Problem;
use domain::refund::{RefundEvent, RefundState};
use domain::role::Forbidden;
use domain::{Money, Refused};
use sea_orm::DbErr;

/// Why something about a campaign, a gift or a refund was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CrowdfundingError {
    /// There is no such campaign, or the asker may not know of it.
    #[error("no such campaign")]
    NoSuchCampaign,
    /// There is no such gift, or the asker may not know of it.
    #[error("no such donation")]
    NoSuchDonation,
    /// There is no such refund.
    #[error("no such refund")]
    NoSuchRefund,
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// The id stands for something else already.
    #[error("this id was used with other content")]
    IdReused,
    /// Stray money is for the campaign of its order while that may receive it, or may again.
    #[error("the campaign it was meant for may receive it")]
    CampaignReceives,
    /// A bank reference can be booked once.
    #[error("this bank reference is entered already")]
    ReferenceUsed,
    /// A field that is not acceptable; the sentence is for the person who filled it in, in Chinese.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no such unit of the organisation, or it takes no campaigns.
    #[error("no such unit")]
    NoSuchUnit,
    /// There is no such version of the plan.
    #[error("no such version of the plan")]
    NoSuchPlan,
    /// There is no such change of the campaign.
    #[error("no such change")]
    NoSuchChange,
    /// There is no such decision, or the asker may not know of it.
    #[error("no such decision")]
    NoSuchDecision,
    /// There is no such complaint, or the asker may not know of it.
    #[error("no such complaint")]
    NoSuchComplaint,
    /// There is no such partner.
    #[error("no such partner")]
    NoSuchPartner,
    /// There is no such update or milestone.
    #[error("no such update")]
    NoSuchUpdate,
    /// The filing number is another campaign's.
    #[error("this filing number is another campaign's")]
    FilingNumberTaken,
    /// Another change of the campaign is under way.
    #[error("another change is under way")]
    ChangeUnderWay,
    /// The partner is registered already.
    #[error("this partner is registered already")]
    PartnerKnown,
    /// The change is in no state for it.
    #[error(transparent)]
    Change(#[from] Refused<ChangeState, ChangeEvent>),
    /// The decision is in no state for it.
    #[error(transparent)]
    Decision(#[from] Refused<DecisionState, DecisionEvent>),
    /// The complaint is in no state for it.
    #[error(transparent)]
    Complaint(#[from] Refused<ComplaintState, ComplaintEvent>),
    /// The plan is not what the law wants; every problem at once.
    #[error("the plan is not complete: {} problems", .0.len())]
    PlanIncomplete(Vec<Problem>),
    /// Something that the next state needs is not there; every gate that is closed at once. `field` names the gate.
    #[error("{} gates are closed", .0.len())]
    GateClosed(Vec<Problem>),
    /// Money came: it can be ended and terminated, not cancelled.
    #[error("money came for this campaign")]
    MoneyCame,
    /// A budget line cannot go below what is promised and spent of it.
    #[error("a budget line would go below what is promised and spent of it")]
    BudgetSpent,
    /// A plan that was written down cannot be read; it was changed from outside.
    #[error("a plan cannot be read")]
    PlanUnreadable(#[from] serde_json::Error),
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Nobody approves their own work, and nobody approves twice.
    #[error("another person has to do this step")]
    OtherPerson,
    /// The campaign is in no state for it.
    #[error(transparent)]
    Campaign(#[from] Refused<CampaignState, CampaignEvent>),
    /// The gift is in no state for it.
    #[error(transparent)]
    Donation(#[from] Refused<DonationState, DonationEvent>),
    /// The refund is in no state for it.
    #[error(transparent)]
    Refund(#[from] Refused<RefundState, RefundEvent>),
    /// The campaign takes no gifts now.
    #[error(transparent)]
    Giving(#[from] GivingClosed),
    /// The plan does not allow more than its target.
    #[error("the campaign has reached its target")]
    TargetReached,
    /// The campaign takes no gifts by WeChat: it was not opened on the internet, its plan names other ways, or the merchant number is not that of
    /// its charity.
    #[error("the campaign takes no gifts by WeChat")]
    NotByWechat,
    /// There is no such team, or it is none of the campaign.
    #[error("no such team")]
    NoSuchTeam,
    /// Nobody gives through the team any more.
    #[error("the team is closed")]
    TeamClosed,
    /// A donor founds few teams of one campaign.
    #[error("too many teams of one donor")]
    TooManyTeams,
    /// Too many orders were started and not paid.
    #[error("too many unpaid orders")]
    TooManyUnpaid,
    /// More than what is left of the gift.
    #[error("only {left} of the gift can still be given back")]
    RefundTooLarge {
        /// What is left.
        left: Money,
    },
    /// The campaign can bear the refund itself.
    #[error("the campaign has enough for the refund")]
    CoverNotNeeded,
    /// The general fund cannot bear it either.
    #[error("the general fund has only {available}")]
    GeneralFundShort {
        /// What it has.
        available: Money,
    },
    /// An own gift can still be paid.
    #[error("a gift is being paid")]
    GiftUnderWay,
    /// One refund of a gift at a time.
    #[error("another refund of this gift is under way")]
    RefundUnderWay,
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// Somebody else changed it meanwhile.
    #[error("it was changed by someone else")]
    Conflict,
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

//! What can be refused.

use domain::campaign::{CampaignEvent, CampaignState, GivingClosed};
use domain::donation::{DonationEvent, DonationState};
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
    /// Too many orders were started and not paid.
    #[error("too many unpaid orders")]
    TooManyUnpaid,
    /// More than what is left of the gift.
    #[error("only {left} of the gift can still be given back")]
    RefundTooLarge {
        /// What is left.
        left: Money,
    },
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

//! The life of a gift (facts: charity 3.2) and the choices a donor makes with it.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::{BookId, CampaignId, Refused};

/// Where a gift stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DonationState {
    /// Wished for; the payment channel does not know of it yet.
    Created,
    /// The channel has the order; the donor may pay.
    Paying,
    /// Confirmed by the channel's signed message, by a query, or by the bank: it is booked and counts.
    Paid,
    /// Paid, and its row in the channel's fund-flow bill is matched.
    Settled,
    /// Expired unpaid, or paid otherwise than ordered. What arrives then is a break, not this gift.
    Closed,
    /// A refund was asked for and waits for a decision.
    RefundRequested,
    /// A refund is decided and on its way.
    Refunding,
    /// The channel could not refund; a person decides how it goes on.
    RefundFailed,
    /// A part has been given back.
    PartlyRefunded,
    /// All of it has been given back.
    Refunded,
}

/// Where a gift stands when no refund of it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Paid, not yet in the bill, nothing given back.
    Paid,
    /// In the bill, nothing given back.
    Settled,
    /// A part given back.
    PartlyRefunded,
    /// All given back.
    Refunded,
}

/// What can happen to a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DonationEvent {
    /// The channel accepted the order.
    OrderPlaced,
    /// The channel or the bank confirmed the money.
    Pay,
    /// The order is over at the channel: its time to pay, or it was paid otherwise than ordered.
    Expire,
    /// Its fund-flow row was found.
    Match,
    /// A refund is asked for.
    AskRefund,
    /// The refund is declined, or given up after it failed.
    DropRefund(Standing),
    /// The refund is decided and booked.
    DecideRefund,
    /// The channel or the bank gave the money back.
    RefundArrived(Standing),
    /// The channel says that it cannot.
    RefundFail,
    /// A failed refund is tried again.
    RetryRefund,
}

impl DonationState {
    /// The whole table.
    pub fn on(self, event: DonationEvent) -> Result<DonationState, Refused<DonationState, DonationEvent>> {
        use DonationEvent as E;
        use DonationState::*;
        let standing = |s| match s {
            Standing::Paid => Paid,
            Standing::Settled => Settled,
            Standing::PartlyRefunded => PartlyRefunded,
            Standing::Refunded => Refunded,
        };
        Ok(match (self, event) {
            (Created, E::OrderPlaced) => Paying,
            (Created | Paying, E::Pay) => Paid,
            (Created | Paying, E::Expire) => Closed,
            (Paid, E::Match) => Settled,
            (Paid | Settled | PartlyRefunded, E::AskRefund) => RefundRequested,
            (RefundRequested | RefundFailed, E::DropRefund(s)) => standing(s),
            (RefundRequested, E::DecideRefund) => Refunding,
            (Refunding | RefundFailed, E::RefundArrived(s)) => standing(s),
            (Refunding, E::RefundFail) => RefundFailed,
            (RefundFailed, E::RetryRefund) => Refunding,
            (
                Created | Paying | Paid | Settled | Closed | RefundRequested | Refunding | RefundFailed
                | PartlyRefunded | Refunded,
                _,
            ) => return Err(Refused { state: self, event }),
        })
    }

    /// Whether the money has arrived at some time, whatever became of it since.
    pub fn was_paid(self) -> bool {
        match self {
            DonationState::Created | DonationState::Paying | DonationState::Closed => false,
            DonationState::Paid
            | DonationState::Settled
            | DonationState::RefundRequested
            | DonationState::Refunding
            | DonationState::RefundFailed
            | DonationState::PartlyRefunded
            | DonationState::Refunded => true,
        }
    }
}

/// What stands where the name of a campaign would, for a gift that is for none.
pub const GENERAL_FUND: &str = "一般捐赠（不限定用途）";

/// What a gift is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A campaign: restricted.
    Campaign(CampaignId),
    /// 一般捐赠, 不限定用途: whatever the charity of this book does.
    General(BookId),
}

impl Purpose {
    /// The campaign, if it is for one.
    pub fn campaign(self) -> Option<CampaignId> {
        match self {
            Purpose::Campaign(id) => Some(id),
            Purpose::General(_) => None,
        }
    }

    /// Whose general fund it is for, if it is.
    pub fn general(self) -> Option<BookId> {
        match self {
            Purpose::Campaign(_) => None,
            Purpose::General(book) => Some(book),
        }
    }
}

impl From<CampaignId> for Purpose {
    fn from(id: CampaignId) -> Purpose {
        Purpose::Campaign(id)
    }
}

/// Which way a gift comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Channel {
    /// WeChat Pay, through the mini-program.
    Wechat,
    /// A transfer to the foundation's bank account, entered by one person and confirmed by another.
    Bank,
}

/// Whether a person gives or an organisation (facts: charity 3.2). It is told by where the name stands: an organisation's is on the statement
/// of the bank and no secret, a person's is sealed. Through the mini-program persons give; who gave by bank without a name may be either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum DonorType {
    /// 自然人.
    Person,
    /// 法人或其他组织.
    Organisation,
}

/// For whose sake a gift is given, besides those it helps (facts: charity 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Tribute {
    /// 致敬: in honour of somebody who lives.
    Honour,
    /// 纪念: in memory of somebody who has died.
    Memory,
}

impl Tribute {
    /// The word before the name.
    pub fn word(self) -> &'static str {
        match self {
            Tribute::Honour => "致敬",
            Tribute::Memory => "纪念",
        }
    }
}

/// Where a gift was given (facts: charity, open points 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Via {
    /// 自有渠道: on our own page.
    OwnSite,
    /// 指定平台: on a platform the ministry has designated.
    DesignatedPlatform,
    /// 线下: by bank transfer or in cash.
    Offline,
}

/// Who may read what a donor wrote with a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Nobody yet: the check of its words was not sure, and a person has to look.
    Review,
    /// Everybody.
    Passed,
    /// Nobody: hidden by the check or by a person.
    Risky,
}

impl MessageState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            MessageState::Review => "review",
            MessageState::Passed => "passed",
            MessageState::Risky => "risky",
        }
    }
}

/// What the donor wants in the way of a receipt (慈善法 Art. 38: the choice itself is recorded, with its time).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ReceiptChoice {
    /// 需要票据.
    Requested,
    /// 放弃票据.
    Waived,
    /// 匿名，不开票.
    Anonymous,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::grid;
    use sea_orm::Iterable;

    #[test]
    fn the_grid() {
        let states: Vec<_> = DonationState::iter().collect();
        let mut events = vec![
            DonationEvent::OrderPlaced,
            DonationEvent::Pay,
            DonationEvent::Expire,
            DonationEvent::Match,
            DonationEvent::AskRefund,
            DonationEvent::DecideRefund,
            DonationEvent::RefundFail,
            DonationEvent::RetryRefund,
        ];
        for standing in [Standing::Paid, Standing::Settled, Standing::PartlyRefunded, Standing::Refunded] {
            events.push(DonationEvent::DropRefund(standing));
            events.push(DonationEvent::RefundArrived(standing));
        }
        insta::assert_snapshot!(grid(&states, &events, DonationState::on));
    }
}

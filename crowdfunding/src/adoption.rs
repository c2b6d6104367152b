//! Money that belonged to no open order and is taken for a gift by the decision of two persons (facts: charity 6.2, entry 6d), while the
//! campaign of its order may receive: afterwards it can only go back.

use domain::campaign::may_receive;
use domain::donation::{Channel, DonationEvent, DonationState, Via};
use domain::{BusinessDate, DonationId, Money, Timestamp};
use entity::{Tx, campaign, donation};
use ledger::Entry;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QuerySelect, Set};

use crate::donation::last_moment;
use crate::history::{self, Step};
use crate::postings::{self, Gift};
use crate::{CrowdfundingError, find_orders};

/// Stray money and the order it names.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// The gift it becomes.
    pub id: DonationId,
    /// The order it names; its donor is the giver, its campaign receives.
    pub order: DonationId,
    /// The channel's number of the payment.
    pub transaction_id: String,
    /// What was paid.
    pub amount: Money,
    /// When we heard of it.
    pub paid: Timestamp,
    /// When its row of the fund-flow bill was found, if it was.
    pub settled: Option<Timestamp>,
    /// Who decided.
    pub actor: String,
}

/// The campaign of an order. Only for a campaign money is taken by WeChat.
async fn campaign_of(db: &impl ConnectionTrait, order: &donation::Model) -> Result<campaign::Model, CrowdfundingError> {
    let id = order.campaign_id.ok_or(CrowdfundingError::NoSuchCampaign)?;
    campaign::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchCampaign)
}

/// The entry with which stray money would become a gift to the campaign of an order, for those who decide about it. Refused when the campaign
/// may receive nothing.
pub async fn adoption_entry(
    db: &impl ConnectionTrait,
    (id, order): (DonationId, DonationId),
    transaction: &str,
    amount: Money,
    on: BusinessDate,
) -> Result<Entry, CrowdfundingError> {
    let order = crate::donation(db, order).await?;
    let campaign = campaign_of(db, &order).await?;
    may_receive(campaign.state)?;
    let gift = Gift {
        id,
        book: campaign.book_id,
        campaign: Some(campaign.id),
        donor: order.donor_id,
        counterparty: None,
        amount,
    };
    Ok(postings::gift_adopted(&gift, transaction, on))
}

/// The entry that settling a payment of an order would book, if it is open and the payment is what was ordered.
pub async fn order_entry(
    db: &impl ConnectionTrait,
    order: DonationId,
    transaction: &str,
    amount: Money,
    on: BusinessDate,
) -> Result<Option<Entry>, CrowdfundingError> {
    let order = crate::donation(db, order).await?;
    if !matches!(order.state, DonationState::Created | DonationState::Paying) || order.amount_fen != amount {
        return Ok(None);
    }
    let campaign = campaign_of(db, &order).await?;
    let gift = Gift {
        id: order.id,
        book: campaign.book_id,
        campaign: Some(campaign.id),
        donor: order.donor_id,
        counterparty: None,
        amount,
    };
    Ok(Some(postings::gift_received(&gift, transaction, on)))
}

/// Writes the gift down, paid, as its donor wished to be shown, and books it out of suspense. The donor's message stays with
/// the order.
pub async fn adopt(tx: &Tx, now: Timestamp, stray: Adoption) -> Result<donation::Model, CrowdfundingError> {
    // The order is locked first, as by everybody who settles.
    find_orders(tx, [stray.order].into_iter()).await?;
    let order = crate::donation(tx, stray.order).await?;
    let campaign = campaign_of(tx, &order).await?.id;
    // What it may receive does not change meanwhile.
    let campaign = campaign::Entity::find_by_id(campaign).lock(LockType::Share).one(tx).await?;
    let campaign = campaign.ok_or(CrowdfundingError::NoSuchCampaign)?;
    may_receive(campaign.state)?;
    let gift = Gift {
        id: stray.id,
        book: campaign.book_id,
        campaign: Some(campaign.id),
        donor: order.donor_id,
        counterparty: None,
        amount: stray.amount,
    };
    let state =
        if stray.settled.is_some() { DonationState::Paid.on(DonationEvent::Match)? } else { DonationState::Paid };
    let row = donation::ActiveModel {
        id: Set(stray.id),
        campaign_id: Set(Some(campaign.id)),
        book_id: Set(None),
        channel: Set(Channel::Wechat),
        state: Set(state),
        amount_fen: Set(stray.amount),
        refunded_fen: Set(Money::ZERO),
        donor_id: Set(order.donor_id),
        content: Set(order.content),
        anonymity: Set(order.anonymity),
        show_amount: Set(order.show_amount),
        name_sealed: Set(order.name_sealed),
        nickname_sealed: Set(order.nickname_sealed),
        message: Set(None),
        // The words stay with the first gift; whether its name may be read holds for both.
        message_state: Set(order.message_state),
        receipt: Set(order.receipt),
        receipt_us: Set(order.receipt_us),
        origin: Set(order.origin),
        // For whose sake, is said once; the money is the team's as much as the first.
        tribute: Set(None),
        tribute_sealed: Set(None),
        tribute_shown: Set(false),
        team_id: Set(order.team_id),
        payer_code: Set(None),
        created_us: Set(now),
        expires_us: Set(order.expires_us),
        prepay_id: Set(None),
        prepay_us: Set(None),
        queries: Set(0),
        next_query_us: Set(now),
        transaction_id: Set(Some(stray.transaction_id.clone())),
        paid_us: Set(Some(stray.paid)),
        confirmed_us: Set(Some(now)),
        late: Set(stray.paid > last_moment(tx, &campaign).await?),
        settled_us: Set(stray.settled),
        bank_account: Set(None),
        bank_reference: Set(None),
        counterparty: Set(None),
        author_id: Set(None),
        author_for_id: Set(None),
        approver_id: Set(None),
        approver_for_id: Set(None),
        via: Set(Via::OwnSite),
        list_id: Set(None),
    }
    .insert(tx)
    .await?;
    let entry = postings::gift_adopted(&gift, &stray.transaction_id, BusinessDate::of(now)).by(&stray.actor);
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    let step = Step { donation: stray.id, from: DonationState::Created, to: state };
    history::donations(tx, now, &stray.actor, &[step]).await?;
    Ok(row)
}

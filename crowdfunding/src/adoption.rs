//! Money that belonged to no open order and is taken for a gift by the decision of two persons (facts: charity 6.2, entry 6d): to the campaign of
//! its order, while that may receive; afterwards it goes back, and what can neither stay nor go back is a gift to the general fund of the charity
//! it came to (docs/decisions/0025).

use domain::anonymity::Anonymity;
use domain::campaign::{CampaignState, GivingClosed, may_receive};
use domain::donation::{Channel, DonationEvent, DonationState, Purpose, ReceiptChoice, Via};
use domain::{BookId, BusinessDate, DonationId, Money, Timestamp};
use entity::{Tx, campaign, donation};
use ledger::Entry;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QuerySelect};

use crate::bank_gift::Target;
use crate::donation::last_moment;
use crate::history::{self, Step};
use crate::postings::{self, Gift};
use crate::{CrowdfundingError, find_orders};

/// Stray money, as it becomes a gift.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// The gift it becomes.
    pub id: DonationId,
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
    let gift = gift_of(id, &campaign, &order, amount);
    Ok(postings::gift_adopted(&gift, transaction, on))
}

/// The entry with which stray money would become a gift to the general fund of a book. Refused while the campaign of the order it names may receive
/// it, or may again: there it was meant to go.
pub async fn general_entry(
    db: &impl ConnectionTrait,
    (id, book, order): (DonationId, BookId, Option<DonationId>),
    transaction: &str,
    amount: Money,
    on: BusinessDate,
) -> Result<Entry, CrowdfundingError> {
    let order = match order {
        Some(order) => Some(crate::donation(db, order).await?),
        None => None,
    };
    if let Some(order) = &order {
        over(campaign_of(db, order).await?.state)?;
    }
    // A general fund is a charity's.
    Target::of(db, Purpose::General(book), None).await?;
    let donor = order.and_then(|order| order.donor_id);
    let gift = Gift { id, book, campaign: None, donor, counterparty: None, amount };
    Ok(postings::gift_adopted(&gift, transaction, on))
}

/// Refuses a campaign that may receive what was meant for it, now or once it takes gifts (again).
fn over(state: CampaignState) -> Result<(), CrowdfundingError> {
    match may_receive(state) {
        Err(GivingClosed::Ended) => Ok(()),
        Err(GivingClosed::NotOpen) if state == CampaignState::Cancelled => Ok(()),
        Ok(()) | Err(GivingClosed::NotOpen) => Err(CrowdfundingError::CampaignReceives),
    }
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
    let gift = gift_of(order.id, &campaign, &order, amount);
    Ok(Some(postings::gift_received(&gift, transaction, on)))
}

/// Writes the gift down, paid, to the campaign of the order it names, as its donor wished to be shown, and books it out of suspense. The
/// donor's message stays with the order.
pub async fn adopt(
    tx: &Tx,
    now: Timestamp,
    stray: Adoption,
    order: DonationId,
) -> Result<donation::Model, CrowdfundingError> {
    // The order is locked first, as by everybody who settles.
    find_orders(tx, [order].into_iter()).await?;
    let order = crate::donation(tx, order).await?;
    let campaign = locked_campaign(tx, &order).await?;
    may_receive(campaign.state)?;
    let gift = gift_of(stray.id, &campaign, &order, stray.amount);
    let mut new = wished(&stray, Purpose::Campaign(campaign.id), Some(order), now)?;
    new.late = stray.paid > last_moment(tx, &campaign).await?;
    write(tx, now, new, &gift, &stray).await
}

/// Writes the gift down, paid, to the general fund of the book it came to, and books it out of suspense. Whoever ordered it is its donor, and reads
/// and asks of it what of any gift; of a payment that names no order nobody is known.
pub async fn adopt_to_general(
    tx: &Tx,
    now: Timestamp,
    stray: Adoption,
    (book, order): (BookId, Option<DonationId>),
) -> Result<donation::Model, CrowdfundingError> {
    let order = match order {
        Some(order) => {
            find_orders(tx, [order].into_iter()).await?;
            let order = crate::donation(tx, order).await?;
            over(locked_campaign(tx, &order).await?.state)?;
            Some(order)
        }
        None => None,
    };
    let donor = order.as_ref().and_then(|order| order.donor_id);
    let gift = Gift { id: stray.id, book, campaign: None, donor, counterparty: None, amount: stray.amount };
    let new = wished(&stray, Purpose::General(book), order, now)?;
    write(tx, now, new, &gift, &stray).await
}

/// The campaign of an order; what it may receive does not change meanwhile.
async fn locked_campaign(tx: &Tx, order: &donation::Model) -> Result<campaign::Model, CrowdfundingError> {
    let id = campaign_of(tx, order).await?.id;
    let campaign = campaign::Entity::find_by_id(id).lock(LockType::Share).one(tx).await?;
    campaign.ok_or(CrowdfundingError::NoSuchCampaign)
}

fn gift_of(id: DonationId, campaign: &campaign::Model, order: &donation::Model, amount: Money) -> Gift {
    let donor = order.donor_id;
    Gift { id, book: campaign.book_id, campaign: Some(campaign.id), donor, counterparty: None, amount }
}

/// A gift as the order wished it, as far as that goes for another payment; of nobody known, hidden and without a receipt.
fn wished(
    stray: &Adoption,
    purpose: Purpose,
    order: Option<donation::Model>,
    now: Timestamp,
) -> Result<donation::Model, CrowdfundingError> {
    let paid = DonationState::Paid;
    let nobodys = donation::Model {
        id: stray.id,
        campaign_id: purpose.campaign(),
        book_id: purpose.general(),
        channel: Channel::Wechat,
        state: if stray.settled.is_some() { paid.on(DonationEvent::Match)? } else { paid },
        amount_fen: stray.amount,
        refunded_fen: Money::ZERO,
        donor_id: None,
        content: Vec::new(),
        anonymity: Anonymity::Hidden,
        show_amount: true,
        name_sealed: None,
        nickname_sealed: None,
        message: None,
        message_state: "none".to_owned(),
        receipt: ReceiptChoice::Anonymous,
        receipt_us: now,
        origin: None,
        // For whose sake, is said once; the money is the team's as much as the first.
        tribute: None,
        tribute_sealed: None,
        tribute_shown: false,
        team_id: None,
        payer_code: None,
        created_us: now,
        expires_us: now,
        prepay_id: None,
        prepay_us: None,
        queries: 0,
        next_query_us: now,
        transaction_id: Some(stray.transaction_id.clone()),
        paid_us: Some(stray.paid),
        confirmed_us: Some(now),
        late: false,
        settled_us: stray.settled,
        bank_account: None,
        bank_reference: None,
        counterparty: None,
        author_id: None,
        author_for_id: None,
        approver_id: None,
        approver_for_id: None,
        via: Via::OwnSite,
        list_id: None,
    };
    let Some(order) = order else { return Ok(nobodys) };
    Ok(donation::Model {
        donor_id: order.donor_id,
        content: order.content,
        anonymity: order.anonymity,
        show_amount: order.show_amount,
        name_sealed: order.name_sealed,
        nickname_sealed: order.nickname_sealed,
        // The words stay with the first gift; whether its name may be read holds for both.
        message_state: order.message_state,
        receipt: order.receipt,
        receipt_us: order.receipt_us,
        origin: order.origin,
        // A team is one of its campaign.
        team_id: order.team_id.filter(|_| nobodys.campaign_id.is_some()),
        expires_us: order.expires_us,
        ..nobodys
    })
}

async fn write(
    tx: &Tx,
    now: Timestamp,
    new: donation::Model,
    gift: &Gift,
    stray: &Adoption,
) -> Result<donation::Model, CrowdfundingError> {
    let active: donation::ActiveModel = new.into();
    // Every column is written: a row made from a model counts as unchanged otherwise.
    let row = active.reset_all().insert(tx).await?;
    let entry = postings::gift_adopted(gift, &stray.transaction_id, BusinessDate::of(now)).by(&stray.actor);
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    let step = Step { donation: row.id, from: DonationState::Created, to: row.state };
    history::donations(tx, now, &stray.actor, &[step]).await?;
    Ok(row)
}

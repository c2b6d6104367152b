//! Gifts as they are looked at: a donor's own, those that staff find, and the wall.

use std::collections::HashMap;

use domain::donation::{Channel, DonationState, GENERAL_FUND, Purpose};
use domain::role::{Member, Role};
use domain::{CampaignId, DonationId, DonorId, Money, TeamId, Timestamp};
use entity::{ListOrder, campaign, donation as row, listed};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::CrowdfundingError;
use crate::donation::donation;
use crate::reach::of_gifts;

/// A page of a donor's own gifts, newest first.
pub async fn of_donor(
    db: &impl ConnectionTrait,
    donor: DonorId,
    after: Option<DonationId>,
    limit: u64,
) -> Result<Vec<(row::Model, String)>, CrowdfundingError> {
    let mut query = row::Entity::find().filter(row::Column::DonorId.eq(donor));
    if let Some(after) = after {
        let last = donation(db, after).await?;
        if last.donor_id != Some(donor) {
            return Err(CrowdfundingError::NoSuchDonation);
        }
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    let gifts = query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?;
    let campaigns: HashMap<CampaignId, String> = campaign::Entity::find()
        .filter(campaign::Column::Id.is_in(gifts.iter().filter_map(|gift| gift.campaign_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|campaign| (campaign.id, campaign.name))
        .collect();
    let name = |gift: &row::Model| match gift.purpose() {
        Purpose::Campaign(id) => campaigns.get(&id).cloned().unwrap_or_default(),
        Purpose::General(_) => GENERAL_FUND.to_owned(),
    };
    Ok(gifts.into_iter().map(|gift| (name(&gift), gift)).map(|(name, gift)| (gift, name)).collect())
}

/// Gifts where somebody has one of these roles that carry a number: our order number, the channel's transaction number, or a bank reference.
pub async fn search_number(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    number: &str,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut any =
        Condition::any().add(row::Column::TransactionId.eq(number)).add(row::Column::BankReference.eq(number));
    if let Ok(id) = number.parse::<DonationId>() {
        any = any.add(row::Column::Id.eq(id));
    }
    let mut query = row::Entity::find().filter(any);
    if let Some(reached) = of_gifts(by, roles) {
        query = query.filter(reached);
    }
    Ok(query.limit(20).all(db).await?)
}

/// Which gifts are wanted; nothing narrows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GiftSearch {
    /// Given to this campaign.
    pub campaign: Option<CampaignId>,
    /// Given to the general fund of a charity.
    pub general: bool,
    /// How they stand.
    pub state: Option<DonationState>,
    /// Which way they came.
    pub channel: Option<Channel>,
    /// Placed at this moment or later.
    pub from: Option<Timestamp>,
    /// Placed before this moment.
    pub before: Option<Timestamp>,
    /// Arrived at this moment or later: paid at the channel, or received by the bank.
    pub paid_from: Option<Timestamp>,
    /// Arrived before this moment.
    pub paid_before: Option<Timestamp>,
    /// Of exactly this amount.
    pub amount: Option<Money>,
    /// In which order.
    pub order: ListOrder,
}

/// A page of the gifts where somebody has one of these roles, by id or by amount, as a rule the newest first: an id begins with the time
/// it was made. One statement, and one for the gift a page begins behind when it goes by amounts.
pub async fn gifts(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    search: GiftSearch,
    after: Option<DonationId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    use row::Column as C;
    by.must_be(roles)?;
    let mut wanted = Condition::all()
        .add_option(search.campaign.map(|campaign| C::CampaignId.eq(campaign)))
        .add_option(search.general.then(|| C::BookId.is_not_null()))
        .add_option(search.state.map(|state| C::State.eq(state)))
        .add_option(search.channel.map(|channel| C::Channel.eq(channel)))
        .add_option(search.from.map(|from| C::CreatedUs.gte(from)))
        .add_option(search.before.map(|before| C::CreatedUs.lt(before)))
        .add_option(search.paid_from.map(|from| C::PaidUs.gte(from)))
        .add_option(search.paid_before.map(|before| C::PaidUs.lt(before)))
        .add_option(search.amount.map(|amount| C::AmountFen.eq(amount)));
    if let Some(reached) = of_gifts(by, roles) {
        wanted = wanted.add(reached);
    }
    let key = if search.order.is_by_amount() { C::AmountFen } else { C::Id };
    let after = match after {
        Some(after) if search.order.is_by_amount() => {
            Some((donation(db, after).await?.amount_fen.into(), after.into()))
        }
        Some(after) => Some((after.into(), after.into())),
        None => None,
    };
    let query = listed(row::Entity::find().filter(wanted), (key, C::Id), search.order.is_down(), after);
    Ok(query.limit(limit).all(db).await?)
}

/// A page of the bank gifts where somebody has one of these roles, newest first: those that wait for a second person, or all.
pub async fn bank_gifts(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    waiting: bool,
    after: Option<DonationId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut query = row::Entity::find().filter(row::Column::Channel.eq(Channel::Bank));
    if let Some(reached) = of_gifts(by, roles) {
        query = query.filter(reached);
    }
    if waiting {
        query = query.filter(row::Column::State.eq(DonationState::Created));
    }
    if let Some(after) = after {
        let last = donation(db, after).await?;
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    Ok(query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// A page of a campaign's wall: gifts that are paid and not given back, newest first. Names are still sealed.
#[derive(Clone, Debug)]
pub struct WallPage {
    /// The gifts.
    pub gifts: Vec<row::Model>,
    /// Whether more follow.
    pub more: bool,
}

/// A page of the wall, after the gift named.
pub async fn wall(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    after: Option<DonationId>,
    limit: u64,
) -> Result<WallPage, CrowdfundingError> {
    on_wall(db, row::Column::CampaignId.eq(campaign), |gift| gift.campaign_id == Some(campaign), after, limit).await
}

/// The same of the gifts through one team.
pub async fn team_wall(
    db: &impl ConnectionTrait,
    team: TeamId,
    after: Option<DonationId>,
    limit: u64,
) -> Result<WallPage, CrowdfundingError> {
    on_wall(db, row::Column::TeamId.eq(team), |gift| gift.team_id == Some(team), after, limit).await
}

async fn on_wall(
    db: &impl ConnectionTrait,
    whose: SimpleExpr,
    belongs: impl Fn(&row::Model) -> bool,
    after: Option<DonationId>,
    limit: u64,
) -> Result<WallPage, CrowdfundingError> {
    let mut query = row::Entity::find()
        .filter(whose)
        .filter(row::Column::ConfirmedUs.is_not_null())
        .filter(row::Column::State.ne(DonationState::Refunded));
    if let Some(after) = after {
        let last = donation(db, after).await?;
        let (Some(confirmed), true) = (last.confirmed_us, belongs(&last)) else {
            return Err(CrowdfundingError::NoSuchDonation);
        };
        query = query.filter(
            Condition::any()
                .add(row::Column::ConfirmedUs.lt(confirmed))
                .add(Condition::all().add(row::Column::ConfirmedUs.eq(confirmed)).add(row::Column::Id.lt(last.id))),
        );
    }
    let mut gifts =
        query.order_by_desc(row::Column::ConfirmedUs).order_by_desc(row::Column::Id).limit(limit + 1).all(db).await?;
    let more = gifts.len() as u64 > limit;
    gifts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(WallPage { gifts, more })
}

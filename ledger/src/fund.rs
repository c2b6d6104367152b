//! What a posting does to the money of a campaign and to its public total. One function, used when posting and when auditing.

use domain::{BookId, CampaignId, Money};
use entity::fund as row;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::Raised;
use crate::subject::{is_raised, is_received, is_used};

/// The side of an account that matters here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) code: &'a str,
    pub(crate) campaign: Option<CampaignId>,
    pub(crate) goods: bool,
}

/// Changes of a fund row, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) received: i128,
    pub(crate) used: i128,
    pub(crate) raised_cash: i128,
    pub(crate) raised_goods: i128,
}

impl Effect {
    pub(crate) fn add(&mut self, other: Effect) {
        self.received += other.received;
        self.used += other.used;
        self.raised_cash += other.raised_cash;
        self.raised_goods += other.raised_goods;
    }
}

/// The effects of moving `fen` from `credit` to `debit` (charity 6.5 (4) and (5)), each with its campaign.
///
/// Two pairs are special, because "charged and not yet released" is what counts: a release (3102 → 3101) takes the expense it
/// covers with it, and closing an expense of a campaign to 3101 at year end changes nothing, its release having done so.
pub(crate) fn effects(
    debit: Side<'_>,
    credit: Side<'_>,
    fen: i128,
    raised: Raised,
) -> [Option<(CampaignId, Effect)>; 2] {
    let release = |a: &str, b: &str| a == "3102" && b == "3101";
    let closing = |a: &str, b: &str| a.starts_with('5') && b == "3101";
    let is_release = release(debit.code, credit.code) || release(credit.code, debit.code);
    let is_closing = closing(debit.code, credit.code) || closing(credit.code, debit.code);
    let side = |side: Side<'_>, sign: i128| {
        let campaign = side.campaign?;
        let mut effect = Effect::default();
        if !side.goods && !is_closing {
            if is_received(side.code) {
                effect.received = sign * fen;
                if is_release {
                    effect.used = sign * fen;
                }
            } else if is_used(side.code) {
                effect.used = -sign * fen;
            }
        }
        if is_raised(side.code) {
            match raised {
                Raised::Cash => effect.raised_cash = sign * fen,
                Raised::Goods => effect.raised_goods = sign * fen,
                Raised::None => {}
            }
        }
        (effect != Effect::default()).then_some((campaign, effect))
    };
    [side(debit, -1), side(credit, 1)]
}

/// The money of a campaign in a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fund {
    /// Received for it and not released.
    pub received: Money,
    /// Promised by approved requests that are not posted yet.
    pub committed: Money,
    /// Charged to it and not released.
    pub used: Money,
    /// The public total in cash: net of refunds decided, over all years.
    pub raised_cash: Money,
    /// The public total of goods.
    pub raised_goods: Money,
}

impl Fund {
    /// What may still be promised or spent.
    pub fn available(&self) -> Money {
        Money::from_fen(self.received.fen() - self.committed.fen() - self.used.fen())
    }
}

impl From<row::Model> for Fund {
    fn from(row: row::Model) -> Fund {
        Fund {
            received: row.received_fen,
            committed: row.committed_fen,
            used: row.used_fen,
            raised_cash: row.raised_cash_fen,
            raised_goods: row.raised_goods_fen,
        }
    }
}

/// The fund of a campaign in a book; empty if nothing has happened to it.
pub async fn fund(db: &impl ConnectionTrait, book: BookId, campaign: CampaignId) -> Result<Fund, DbErr> {
    let row = row::Entity::find_by_id((book, campaign)).one(db).await?;
    Ok(row.map(Fund::from).unwrap_or_default())
}

/// The public totals of some campaigns. Campaigns without money are left out.
pub async fn funds(db: &impl ConnectionTrait, campaigns: &[CampaignId]) -> Result<Vec<(CampaignId, Fund)>, DbErr> {
    let rows = row::Entity::find().filter(row::COLUMN.campaign_id.is_in(campaigns.iter().copied())).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.campaign_id, row.into())).collect())
}

/// The public total of a campaign, in cash.
pub async fn raised(db: &impl ConnectionTrait, book: BookId, campaign: CampaignId) -> Result<Money, DbErr> {
    Ok(fund(db, book, campaign).await?.raised_cash)
}

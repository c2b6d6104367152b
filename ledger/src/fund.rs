//! What a posting does to the money of a campaign and to its public total. One function, used when posting and when auditing.

use domain::{BookId, CampaignId, Money};
use entity::{Tx, execute, fund as row};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Statement};

use crate::subject::{is_raised, is_received, is_used};
use crate::{Raised, Refusal};

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
    /// Promises taken on or redeemed. No posting says so: the entry does, and products keep the requests behind it.
    pub(crate) committed: i128,
    pub(crate) used: i128,
    pub(crate) raised_cash: i128,
    pub(crate) raised_goods: i128,
}

impl Effect {
    pub(crate) fn add(&mut self, other: Effect) {
        self.received += other.received;
        self.committed += other.committed;
        self.used += other.used;
        self.raised_cash += other.raised_cash;
        self.raised_goods += other.raised_goods;
    }

    /// What it does to what may still be promised or spent.
    pub(crate) fn available(&self) -> i128 {
        self.received - self.committed - self.used
    }
}

/// The effects of moving `fen` from `credit` to `debit` (charity 6.5 (4) and (5)), each with its campaign.
///
/// Two pairs are special, because "charged and not yet released" is what counts: a release (3102 → 3101) takes the expense it
/// covers with it, and closing an expense of a campaign to 3101 at year end changes nothing, its release having done so. An
/// expense of an earlier year that is taken back goes to 320101 of the campaign and lowers what is used, its release being
/// taken back beside it (entries 12d, 12e).
pub(crate) fn effects(
    debit: Side<'_>,
    credit: Side<'_>,
    fen: i128,
    raised: Raised,
) -> [Option<(CampaignId, Effect)>; 2] {
    let release = |a: &str, b: &str| a == "3102" && b == "3101";
    let closing = |a: &str, b: &str| (a.starts_with('5') || a == "320101") && b == "3101";
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
    /// The money of two campaigns together.
    pub fn plus(self, other: Fund) -> Fund {
        let sum = |a: Money, b: Money| a.checked_add(b).unwrap_or(Money::MAX);
        Fund {
            received: sum(self.received, other.received),
            committed: sum(self.committed, other.committed),
            used: sum(self.used, other.used),
            raised_cash: sum(self.raised_cash, other.raised_cash),
            raised_goods: sum(self.raised_goods, other.raised_goods),
        }
    }

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

/// What the general fund (非限定性净资产) of a book holds: unrestricted net assets and income, less every expense and advance that
/// is not charged to a campaign's own money. The book is locked against every other entry until the transaction ends, so that
/// it still holds that when it is spent.
pub async fn lock_general_fund(tx: &Tx, book: BookId) -> Result<Money, DbErr> {
    let backend = tx.get_database_backend();
    if backend == DbBackend::Postgres {
        let sql = "SELECT id FROM book WHERE id = $1 FOR NO KEY UPDATE";
        tx.query_one_raw(Statement::from_sql_and_values(backend, sql, [book.into()])).await?;
    }
    let sql = "SELECT CAST(COALESCE(SUM(credit_fen - debit_fen), 0) AS BIGINT) \
               + (SELECT CAST(COALESCE(SUM(used_fen), 0) AS BIGINT) FROM fund WHERE book_id = $1) AS fen \
               FROM account WHERE book_id = $1 AND goods = false AND (subject IN ('3101', '320101') OR subject LIKE '4___01' \
               OR subject LIKE '5%' OR (subject = '1141' AND campaign_id IS NOT NULL))";
    let row = tx.query_one_raw(Statement::from_sql_and_values(backend, sql, [book.into()])).await?;
    let row = row.ok_or_else(|| DbErr::Custom("a sum has no row".to_owned()))?;
    Ok(Money::from_fen(row.try_get::<i64>("", "fen")?))
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

/// Promises money of a campaign before anything is booked for it (an advance that is approved and not paid): refused with what is
/// left if there is less. One statement takes the row's lock, looks and writes; it stands behind everything else a transaction
/// locks. [`crate::Entry::redeeming`] redeems the promise with the entry that books it.
pub async fn commit(tx: &Tx, book: BookId, campaign: CampaignId, amount: Money) -> Result<Result<(), Refusal>, DbErr> {
    let sql = "UPDATE fund SET committed_fen = committed_fen + $1 \
               WHERE book_id = $2 AND campaign_id = $3 AND received_fen - committed_fen - used_fen >= $1";
    if execute(tx, sql, [amount.into(), book.into(), campaign.into()]).await? == 1 {
        return Ok(Ok(()));
    }
    let available = fund(tx, book, campaign).await?.available();
    Ok(Err(Refusal::FundShort {
        campaign,
        available,
        short: Money::from_fen(amount.fen().saturating_sub(available.fen())),
    }))
}

/// Takes a promise back.
pub async fn release_commitment(
    tx: &Tx,
    book: BookId,
    campaign: CampaignId,
    amount: Money,
) -> Result<Result<(), Refusal>, DbErr> {
    let sql = "UPDATE fund SET committed_fen = committed_fen - $1 \
               WHERE book_id = $2 AND campaign_id = $3 AND committed_fen >= $1";
    let changed = execute(tx, sql, [amount.into(), book.into(), campaign.into()]).await?;
    Ok(if changed == 1 { Ok(()) } else { Err(Refusal::Unsound) })
}

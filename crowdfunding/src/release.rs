//! The release of restriction (facts: charity 6.2, entry 16): what a campaign's expenses have used stops being restricted: whenever the
//! bookkeeper asks, by the entries that end a year (`ledger::year_end`), and at the close-out. The amount is a rule and nobody's
//! choice: what was charged to the campaign and no release has covered yet. An advance is not charged before its partner has accounted
//! for it; an expense of this year that was taken back after its release is restricted again with the next one. What is available and
//! the public total stay what they are.

use domain::role::{Member, Role};
use domain::{BusinessDate, CampaignId, Money, ReleaseId, Timestamp};
use entity::{Tx, book, campaign};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Statement};

use crate::CrowdfundingError;
use crate::campaign::for_step;
use crate::spending::postings;

/// Whoever keeps the books.
const RELEASERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

/// What a release came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// The reference of its entry; none if there was nothing to release.
    pub reference: Option<String>,
    /// How much; less than nothing if what was released is restricted again, because its expense was taken back.
    pub amount: Money,
}

/// Releases what was charged to a campaign by the end of a day, or up to now, and was not released before. The same id again is the
/// release that stands.
pub async fn release(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    release: ReleaseId,
    through: Option<BusinessDate>,
    by: &Member,
) -> Result<Released, CrowdfundingError> {
    let (row, _) = for_step(tx, id, &RELEASERS, by).await?;
    let today = BusinessDate::of(now);
    if through.is_some_and(|day| day > today) {
        return Err(CrowdfundingError::Invalid { field: "through", problem: "截止日期不能晚于今天" });
    }
    let reference = format!("release:{release}");
    if let Some((entry, lines)) = ledger::entry_by_reference(tx, &reference).await? {
        let kept = postings::restricted(row.book_id, id).id();
        let amount = match lines.first() {
            Some(line) if line.debit_account == kept => line.amount_fen,
            Some(line) if line.credit_account == kept => Money::from_fen(-line.amount_fen.fen()),
            _ => return Err(CrowdfundingError::IdReused),
        };
        if through.is_some_and(|day| day != entry.event_date) {
            return Err(CrowdfundingError::IdReused);
        }
        return Ok(Released { campaign: id, reference: Some(reference), amount });
    }
    let through = through.unwrap_or(today);
    let book = book::Entity::find_by_id(row.book_id).one(tx).await?.ok_or(CrowdfundingError::NoSuchBook)?;
    if book.closed_through.is_some_and(|closed| through <= closed) {
        return Err(CrowdfundingError::Invalid {
            field: "through", problem: "该期间已结账，限定已随年终结转解除"
        });
    }
    post(tx, now, &row, reference, through, by).await
}

/// The last release of a campaign, with its close-out; named by the campaign, for it happens once. The campaign is locked.
pub(crate) async fn at_closure(
    tx: &Tx,
    now: Timestamp,
    row: &campaign::Model,
    by: &Member,
) -> Result<Released, CrowdfundingError> {
    post(tx, now, row, format!("release:{}", row.id), BusinessDate::of(now), by).await
}

async fn post(
    tx: &Tx,
    now: Timestamp,
    row: &campaign::Model,
    reference: String,
    through: BusinessDate,
    by: &Member,
) -> Result<Released, CrowdfundingError> {
    let amount = charged(tx, row, through).await?;
    if amount == Money::ZERO {
        return Ok(Released { campaign: row.id, reference: None, amount: Money::ZERO });
    }
    let entry = postings::released(row.book_id, row.id, reference.clone(), amount, through).by(by.id.to_string());
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    Ok(Released { campaign: row.id, reference: Some(reference), amount })
}

/// What was charged by the end of a day and not released: what is used of the fund, less advances that nobody has accounted for, less
/// what later days charged. Less than nothing if what was released came back since.
async fn charged(tx: &Tx, row: &campaign::Model, through: BusinessDate) -> Result<Money, DbErr> {
    let sql = "SELECT CAST(COALESCE(SUM(d.debit_fen - d.credit_fen), 0) AS BIGINT) AS fen FROM account_day d \
               JOIN account a ON a.id = d.account_id WHERE a.book_id = $1 AND a.campaign_id = $2 AND a.subject LIKE '5%' \
               AND a.goods = false AND d.day > $3";
    let values = [row.book_id.into(), row.id.into(), through.to_string().into()];
    let later = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    let later = later.map_or(Ok(0), |row| row.try_get::<i64>("", "fen"))?;
    let used = ledger::fund(tx, row.book_id, row.id).await?.used.fen();
    let charged = used - paid_ahead(tx, row).await?.fen();
    // Of an earlier day nothing is taken back: what came back since is for the next release.
    Ok(Money::from_fen(if later > 0 { (charged - later).max(0) } else { charged }))
}

/// Advances of a campaign that nobody has accounted for (1141).
pub(crate) async fn paid_ahead(tx: &Tx, row: &campaign::Model) -> Result<Money, DbErr> {
    let sql = "SELECT CAST(COALESCE(SUM(debit_fen - credit_fen), 0) AS BIGINT) AS fen FROM account \
               WHERE book_id = $1 AND campaign_id = $2 AND subject = '1141'";
    let values = [row.book_id.into(), row.id.into()];
    let found = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(Money::from_fen(found.map_or(Ok(0), |row| row.try_get::<i64>("", "fen"))?))
}

//! 贷款市场报价利率: written down by one person from the publication, compared with it by another, and in force from then on.

use domain::lending::product::LprTenor;
use domain::role::Member;
use domain::{BusinessDate, Rate, Timestamp};
use entity::{Tx, lpr as row};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::{AUTHORS, LENDERS, LendingError, RECOMMENDERS, bank_of, root};

/// Rates of fifty years.
const FIFTY_YEARS: u64 = 1_200;

/// Refuses whoever has no hand in published rates: the top of the League has, and the officers of banks.
async fn must_know(tx: &Tx, by: &Member) -> Result<(), LendingError> {
    by.must_be(&AUTHORS)?;
    match by.may(&RECOMMENDERS, &root(tx).await?) {
        Ok(_) => Ok(()),
        Err(refusal) if !by.is_one_of(&LENDERS) => Err(refusal.into()),
        Err(_) => bank_of(tx, by.id).await?.map(|_| ()).ok_or(LendingError::NoSeat),
    }
}

/// Writes a published rate down. A wrong one that nobody has confirmed is written over.
pub async fn enter(
    tx: &Tx,
    now: Timestamp,
    (tenor, published_on): (LprTenor, BusinessDate),
    rate: Rate,
    by: &Member,
) -> Result<row::Model, LendingError> {
    must_know(tx, by).await?;
    if published_on > BusinessDate::of(now) {
        return Err(LendingError::Invalid { field: "published_on", problem: "公布日期不能晚于今天" });
    }
    if rate == Rate::ZERO || "0.2".parse().is_ok_and(|most| rate > most) {
        return Err(LendingError::Invalid { field: "rate", problem: "利率应大于0且不高于20%" });
    }
    if let Some(standing) = row::Entity::find_by_id((published_on, tenor)).one(tx).await? {
        if standing.rate == rate {
            return Ok(standing);
        }
        if standing.confirmer_id.is_some() {
            return Err(LendingError::Decided);
        }
        let sql = "DELETE FROM lpr WHERE tenor = $1 AND published_on = $2";
        entity::execute(tx, sql, [tenor.to_value().into(), published_on.into()]).await?;
    }
    let row = row::ActiveModel {
        published_on: Set(published_on),
        tenor: Set(tenor),
        rate: Set(rate),
        author_id: Set(by.id),
        confirmer_id: Set(None),
        created_us: Set(now),
        confirmed_us: Set(None),
    };
    Ok(row.insert(tx).await?)
}

/// Another person has compared it with the publication.
pub async fn confirm(
    tx: &Tx,
    now: Timestamp,
    (tenor, published_on): (LprTenor, BusinessDate),
    rate: Rate,
    by: &Member,
) -> Result<row::Model, LendingError> {
    must_know(tx, by).await?;
    let standing = row::Entity::find_by_id((published_on, tenor)).lock_exclusive().one(tx).await?;
    let standing = standing.ok_or(LendingError::NoSuchLpr)?;
    if standing.rate != rate {
        return Err(LendingError::Conflict);
    }
    if standing.confirmer_id.is_some() {
        return if standing.confirmer_id == Some(by.id) { Ok(standing) } else { Err(LendingError::Decided) };
    }
    if standing.author_id == by.id {
        return Err(LendingError::OtherPerson);
    }
    let mut row: row::ActiveModel = standing.into();
    row.confirmer_id = Set(Some(by.id));
    row.confirmed_us = Set(Some(now));
    Ok(row.update(tx).await?)
}

/// The rate in force on a day: the last one published by then.
pub async fn on(db: &impl ConnectionTrait, tenor: LprTenor, day: BusinessDate) -> Result<row::Model, LendingError> {
    let last = row::Entity::find()
        .filter(row::Column::Tenor.eq(tenor))
        .filter(row::Column::PublishedOn.lte(day))
        .filter(row::Column::ConfirmerId.is_not_null())
        .order_by_desc(row::Column::PublishedOn);
    last.one(db).await?.ok_or(LendingError::NoLpr)
}

/// The rates, newest first; those nobody has confirmed only for staff. Two a month: never many.
pub async fn all(db: &impl ConnectionTrait, confirmed: bool) -> Result<Vec<row::Model>, LendingError> {
    let mut query = row::Entity::find();
    if confirmed {
        query = query.filter(row::Column::ConfirmerId.is_not_null());
    }
    Ok(query
        .order_by_desc(row::Column::PublishedOn)
        .order_by_asc(row::Column::Tenor)
        .limit(FIFTY_YEARS)
        .all(db)
        .await?)
}

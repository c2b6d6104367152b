//! Quotas city × bank × product × year. What a bank approves is reserved at that moment, in the statement that compares it with what is
//! left, so that approvals at once never exceed it; what is signed is used, and what ends otherwise is given back.

use domain::role::Member;
use domain::{BankId, LoanProductId, LoanQuotaId, Money, Timestamp, UnitId, UnitPath};
use entity::{Tx, execute, loan_product, loan_quota as row, unit};
use ledger::AuditReport;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};

use crate::{LendingError, QUOTA_SETTERS, Reach, root};

/// The years a quota may be of; another is a slip of the finger.
const YEARS: std::ops::Range<i32> = 2000..2200;

/// A quota as somebody sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuota {
    /// Made by the client.
    pub id: LoanQuotaId,
    /// The city; a county where the province runs it directly.
    pub unit: UnitId,
    /// Of which product.
    pub product: LoanProductId,
    /// For which year.
    pub year: i32,
    /// How much.
    pub limit: Money,
}

fn within(limit: Money) -> Result<Money, LendingError> {
    let problem = LendingError::Invalid { field: "limit", problem: "额度应不小于零且不超过10万亿元" };
    if !limit.is_negative() && limit <= Money::MAX { Ok(limit) } else { Err(problem) }
}

/// Sets a quota: the League's top does, for it is the League that spreads what is to be lent over cities and banks (facts: lending 1). The
/// same id with the same content again answers the one that stands.
pub async fn set(tx: &Tx, now: Timestamp, new: NewQuota, by: &Member) -> Result<row::Model, LendingError> {
    by.may(&QUOTA_SETTERS, &root(tx).await?)?;
    let product = loan_product::Entity::find_by_id(new.product).one(tx).await?.ok_or(LendingError::NoSuchProduct)?;
    let limit = within(new.limit)?;
    if !YEARS.contains(&new.year) {
        return Err(LendingError::Invalid { field: "year", problem: "年度应在2000至2199之间" });
    }
    if let Some(standing) = row::Entity::find_by_id(new.id).one(tx).await? {
        let same = (standing.unit_id, standing.product_id, standing.year) == (new.unit, new.product, new.year.into())
            && standing.limit_fen == limit;
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    let unit = unit::Entity::find_by_id(new.unit).one(tx).await?.ok_or(LendingError::NoSuchUnit)?;
    let row = row::ActiveModel {
        id: Set(new.id),
        unit_id: Set(unit.id),
        unit_path: Set(unit.path),
        bank_id: Set(product.bank_id),
        product_id: Set(product.id),
        year: Set(new.year.into()),
        limit_fen: Set(limit),
        reserved_fen: Set(Money::ZERO),
        used_fen: Set(Money::ZERO),
        author_id: Set(by.id),
        created_us: Set(now),
        changed_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// Another limit; not below what is taken.
pub async fn change(
    tx: &Tx,
    now: Timestamp,
    id: LoanQuotaId,
    limit: Money,
    by: &Member,
) -> Result<row::Model, LendingError> {
    by.may(&QUOTA_SETTERS, &root(tx).await?)?;
    let limit = within(limit)?;
    let standing = row::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(LendingError::NoSuchQuota)?;
    let taken = standing.reserved_fen.checked_add(standing.used_fen).unwrap_or(standing.limit_fen);
    if limit < taken {
        return Err(LendingError::QuotaTaken { taken });
    }
    let mut row: row::ActiveModel = standing.into();
    row.limit_fen = Set(limit);
    row.changed_us = Set(now);
    Ok(row.update(tx).await?)
}

/// Which quotas are wanted; nothing narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaSearch {
    /// Of a product.
    pub product: Option<LoanProductId>,
    /// Of a bank.
    pub bank: Option<BankId>,
    /// Below a place.
    pub place: Option<UnitPath>,
    /// Of a year.
    pub year: Option<i64>,
}

/// A page of the quotas within somebody's reach, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    wanted: &QuotaSearch,
    by: &Member,
    after: Option<LoanQuotaId>,
    limit: u64,
) -> Result<Vec<row::Model>, LendingError> {
    use row::Column as C;
    let reach = Reach::of(db, by).await?;
    let mut query =
        row::Entity::find().filter(reach.condition(C::UnitPath, |bank| Condition::all().add(C::BankId.eq(bank))));
    let narrowed = Condition::all()
        .add_option(wanted.product.map(|product| C::ProductId.eq(product)))
        .add_option(wanted.bank.map(|bank| C::BankId.eq(bank)))
        .add_option(wanted.place.as_ref().map(|place| C::UnitPath.starts_with(place.as_str())))
        .add_option(wanted.year.map(|year| C::Year.eq(year)));
    query = query.filter(narrowed);
    if let Some(after) = after {
        let last = row::Entity::find_by_id(after).one(db).await?.ok_or(LendingError::NoSuchQuota)?;
        let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
        query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
    }
    Ok(query.order_by_desc(C::CreatedUs).order_by_desc(C::Id).limit(limit).all(db).await?)
}

/// Reserves an amount of the quota of a city, product and year, or says what is left.
pub(crate) async fn reserve(
    tx: &Tx,
    now: Timestamp,
    (city, product, year): (&UnitPath, LoanProductId, i32),
    amount: Money,
) -> Result<LoanQuotaId, LendingError> {
    let standing = row::Entity::find()
        .filter(row::Column::UnitPath.eq(city.clone()))
        .filter(row::Column::ProductId.eq(product))
        .filter(row::Column::Year.eq(i64::from(year)))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(LendingError::NoQuota)?;
    let taken = standing.reserved_fen.checked_add(standing.used_fen);
    let left = taken.and_then(|taken| standing.limit_fen.checked_sub(taken)).unwrap_or(Money::ZERO);
    let sql = "UPDATE loan_quota SET reserved_fen = reserved_fen + $1, changed_us = $2 WHERE id = $3 \
               AND reserved_fen + used_fen + $1 <= limit_fen";
    match execute(tx, sql, [amount.into(), now.into(), standing.id.into()]).await? {
        1 => Ok(standing.id),
        _ => Err(LendingError::QuotaShort { left }),
    }
}

/// Changes what is reserved and used of a quota by these differences.
pub(crate) async fn shift(
    tx: &Tx,
    now: Timestamp,
    id: LoanQuotaId,
    reserved: Money,
    used: Money,
) -> Result<(), LendingError> {
    let sql = "UPDATE loan_quota SET reserved_fen = reserved_fen + $1, used_fen = used_fen + $2, changed_us = $3 WHERE id = $4";
    match execute(tx, sql, [reserved.into(), used.into(), now.into(), id.into()]).await? {
        1 => Ok(()),
        _ => Err(LendingError::Conflict),
    }
}

/// Audits every quota: what is reserved of it is what applications have been granted, what is used what contracts were signed for. One
/// statement.
pub async fn audit(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    let sql = "SELECT q.id, q.reserved_fen, q.used_fen, CAST(COALESCE(a.reserved_fen, 0) AS BIGINT) AS granted_fen, \
               CAST(COALESCE(a.used_fen, 0) AS BIGINT) AS signed_fen FROM loan_quota q LEFT JOIN (SELECT f.quota_id, \
                   SUM(CASE WHEN f.quota_use = 'reserved' THEN f.approved_fen ELSE 0 END) AS reserved_fen, \
                   SUM(CASE WHEN f.quota_use = 'used' THEN c.principal_fen ELSE 0 END) AS used_fen \
               FROM loan_application f LEFT JOIN loan_contract c ON c.application_id = f.id WHERE f.quota_id IS NOT NULL \
               GROUP BY f.quota_id) a ON a.quota_id = q.id ORDER BY q.id";
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await? {
        let id: LoanQuotaId = row.try_get("", "id")?;
        let fen = |column: &str| row.try_get::<Money>("", column);
        report.compare("loan_quota.reserved", id, fen("reserved_fen")?, fen("granted_fen")?);
        report.compare("loan_quota.used", id, fen("used_fen")?, fen("signed_fen")?);
    }
    Ok(())
}

//! What a borrower agrees to, for each bank by itself (facts: lending 6): that an application is sent to it, and that the League sees by
//! name what comes back. Given and taken back at any time; what was sent is not called back.

use domain::lending::application::ConsentScope;
use domain::{BankId, DonorId, LoanConsentId, Timestamp};
use entity::{Tx, bank, donor, loan_consent as row};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use crate::LendingError;

/// What the borrower reads, kept with the consent.
pub fn words(scope: ConsentScope, bank: &str) -> String {
    match scope {
        ConsentScope::Application => {
            format!("本人同意将本人的贷款申请及所附材料提供给{bank}，用于审查本次申请。")
        }
        ConsentScope::Servicing => {
            format!("本人同意{bank}将本人的放款、还款与逾期情况反馈给共青团组织，用于跟踪服务与贴息。")
        }
    }
}

/// Agrees. Agreeing again changes nothing.
pub async fn give(
    tx: &Tx,
    now: Timestamp,
    id: LoanConsentId,
    donor: DonorId,
    (bank, scope): (BankId, ConsentScope),
) -> Result<row::Model, LendingError> {
    if let Some(standing) = row::Entity::find_by_id(id).one(tx).await? {
        let same = (standing.donor_id, standing.bank_id, standing.scope) == (donor, bank, scope);
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    let name = bank::Entity::find_by_id(bank).one(tx).await?.ok_or(LendingError::NoSuchBank)?.name;
    // Whoever agrees twice at once agrees once.
    donor::Entity::find_by_id(donor).lock(LockType::NoKeyUpdate).one(tx).await?;
    if let Some(live) = live(tx, donor, bank, scope).await? {
        return Ok(live);
    }
    let row = row::ActiveModel {
        id: Set(id),
        donor_id: Set(donor),
        bank_id: Set(bank),
        scope: Set(scope),
        words: Set(words(scope, &name)),
        given_us: Set(now),
        withdrawn_us: Set(None),
    };
    Ok(row.insert(tx).await?)
}

/// Takes it back.
pub async fn withdraw(tx: &Tx, now: Timestamp, id: LoanConsentId, donor: DonorId) -> Result<row::Model, LendingError> {
    let standing = row::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let standing = standing.filter(|row| row.donor_id == donor).ok_or(LendingError::NoSuchConsent)?;
    if standing.withdrawn_us.is_some() {
        return Ok(standing);
    }
    let mut row: row::ActiveModel = standing.into();
    row.withdrawn_us = Set(Some(now));
    Ok(row.update(tx).await?)
}

async fn live(
    db: &impl ConnectionTrait,
    donor: DonorId,
    bank: BankId,
    scope: ConsentScope,
) -> Result<Option<row::Model>, DbErr> {
    row::Entity::find()
        .filter(row::Column::DonorId.eq(donor))
        .filter(row::Column::BankId.eq(bank))
        .filter(row::Column::Scope.eq(scope))
        .filter(row::Column::WithdrawnUs.is_null())
        .one(db)
        .await
}

/// Whether somebody agrees now. Under a shared lock in a transaction, so that taking it back waits.
pub(crate) async fn stands(tx: &Tx, donor: DonorId, bank: BankId, scope: ConsentScope) -> Result<bool, DbErr> {
    let found = row::Entity::find()
        .filter(row::Column::DonorId.eq(donor))
        .filter(row::Column::BankId.eq(bank))
        .filter(row::Column::Scope.eq(scope))
        .filter(row::Column::WithdrawnUs.is_null())
        .lock(LockType::Share)
        .one(tx)
        .await?;
    Ok(found.is_some())
}

/// Whether a borrower lets the League see by name what a bank sends back.
pub async fn shows(db: &impl ConnectionTrait, donor: DonorId, bank: BankId) -> Result<bool, DbErr> {
    let found = row::Entity::find()
        .filter(row::Column::DonorId.eq(donor))
        .filter(row::Column::BankId.eq(bank))
        .filter(row::Column::Scope.eq(ConsentScope::Servicing))
        .filter(row::Column::WithdrawnUs.is_null());
    Ok(found.count(db).await? > 0)
}

/// What a borrower ever agreed to, newest first.
pub async fn of_donor(db: &impl ConnectionTrait, donor: DonorId) -> Result<Vec<row::Model>, DbErr> {
    let all = row::Entity::find().filter(row::Column::DonorId.eq(donor));
    all.order_by_desc(row::Column::GivenUs).order_by_desc(row::Column::Id).limit(200).all(db).await
}

//! The papers of an application: what the borrower proves it with while it is a draft, and what officers add while it is in their hands.
//! Sealed by whoever calls; withdrawn by whoever added them, and gone when the file is purged.

use domain::{LoanApplicationId, LoanPaperId, StaffId, Timestamp};
use entity::{Tx, loan_paper as row};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DerivePartialModel, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use crate::LendingError;

/// How many papers an application has at most.
const MOST: u64 = 50;

/// A paper, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPaper {
    /// Under which application.
    pub application: LoanApplicationId,
    /// What it proves: 1 to 40 lower-case letters and underscores.
    pub kind: String,
    /// Its name.
    pub file_name: String,
    /// What it is.
    pub media_type: String,
    /// Its length in plain.
    pub size: i64,
    /// What the same bytes are known by.
    pub hash: Vec<u8>,
    /// The bytes, sealed with the borrower's key.
    pub content: Vec<u8>,
    /// The officer, unless the borrower adds it.
    pub staff: Option<StaffId>,
}

/// A paper without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "row::Entity")]
pub struct PaperLine {
    /// The id.
    pub id: LoanPaperId,
    /// What it proves.
    pub kind: String,
    /// Its name.
    pub file_name: String,
    /// What it is.
    pub media_type: String,
    /// In bytes.
    pub size: i64,
    /// The officer, unless the borrower added it.
    pub staff_id: Option<StaffId>,
    /// When.
    pub created_us: Timestamp,
}

/// Adds a paper. The same bytes for the same purpose again are the paper that stands.
pub async fn add(tx: &Tx, now: Timestamp, new: NewPaper) -> Result<PaperLine, LendingError> {
    if !(1..=40).contains(&new.kind.len()) || !new.kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return Err(LendingError::Invalid {
            field: "kind", problem: "材料类别为1至40个小写字母或下划线"
        });
    }
    let standing = row::Entity::find()
        .filter(row::Column::ApplicationId.eq(new.application))
        .filter(row::Column::Kind.eq(new.kind.clone()))
        .filter(row::Column::Hash.eq(new.hash.clone()))
        .filter(row::Column::WithdrawnUs.is_null())
        .into_partial_model::<PaperLine>()
        .one(tx)
        .await?;
    if let Some(standing) = standing {
        return Ok(standing);
    }
    let all = row::Entity::find().filter(row::Column::ApplicationId.eq(new.application)).count(tx).await?;
    if all >= MOST {
        return Err(LendingError::Invalid { field: "kind", problem: "一份申请最多上传50份材料" });
    }
    let row = row::ActiveModel {
        id: Set(LoanPaperId::new()),
        application_id: Set(new.application),
        kind: Set(new.kind),
        file_name: Set(new.file_name),
        media_type: Set(new.media_type),
        size: Set(new.size),
        hash: Set(new.hash),
        content_sealed: Set(new.content),
        staff_id: Set(new.staff),
        created_us: Set(now),
        withdrawn_us: Set(None),
    };
    let row = row.insert(tx).await?;
    Ok(PaperLine {
        id: row.id,
        kind: row.kind,
        file_name: row.file_name,
        media_type: row.media_type,
        size: row.size,
        staff_id: row.staff_id,
        created_us: row.created_us,
    })
}

/// The papers of an application that stand, oldest first, without their bytes.
pub async fn of(db: &impl ConnectionTrait, application: LoanApplicationId) -> Result<Vec<PaperLine>, LendingError> {
    let papers = row::Entity::find()
        .filter(row::Column::ApplicationId.eq(application))
        .filter(row::Column::WithdrawnUs.is_null())
        .order_by_asc(row::Column::CreatedUs)
        .order_by_asc(row::Column::Id);
    Ok(papers.into_partial_model::<PaperLine>().all(db).await?)
}

/// A paper of an application with its bytes, withdrawn or not: what somebody decided on stays to be seen.
pub async fn one(
    db: &impl ConnectionTrait,
    application: LoanApplicationId,
    id: LoanPaperId,
) -> Result<row::Model, LendingError> {
    let found = row::Entity::find_by_id(id).one(db).await?;
    found.filter(|paper| paper.application_id == application).ok_or(LendingError::NoSuchPaper)
}

/// Withdraws a paper: its borrower, or the officer who added it. Withdrawn already is as good.
pub async fn withdraw(
    tx: &Tx,
    now: Timestamp,
    application: LoanApplicationId,
    id: LoanPaperId,
    staff: Option<StaffId>,
) -> Result<(), LendingError> {
    let standing = row::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let standing = standing.filter(|paper| paper.application_id == application).ok_or(LendingError::NoSuchPaper)?;
    if standing.staff_id != staff {
        return Err(LendingError::OtherPerson);
    }
    if standing.withdrawn_us.is_none() {
        let mut row: row::ActiveModel = standing.into();
        row.withdrawn_us = Set(Some(now));
        row.update(tx).await?;
    }
    Ok(())
}

//! Banks, and whose officer somebody is.

use domain::role::Member;
use domain::{BankId, StaffId, Timestamp, UnitPath};
use entity::{Tx, bank, bank_seat, execute, staff};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QueryOrder, Set};

use crate::{KEEPERS, LendingError};

/// A bank as somebody writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBank {
    /// Made by the client.
    pub id: BankId,
    /// 1 to 40 lower-case letters, digits and hyphens.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A code as it is written in references and file names.
pub(crate) fn code(text: &str) -> Result<String, LendingError> {
    UnitPath::whole()
        .below(text.trim())
        .map(|_| text.trim().to_owned())
        .map_err(|_| LendingError::Invalid {
            field: "code", problem: "代码为1至40个小写字母、数字或连字符"
        })
}

/// A text of so many characters.
pub(crate) fn sized(
    text: &str,
    most: usize,
    field: &'static str,
    problem: &'static str,
) -> Result<String, LendingError> {
    let text = text.trim();
    if (1..=most).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(LendingError::Invalid { field, problem })
    }
}

/// Writes a bank down. The same id with the same content again answers the one that stands.
pub async fn add(tx: &Tx, now: Timestamp, new: NewBank, by: &Member) -> Result<bank::Model, LendingError> {
    by.may(&KEEPERS, &UnitPath::whole())?;
    let (code, name) = (code(&new.code)?, sized(&new.name, 60, "name", "请填写银行名称，最多60字")?);
    if let Some(standing) = bank::Entity::find_by_id(new.id).one(tx).await? {
        let same = (&standing.code, &standing.name) == (&code, &name);
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    let row = bank::ActiveModel {
        id: Set(new.id),
        code: Set(code),
        name: Set(name),
        active: Set(true),
        author_id: Set(by.id),
        created_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// Says whose officer somebody is: of one bank, until it is said otherwise. Nobody says it of themselves.
pub async fn seat(
    tx: &Tx,
    now: Timestamp,
    id: BankId,
    officer: StaffId,
    by: &Member,
) -> Result<bank_seat::Model, LendingError> {
    by.may(&KEEPERS, &UnitPath::whole())?;
    one(tx, id).await?;
    staff::Entity::find_by_id(officer).one(tx).await?.ok_or(LendingError::NoSuchStaff)?;
    if let Some(standing) = bank_seat::Entity::find_by_id(officer).one(tx).await? {
        if standing.bank_id == id {
            return Ok(standing);
        }
        execute(tx, "DELETE FROM bank_seat WHERE staff_id = $1", [officer.into()]).await?;
    }
    let row = bank_seat::ActiveModel {
        staff_id: Set(officer),
        bank_id: Set(id),
        author_id: Set(by.id),
        created_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// Takes the seat away.
pub async fn unseat(tx: &Tx, id: BankId, officer: StaffId, by: &Member) -> Result<(), LendingError> {
    by.may(&KEEPERS, &UnitPath::whole())?;
    let sql = "DELETE FROM bank_seat WHERE staff_id = $1 AND bank_id = $2";
    match execute(tx, sql, [officer.into(), id.into()]).await? {
        0 => Err(LendingError::NoSuchStaff),
        _ => Ok(()),
    }
}

/// A bank.
pub async fn one(db: &impl ConnectionTrait, id: BankId) -> Result<bank::Model, LendingError> {
    bank::Entity::find_by_id(id).one(db).await?.ok_or(LendingError::NoSuchBank)
}

/// All banks, by name. There are never many.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<bank::Model>, LendingError> {
    Ok(bank::Entity::find().order_by_asc(bank::Column::Code).all(db).await?)
}

/// The officers of a bank, for whoever gives seats.
pub async fn officers(
    db: &impl ConnectionTrait,
    id: BankId,
    by: &Member,
) -> Result<Vec<bank_seat::Model>, LendingError> {
    use sea_orm::{ColumnTrait, QueryFilter};
    by.must_be(&KEEPERS)?;
    one(db, id).await?;
    let seats = bank_seat::Entity::find().filter(bank_seat::Column::BankId.eq(id));
    Ok(seats.order_by_asc(bank_seat::Column::CreatedUs).all(db).await?)
}

//! Charities (慈善组织): a legal person with its book, its unit in the tree, and what its public pages must show of it.

use std::collections::HashMap;

use domain::charity::Profile;
use domain::role::{Member, Role};
use domain::{BookId, Money, UnitId, UnitPath};
use entity::{Tx, book, charity, unit};
use ledger::{BookKind, NewBook};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, EntityTrait, QuerySelect, Set};
use serde_json::json;

use super::{Organisation, OrganisationError, sized, taken, told};

/// What a charity begins with: the full profile; other limits are decided by two persons.
const THIRD_LIMIT: Money = Money::from_fen(10_000_000);
const QUIET_DAYS: i64 = 30;

/// What the public is told of whom to turn to (facts: charity 2.1, Art. 25).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactData {
    /// 办公地址.
    pub office_address: String,
    /// 联系方式 of the office, no person's own.
    pub contact: String,
    /// Where its information is published.
    pub information_url: String,
}

/// A charity to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCharity {
    /// Made by the client; the id of the book, too.
    pub id: BookId,
    /// A short unique word for its book.
    pub code: String,
    /// The legal person.
    pub name: String,
    /// 统一社会信用代码.
    pub credit_code: Option<String>,
    /// Where it stands in the tree.
    pub unit: UnitId,
    /// Its own merchant number at the payment channel (facts: charity 2.6).
    pub mchid: Option<String>,
    /// Our short name of its bank account.
    pub bank_account: String,
    /// See [`ContactData`].
    pub contact: ContactData,
}

/// A charity, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharityLine {
    /// The charity.
    pub charity: charity::Model,
    /// Its book.
    pub book: book::Model,
    /// Its unit.
    pub unit: unit::Model,
}

impl Organisation {
    /// Opens a charity: its book and itself, in one transaction. An administrator of its unit, or the operator at the command
    /// line. A book that was opened before there were charities, under the same id and code, becomes this charity's.
    pub async fn open_charity(
        &self,
        new: NewCharity,
        by: Option<&Member>,
    ) -> Result<charity::Model, OrganisationError> {
        if let Some(by) = by {
            by.must_be(&[Role::Admin])?;
        }
        let new = checked(new)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let place = super::unit::locked(&tx, new.unit).await?;
        if let Some(by) = by {
            by.may(&[Role::Admin], &place.path)?;
        }
        let book = NewBook {
            id: new.id,
            code: new.code.clone(),
            name: new.name.clone(),
            kind: BookKind::Charity,
            credit_code: new.credit_code.clone(),
        };
        let book = ledger::create_book(&tx, book, now).await.map_err(taken)?;
        if (&book.code, &book.name, book.kind.as_str()) != (&new.code, &new.name, "charity") {
            return Err(OrganisationError::IdReused);
        }
        if let Some(standing) = charity::Entity::find_by_id(new.id).one(&tx).await? {
            // What anybody changes afterwards is not compared; what two persons change is compared as it was.
            let opened = super::account::opened_with(&tx, &standing).await?;
            let same = (book.credit_code, standing.unit_id, opened)
                == (new.credit_code, new.unit, (new.bank_account, new.mchid));
            return if same { Ok(standing) } else { Err(OrganisationError::IdReused) };
        }
        if !place.active {
            return Err(OrganisationError::UnitClosed);
        }
        let row = charity::ActiveModel {
            book_id: Set(new.id),
            unit_id: Set(new.unit),
            profile: Set(Profile::Full),
            single_limit_fen: Set(Money::ZERO),
            third_limit_fen: Set(THIRD_LIMIT),
            account_quiet_days: Set(QUIET_DAYS),
            mchid: Set(new.mchid),
            bank_account: Set(new.bank_account),
            office_address: Set(new.contact.office_address),
            contact: Set(new.contact.contact),
            information_url: Set(new.contact.information_url),
            created_us: Set(now),
            changed_us: Set(now),
        };
        let row = row.insert(&tx).await.map_err(taken)?;
        let detail = json!({ "unit": new.unit, "code": new.code });
        told(&tx, now, by, "charity.open", object(new.id), detail).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Changes what the public is told of whom to turn to.
    pub async fn edit_contact(
        &self,
        id: BookId,
        contact: ContactData,
        by: &Member,
    ) -> Result<charity::Model, OrganisationError> {
        by.must_be(&[Role::Admin])?;
        let contact = contact_checked(contact)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let (row, place) = locked(&tx, id).await?;
        by.may(&[Role::Admin], &place)?;
        let before = json!({
            "office_address": row.office_address, "contact": row.contact, "information_url": row.information_url,
        });
        let mut row: charity::ActiveModel = row.into();
        row.office_address = Set(contact.office_address);
        row.contact = Set(contact.contact);
        row.information_url = Set(contact.information_url);
        row.changed_us = Set(now);
        let row = row.update(&tx).await?;
        told(&tx, now, Some(by), "charity.edit_contact", object(id), json!({ "before": before })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// All charities, by the code of their book. Three statements.
    pub async fn charities(&self) -> Result<Vec<CharityLine>, OrganisationError> {
        let db = self.db.read();
        let units: HashMap<UnitId, unit::Model> =
            unit::Entity::find().all(db).await?.into_iter().map(|unit| (unit.id, unit)).collect();
        let books = ledger::books(db).await?;
        let mut charities: HashMap<BookId, charity::Model> =
            charity::Entity::find().all(db).await?.into_iter().map(|row| (row.book_id, row)).collect();
        let line = |book: book::Model| {
            let charity = charities.remove(&book.id)?;
            let unit = units.get(&charity.unit_id)?.clone();
            Some(CharityLine { charity, book, unit })
        };
        Ok(books.into_iter().filter_map(line).collect())
    }

    /// A charity.
    pub async fn charity(&self, id: BookId) -> Result<CharityLine, OrganisationError> {
        let line = self.charities().await?.into_iter().find(|line| line.book.id == id);
        line.ok_or(OrganisationError::NoSuchCharity)
    }
}

pub(super) fn object(id: BookId) -> String {
    format!("charity:{id}")
}

/// A charity, held, and where it stands.
pub(super) async fn locked(tx: &Tx, id: BookId) -> Result<(charity::Model, UnitPath), OrganisationError> {
    let row = charity::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or(OrganisationError::NoSuchCharity)?;
    let place = unit::Entity::find_by_id(row.unit_id).one(tx).await?.ok_or(OrganisationError::NoSuchUnit)?;
    Ok((row, place.path))
}

fn checked(new: NewCharity) -> Result<NewCharity, OrganisationError> {
    let invalid = |field, problem| Err(OrganisationError::Invalid { field, problem });
    UnitPath::whole().below(&new.code)?;
    if new.credit_code.as_ref().is_some_and(|code| code.len() != 18 || !code.bytes().all(credit_letter)) {
        return invalid("credit_code", "统一社会信用代码为18位数字或大写字母");
    }
    merchant_checked(new.mchid.as_deref())?;
    Ok(NewCharity {
        name: sized(&new.name, 100, "name", "名称为1至100个字")?,
        bank_account: sized(&new.bank_account, 40, "bank_account", "请填写银行账户简称，最多40字")?,
        contact: contact_checked(new.contact)?,
        ..new
    })
}

/// A merchant number as the channel gives it, or none.
pub(super) fn merchant_checked(mchid: Option<&str>) -> Result<(), OrganisationError> {
    let digits = |mchid: &str| (4..=32).contains(&mchid.len()) && mchid.bytes().all(|b| b.is_ascii_digit());
    if mchid.is_none_or(digits) {
        return Ok(());
    }
    Err(OrganisationError::Invalid { field: "mchid", problem: "商户号为4至32位数字" })
}

/// The alphabet of GB 32100-2015 (facts: charity 2.4); the check digit is a warning elsewhere, not a refusal.
fn credit_letter(b: u8) -> bool {
    b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"IOSVZ".contains(&b))
}

fn contact_checked(contact: ContactData) -> Result<ContactData, OrganisationError> {
    let url = sized(&contact.information_url, 300, "information_url", "请填写信息公开网址，最多300字")?;
    if !url.starts_with("https://") {
        return Err(OrganisationError::Invalid {
            field: "information_url", problem: "信息公开网址须以https://开头"
        });
    }
    Ok(ContactData {
        office_address: sized(&contact.office_address, 200, "office_address", "请填写办公地址，最多200字")?,
        contact: sized(&contact.contact, 100, "contact", "请填写联系方式，最多100字")?,
        information_url: url,
    })
}

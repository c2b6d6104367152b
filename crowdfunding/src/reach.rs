//! Whether a member of staff reaches a thing of the books: money of a campaign is where the campaign is, other money of a charity
//! where the charity is. A role over another county is no role here, and one over a unit above sees the books of a legal entity below and
//! does not act for it (docs/decisions/0026).

use std::collections::HashMap;

use domain::donation::{GENERAL_FUND, Purpose};
use domain::role::{Forbidden, Member, Role};
use domain::{BookId, StaffId, UnitPath};
use entity::{campaign, charity, donation, unit};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Statement,
};

use crate::CrowdfundingError;
use crate::campaign_view::within;

/// Who does a step: the person, and whom they stand in for (授权代办, facts: charity 6.6a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    person: StaffId,
    acting_for: Option<StaffId>,
}

impl Hand {
    /// The member's hand on money of a book that is at a place, by one of these roles.
    pub fn at(by: &Member, roles: &[Role], book: BookId, place: &UnitPath) -> Result<Hand, Forbidden> {
        Ok(Hand { person: by.id, acting_for: by.acts(roles, book, place)?.acting_for })
    }

    /// The member's hand on the money of a book.
    pub fn in_book(book: BookId, by: &Member, roles: &[Role]) -> Result<Hand, Forbidden> {
        Ok(Hand { person: by.id, acting_for: by.keeps(roles, book)?.acting_for })
    }

    /// Who does it.
    pub fn person(self) -> StaffId {
        self.person
    }

    /// Whom they stand in for.
    pub fn acting_for(self) -> Option<StaffId> {
        self.acting_for
    }

    /// Whether this is the hand of one of these persons, or of somebody who stands in for one: whoever wrote something down, and in whose name.
    pub fn is_of(self, persons: impl IntoIterator<Item = Option<StaffId>>) -> bool {
        persons.into_iter().flatten().any(|person| self.person == person || self.acting_for == Some(person))
    }
}

/// Where a book is: where its charity is; the whole tree if no charity stands behind it.
pub async fn book_place(db: &impl ConnectionTrait, book: BookId) -> Result<UnitPath, DbErr> {
    let found = charity::Entity::find_by_id(book).one(db).await?;
    let Some(charity) = found else { return Ok(UnitPath::whole()) };
    let place = unit::Entity::find_by_id(charity.unit_id).one(db).await?;
    Ok(place.map_or_else(UnitPath::whole, |unit| unit.path))
}

/// Where each charity's book is. A book that is not among them is of the whole tree.
pub async fn book_places(db: &impl ConnectionTrait) -> Result<HashMap<BookId, UnitPath>, DbErr> {
    let sql = "SELECT c.book_id, u.path FROM charity c JOIN unit u ON u.id = c.unit_id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "book_id")?, row.try_get("", "path")?))).collect()
}

/// The parts of the tree to which a list is confined; none if the member has one of these roles over the whole of it.
fn confined<'a>(by: &'a Member, roles: &[Role]) -> Option<Vec<&'a UnitPath>> {
    Some(by.parts(roles)).filter(|parts| !parts.contains(&&UnitPath::whole()))
}

/// The ids of the books of which a member may see something by one of these roles, for the filter of a list; none if all.
pub fn books_within(by: &Member, roles: &[Role]) -> Option<SelectStatement> {
    let below = confined(by, roles)?
        .into_iter()
        .fold(Condition::any(), |any, part| any.add(unit::Column::Path.starts_with(part.as_str())));
    let units = unit::Entity::find().select_only().column(unit::Column::Id).filter(below).into_query();
    let books = charity::Entity::find().select_only().column(charity::Column::BookId);
    Some(books.filter(charity::Column::UnitId.in_subquery(units)).into_query())
}

/// The same of campaigns.
pub fn campaigns_within(by: &Member, roles: &[Role]) -> Option<SelectStatement> {
    Some(within(&confined(by, roles)?))
}

/// The same of gifts: those to campaigns where the member may see something, and those to the general funds of charities there.
pub fn gifts_within(by: &Member, roles: &[Role]) -> Option<SelectStatement> {
    let gifts = donation::Entity::find().select_only().column(donation::Column::Id);
    Some(gifts.filter(of_gifts(by, roles)?).into_query())
}

/// The same as a condition on gifts.
pub(crate) fn of_gifts(by: &Member, roles: &[Role]) -> Option<Condition> {
    let (campaigns, books) = (campaigns_within(by, roles)?, books_within(by, roles)?);
    let any = Condition::any().add(donation::Column::CampaignId.in_subquery(campaigns));
    Some(any.add(donation::Column::BookId.in_subquery(books)))
}

/// Where gifts of a purpose are: where the campaign is, or the charity whose general fund it is.
pub async fn purpose_place(
    db: &impl ConnectionTrait,
    purpose: impl Into<Purpose>,
) -> Result<UnitPath, CrowdfundingError> {
    match purpose.into() {
        Purpose::Campaign(id) => {
            let row = campaign::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchCampaign)?;
            Ok(row.unit_path)
        }
        Purpose::General(book) => Ok(book_place(db, book).await?),
    }
}

/// What a purpose is called.
pub async fn purpose_name(db: &impl ConnectionTrait, purpose: Purpose) -> Result<String, CrowdfundingError> {
    match purpose {
        Purpose::Campaign(id) => {
            let row = campaign::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchCampaign)?;
            Ok(row.name)
        }
        Purpose::General(_) => Ok(GENERAL_FUND.to_owned()),
    }
}

/// Whose books gifts of a purpose are in.
pub(crate) async fn purpose_book(db: &impl ConnectionTrait, purpose: Purpose) -> Result<BookId, CrowdfundingError> {
    match purpose {
        Purpose::Campaign(id) => {
            let row = campaign::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchCampaign)?;
            Ok(row.book_id)
        }
        Purpose::General(book) => Ok(book),
    }
}

/// The member's hand on money of a campaign, or of a general fund.
pub(crate) async fn hand_on(
    db: &impl ConnectionTrait,
    purpose: impl Into<Purpose>,
    by: &Member,
    roles: &[Role],
) -> Result<Hand, CrowdfundingError> {
    match purpose.into() {
        Purpose::Campaign(id) => {
            let row = campaign::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchCampaign)?;
            Ok(Hand::at(by, roles, row.book_id, &row.unit_path)?)
        }
        Purpose::General(book) => Ok(Hand::in_book(book, by, roles)?),
    }
}

/// Refuses a member of staff who sees nothing by one of these roles where a campaign is, or the charity whose general fund it is.
pub async fn reaches(
    db: &impl ConnectionTrait,
    purpose: impl Into<Purpose>,
    by: &Member,
    roles: &[Role],
) -> Result<(), CrowdfundingError> {
    by.may(roles, &purpose_place(db, purpose).await?)?;
    Ok(())
}

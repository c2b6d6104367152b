//! Whether a member of staff reaches a thing of the books: money of a campaign is where the campaign is, other money of a charity
//! where the charity is. A role over another county is no role here.

use domain::role::{Forbidden, Member, Role};
use domain::{BookId, CampaignId, StaffId, UnitPath};
use entity::{campaign, charity, unit};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Statement};

use crate::CrowdfundingError;

/// Who does a step: the person, and whom they stand in for (授权代办, facts: charity 6.6a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    person: StaffId,
    acting_for: Option<StaffId>,
}

impl Hand {
    /// The member's hand at a place, by one of these roles.
    pub fn at(by: &Member, roles: &[Role], place: &UnitPath) -> Result<Hand, Forbidden> {
        Ok(Hand { person: by.id, acting_for: by.may(roles, place)?.acting_for })
    }

    /// Who does it.
    pub fn person(self) -> StaffId {
        self.person
    }

    /// Whom they stand in for.
    pub fn acting_for(self) -> Option<StaffId> {
        self.acting_for
    }

    /// Whether this is the hand of that person, or of somebody who stands in for them.
    pub fn is_of(self, person: Option<StaffId>) -> bool {
        person.is_some_and(|person| self.person == person || self.acting_for == Some(person))
    }
}

/// Where a book is: where its charity is; the whole tree if no charity stands behind it.
pub async fn book_place(db: &impl ConnectionTrait, book: BookId) -> Result<UnitPath, DbErr> {
    let found = charity::Entity::find_by_id(book).one(db).await?;
    let Some(charity) = found else { return Ok(UnitPath::whole()) };
    let place = unit::Entity::find_by_id(charity.unit_id).one(db).await?;
    Ok(place.map_or_else(UnitPath::whole, |unit| unit.path))
}

/// Where the charities are: who handles files that are not kept apart by charity must reach them all.
pub async fn charity_places(db: &impl ConnectionTrait) -> Result<Vec<UnitPath>, DbErr> {
    let sql = "SELECT DISTINCT u.path FROM charity c JOIN unit u ON u.id = c.unit_id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "path")).collect()
}

/// The member's hand on money of a campaign.
pub(crate) async fn hand_on(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    by: &Member,
    roles: &[Role],
) -> Result<Hand, CrowdfundingError> {
    let row = campaign::Entity::find_by_id(campaign).one(db).await?.ok_or(CrowdfundingError::NoSuchCampaign)?;
    Ok(Hand::at(by, roles, &row.unit_path)?)
}

/// Refuses a member of staff who has none of these roles where a campaign is.
pub async fn reaches(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    by: &Member,
    roles: &[Role],
) -> Result<(), CrowdfundingError> {
    hand_on(db, campaign, by, roles).await.map(|_| ())
}

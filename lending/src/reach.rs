//! How far a member of staff sees: the League's officers and auditors their part of the tree, a bank's officers their bank.

use domain::role::{Member, Role};
use domain::{BankId, StaffId, UnitPath};
use entity::{bank_seat, unit};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::{CONTRACT_READERS, LendingError, READERS};

const OF_THE_LEAGUE: [Role; 2] = [Role::LeagueOfficer, Role::Auditor];
/// Who sees of contracts what the League sees.
const OF_CONTRACTS: [Role; 4] = [Role::LeagueOfficer, Role::Auditor, Role::Bookkeeper, Role::FinanceHead];

/// What somebody may know of.
#[derive(Clone, Debug)]
pub struct Reach {
    /// What lies in these parts of the tree.
    pub parts: Vec<UnitPath>,
    /// And what was sent to this bank, within these parts.
    pub bank: Option<(BankId, Vec<UnitPath>)>,
    /// Reads everything by name, whatever borrowers agreed to: auditors.
    pub audits: bool,
}

/// Whose officer somebody is.
pub async fn bank_of(db: &impl ConnectionTrait, staff: StaffId) -> Result<Option<BankId>, DbErr> {
    Ok(bank_seat::Entity::find_by_id(staff).one(db).await?.map(|seat| seat.bank_id))
}

/// The top of the tree.
pub async fn root(db: &impl ConnectionTrait) -> Result<UnitPath, DbErr> {
    let top = unit::Entity::find().filter(unit::Column::ParentId.is_null()).one(db).await?;
    Ok(top.map_or_else(UnitPath::whole, |unit| unit.path))
}

impl Reach {
    /// Of a member of staff. One statement for officers of banks, none for others.
    pub async fn of(db: &impl ConnectionTrait, by: &Member) -> Result<Reach, LendingError> {
        by.must_be(&READERS)?;
        Reach::over(db, by, &OF_THE_LEAGUE).await
    }

    /// Of a member of staff as far as signed contracts go: finance sees those like the League. Costs the same.
    pub async fn of_contracts(db: &impl ConnectionTrait, by: &Member) -> Result<Reach, LendingError> {
        by.must_be(&CONTRACT_READERS)?;
        Reach::over(db, by, &OF_CONTRACTS).await
    }

    async fn over(db: &impl ConnectionTrait, by: &Member, roles: &[Role]) -> Result<Reach, LendingError> {
        let parts = |roles: &[Role]| by.parts(roles).into_iter().cloned().collect::<Vec<_>>();
        let lends = parts(&[Role::BankOfficer]);
        let bank = if lends.is_empty() { None } else { bank_of(db, by.id).await?.map(|bank| (bank, lends)) };
        Ok(Reach { parts: parts(roles), bank, audits: by.is_one_of(&[Role::Auditor]) })
    }

    /// Whether somebody is of this bank.
    pub fn is_of(&self, bank: BankId) -> bool {
        self.bank.as_ref().is_some_and(|(own, _)| *own == bank)
    }

    /// Whether it covers something at a place that was sent to a bank, if it was.
    pub fn covers(&self, place: &UnitPath, sent_to: Option<BankId>) -> bool {
        let of_bank = |(bank, parts): &(BankId, Vec<UnitPath>)| {
            sent_to == Some(*bank) && parts.iter().any(|part| part.covers(place))
        };
        self.parts.iter().any(|part| part.covers(place)) || self.bank.as_ref().is_some_and(of_bank)
    }

    /// The same for a list: where a row stands, and in which condition it is a bank's.
    pub fn condition(&self, place: impl ColumnTrait, of_bank: impl FnOnce(BankId) -> Condition) -> Condition {
        let within = |parts: &[UnitPath]| {
            parts.iter().fold(Condition::any(), |any, part| any.add(place.starts_with(part.as_str())))
        };
        let mut reach = Condition::any();
        if !self.parts.is_empty() {
            reach = reach.add(within(&self.parts));
        }
        if let Some((bank, parts)) = &self.bank {
            reach = reach.add(Condition::all().add(of_bank(*bank)).add(within(parts)));
        }
        if reach.is_empty() { Condition::all().add(place.is_null()) } else { reach }
    }
}

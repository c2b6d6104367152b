//! How far a member of staff sees of running loans: the League's officers and auditors their part of the tree, a bank's officers their bank.

use domain::role::{Member, Role};
use domain::{BankId, StaffId, UnitPath};
use entity::bank_seat;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

/// What somebody may know of.
pub(super) struct Sight {
    /// What lies in these parts of the tree.
    pub(super) parts: Vec<UnitPath>,
    /// And the loans of this bank.
    pub(super) bank: Option<BankId>,
    /// Reads everything by contract, whatever borrowers agreed to.
    pub(super) audits: bool,
}

/// Whose officer somebody is.
pub(super) async fn bank_of(db: &impl ConnectionTrait, staff: StaffId) -> Result<Option<BankId>, DbErr> {
    Ok(bank_seat::Entity::find_by_id(staff).one(db).await?.map(|seat| seat.bank_id))
}

impl Sight {
    /// Of a member of staff.
    pub(super) async fn of(db: &impl ConnectionTrait, by: &Member) -> Result<Sight, super::ServicingError> {
        by.must_be(&[Role::LeagueOfficer, Role::BankOfficer, Role::Auditor])?;
        let parts = by.parts(&[Role::LeagueOfficer, Role::Auditor]).into_iter().cloned().collect();
        let bank = if by.is_one_of(&[Role::BankOfficer]) { bank_of(db, by.id).await? } else { None };
        Ok(Sight { parts, bank, audits: by.is_one_of(&[Role::Auditor]) })
    }

    /// Whether it covers a loan of a bank at a place.
    pub(super) fn covers(&self, place: &UnitPath, bank: BankId) -> bool {
        self.bank == Some(bank) || self.parts.iter().any(|part| part.covers(place))
    }
}

//! Roles lent for some days (授权代办, facts: charity 6.6a): proposed by the lender or an administrator, approved by another
//! than the holder, over at once when somebody of the three says so. One of the two is the lender: nobody's role is lent without
//! them, and administrators come by no role of money among themselves.
//!
//! What is done with a lent role is done by the holder; the papers also name whom they stood in for. Nobody lends more than
//! they hold, and a lent role is not lent on.

use domain::role::{Member, Role};
use domain::{BusinessDate, DelegationId, StaffId, UnitId, UnitPath};
use entity::{Tx, delegation, staff_role};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::grant::reasoned;
use super::staff::{joinable, locked, place, place_of, refused, roles_of, units_within};
use super::{Identity, IdentityError};
use crate::trail;

/// No role is lent for longer: who is away longer is replaced.
const LONGEST_DAYS: u64 = 184;

/// A role to be lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelegation {
    /// Made by the client.
    pub id: DelegationId,
    /// Whose role it is.
    pub lender: StaffId,
    /// Who stands in for them.
    pub holder: StaffId,
    /// Which role.
    pub role: Role,
    /// Over which unit and what is below it; as far as the lender holds it without one.
    pub unit: Option<UnitId>,
    /// The first day.
    pub starts_on: BusinessDate,
    /// The last day, included.
    pub ends_on: BusinessDate,
    /// Why.
    pub reason: String,
}

impl Identity {
    /// Proposes to lend a role: the lender, or an administrator over that part of the tree.
    pub async fn propose_delegation(
        &self,
        by: &Member,
        new: NewDelegation,
    ) -> Result<delegation::Model, IdentityError> {
        if by.id != new.lender {
            by.must_be(&[Role::Admin])?;
            if by.id == new.holder {
                return Err(IdentityError::OwnAccount);
            }
        }
        let field = |field, problem| Err(IdentityError::Field { field, problem });
        let reason = reasoned(&new.reason)?;
        let today = self.business.today();
        if new.lender == new.holder {
            return field("holder", "不能授权给本人");
        }
        if new.starts_on > new.ends_on || new.ends_on < today {
            return field("ends_on", "截止日期不得早于起始日期或今天");
        }
        let days = new.ends_on.start().apart(new.starts_on.start()).as_secs() / 86_400;
        if days >= LONGEST_DAYS {
            return field("ends_on", "授权期最长184天");
        }
        let tx = self.db.begin().await?;
        both(&tx, new.lender, new.holder).await?;
        let (over, unit) = self.lendable(&tx, new.lender, new.role, new.unit).await?;
        if by.id != new.lender {
            by.may(&[Role::Admin], &over)?;
        }
        if let Some(standing) = delegation::Entity::find_by_id(new.id).one(&tx).await? {
            let same = standing.author_id == by.id
                && NewDelegation {
                    id: standing.id,
                    lender: standing.lender_id,
                    holder: standing.holder_id,
                    role: standing.role,
                    unit: standing.unit_id,
                    starts_on: standing.starts_on,
                    ends_on: standing.ends_on,
                    reason: standing.reason.clone(),
                } == NewDelegation { reason, unit, ..new };
            return if same { Ok(standing) } else { Err(IdentityError::IdReused) };
        }
        self.holdable(&tx, new.holder, new.role).await?;
        let row = delegation::ActiveModel {
            id: Set(new.id),
            lender_id: Set(new.lender),
            holder_id: Set(new.holder),
            role: Set(new.role),
            unit_id: Set(unit),
            starts_on: Set(new.starts_on),
            ends_on: Set(new.ends_on),
            reason: Set(reason),
            author_id: Set(by.id),
            approver_id: Set(None),
            acting_for_id: Set(None),
            revoked_us: Set(None),
            created_us: Set(self.business.now()),
        };
        let row = row.insert(&tx).await.map_err(refused)?;
        self.told(&tx, by, "delegation.propose", &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Approves a proposed delegation: an administrator over that part of the tree, or, if somebody else proposed it, the lender.
    /// Never the holder, never who proposed it.
    pub async fn approve_delegation(&self, by: &Member, id: DelegationId) -> Result<delegation::Model, IdentityError> {
        let tx = self.db.begin().await?;
        let row = held(&tx, id, by).await?;
        if row.approver_id == Some(by.id) {
            return Ok(row);
        }
        if row.approver_id.is_some() || row.revoked_us.is_some() || row.ends_on < self.business.today() {
            return Err(IdentityError::WrongState);
        }
        both(&tx, row.lender_id, row.holder_id).await?;
        let (over, _) = self.lendable(&tx, row.lender_id, row.role, row.unit_id).await?;
        let acting_for = if by.id == row.lender_id { None } else { by.may(&[Role::Admin], &over)?.acting_for };
        let apart = |person: StaffId| by.id != person && acting_for != Some(person);
        let asked = [row.author_id, by.id].contains(&row.lender_id);
        if !apart(row.author_id) || !apart(row.holder_id) || !asked {
            return Err(IdentityError::SecondPersonNeeded);
        }
        self.holdable(&tx, row.holder_id, row.role).await?;
        let mut row: delegation::ActiveModel = row.into();
        row.approver_id = Set(Some(by.id));
        row.acting_for_id = Set(acting_for);
        let row = row.update(&tx).await?;
        self.told(&tx, by, "delegation.approve", &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Ends a delegation at once: lender, holder or an administrator. Ended already is as good.
    pub async fn revoke_delegation(&self, by: &Member, id: DelegationId) -> Result<delegation::Model, IdentityError> {
        let tx = self.db.begin().await?;
        let row = held(&tx, id, by).await?;
        if row.revoked_us.is_some() {
            return Ok(row);
        }
        if ![row.lender_id, row.holder_id].contains(&by.id) {
            by.may(&[Role::Admin], &place_of(&tx, row.unit_id).await?)?;
        }
        let mut row: delegation::ActiveModel = row.into();
        row.revoked_us = Set(Some(self.business.now()));
        let row = row.update(&tx).await?;
        self.told(&tx, by, "delegation.revoke", &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Delegations, newest first: those they lend, hold or wrote, and all of the part of the tree one is administrator or
    /// auditor of.
    pub async fn delegations(
        &self,
        by: &Member,
        after: Option<DelegationId>,
        limit: u64,
    ) -> Result<Vec<delegation::Model>, IdentityError> {
        use delegation::Column as C;
        let mut query = delegation::Entity::find();
        if let Some(units) = units_within(&by.parts(&[Role::Admin, Role::Auditor])) {
            let own = Condition::any().add(C::LenderId.eq(by.id)).add(C::HolderId.eq(by.id)).add(C::AuthorId.eq(by.id));
            query = query.filter(own.add(C::UnitId.in_subquery(units)));
        }
        if let Some(after) = after {
            let last = query.clone().filter(C::Id.eq(after)).one(self.db.read()).await?;
            let last = last.ok_or(IdentityError::NoSuchDelegation)?;
            let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
            query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
        }
        let newest_first = query.order_by_desc(C::CreatedUs).order_by_desc(C::Id);
        Ok(newest_first.limit(limit).all(self.db.read()).await?)
    }

    /// Where the role is lent: at the unit, or as far as the lender, who can sign in, holds it.
    async fn lendable(
        &self,
        tx: &Tx,
        lender: StaffId,
        role: Role,
        unit: Option<UnitId>,
    ) -> Result<(UnitPath, Option<UnitId>), IdentityError> {
        if !locked(tx, lender).await?.active {
            return Err(IdentityError::RoleNotHeld);
        }
        let own = staff_role::Entity::find()
            .filter(staff_role::Column::StaffId.eq(lender))
            .filter(staff_role::Column::Role.eq(role))
            .one(tx)
            .await?
            .ok_or(IdentityError::RoleNotHeld)?;
        let all = place(tx, own.unit_id).await?;
        let Some(unit) = unit else { return Ok((all, own.unit_id)) };
        let lent = place(tx, Some(unit)).await?;
        if all.covers(&lent) { Ok((lent, Some(unit))) } else { Err(IdentityError::RoleNotHeld) }
    }

    /// Refuses a holder who cannot sign in, has a role that does not go with this one, or no one-time password where it needs one.
    async fn holdable(&self, tx: &Tx, holder: StaffId, role: Role) -> Result<(), IdentityError> {
        let row = locked(tx, holder).await?;
        if !row.active {
            return Err(IdentityError::WrongState);
        }
        joinable(roles_of(tx, holder).await?.iter().map(|held| held.role), role)?;
        if role.needs_otp() && row.totp_sealed.is_none() {
            return Err(IdentityError::OtpMissing);
        }
        Ok(())
    }

    async fn told(
        &self,
        tx: &Tx,
        by: &Member,
        action: &'static str,
        row: &delegation::Model,
    ) -> Result<(), IdentityError> {
        let detail = json!({
            "delegation": row.id, "lender": row.lender_id, "role": row.role, "unit": row.unit_id, "starts_on": row.starts_on,
            "ends_on": row.ends_on, "acting_for": row.acting_for_id,
        });
        Ok(self.tell(tx, trail::staff(by.id), action, row.holder_id, &by.origin, detail).await?)
    }
}

/// Holds two persons, in the order of their ids.
async fn both(tx: &Tx, one: StaffId, other: StaffId) -> Result<(), IdentityError> {
    for id in [one.min(other), one.max(other)] {
        locked(tx, id).await?;
    }
    Ok(())
}

/// A delegation, held, for somebody who has to do with it.
async fn held(tx: &Tx, id: DelegationId, by: &Member) -> Result<delegation::Model, IdentityError> {
    let row = delegation::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    match row {
        Some(row) if [row.lender_id, row.holder_id].contains(&by.id) => Ok(row),
        row => {
            by.must_be(&[Role::Admin])?;
            row.ok_or(IdentityError::NoSuchDelegation)
        }
    }
}

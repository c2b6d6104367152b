//! Further roles for members of staff: granted by two administrators, taken away by one, at once. Nobody for themselves.
//!
//! The database holds it (`role_grant_own_check`, `role_grant_self_check`, `staff_role_approved`, `staff_role_last_administrator`);
//! what is checked here only says it in better words.

use crowdfunding::Decision;
use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::{Member, Role};
use domain::{RoleGrantId, StaffId, UnitId};
use entity::{role_grant, staff, staff_role};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::session::revoke_all;
use super::staff::{joinable, locked, over_all, place, place_of, refused, roles_of, units_within};
use super::{Identity, IdentityError, password};
use crate::{Once, trail};

/// A role to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoleGrant {
    /// Made by the client.
    pub id: RoleGrantId,
    /// For whom.
    pub staff: StaffId,
    /// What they shall do.
    pub role: Role,
    /// Over which unit and what is below it; over the whole tree without one. A role that is held already moves there.
    pub unit: Option<UnitId>,
    /// Why.
    pub reason: String,
}

/// A role that was granted.
#[derive(Debug)]
pub struct GrantedRole {
    /// The proposal, decided.
    pub grant: role_grant::Model,
    /// The seed of the one-time passwords, if the person had none and the role needs them. Shown once.
    pub totp_secret: Option<Once>,
}

impl Identity {
    /// Proposes a role for a member of staff.
    pub async fn propose_role(&self, by: &Member, new: NewRoleGrant) -> Result<role_grant::Model, IdentityError> {
        by.must_be(&[Role::Admin])?;
        if by.id == new.staff {
            return Err(IdentityError::OwnAccount);
        }
        let reason = reasoned(&new.reason)?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        locked(&tx, new.staff).await?;
        by.may(&[Role::Admin], &place(&tx, new.unit).await?)?;
        over_all(&tx, by, new.staff).await?;
        if let Some(standing) = role_grant::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (standing.staff_id, standing.role, standing.unit_id, &standing.reason, standing.author_id)
                == (new.staff, new.role, new.unit, &reason, by.id);
            return if same { Ok(standing) } else { Err(IdentityError::IdReused) };
        }
        joinable(roles_of(&tx, new.staff).await?.iter().map(|held| held.role), new.role)?;
        let row = role_grant::ActiveModel {
            id: Set(new.id),
            staff_id: Set(new.staff),
            role: Set(new.role),
            unit_id: Set(new.unit),
            reason: Set(reason),
            state: Set(ProposalState::Proposed),
            author_id: Set(by.id),
            approver_id: Set(None),
            acting_for_id: Set(None),
            created_us: Set(now),
            decided_us: Set(None),
        };
        let row = row.insert(&tx).await?;
        let detail = json!({ "grant": row.id, "role": row.role, "unit": row.unit_id });
        self.tell(&tx, trail::staff(by.id), "staff.propose_role", new.staff, &by.origin, detail).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Decides on a proposed role, and says why not: another administrator than who proposed it, and not whom it is for. If the role needs
    /// one-time passwords and the person has none, their seed is handed out here and their sessions end.
    pub async fn decide_role(
        &self,
        by: &Member,
        id: RoleGrantId,
        decision: impl Into<Decision>,
    ) -> Result<GrantedRole, IdentityError> {
        by.must_be(&[Role::Admin])?;
        let decision = decision.into();
        let approve = decision.agrees();
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = role_grant::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(IdentityError::NoSuchRoleGrant)?;
        let person = locked(&tx, row.staff_id).await?;
        let path = place(&tx, row.unit_id).await?;
        let acting_for = by.may(&[Role::Admin], &path)?.acting_for;
        over_all(&tx, by, row.staff_id).await?;
        if by.id == row.staff_id || acting_for == Some(row.staff_id) {
            return Err(IdentityError::OwnAccount);
        }
        if by.id == row.author_id || acting_for == Some(row.author_id) {
            return Err(IdentityError::SecondPersonNeeded);
        }
        let to = row.state.on(if approve { ProposalEvent::Approve } else { ProposalEvent::Decline })?;
        let mut totp_secret = None;
        if approve {
            if !person.active {
                return Err(IdentityError::WrongState);
            }
            staff_role::Entity::delete_many()
                .filter(staff_role::Column::StaffId.eq(row.staff_id))
                .filter(staff_role::Column::Role.eq(row.role))
                .exec(&tx)
                .await
                .map_err(refused)?;
            let role = staff_role::ActiveModel {
                staff_id: Set(row.staff_id),
                role: Set(row.role),
                unit_id: Set(row.unit_id),
                granted_by: Set(row.author_id.to_string()),
                granted_us: Set(now),
                approved_by: Set(Some(by.id.to_string())),
            };
            staff_role::Entity::insert(role).exec_without_returning(&tx).await.map_err(refused)?;
            if row.role.needs_otp() && person.totp_sealed.is_none() {
                let seed = password::new_seed();
                let mut person: staff::ActiveModel = person.into();
                person.totp_sealed = Set(Some(password::seal_seed(&self.vault, row.staff_id, &seed)?));
                person.update(&tx).await?;
                revoke_all(&tx, row.staff_id, self.real.now()).await?;
                totp_secret = Some(seed);
            }
        }
        let staff = row.staff_id;
        let mut row: role_grant::ActiveModel = row.into();
        row.state = Set(to);
        row.approver_id = Set(Some(by.id));
        row.acting_for_id = Set(acting_for);
        row.decided_us = Set(Some(now));
        let row = row.update(&tx).await?;
        let action = if approve { "staff.grant_role" } else { "staff.decline_role" };
        let detail = json!({ "grant": row.id, "role": row.role, "unit": row.unit_id, "acting_for": acting_for });
        self.tell(&tx, trail::staff(by.id), action, staff, &by.origin, detail).await?;
        trail::because(&tx, now, format!("role_grant:{id}"), decision.reason(), by).await?;
        tx.commit().await?;
        Ok(GrantedRole { grant: row, totp_secret })
    }

    /// Takes a role away, at once. Not one's own, not the last administrator's, and not somebody's only one: who shall do
    /// nothing any more is disabled.
    pub async fn revoke_role(&self, by: &Member, staff: StaffId, role: Role) -> Result<(), IdentityError> {
        by.must_be(&[Role::Admin])?;
        if by.id == staff {
            return Err(IdentityError::OwnAccount);
        }
        let tx = self.db.begin().await?;
        locked(&tx, staff).await?;
        let held = staff_role::Entity::find().filter(staff_role::Column::StaffId.eq(staff)).all(&tx).await?;
        let Some(row) = held.iter().find(|held| held.role == role) else {
            // Gone already is as good.
            over_all(&tx, by, staff).await?;
            return Ok(());
        };
        by.may(&[Role::Admin], &place_of(&tx, row.unit_id).await?)?;
        if held.len() == 1 {
            return Err(IdentityError::WrongState);
        }
        staff_role::Entity::delete_many()
            .filter(staff_role::Column::StaffId.eq(staff))
            .filter(staff_role::Column::Role.eq(role))
            .exec(&tx)
            .await
            .map_err(refused)?;
        let detail = json!({ "role": role, "unit": row.unit_id });
        self.tell(&tx, trail::staff(by.id), "staff.revoke_role", staff, &by.origin, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Proposed roles, newest first, for administrators and auditors.
    pub async fn role_grants(
        &self,
        by: &Member,
        after: Option<RoleGrantId>,
        limit: u64,
    ) -> Result<Vec<role_grant::Model>, IdentityError> {
        by.must_be(&[Role::Admin, Role::Auditor])?;
        let mut query = role_grant::Entity::find();
        if let Some(units) = units_within(&by.parts(&[Role::Admin, Role::Auditor])) {
            query = query.filter(role_grant::Column::UnitId.in_subquery(units));
        }
        if let Some(after) = after {
            let last = role_grant::Entity::find_by_id(after).one(self.db.read()).await?;
            let last = last.ok_or(IdentityError::NoSuchRoleGrant)?;
            let same = Condition::all()
                .add(role_grant::Column::CreatedUs.eq(last.created_us))
                .add(role_grant::Column::Id.lt(last.id));
            query = query.filter(Condition::any().add(role_grant::Column::CreatedUs.lt(last.created_us)).add(same));
        }
        let newest_first = query.order_by_desc(role_grant::Column::CreatedUs).order_by_desc(role_grant::Column::Id);
        Ok(newest_first.limit(limit).all(self.db.read()).await?)
    }
}

/// A reason of 1 to 500 characters.
pub(super) fn reasoned(reason: &str) -> Result<String, IdentityError> {
    let reason = reason.trim();
    if !(1..=500).contains(&reason.chars().count()) {
        return Err(IdentityError::Field { field: "reason", problem: "请填写原因，最多500字" });
    }
    Ok(reason.to_owned())
}

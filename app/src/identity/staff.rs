//! Members of staff: made by two people, never deleted.
//!
//! | standing                | login | what leads on                                                                       |
//! | ----------------------- | ----- | ----------------------------------------------------------------------------------- |
//! | proposed                | no    | another administrator than the one who asked hands out credentials → active         |
//! | active                  | yes   | `reset_credentials` → proposed, `disable_staff` → disabled                          |
//! | disabled                | no    | `reset_credentials` → proposed                                                      |
//!
//! Who asked stands in `granted_by` of the roles. An account that is not active has no password and no seed; which of the two
//! it is, stands where the hash would: a word no password fits.

use std::collections::{BTreeMap, HashMap};

use domain::person::IdentityNumber;
use domain::role::{Apart, Member, Role};
use domain::{StaffId, Timestamp, UnitId, UnitPath};
use entity::{Tx, staff, staff_role, unit, violation};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set, Statement,
};
use serde_json::json;

use super::session::revoke_all;
use super::{Identity, IdentityError, password};
use crate::{Once, trail};

/// Stand where a hash would.
const PROPOSED: &str = "awaiting credentials";
const DISABLED: &str = "disabled";
/// Who granted the roles of staff that no administrator made.
const COMMAND_LINE: &str = "command line";
/// An administrator is made on the command line until so many are active.
const ADMINISTRATORS: u64 = 2;
/// Who sees members of staff.
const READERS: [Role; 2] = [Role::Admin, Role::Auditor];

/// A member of staff with their credentials, which are shown once and kept nowhere.
#[derive(Debug)]
pub struct NewStaff {
    /// Who it is.
    pub id: StaffId,
    /// The password.
    pub password: Once,
    /// The seed of the one-time passwords, Base32, if a role needs them.
    pub totp_secret: Option<Once>,
}

/// A member of staff whose credentials the caller has made.
#[derive(Debug)]
pub struct GivenStaff {
    /// The id, if the name is new.
    pub id: StaffId,
    /// The only role.
    pub role: Role,
    /// The name to sign in with.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The password.
    pub password: Once,
    /// The seed of the one-time passwords, Base32; needed if the role needs them.
    pub totp_secret: Option<Once>,
    /// The top of the part of the tree the role is held over; all of it if there is none.
    pub unit: Option<UnitId>,
    /// Who the person is, where somebody says so.
    pub person: Option<IdentityNumber>,
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffStanding {
    /// Waits for another administrator to hand out credentials.
    Proposed,
    /// Can sign in.
    Active,
    /// Cannot sign in.
    Disabled,
}

/// A member of staff to be proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedStaff {
    /// Made by the client.
    pub id: StaffId,
    /// The name to sign in with.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What they shall do, each over a unit and what is below it; over the whole tree without one.
    pub grants: Vec<(Role, Option<UnitId>)>,
    /// Who the person is: one natural person has one account.
    pub person: IdentityNumber,
}

/// A role held over a part of the tree, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantLine {
    /// What may be done.
    pub role: Role,
    /// The unit it is held over; the whole tree if there is none.
    pub unit: Option<UnitId>,
    /// Where that is.
    pub over: UnitPath,
}

/// A member of staff, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffLine {
    /// The id.
    pub id: StaffId,
    /// The name to sign in with.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What they may do where.
    pub grants: Vec<GrantLine>,
    /// Where the account stands.
    pub standing: StaffStanding,
    /// Who asked for the account, or for its last reset; nobody if it was made on the command line.
    pub asked_by: Option<StaffId>,
    /// Since when.
    pub created: Timestamp,
    /// Whether it is known which natural person it is.
    pub identified: bool,
}

fn standing(row: &staff::Model) -> StaffStanding {
    match (row.active, row.password_hash.as_str()) {
        (true, _) => StaffStanding::Active,
        (false, PROPOSED) => StaffStanding::Proposed,
        (false, _) => StaffStanding::Disabled,
    }
}

/// Credentials and what is stored of them.
struct Credentials {
    password: Once,
    hash: String,
    seed: Option<Once>,
    sealed: Option<Vec<u8>>,
}

impl Identity {
    /// Makes a member of staff from the command line, active at once. Refused as soon as two administrators are active. Who says who
    /// the person is keeps them from a second account (facts: charity 6.6a).
    pub async fn create_first_staff(
        &self,
        role: Role,
        username: &str,
        name: &str,
        person: Option<&IdentityNumber>,
    ) -> Result<NewStaff, IdentityError> {
        check(username, name, &[role])?;
        let id = StaffId::new();
        let made = self.credentials(id, &[role]).await?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        if self.db.backend() == DbBackend::Postgres {
            // Two commands at once must not both find one administrator; SQLite has one writer anyhow.
            tx.execute_unprepared("LOCK TABLE staff_role IN SHARE ROW EXCLUSIVE MODE").await?;
        }
        let active =
            staff::Entity::find().select_only().column(staff::Column::Id).filter(staff::Column::Active.eq(true));
        let administrators = staff_role::Entity::find()
            .filter(staff_role::Column::Role.eq(Role::Admin))
            .filter(staff_role::Column::StaffId.in_subquery(active.into_query()))
            // Of the whole tree: who is one over a part of it makes staff for that part only.
            .filter(
                Condition::any().add(staff_role::Column::UnitId.is_null()).add(
                    staff_role::Column::UnitId.in_subquery(
                        unit::Entity::find()
                            .select_only()
                            .column(unit::Column::Id)
                            .filter(unit::Column::ParentId.is_null())
                            .into_query(),
                    ),
                ),
            )
            .count(&tx)
            .await?;
        if administrators >= ADMINISTRATORS {
            return Err(IdentityError::OnlyTheConsole);
        }
        let mut row = fresh(id, username, name, made.hash, made.sealed, true, now);
        row.person_hmac = Set(person.map(|person| self.person_hmac(person)));
        insert(&tx, row, &[(role, None)], COMMAND_LINE, now).await?;
        let detail = json!({ "role": role });
        self.tell(&tx, trail::SYSTEM.to_owned(), "staff.create", id, COMMAND_LINE, detail).await?;
        tx.commit().await?;
        Ok(NewStaff { id, password: made.password, totp_secret: made.seed })
    }

    /// Makes a member of staff with credentials the caller has made, for invented worlds only: they let one person be many.
    /// A person who stands under this name with this role is found and left as they are.
    pub async fn create_staff_with(&self, given: GivenStaff) -> Result<StaffId, IdentityError> {
        let GivenStaff { id, role, username, name, password, totp_secret, unit, person } = given;
        check(&username, &name, &[role])?;
        if let Some(found) = self.find_given(&username, role).await? {
            return Ok(found);
        }
        if role.needs_otp() && totp_secret.is_none() {
            return Err(IdentityError::Invalid("this role needs a one-time password"));
        }
        let sealed = totp_secret.as_ref().map(|seed| password::seal_seed(&self.vault, id, seed)).transpose()?;
        let hash = self.hashing.hash(&password).await?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let mut row = fresh(id, &username, &name, hash, sealed, true, now);
        // Nobody handed it out: the caller made it.
        row.own_password = Set(true);
        row.person_hmac = Set(person.map(|person| self.person_hmac(&person)));
        match insert(&tx, row, &[(role, unit)], COMMAND_LINE, now).await {
            // Another process makes the same world.
            Err(IdentityError::UsernameTaken | IdentityError::IdReused) => {
                drop(tx);
                return self.find_given(&username, role).await?.ok_or(IdentityError::IdReused);
            }
            other => other?,
        }
        let detail = json!({ "role": role });
        self.tell(&tx, trail::SYSTEM.to_owned(), "staff.create", id, "invented world", detail).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The step of the last one-time password a member of staff used, for invented worlds: who knows it need not try a used
    /// one, and tries are counted.
    pub async fn used_otp_step(&self, id: StaffId) -> Result<i64, IdentityError> {
        let row = staff::Entity::find_by_id(id).one(self.db.read()).await?;
        row.map(|row| row.totp_last_step).ok_or(IdentityError::NoSuchStaff)
    }

    /// By what name a member of staff signs in.
    pub async fn username(&self, id: StaffId) -> Result<String, IdentityError> {
        let row = staff::Entity::find_by_id(id).one(self.db.read()).await?;
        row.map(|row| row.username).ok_or(IdentityError::NoSuchStaff)
    }

    /// Who has a user name: colleagues know each other by it.
    pub async fn named(&self, username: &str) -> Result<Option<StaffId>, IdentityError> {
        let found = staff::Entity::find().filter(staff::Column::Username.eq(username)).one(self.db.read()).await?;
        Ok(found.map(|row| row.id))
    }

    async fn find_given(&self, username: &str, role: Role) -> Result<Option<StaffId>, IdentityError> {
        let found = staff::Entity::find().filter(staff::Column::Username.eq(username)).one(self.db.read()).await?;
        let Some(found) = found else { return Ok(None) };
        let roles =
            staff_role::Entity::find().filter(staff_role::Column::StaffId.eq(found.id)).all(self.db.read()).await?;
        if roles.iter().any(|held| held.role == role) { Ok(Some(found.id)) } else { Err(IdentityError::UsernameTaken) }
    }

    /// Proposes a member of staff; they cannot sign in until another administrator [activates](Identity::activate_staff)
    /// them. The same id with the same content again changes nothing. An administrator grants only below where they are one.
    pub async fn propose_staff(&self, by: &Member, new: ProposedStaff) -> Result<(), IdentityError> {
        by.must_be(&[Role::Admin])?;
        let ProposedStaff { id, username, name, mut grants, person } = new;
        grants.sort_unstable();
        grants.dedup_by_key(|(role, _)| *role);
        check(&username, &name, &grants.iter().map(|(role, _)| *role).collect::<Vec<_>>())?;
        for (role, _) in &grants {
            joinable(grants.iter().map(|(other, _)| *other), *role)?;
        }
        let person = self.person_hmac(&person);
        let now = self.business.now();
        let tx = self.db.begin().await?;
        for (_, unit) in &grants {
            by.may(&[Role::Admin], &place(&tx, *unit).await?)?;
        }
        if let Some(row) = staff::Entity::find_by_id(id).one(&tx).await? {
            let held = roles_of(&tx, id).await?;
            let same = row.username == username
                && row.name == name
                && row.person_hmac.as_ref() == Some(&person)
                && held.iter().map(|held| (held.role, held.unit_id)).eq(grants.iter().copied());
            return if same { Ok(()) } else { Err(IdentityError::IdReused) };
        }
        let mut row = fresh(id, &username, &name, PROPOSED.to_owned(), None, false, now);
        row.person_hmac = Set(Some(person));
        insert(&tx, row, &grants, &by.id.to_string(), now).await?;
        let detail = json!({ "roles": told(&grants) });
        self.tell(&tx, trail::staff(by.id), "staff.propose", id, &by.origin, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down who somebody is of whom nobody said it when the account was made, once: from then on they have no second account (facts:
    /// charity 6.6a). Not one's own. The same number again changes nothing.
    pub async fn identify_staff(&self, by: &Member, id: StaffId, person: &IdentityNumber) -> Result<(), IdentityError> {
        by.must_be(&[Role::Admin])?;
        if by.id == id {
            return Err(IdentityError::OwnAccount);
        }
        let person = self.person_hmac(person);
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        over_all(&tx, by, id).await?;
        match &row.person_hmac {
            Some(known) if *known == person => return Ok(()),
            Some(_) => return Err(IdentityError::WrongState),
            None => {}
        }
        let mut row: staff::ActiveModel = row.into();
        row.person_hmac = Set(Some(person));
        row.update(&tx).await.map_err(taken)?;
        self.tell(&tx, trail::staff(by.id), "staff.identify", id, &by.origin, json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// What tells one natural person from another.
    fn person_hmac(&self, person: &IdentityNumber) -> Vec<u8> {
        self.vault.lookup(&format!("person:{}", person.expose()))
    }

    /// Hands out credentials to a proposed member of staff, who can sign in from now on. Not by whoever proposed them.
    pub async fn activate_staff(&self, by: &Member, id: StaffId) -> Result<NewStaff, IdentityError> {
        by.must_be(&[Role::Admin])?;
        let held = roles_of(self.db.read(), id).await?;
        let roles: Vec<Role> = held.iter().map(|held| held.role).collect();
        let made = self.credentials(id, &roles).await?;
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        over_all(&tx, by, id).await?;
        if standing(&row) != StaffStanding::Proposed {
            return Err(IdentityError::WrongState);
        }
        // Read again under the lock: who asked last is who may not do this.
        let held = roles_of(&tx, id).await?;
        if by.id == id || held.iter().any(|held| held.granted_by == by.id.to_string()) {
            return Err(IdentityError::SecondPersonNeeded);
        }
        if !held.iter().map(|held| held.role).eq(roles.iter().copied()) {
            return Err(IdentityError::WrongState);
        }
        staff_role::Entity::update_many()
            .col_expr(staff_role::Column::ApprovedBy, by.id.to_string().into())
            .filter(staff_role::Column::StaffId.eq(id))
            .exec(&tx)
            .await?;
        let mut row: staff::ActiveModel = row.into();
        row.password_hash = Set(made.hash);
        row.totp_sealed = Set(made.sealed);
        row.own_password = Set(false);
        row.active = Set(true);
        row.failed_logins = Set(0);
        row.locked_until_us = Set(Timestamp::default());
        row.update(&tx).await?;
        self.tell(&tx, trail::staff(by.id), "staff.activate", id, &by.origin, json!({ "roles": roles })).await?;
        tx.commit().await?;
        Ok(NewStaff { id, password: made.password, totp_secret: made.seed })
    }

    /// Takes the right to sign in away, at once and by one administrator, not their own; sessions end. The way back is
    /// [`reset_credentials`](Identity::reset_credentials) and another administrator.
    pub async fn disable_staff(&self, by: &Member, id: StaffId) -> Result<(), IdentityError> {
        self.shut_out(by, id, DISABLED, "staff.disable").await
    }

    /// Destroys the credentials of a member of staff and ends their sessions; new ones are handed out by another
    /// administrator, who [activates](Identity::activate_staff) the account.
    pub async fn reset_credentials(&self, by: &Member, id: StaffId) -> Result<(), IdentityError> {
        self.shut_out(by, id, PROPOSED, "staff.reset_credentials").await
    }

    async fn shut_out(
        &self,
        by: &Member,
        id: StaffId,
        mark: &'static str,
        action: &'static str,
    ) -> Result<(), IdentityError> {
        by.must_be(&[Role::Admin])?;
        if by.id == id {
            return Err(IdentityError::OwnAccount);
        }
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        over_all(&tx, by, id).await?;
        if row.password_hash == mark {
            // Already so. Who asked first stays who asked: a second asker could else take the place of the first.
            return Ok(());
        }
        let before = format!("{:?}", standing(&row)).to_lowercase();
        let mut row: staff::ActiveModel = row.into();
        row.password_hash = Set(mark.to_owned());
        row.totp_sealed = Set(None);
        row.own_password = Set(false);
        row.active = Set(false);
        row.update(&tx).await.map_err(refused)?;
        if mark == PROPOSED {
            staff_role::Entity::update_many()
                .col_expr(staff_role::Column::ApprovedBy, None::<String>.into())
                .col_expr(staff_role::Column::GrantedBy, by.id.to_string().into())
                .col_expr(staff_role::Column::GrantedUs, self.business.now().into())
                .filter(staff_role::Column::StaffId.eq(id))
                .exec(&tx)
                .await?;
        }
        let ended = revoke_all(&tx, id, self.real.now()).await?;
        let detail = json!({ "before": before, "sessions_ended": ended });
        self.tell(&tx, trail::staff(by.id), action, id, &by.origin, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Whether a member of staff has chosen their password themselves; before that somebody else has seen it. One statement.
    pub async fn has_own_password(&self, id: StaffId) -> Result<bool, IdentityError> {
        let row = staff::Entity::find_by_id(id).one(self.db.read()).await?;
        row.map(|row| row.own_password).ok_or(IdentityError::NoSuchStaff)
    }

    /// What members of staff are called, for pages that say who did something. One statement.
    pub async fn names_of(&self, ids: &[StaffId]) -> Result<HashMap<StaffId, String>, IdentityError> {
        let named: Vec<(StaffId, String)> = staff::Entity::find()
            .select_only()
            .column(staff::Column::Id)
            .column(staff::Column::Name)
            .filter(staff::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(self.db.read())
            .await?;
        Ok(named.into_iter().collect())
    }

    /// Everybody over whose part of the tree the asker is administrator or auditor, by user name. Three statements.
    pub async fn staff(&self, by: &Member) -> Result<Vec<StaffLine>, IdentityError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let units: HashMap<UnitId, UnitPath> =
            unit::Entity::find().all(db).await?.into_iter().map(|unit| (unit.id, unit.path)).collect();
        let mut held: BTreeMap<StaffId, Vec<staff_role::Model>> = BTreeMap::new();
        for row in staff_role::Entity::find().order_by_asc(staff_role::Column::Role).all(db).await? {
            held.entry(row.staff_id).or_default().push(row);
        }
        let rows = staff::Entity::find().order_by_asc(staff::Column::Username).all(db).await?;
        let line = |row: staff::Model| {
            let held = held.remove(&row.id).unwrap_or_default();
            let over = |unit: Option<UnitId>| unit.and_then(|unit| units.get(&unit).cloned());
            StaffLine {
                standing: standing(&row),
                id: row.id,
                username: row.username,
                name: row.name,
                asked_by: held.first().and_then(|held| held.granted_by.parse().ok()),
                grants: held
                    .into_iter()
                    .map(|held| GrantLine {
                        role: held.role,
                        unit: held.unit_id,
                        over: over(held.unit_id).unwrap_or_else(UnitPath::whole),
                    })
                    .collect(),
                created: row.created_us,
                identified: row.person_hmac.is_some(),
            }
        };
        let parts = by.parts(&READERS);
        let seen = |line: &StaffLine| {
            parts.contains(&&UnitPath::whole())
                || line.grants.iter().any(|grant| parts.iter().any(|part| part.covers(&grant.over)))
        };
        Ok(rows.into_iter().map(line).filter(seen).collect())
    }

    async fn credentials(&self, id: StaffId, roles: &[Role]) -> Result<Credentials, IdentityError> {
        let password = password::new_password();
        let hash = self.hashing.hash(&password).await?;
        let seed = roles.iter().any(|role| role.needs_otp()).then(password::new_seed);
        let sealed = seed.as_ref().map(|seed| password::seal_seed(&self.vault, id, seed)).transpose()?;
        Ok(Credentials { password, hash, seed, sealed })
    }
}

fn check(username: &str, name: &str, roles: &[Role]) -> Result<(), IdentityError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    if !(2..=40).contains(&username.len()) || !username.bytes().all(plain) {
        return Err(IdentityError::Invalid("a user name is 2 to 40 lower-case letters, digits, '.', '_' and '-'"));
    }
    if !(1..=50).contains(&name.chars().count()) || name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(IdentityError::Invalid("a name is 1 to 50 characters"));
    }
    if roles.is_empty() {
        return Err(IdentityError::Invalid("a member of staff has at least one role"));
    }
    Ok(())
}

fn fresh(
    id: StaffId,
    username: &str,
    name: &str,
    password_hash: String,
    totp_sealed: Option<Vec<u8>>,
    active: bool,
    now: Timestamp,
) -> staff::ActiveModel {
    staff::ActiveModel {
        id: Set(id),
        username: Set(username.to_owned()),
        name: Set(name.to_owned()),
        password_hash: Set(password_hash),
        totp_sealed: Set(totp_sealed),
        totp_last_step: Set(0),
        active: Set(active),
        failed_logins: Set(0),
        locked_until_us: Set(Timestamp::default()),
        created_us: Set(now),
        person_hmac: Set(None),
        own_password: Set(false),
    }
}

async fn insert(
    tx: &Tx,
    row: staff::ActiveModel,
    roles: &[(Role, Option<UnitId>)],
    granted_by: &str,
    now: Timestamp,
) -> Result<(), IdentityError> {
    let row = row.insert(tx).await.map_err(taken)?;
    let roles = roles.iter().map(|&(role, unit)| staff_role::ActiveModel {
        staff_id: Set(row.id),
        role: Set(role),
        unit_id: Set(unit),
        granted_by: Set(granted_by.to_owned()),
        granted_us: Set(now),
        approved_by: Set(None),
    });
    staff_role::Entity::insert_many(roles).exec_without_returning(tx).await.map_err(refused)?;
    Ok(())
}

fn taken(error: DbErr) -> IdentityError {
    match violation(&error) {
        // PostgreSQL names the constraint, SQLite the column.
        Some(rule) if rule.contains("staff_username_key") || rule.contains("staff.username") => {
            IdentityError::UsernameTaken
        }
        Some(rule) if rule.contains("staff_person_key") || rule.contains("staff.person_hmac") => {
            IdentityError::PersonKnown
        }
        Some(rule) if rule.contains("staff_pkey") || rule.contains("staff.id") => IdentityError::IdReused,
        _ => error.into(),
    }
}

/// What a guard of the database said, as far as it is the asker's to know.
pub(super) fn refused(error: DbErr) -> IdentityError {
    match violation(&error) {
        Some(rule) if rule.contains("last_administrator") => IdentityError::LastAdministrator,
        rule => match rule.and_then(|rule| Apart::iter().find(|apart| rule.contains(apart.as_str()))) {
            Some(apart) => IdentityError::Apart(apart),
            None => error.into(),
        },
    }
}

/// Refuses a role that one person does not join to those they hold.
pub(super) fn joinable(held: impl IntoIterator<Item = Role>, role: Role) -> Result<(), IdentityError> {
    held.into_iter().find_map(|held| held.apart(role)).map_or(Ok(()), |apart| Err(IdentityError::Apart(apart)))
}

/// Where a unit stands; the whole tree without one. A closed unit takes no new roles.
pub(super) async fn place(db: &impl ConnectionTrait, id: Option<UnitId>) -> Result<UnitPath, IdentityError> {
    let Some(id) = id else { return Ok(UnitPath::whole()) };
    let row = unit::Entity::find_by_id(id).filter(unit::Column::Active.eq(true)).one(db).await?;
    Ok(row.ok_or(IdentityError::NoSuchUnit)?.path)
}

/// Where a unit stands, closed or not; the whole tree without one.
pub(super) async fn place_of(db: &impl ConnectionTrait, id: Option<UnitId>) -> Result<UnitPath, IdentityError> {
    let Some(id) = id else { return Ok(UnitPath::whole()) };
    Ok(unit::Entity::find_by_id(id).one(db).await?.ok_or(IdentityError::NoSuchUnit)?.path)
}

/// The ids of the units of these parts of the tree, for a filter; nothing if that is the whole tree.
pub(super) fn units_within(parts: &[&UnitPath]) -> Option<SelectStatement> {
    if parts.contains(&&UnitPath::whole()) {
        return None;
    }
    // A path holds no character that LIKE reads as another.
    let below = parts.iter().fold(Condition::any(), |any, part| any.add(unit::Column::Path.starts_with(part.as_str())));
    // No part is nowhere, not everywhere.
    let below = if parts.is_empty() { Condition::all().add(unit::Column::Id.is_null()) } else { below };
    Some(unit::Entity::find().select_only().column(unit::Column::Id).filter(below).into_query())
}

/// Refuses unless the member is administrator over everything another member of staff holds a role over.
pub(super) async fn over_all(db: &impl ConnectionTrait, by: &Member, id: StaffId) -> Result<(), IdentityError> {
    over_all_as(db, by, id, &[Role::Admin]).await
}

/// The same for other roles.
pub(super) async fn over_all_as(
    db: &impl ConnectionTrait,
    by: &Member,
    id: StaffId,
    roles: &[Role],
) -> Result<(), IdentityError> {
    let sql = "SELECT u.path FROM staff_role r LEFT JOIN unit u ON u.id = r.unit_id WHERE r.staff_id = $1";
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()])).await?;
    for row in rows {
        let path: Option<UnitPath> = row.try_get("", "path")?;
        by.may(roles, &path.unwrap_or_else(UnitPath::whole))?;
    }
    Ok(())
}

/// Grants, for the trail.
fn told(grants: &[(Role, Option<UnitId>)]) -> Vec<serde_json::Value> {
    grants.iter().map(|(role, unit)| json!({ "role": role, "unit": unit })).collect()
}

pub(super) async fn locked(tx: &Tx, id: StaffId) -> Result<staff::Model, IdentityError> {
    staff::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(IdentityError::NoSuchStaff)
}

/// The roles of a member of staff, in order.
pub(super) async fn roles_of(db: &impl ConnectionTrait, id: StaffId) -> Result<Vec<staff_role::Model>, DbErr> {
    let mut rows = staff_role::Entity::find().filter(staff_role::Column::StaffId.eq(id)).all(db).await?;
    rows.sort_unstable_by_key(|row| row.role);
    Ok(rows)
}

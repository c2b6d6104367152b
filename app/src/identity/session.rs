//! Sessions: opaque tokens, stored hashed, revocable.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::role::{Grant, LegalEntity, Member, Role};
use domain::{DonorId, SessionId, StaffId, Timestamp, UnitPath};
use entity::{Db, Tx, audit_log, session, staff, staff_role};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};
use secrecy::ExposeSecret;
use serde_json::json;

use super::staff::{over_all, over_all_as};
use super::{Identity, IdentityError, password, throttle};
use crate::Once;
use crate::trail::{self, Line};

/// How long a member of staff stays signed in.
const STAFF_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// How long ended sessions are kept for whoever looks into an incident.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Longer ones are refused before anything is hashed, in bytes.
const LONGEST_PASSWORD: usize = 1_024;
/// So many characters a password has that somebody chooses.
const SHORTEST_PASSWORD: usize = 12;
/// How many attempts to sign in are told of.
const LOGINS: u64 = 20;

/// A member of staff who has just signed in.
#[derive(Debug)]
pub struct StaffSession {
    /// Shown to the browser once.
    pub token: Once,
    /// Who it is.
    pub member: Member,
    /// When the session ends, in real time.
    pub expires: Timestamp,
}

/// A session that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLine {
    /// Its id.
    pub id: SessionId,
    /// Since when, in real time.
    pub created: Timestamp,
    /// Until when, in real time.
    pub expires: Timestamp,
}

/// An attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginLine {
    /// When.
    pub at: Timestamp,
    /// Whether it went well.
    pub done: bool,
    /// The address it came from.
    pub origin: String,
}

pub(super) enum Owner {
    Donor(DonorId),
    Staff(StaffId),
}

/// Writes a session and answers its token, which is nowhere else.
pub(super) async fn insert(tx: &Tx, owner: Owner, now: Timestamp, expires: Timestamp) -> Result<Once, DbErr> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let (donor_id, staff_id) = match owner {
        Owner::Donor(donor) => (Some(donor), None),
        Owner::Staff(staff) => (None, Some(staff)),
    };
    session::ActiveModel {
        id: Set(SessionId::new()),
        token_hash: Set(hash(&token)),
        staff_id: Set(staff_id),
        donor_id: Set(donor_id),
        created_us: Set(now),
        expires_us: Set(expires),
        revoked_us: Set(None),
    }
    .insert(tx)
    .await?;
    Ok(Once::from(token))
}

/// Ends all sessions of a member of staff; how many there were.
pub(super) async fn revoke_all(tx: &Tx, staff: StaffId, now: Timestamp) -> Result<u64, DbErr> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::RevokedUs, now.into())
        .filter(session::Column::StaffId.eq(staff))
        .filter(session::Column::RevokedUs.is_null())
        .filter(session::Column::ExpiresUs.gt(now))
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

/// What a login of staff needs to know, and how its attempt was counted.
struct Attempt {
    row: staff::Model,
    roles: Vec<Role>,
    locked_until: Timestamp,
}

impl Identity {
    /// Signs a member of staff in. Every attempt is counted before it is tried; `OtpNeeded` is said only after the right
    /// password and counts for nothing, so that it neither locks nor unlocks.
    ///
    /// Two transactions and one argon2id verification between them.
    pub async fn login_staff(
        &self,
        username: &str,
        password: &str,
        otp: Option<&str>,
        origin: &str,
    ) -> Result<StaffSession, IdentityError> {
        let result = self.try_login_staff(username, password, otp, origin).await;
        let outcome = match &result {
            Ok(_) => "done",
            Err(IdentityError::WrongCredentials) => "refused",
            Err(IdentityError::OtpNeeded) => "otp_needed",
            Err(IdentityError::Locked { .. }) => "locked",
            Err(_) => "failed",
        };
        metrics::counter!("sangzi_logins_total", "who" => "staff", "outcome" => outcome).increment(1);
        result
    }

    async fn try_login_staff(
        &self,
        username: &str,
        password: &str,
        otp: Option<&str>,
        origin: &str,
    ) -> Result<StaffSession, IdentityError> {
        if password.len() > LONGEST_PASSWORD {
            return Err(IdentityError::WrongCredentials);
        }
        let Some(attempt) = self.count_attempt(username).await? else {
            let name = self.vault.lookup(&format!("username:{username}"));
            let now = self.real.now();
            self.strangers.attempt(name, now).map_err(|until| locked(until, now))?;
            self.hashing.verify(password, None).await?;
            return Err(IdentityError::WrongCredentials);
        };
        if !self.hashing.verify(password, Some(&attempt.row.password_hash)).await? {
            return self.refuse_login(&attempt.row, "password", origin).await;
        }
        let now = self.real.now();
        let step = match (&attempt.row.totp_sealed, otp) {
            (None, _) if attempt.roles.iter().any(|role| role.needs_otp()) => {
                tracing::error!(staff = %attempt.row.id, "a member of staff who needs a one-time password has no seed");
                return self.refuse_login(&attempt.row, "no_seed", origin).await;
            }
            (None, _) => None,
            (Some(_), None) => {
                self.uncount_attempt(&attempt).await?;
                return Err(IdentityError::OtpNeeded);
            }
            (Some(sealed), Some(otp)) => {
                match password::step_of(&self.vault, attempt.row.id, sealed, otp.trim(), now)? {
                    Some(step) => Some(step),
                    None => return self.refuse_login(&attempt.row, "otp", origin).await,
                }
            }
        };

        let id = attempt.row.id;
        let tx = self.db.begin().await?;
        // Only if the person is still who was verified, and the one-time password later than the last one used.
        let mut update = staff::Entity::update_many()
            .col_expr(staff::Column::FailedLogins, 0.into())
            .col_expr(staff::Column::LockedUntilUs, 0.into())
            .filter(staff::Column::Id.eq(id))
            .filter(staff::Column::Active.eq(true))
            .filter(staff::Column::PasswordHash.eq(&attempt.row.password_hash));
        if let Some(step) = step {
            update =
                update.col_expr(staff::Column::TotpLastStep, step.into()).filter(staff::Column::TotpLastStep.lt(step));
        }
        if update.exec(&tx).await?.rows_affected != 1 {
            drop(tx);
            return self.refuse_login(&attempt.row, "otp_used", origin).await;
        }
        let expires = now.after(STAFF_LIFE);
        let token = insert(&tx, Owner::Staff(id), now, expires).await?;
        self.tell(&tx, trail::staff(id), "staff.login", id, origin, json!({})).await?;
        tx.commit().await?;
        let member = self.member_of(token.expose_secret(), origin).await?;
        Ok(StaffSession { token, member, expires })
    }

    /// Counts an attempt on an active account; nothing if there is none of this name.
    async fn count_attempt(&self, username: &str) -> Result<Option<Attempt>, IdentityError> {
        // Names nobody has must not make the writer work.
        let known = staff::Entity::find()
            .filter(staff::Column::Username.eq(username))
            .filter(staff::Column::Active.eq(true))
            .one(self.db.read())
            .await?;
        let Some(known) = known else { return Ok(None) };
        let now = self.real.now();
        let tx = self.db.begin().await?;
        let row = staff::Entity::find_by_id(known.id)
            .filter(staff::Column::Active.eq(true))
            .lock_exclusive()
            .one(&tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        if row.locked_until_us > now {
            return Err(locked(row.locked_until_us, now));
        }
        let failures = row.failed_logins.saturating_add(1);
        let locked_until = throttle::locked_until(failures, now).unwrap_or_default();
        staff::Entity::update_many()
            .col_expr(staff::Column::FailedLogins, failures.into())
            .col_expr(staff::Column::LockedUntilUs, locked_until.into())
            .filter(staff::Column::Id.eq(row.id))
            .exec(&tx)
            .await?;
        let roles = staff_role::Entity::find().filter(staff_role::Column::StaffId.eq(row.id)).all(&tx).await?;
        tx.commit().await?;
        let mut roles: Vec<Role> = roles.into_iter().map(|row| row.role).collect();
        roles.sort_unstable();
        Ok(Some(Attempt { row, roles, locked_until }))
    }

    /// Takes a counted attempt back. The lock is lifted only if this very attempt set it.
    async fn uncount_attempt(&self, attempt: &Attempt) -> Result<(), IdentityError> {
        let tx = self.db.begin().await?;
        tx.execute_raw(Statement::from_sql_and_values(
            self.db.backend(),
            "UPDATE staff SET failed_logins = failed_logins - 1, \
             locked_until_us = CASE WHEN locked_until_us = $1 THEN 0 ELSE locked_until_us END \
             WHERE id = $2 AND failed_logins > 0",
            [attempt.locked_until.into(), attempt.row.id.into()],
        ))
        .await?;
        Ok(tx.commit().await?)
    }

    async fn refuse_login<T>(&self, row: &staff::Model, why: &str, origin: &str) -> Result<T, IdentityError> {
        let tx = self.db.begin().await?;
        let object = trail::staff(row.id);
        self.tell(&tx, object, "staff.login_refused", row.id, origin, json!({ "why": why })).await?;
        tx.commit().await?;
        Err(IdentityError::WrongCredentials)
    }

    /// The donor a token belongs to. One read.
    pub async fn donor_of(&self, token: &str) -> Result<DonorId, IdentityError> {
        let found: Option<Option<DonorId>> = session::Entity::find()
            .select_only()
            .column(session::Column::DonorId)
            .filter(session::Column::TokenHash.eq(hash(token)))
            .filter(session::Column::RevokedUs.is_null())
            .filter(session::Column::ExpiresUs.gt(self.real.now()))
            .into_tuple()
            .one(self.db.read())
            .await?;
        found.flatten().ok_or(IdentityError::NotSignedIn)
    }

    /// The member of staff a token belongs to, with what they may do at this moment, own and lent, and for which legal entities. One read.
    pub async fn member_of(&self, token: &str, origin: &str) -> Result<Member, IdentityError> {
        let condition = "s.token_hash = $1 AND s.revoked_us IS NULL AND s.expires_us > $2 AND p.active";
        let sql = format!(
            "SELECT p.id, r.role, u.path, u.path AS lent_path, NULL AS lender_id, CAST(NULL AS UUID) AS book_id \
             FROM session s JOIN staff p ON p.id = s.staff_id JOIN staff_role r ON r.staff_id = p.id LEFT JOIN unit u ON u.id = r.unit_id \
             WHERE {condition} UNION ALL \
             SELECT p.id, d.role, u.path, v.path AS lent_path, d.lender_id, CAST(NULL AS UUID) AS book_id \
             FROM session s JOIN staff p ON p.id = s.staff_id JOIN delegation d ON d.holder_id = p.id \
             JOIN staff l ON l.id = d.lender_id JOIN staff_role r ON r.staff_id = l.id AND r.role = d.role \
             LEFT JOIN unit u ON u.id = r.unit_id LEFT JOIN unit v ON v.id = d.unit_id \
             WHERE {condition} AND l.active AND d.approver_id IS NOT NULL AND d.revoked_us IS NULL \
             AND d.starts_on <= $3 AND d.ends_on >= $3 UNION ALL \
             SELECT p.id, NULL AS role, u.path, NULL AS lent_path, NULL AS lender_id, c.book_id \
             FROM session s JOIN staff p ON p.id = s.staff_id CROSS JOIN charity c JOIN unit u ON u.id = c.unit_id WHERE {condition}"
        );
        let values = [hash(token).into(), self.real.now().into(), self.business.today().into()];
        let rows = self.db.read().query_all_raw(Statement::from_sql_and_values(self.db.backend(), sql, values)).await?;
        let mut member = None;
        let mut grants = Vec::with_capacity(rows.len());
        let mut entities = Vec::new();
        for row in &rows {
            let path =
                |column| row.try_get::<Option<UnitPath>>("", column).map(|path| path.unwrap_or_else(UnitPath::whole));
            if let Some(book) = row.try_get("", "book_id")? {
                entities.push(LegalEntity { book, seat: path("path")? });
                continue;
            }
            member = Some(row.try_get("", "id")?);
            let (held, lent): (UnitPath, UnitPath) = (path("path")?, path("lent_path")?);
            let acting_for: Option<StaffId> = row.try_get("", "lender_id")?;
            // Nobody lends more than they hold.
            let over = if held.covers(&lent) {
                lent
            } else if lent.covers(&held) {
                held.clone()
            } else {
                continue;
            };
            grants.push(Grant { role: row.try_get("", "role")?, over, held, acting_for });
        }
        let id = member.ok_or(IdentityError::NotSignedIn)?;
        grants.sort_unstable_by(|a, b| (a.acting_for, a.role, &a.over).cmp(&(b.acting_for, b.role, &b.over)));
        Ok(Member { id, grants, entities, origin: origin.to_owned() })
    }

    /// Changes one's own password. The attempt is counted like one to sign in; all sessions end but that of the token. Answers how
    /// many ended.
    ///
    /// Two transactions, one argon2id verification and one hash.
    pub async fn change_password(
        &self,
        by: &Member,
        token: &str,
        current: &str,
        new: &str,
    ) -> Result<u64, IdentityError> {
        let field = |problem| IdentityError::Field { field: "new", problem };
        if new.chars().count() < SHORTEST_PASSWORD || new.len() > LONGEST_PASSWORD {
            return Err(field("新密码至少12个字符，最多1024字节"));
        }
        if new.chars().any(char::is_control) || new.trim() != new {
            return Err(field("新密码的首尾不能是空格，中间不能有换行等控制字符"));
        }
        if new == current {
            return Err(field("新密码不能与当前密码相同"));
        }
        if current.len() > LONGEST_PASSWORD {
            return Err(IdentityError::WrongPassword);
        }
        let known = staff::Entity::find_by_id(by.id).one(self.db.read()).await?.ok_or(IdentityError::NotSignedIn)?;
        let attempt = self.count_attempt(&known.username).await?.ok_or(IdentityError::NotSignedIn)?;
        let held = attempt.row.password_hash;
        if !self.hashing.verify(current, Some(&held)).await? {
            let tx = self.db.begin().await?;
            let detail = json!({ "why": "password" });
            self.tell(&tx, trail::staff(by.id), "staff.change_password_refused", by.id, &by.origin, detail).await?;
            tx.commit().await?;
            return Err(IdentityError::WrongPassword);
        }
        let made = self.hashing.hash(&new.to_owned().into()).await?;
        let now = self.real.now();
        let tx = self.db.begin().await?;
        // Only if nobody has reset it meanwhile.
        let changed = staff::Entity::update_many()
            .col_expr(staff::Column::PasswordHash, made.into())
            .col_expr(staff::Column::OwnPassword, true.into())
            .col_expr(staff::Column::FailedLogins, 0.into())
            .col_expr(staff::Column::LockedUntilUs, 0.into())
            .filter(staff::Column::Id.eq(by.id))
            .filter(staff::Column::Active.eq(true))
            .filter(staff::Column::PasswordHash.eq(held))
            .exec(&tx)
            .await?;
        if changed.rows_affected != 1 {
            return Err(IdentityError::WrongPassword);
        }
        let others = session::Entity::update_many()
            .col_expr(session::Column::RevokedUs, now.into())
            .filter(session::Column::StaffId.eq(by.id))
            .filter(session::Column::TokenHash.ne(hash(token)))
            .filter(session::Column::RevokedUs.is_null())
            .filter(session::Column::ExpiresUs.gt(now))
            .exec(&tx)
            .await?;
        let ended = others.rows_affected;
        let detail = json!({ "sessions_ended": ended });
        self.tell(&tx, trail::staff(by.id), "staff.change_password", by.id, &by.origin, detail).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends the session of a token. A token that is over or unknown is no error: it is as good as ended.
    pub async fn logout(&self, token: &str) -> Result<(), IdentityError> {
        let now = self.real.now();
        let tx = self.db.begin().await?;
        session::Entity::update_many()
            .col_expr(session::Column::RevokedUs, now.into())
            .filter(session::Column::TokenHash.eq(hash(token)))
            .filter(session::Column::RevokedUs.is_null())
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of a member of staff: one's own, or as an administrator. Answers how many.
    pub async fn end_sessions_of(&self, by: &Member, staff: StaffId) -> Result<u64, IdentityError> {
        own_or_admin(by, staff)?;
        let tx = self.db.begin().await?;
        if by.id != staff {
            over_all(&tx, by, staff).await?;
        }
        let ended = revoke_all(&tx, staff, self.real.now()).await?;
        let detail = json!({ "ended": ended });
        self.tell(&tx, trail::staff(by.id), "staff.end_sessions", staff, &by.origin, detail).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends one session of a member of staff: one's own, or as an administrator. One that has ended already is `NoSuchSession`.
    pub async fn end_session_of(&self, by: &Member, staff: StaffId, id: SessionId) -> Result<(), IdentityError> {
        own_or_admin(by, staff)?;
        let now = self.real.now();
        let tx = self.db.begin().await?;
        if by.id != staff {
            over_all(&tx, by, staff).await?;
        }
        let ended = session::Entity::update_many()
            .col_expr(session::Column::RevokedUs, now.into())
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::StaffId.eq(staff))
            .filter(session::Column::RevokedUs.is_null())
            .filter(session::Column::ExpiresUs.gt(now))
            .exec(&tx)
            .await?;
        if ended.rows_affected != 1 {
            return Err(IdentityError::NoSuchSession);
        }
        let detail = json!({ "ended": 1 });
        self.tell(&tx, trail::staff(by.id), "staff.end_sessions", staff, &by.origin, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Which session a token belongs to, so that a list of sessions can say which is here. One read.
    pub async fn session_of(&self, token: &str) -> Result<Option<SessionId>, IdentityError> {
        let found = session::Entity::find().filter(session::Column::TokenHash.eq(hash(token))).one(self.db.read());
        Ok(found.await?.map(|row| row.id))
    }

    /// The last attempts to sign in as a member of staff, newest first: one's own, or as an administrator or auditor. A session does
    /// not know where it came from; the trail does.
    pub async fn logins_of(&self, by: &Member, staff: StaffId) -> Result<Vec<LoginLine>, IdentityError> {
        self.must_see(by, staff).await?;
        let rows = audit_log::Entity::find()
            .filter(audit_log::Column::Object.eq(trail::staff(staff)))
            .filter(audit_log::Column::Action.is_in(["staff.login", "staff.login_refused"]))
            .order_by_desc(audit_log::Column::AtUs)
            .order_by_desc(audit_log::Column::Id)
            .limit(LOGINS)
            .all(self.db.read())
            .await?;
        let line =
            |row: audit_log::Model| LoginLine { at: row.at_us, done: row.action == "staff.login", origin: row.origin };
        Ok(rows.into_iter().map(line).collect())
    }

    async fn must_see(&self, by: &Member, staff: StaffId) -> Result<(), IdentityError> {
        if by.id != staff {
            by.must_be(&[Role::Admin, Role::Auditor])?;
            over_all_as(self.db.read(), by, staff, &[Role::Admin, Role::Auditor]).await?;
        }
        Ok(())
    }

    /// The sessions of a member of staff that have not ended, newest first: one's own, or as an administrator or auditor.
    pub async fn sessions_of(&self, by: &Member, staff: StaffId) -> Result<Vec<SessionLine>, IdentityError> {
        self.must_see(by, staff).await?;
        let rows = session::Entity::find()
            .filter(session::Column::StaffId.eq(staff))
            .filter(session::Column::RevokedUs.is_null())
            .filter(session::Column::ExpiresUs.gt(self.real.now()))
            .order_by_desc(session::Column::CreatedUs)
            .all(self.db.read())
            .await?;
        let line = |row: session::Model| SessionLine { id: row.id, created: row.created_us, expires: row.expires_us };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Deletes sessions that ended a month ago; how many.
    pub async fn sweep_sessions(&self) -> Result<u64, IdentityError> {
        sweep(&self.db, self.real.now().before(KEPT)).await.map_err(Into::into)
    }

    /// A line about a member of staff.
    pub(super) async fn tell(
        &self,
        tx: &Tx,
        actor: String,
        action: &'static str,
        staff: StaffId,
        origin: &str,
        detail: serde_json::Value,
    ) -> Result<(), DbErr> {
        let line = Line { actor, action, object: trail::staff(staff), origin: origin.to_owned(), detail };
        trail::record(tx, self.business.now(), line).await
    }
}

fn locked(until: Timestamp, now: Timestamp) -> IdentityError {
    IdentityError::Locked { until, wait_s: until.apart(now).as_secs() + 1 }
}

fn own_or_admin(by: &Member, staff: StaffId) -> Result<(), IdentityError> {
    if by.id != staff {
        by.must_be(&[Role::Admin])?;
    }
    Ok(())
}

async fn sweep(db: &Db, ended_before: Timestamp) -> Result<u64, DbErr> {
    let tx = db.begin().await?;
    let ended = Condition::any()
        .add(session::Column::ExpiresUs.lt(ended_before))
        .add(session::Column::RevokedUs.lt(ended_before));
    let swept = session::Entity::delete_many().filter(ended).exec(&tx).await?;
    tx.commit().await?;
    Ok(swept.rows_affected)
}

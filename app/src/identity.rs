//! Who is asking: donors by their WeChat login, staff by name, password and one-time password.
//!
//! Tokens are opaque, 256 random bits, and stored as SHA-256; a session ends when it is revoked or its time is over, on the
//! real clock. Passwords are argon2id; an unknown name costs as much as a wrong password and reads the same. Each attempt is
//! counted before it is tried, so that a hundred attempts at once are a hundred attempts.
//!
//! Staff are made by two people: one administrator proposes, another hands out the credentials, and so it is with every
//! reset. The console alone makes staff as soon as two administrators are active. Who was handed a password changes it themselves.
//!
//! One natural person has one account: the HMAC of the number of the identity card is unique. Further roles are granted by
//! two administrators and taken away by one; a role can be lent for some days.
//!
//! Refused: a one-time password that was used, a second person who is the first, an administrator who would do both parts.
//! Costs: a request of a donor or of staff is one indexed read; a login of staff is one argon2id verification (19 MiB), of
//! which only a few run at once.

mod delegation;
mod donor;
mod grant;
mod password;
mod session;
mod staff;
mod throttle;

use std::sync::Arc;

use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::{Apart, Forbidden};
use domain::{Clock, Refused, Timestamp};
use entity::Db;
use sea_orm::DbErr;
use wechat::WechatError;

use crate::vault::{Vault, VaultError};

pub use delegation::NewDelegation;
pub use donor::DonorSession;
pub(crate) use donor::sealed_key;
pub use grant::{GrantedRole, NewRoleGrant};
pub use session::{LoginLine, SessionLine, StaffSession};
pub use staff::{GivenStaff, GrantLine, NewStaff, ProposedStaff, StaffLine, StaffStanding};

/// Donors, staff and their sessions. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    db: Db,
    wechat: wechat::Client,
    vault: Vault,
    /// Rules what is written down.
    business: Clock,
    /// Rules sessions, one-time passwords and locks.
    real: Clock,
    hashing: password::Hashing,
    strangers: Arc<throttle::Strangers>,
}

/// Why somebody is not who they say, or may not do what they ask.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The login code is wrong, used, or older than five minutes.
    #[error("the login code is not valid any more")]
    LoginCode,
    /// WeChat blocks this user.
    #[error("WeChat blocks the login of this user")]
    Blocked,
    /// WeChat could not be asked.
    #[error("the login at WeChat failed")]
    Wechat(#[source] WechatError),
    /// The name, the password or the one-time password is wrong; which, is not said.
    #[error("wrong credentials")]
    WrongCredentials,
    /// The password that is to be changed is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// There is no such session, or it has ended.
    #[error("no such session")]
    NoSuchSession,
    /// The password is right; a one-time password belongs to it.
    #[error("a one-time password is needed")]
    OtpNeeded,
    /// Too many attempts.
    #[error("too many attempts; locked until {until}")]
    Locked {
        /// When the next attempt is heard, in real time.
        until: Timestamp,
        /// How long that is, in seconds.
        wait_s: u64,
    },
    /// The token is unknown, revoked or over.
    #[error("not signed in")]
    NotSignedIn,
    /// The member lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Two administrators are active: staff are made in the console.
    #[error("two administrators exist; staff are made in the console")]
    OnlyTheConsole,
    /// Another person must do this part.
    #[error("another administrator must do this")]
    SecondPersonNeeded,
    /// Nobody changes their own account or roles.
    #[error("nobody changes their own account")]
    OwnAccount,
    /// Somebody must be left who can make staff.
    #[error("the last administrator cannot go")]
    LastAdministrator,
    /// This natural person has an account already.
    #[error("this person has an account")]
    PersonKnown,
    /// Roles that one person does not join.
    #[error("one person does not join these roles: {}", .0.as_str())]
    Apart(Apart),
    /// There is no such unit.
    #[error("no such unit")]
    NoSuchUnit,
    /// There is no such proposed role.
    #[error("no such proposed role")]
    NoSuchRoleGrant,
    /// There is no such delegation.
    #[error("no such delegation")]
    NoSuchDelegation,
    /// Nobody lends a role they do not hold there.
    #[error("the lender does not hold this role there")]
    RoleNotHeld,
    /// The role needs a one-time password, and the holder has none.
    #[error("the holder has no one-time password, which this role needs")]
    OtpMissing,
    /// The proposal is decided.
    #[error(transparent)]
    Decided(#[from] Refused<ProposalState, ProposalEvent>),
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Field {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// The user name belongs to somebody.
    #[error("the user name is taken")]
    UsernameTaken,
    /// The id belongs to something else.
    #[error("the id was used with other content")]
    IdReused,
    /// A user name is 2 to 40 lower-case letters, digits, `.`, `_` and `-`; a name 1 to 50 characters; roles at least one.
    #[error("{0}")]
    Invalid(&'static str),
    /// There is no such member of staff.
    #[error("no such member of staff")]
    NoSuchStaff,
    /// There is no such donor.
    #[error("no such donor")]
    NoSuchDonor,
    /// The member of staff does not wait for credentials, or was disabled already.
    #[error("this cannot be done with an account in its present state")]
    WrongState,
    /// Personal data stays sealed.
    #[error("personal data cannot be opened")]
    Vault(#[from] VaultError),
    /// The program is stopping.
    #[error("the program is stopping")]
    Stopping,
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

impl Identity {
    /// The service. Starts nothing.
    pub fn new(db: Db, wechat: wechat::Client, vault: Vault, business: Clock, real: Clock) -> Identity {
        Identity {
            db,
            wechat,
            vault,
            business,
            real,
            hashing: password::Hashing::new(),
            strangers: Arc::new(throttle::Strangers::default()),
        }
    }

    /// The clock of sessions; what belongs to a session, and every lease, goes by it.
    pub(crate) fn real(&self) -> &Clock {
        &self.real
    }
}

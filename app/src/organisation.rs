//! Who manages and whose books: the organisation tree (组织), the charities (慈善组织) with their certificates, and the profile
//! by which a charity separates duties (facts: charity 1, 6.6a).
//!
//! A unit is where somebody works; a charity is a legal person with a book of its own. Both stand apart from where something
//! is, which [`domain::division`] says.
//!
//! Refused: a profile or an account that one person would change alone (the database holds that: `charity_profile`,
//! `charity_account`, `profile_change_own_check`), a unit that is closed over open ones, a certificate that ends before it begins.

mod account;
mod certificate;
mod charity;
mod plant;
mod profile;
mod review;
mod unit;

use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::{Forbidden, Member};
use domain::unit::BadUnitCode;
use domain::{Clock, Refused, Timestamp};
use entity::{Db, Tx, violation};
use sea_orm::DbErr;

use crate::trail::{self, Line};

pub use account::{NewAccountChange, OutdatedCampaign, READERS as ACCOUNT_READERS};
pub use certificate::{NewCertificate, valid_for};
pub use charity::{CharityLine, ContactData, NewCharity};
pub use profile::NewProfileChange;
pub use review::{SmallMonth, SmallPaper};
pub use unit::NewUnit;

/// Why something about units or charities was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OrganisationError {
    /// There is no such unit.
    #[error("no such unit")]
    NoSuchUnit,
    /// There is no such charity.
    #[error("no such charity")]
    NoSuchCharity,
    /// There is no such certificate.
    #[error("no such certificate")]
    NoSuchCertificate,
    /// There is no such proposed change.
    #[error("no such change of profile")]
    NoSuchProfileChange,
    /// There is no such proposed change of an account.
    #[error("no such change of account")]
    NoSuchAccountChange,
    /// Nobody decides on an account before its first day.
    #[error("the account begins later")]
    AccountEarly,
    /// The charity has another account than the proposal was written against.
    #[error("the account changed meanwhile")]
    AccountStale,
    /// Gifts, bills and refunds go through the charity's merchant number.
    #[error("the merchant number is in use")]
    MerchantInUse,
    /// No paper of the bank or of the channel is attached.
    #[error("no paper proves the account")]
    AccountUnproved,
    /// A small foundation has at least three persons.
    #[error("there are fewer than three persons")]
    TooFewPersons,
    /// A month is reviewed when it is over, and if anything was approved in it.
    #[error("there is nothing to review")]
    NothingToReview,
    /// The month was reviewed, in other words or by somebody else.
    #[error("the month was reviewed")]
    Reviewed,
    /// The id stands for something else already.
    #[error("this id was used with other content")]
    IdReused,
    /// A code, a merchant number or the number of a certificate that is taken.
    #[error("the code or number is taken")]
    CodeTaken,
    /// Units below it are open.
    #[error("units below this one are open")]
    UnitInUse,
    /// A unit that is closed takes nothing new.
    #[error("the unit is closed")]
    UnitClosed,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// It is confirmed or revoked already.
    #[error("this is decided already")]
    Decided,
    /// Whoever proposes does not decide.
    #[error("another person has to do this step")]
    OtherPerson,
    /// The asker lacks the role, there.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused<ProposalState, ProposalEvent>),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

impl From<BadUnitCode> for OrganisationError {
    fn from(_: BadUnitCode) -> OrganisationError {
        OrganisationError::Invalid { field: "code", problem: "代码为1至40个小写字母、数字或连字符" }
    }
}

/// Units and charities. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Organisation {
    db: Db,
    clock: Clock,
    /// The merchant number this program pays through.
    merchant: String,
}

impl Organisation {
    /// On a database, by business time, for the merchant number the program pays through.
    pub fn new(db: Db, clock: Clock, merchant: String) -> Organisation {
        Organisation { db, clock, merchant }
    }
}

/// A text of so many characters, without white space around it.
fn sized(text: &str, most: usize, field: &'static str, problem: &'static str) -> Result<String, OrganisationError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(OrganisationError::Invalid { field, problem });
    }
    Ok(text.to_owned())
}

/// A row could not be written because what it is called by is taken, or for another reason.
fn taken(error: DbErr) -> OrganisationError {
    let unique = |rule: &String| rule.contains("_key") || rule.contains("UNIQUE constraint failed");
    if violation(&error).as_ref().is_some_and(unique) { OrganisationError::CodeTaken } else { error.into() }
}

/// A line of the trail. Without a member it was the operator, at the command line.
async fn told(
    tx: &Tx,
    now: Timestamp,
    by: Option<&Member>,
    action: &'static str,
    object: String,
    detail: serde_json::Value,
) -> Result<(), DbErr> {
    let (actor, origin) = match by {
        Some(by) => (trail::staff(by.id), by.origin.clone()),
        None => (trail::SYSTEM.to_owned(), "command line".to_owned()),
    };
    trail::record(tx, now, Line { actor, action, object, origin, detail }).await
}

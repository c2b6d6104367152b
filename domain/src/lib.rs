//! Rules without I/O: money, ids, the clocks, who is shown how, where something is, the life of a campaign, a donation, a refund and a
//! transfer between the payment channel and the bank, the way of a loan and its arithmetic.
//!
//! Nothing here reads a database, a file or the network, with one exception that is named for what it is: [`clock`].

pub mod anonymity;
pub mod bank;
pub mod bank_file;
pub mod campaign;
pub mod cash;
pub mod change;
pub mod charity;
pub mod clock;
pub mod complaint;
pub mod decision;
pub mod disbursement;
pub mod division;
pub mod document;
pub mod donation;
pub mod duty;
pub mod filing;
pub mod fraction;
pub mod id;
pub mod lending;
pub mod loan;
pub mod mask;
pub mod money;
pub mod person;
pub mod plan;
pub mod proposal;
pub mod rate;
pub mod receipt;
pub mod reconciliation;
pub mod refund;
pub mod resolution;
pub mod role;
pub mod state;
pub mod team;
pub mod transfer;
pub mod unit;
pub mod voucher;
pub mod working_day;
pub mod writing;

pub use clock::{BusinessDate, Clock, Timestamp};
pub use fraction::Fraction;
pub use id::*;
pub use money::{Money, MoneyError};
pub use rate::{Multiplier, Rate};
/// All values of an enum, for choices and lists.
pub use sea_orm::Iterable;
pub use state::Refused;
pub use unit::UnitPath;

//! Rules without I/O: money, ids, the clocks, who is shown how, where something is, and the life of a campaign, a donation, a refund and a
//! transfer between the payment channel and the bank.
//!
//! Nothing here reads a database, a file or the network, with one exception that is named for what it is: [`clock`].

pub mod anonymity;
pub mod campaign;
pub mod change;
pub mod charity;
pub mod clock;
pub mod complaint;
pub mod decision;
pub mod disbursement;
pub mod division;
pub mod document;
pub mod donation;
pub mod filing;
pub mod id;
pub mod mask;
pub mod money;
pub mod person;
pub mod plan;
pub mod proposal;
pub mod rate;
pub mod receipt;
pub mod refund;
pub mod resolution;
pub mod role;
pub mod state;
pub mod transfer;
pub mod unit;
pub mod working_day;

pub use clock::{BusinessDate, Clock, Timestamp};
pub use id::*;
pub use money::{Money, MoneyError};
pub use rate::Rate;
pub use state::Refused;
pub use unit::UnitPath;

//! Rules without I/O: money, ids, the clocks, who is shown how, and the life of a campaign, a donation, a refund and a
//! transfer between the payment channel and the bank.
//!
//! Nothing here reads a database, a file or the network, with one exception that is named for what it is: [`clock`].

pub mod anonymity;
pub mod campaign;
pub mod clock;
pub mod donation;
pub mod id;
pub mod money;
pub mod rate;
pub mod refund;
pub mod role;
pub mod state;
pub mod transfer;

pub use clock::{BusinessDate, Clock, Timestamp};
pub use id::*;
pub use money::{Money, MoneyError};
pub use rate::Rate;
pub use state::Refused;

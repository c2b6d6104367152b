//! Youth loans (青农贷, 青扶贷, 青企科创贷), but for their arithmetic: the way of an application and of its contract, what a product
//! says and whom it admits, and the needs of enterprises (金团助青企; facts: lending 1, 2, 6).
//!
//! The League recommends, matches and tracks; the bank decides, pays out and keeps the books.

pub mod application;
pub mod need;
pub mod office;
pub mod product;
pub mod state;

pub use application::{ApplicantKind, ApplicationKind, QuotaUse, Verdict};
pub use need::{MatchState, NeedEvent, NeedState};
pub use office::Office;
pub use product::{ProductTerms, RepaymentMethod};
pub use state::{LoanEvent, LoanState};

//! Youth loans (青农贷, 青扶贷, 青企科创贷): banks and their products, quotas, applications on their way through the offices of the
//! League to a bank, contracts, and the needs of enterprises (金团助青企).
//!
//! Nothing here knows who is signed in or how a name is sealed: `app` says that, and these functions make it true in one
//! transaction. The bank decides and keeps the books; what follows a signed contract follows the bank's figures.
//!
//! Refused: a decision on one's own or a relative's file, a second decision of one person in a round, a bank officer's look beyond
//! their bank (the database holds all three), an application sent without consent, an amount beyond the quota, a fourth renewal.

pub mod application;
pub mod bank;
pub mod consent;
pub mod contract;
mod error;
mod history;
pub mod lpr;
pub mod need;
pub mod paper;
pub mod postings;
pub mod product;
pub mod quota;
pub mod quote;
mod reach;
pub mod review;
pub mod servicing;
pub mod view;

pub use error::LendingError;
pub use reach::{Reach, bank_of, root};

use domain::role::Role;

/// Who may know of loans at all. Officers of banks know of their bank's only.
pub const READERS: [Role; 3] = [Role::LeagueOfficer, Role::BankOfficer, Role::Auditor];
/// Who may know of signed contracts: with them finance, which decides what a bank's file says otherwise. It sees what the League sees:
/// one by one only those whose borrowers agreed.
pub const CONTRACT_READERS: [Role; 5] =
    [Role::LeagueOfficer, Role::BankOfficer, Role::Auditor, Role::Bookkeeper, Role::FinanceHead];
/// Who runs banks' seats.
pub const KEEPERS: [Role; 1] = [Role::Admin];
/// Whose word an office of the League needs.
pub const RECOMMENDERS: [Role; 1] = [Role::LeagueOfficer];
/// Whose word a bank needs.
pub const LENDERS: [Role; 1] = [Role::BankOfficer];
/// Who says how much may be lent in a city, and by which bank: the League's top. A bank does not widen its own quota.
pub const QUOTA_SETTERS: [Role; 1] = RECOMMENDERS;
/// Who writes products and published rates: the League's top, or the bank for its own.
pub const AUTHORS: [Role; 2] = [Role::LeagueOfficer, Role::BankOfficer];

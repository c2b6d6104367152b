//! The ledger: books, accounts, entries, the money of each campaign, and the proof that all of it agrees.
//!
//! It is the only writer of its tables. Products write recipes ([`Entry`]) and hand them to [`post`], which books a whole slice
//! in a dozen statements however long it is. What it refuses, it refuses for that entry alone: a campaign's money below zero,
//! an account that holds too little, a closed period, a reference that is known with other content. The database keeps the rest: entries and
//! postings cannot be changed, a posting cannot join an entry that stands, an entry cannot be dated into a closed period.

mod account;
mod audit;
mod book;
mod entry;
mod fund;
mod post;
mod report;
mod subject;

pub use account::Account;
pub use audit::{AuditReport, Difference, audit};
pub use book::{BookError, BookKind, NewBook, books, close_through, create_book};
pub use entry::{BookOn, Entry, Posting, Raised};
pub use fund::{Fund, commit, fund, funds, lock_general_fund, raised, release_commitment};
pub use post::{Posted, Refusal, post};
pub use report::{Balance, StatementLine, TrialLine, accounts, balance, entry_by_reference, statement, trial_balance};
pub use subject::Subject;

//! Rows, and the way to the database: [`Db`] with its one way to begin, [`Rows`] that carries sets in one statement, and
//! [`GroupCommit`] that lets many callers share a commit.
//!
//! A row struct says what a table holds and nothing else; who may write a table is said in `docs/ARCHITECTURE.md` and checked
//! by the tidy test.

mod db;
mod fault;
mod group;
mod rows;

pub mod account;
pub mod account_day;
pub mod audit_log;
pub mod book;
pub mod campaign;
pub mod campaign_approval;
pub mod campaign_history;
pub mod consent;
pub mod discrepancy;
pub mod donation;
pub mod donation_history;
pub mod donor;
pub mod entry;
pub mod fund;
pub mod job_lease;
pub mod job_run;
pub mod message;
pub mod posting;
pub mod refund;
pub mod refund_history;
pub mod session;
pub mod staff;
pub mod staff_role;
pub mod subject;
pub mod transfer;

pub use db::{Db, Tx, execute};
pub use fault::{is_transient, violation};
pub use group::{GroupCommit, GroupError, GroupOptions, Work};
pub use rows::Rows;

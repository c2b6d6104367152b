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
pub mod attachment;
pub mod audit_log;
pub mod bill;
pub mod book;
pub mod budget_line;
pub mod calendar_day;
pub mod campaign;
pub mod campaign_approval;
pub mod campaign_change;
pub mod campaign_change_approval;
pub mod campaign_comment;
pub mod campaign_decision;
pub mod campaign_history;
pub mod campaign_plan;
pub mod campaign_update;
pub mod certificate;
pub mod charity;
pub mod complaint;
pub mod consent;
pub mod cooperation;
pub mod day_seal;
pub mod delegation;
pub mod disbursement;
pub mod disbursement_approval;
pub mod disbursement_history;
pub mod discrepancy;
pub mod document;
pub mod donation;
pub mod donation_history;
pub mod donor;
pub mod enquiry;
pub mod entry;
pub mod final_disclosure;
pub mod fund;
pub mod gift_alert;
pub mod job_lease;
pub mod job_run;
pub mod message;
pub mod milestone;
pub mod moderation;
pub mod partner;
pub mod payee;
pub mod payee_account;
pub mod payment_file;
pub mod payout;
pub mod payout_history;
pub mod payout_notice;
pub mod payout_settlement;
pub mod posting;
pub mod profile_change;
pub mod receipt;
pub mod reconciliation_run;
pub mod refund;
pub mod refund_history;
pub mod resolution;
pub mod role_grant;
pub mod screening_hit;
pub mod session;
pub mod staff;
pub mod staff_role;
pub mod subject;
pub mod suspension;
pub mod transfer;
pub mod unit;
pub mod unmasking;
pub mod voucher;
pub mod watch_name;

pub use db::{Db, Tx, execute, is_unused};
pub use fault::{is_transient, violation};
pub use group::{GroupCommit, GroupError, GroupOptions, Work};
pub use rows::Rows;

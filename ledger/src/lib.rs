//! The ledger: books, accounts, entries, the money of each campaign, and the proof that all of it agrees.
//!
//! It is the only writer of its tables. Products write recipes ([`Entry`]) and hand them to [`post`], which books a whole slice
//! in a dozen statements however long it is. What it refuses, it refuses for that entry alone: a campaign's money below zero,
//! an account that holds too little, a closed period, a reference that is known with other content. The database keeps the rest: entries and
//! postings cannot be changed, a posting cannot join an entry that stands, an entry cannot be dated into a closed period.

mod account;
mod account_page;
mod audit;
mod book;
mod campaign_sheet;
mod cell;
mod conversion;
mod entry;
mod entry_sheet;
mod flow;
mod fund;
mod journal;
mod post;
mod report;
mod seal;
mod statements;
mod subject;
mod year_end;

pub use account::Account;
pub use account_page::{AccountLine, AccountPage, AccountPlace, NoPlace, account_page};
pub use audit::{AuditReport, Difference, audit};
pub use book::{BookError, BookKind, NewBook, books, close_through, create_book, lock_through};
pub use campaign_sheet::{CampaignSheet, Inflow, Outflow, campaign_sheet, campaign_sheets};
pub use cell::{Cell, CellColumn, CellLine, CellLines, CellPart, StatementForm, cell_lines};
pub use conversion::{OLD_CHART, conversion, converted};
pub use entry::{BookOn, Entry, Posting, Raised};
pub use entry_sheet::{EntrySheet, NamedAccount, entry_sheet, find_entries, mirror, named_accounts};
pub use flow::{Flow, FlowKind, Position, flows, position, raised_by_day};
pub use fund::{Fund, commit, fund, funds, lock_general_fund, raised, release_commitment};
pub use journal::{JournalEntry, JournalLine, balances, booked_days, journal, subjects};
pub use post::{Posted, Refusal, post};
pub use report::{
    Balance, StatementLine, TrialLine, accounts, balance, bank_accounts, entry_by_reference, statement, trial_balance,
};
pub use seal::{SealError, last_seal, seal_through, seals};
pub use statements::{
    Activities, ActivityRow, Adjustments, Amounts, BalanceRow, BalanceSheet, CashFlow, CashFlowRow, CashFlows,
    activities, adjusted_activities, adjusted_balance_sheet, balance_sheet, cash_flows,
};
pub use subject::Subject;
pub use year_end::year_end;

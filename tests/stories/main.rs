//! Stories through the whole program: HTTP, jobs and the stand-in for WeChat, each on a fresh SQLite file and, if
//! `SANGZI_TEST_POSTGRES` names a server, on a fresh PostgreSQL database. `scripts/postgres` prints such a name.
//!
//! What a person could do is done through public routes. Each story ends with the audit, a look for intents left hanging, and
//! a comparison of our books with what the stand-in for WeChat holds for us.
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod attempts;
mod bank;
mod batches;
mod binary;
mod breaks;
#[path = "../world/caller.rs"]
mod caller;
mod campaigns;
mod closing;
mod demo;
mod disclosures;
mod enquiries;
mod entities;
mod follow;
mod general_fund;
mod giving;
mod guards;
mod lending;
mod letters;
mod load;
mod open_books;
mod organisation;
mod people;
mod places;
mod privacy;
mod problems;
mod reach;
mod receipts;
mod reconciliation;
mod reconciliation_transit;
mod refunds;
mod rights;
mod runs;
mod servicing;
mod spending;
mod transfers;
mod vouchers;
mod wishes;
#[path = "../world/mod.rs"]
mod world;
mod year;

//! HTTP for the mini-program and for staff.
//!
//! A handler extracts, parses, makes one call and converts; what is true of every request stands in the `door`. It cannot
//! query: it knows the services and not the database.

mod door;
mod error;
mod origin;
mod page;
mod throttle;
mod wire;

pub use error::ApiError;

//! The commands, a file each. A command reads what it needs of the configuration, makes the parts, calls one of them, and
//! reports. A sentence for the operator is better than a stack of causes.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod charity;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod job;
pub(crate) mod loan;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod reconcile;
pub(crate) mod sandbox;
pub(crate) mod seed;
pub(crate) mod serve;
pub(crate) mod show_config;
pub(crate) mod staff;
pub(crate) mod unit;
pub(crate) mod work;

/// Something the operator wrote that cannot be: ends the program with 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongInput(pub(crate) String);

//! The outbox: messages to donors.

use domain::{Clock, DonorId, Timestamp};
use entity::{Db, Tx};
use sea_orm::DbErr;

use crate::identity::Identity;

/// A message to be written.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The occasion; an occasion speaks once.
    pub topic: String,
    /// To whom.
    pub donor: DonorId,
    /// By which template.
    pub template: String,
    /// What it says.
    pub content: serde_json::Value,
}

/// The outbox of the program.
#[derive(Clone)]
#[allow(dead_code)]
pub struct Outbox {
    db: Db,
    business: Clock,
    wechat: wechat::Client,
    identity: Identity,
}

impl Outbox {
    pub(crate) fn new(db: Db, business: Clock, wechat: wechat::Client, identity: Identity) -> Outbox {
        Outbox { db, business, wechat, identity }
    }
}

/// Writes messages down.
pub async fn enqueue(_tx: &Tx, _now: Timestamp, _messages: &[NewMessage]) -> Result<(), DbErr> {
    Ok(())
}

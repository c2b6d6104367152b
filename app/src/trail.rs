//! The audit trail: who did what to which thing, when, from where. Append-only; the database refuses everything else.
//!
//! A line is written in the transaction of what it tells, so there is no deed without a line and no line without a deed. It
//! holds ids, never names, phone numbers, openids or tokens. Times are business time, as on everything a line speaks of.

use domain::role::Member;
use domain::{AuditId, Money, StaffId, Timestamp};
use entity::{Tx, audit_log};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, FromQueryResult, Set, Statement};

/// Who did something, if it was no person: the program itself.
pub const SYSTEM: &str = "system";

/// A member of staff as an actor or an object of the trail.
pub fn staff(id: StaffId) -> String {
    format!("staff:{id}")
}

/// What happened.
#[derive(Clone, Debug)]
pub struct Line {
    /// `staff:{id}`, `donor:{id}`, or [`SYSTEM`].
    pub actor: String,
    /// `campaign.approve` and the like.
    pub action: &'static str,
    /// `campaign:{id}` and the like.
    pub object: String,
    /// The address the request came from, or the command.
    pub origin: String,
    /// Before and after, as far as it is not personal.
    pub detail: serde_json::Value,
}

/// Writes a line.
pub async fn record(tx: &Tx, now: Timestamp, line: Line) -> Result<(), DbErr> {
    audit_log::ActiveModel {
        id: Set(AuditId::new()),
        at_us: Set(now),
        actor: Set(line.actor),
        action: Set(line.action.to_owned()),
        object: Set(line.object),
        origin: Set(line.origin),
        detail: Set(line.detail.to_string()),
    }
    .insert(tx)
    .await
    .map(|_| ())
}

/// Writes the line of a step that moves money: what it moved, and where the thing stands now.
pub(crate) async fn money(
    tx: &Tx,
    now: Timestamp,
    action: &'static str,
    object: String,
    (amount, state): (Money, impl serde::Serialize),
    by: &Member,
) -> Result<(), DbErr> {
    let detail = serde_json::json!({ "amount": amount, "state": state });
    record(tx, now, Line { actor: staff(by.id), action, object, origin: by.origin.clone(), detail }).await
}

/// A page of the trail, newest first; `after` is the last line of the page before. One statement.
pub async fn page(
    db: &impl ConnectionTrait,
    after: Option<AuditId>,
    limit: u64,
) -> Result<Vec<audit_log::Model>, DbErr> {
    let (place, mut values) = match after {
        Some(id) => (
            "WHERE (at_us, id) < (SELECT l.at_us, l.id FROM audit_log l WHERE l.id = $1) \
             ORDER BY at_us DESC, id DESC LIMIT $2",
            vec![id.into()],
        ),
        None => ("ORDER BY at_us DESC, id DESC LIMIT $1", Vec::new()),
    };
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let sql = format!("SELECT id, at_us, actor, action, object, origin, detail FROM audit_log {place}");
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| audit_log::Model::from_query_result(row, "")).collect()
}

//! The audit trail: who did what to which thing, when, from where. Append-only; the database refuses everything else.
//!
//! A line is written in the transaction of what it tells, so there is no deed without a line and no line without a deed. It
//! holds ids, never names, phone numbers, openids or tokens. Times are business time, as on everything a line speaks of.

use std::collections::HashMap;

use domain::role::{Member, Role};
use domain::{AuditId, Money, StaffId, Timestamp, UnitPath};
use entity::{Rows, Tx, audit_log};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Set,
    Statement, Value,
};

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

/// What a line is called that holds why somebody did not agree.
const REFUSAL: &str = "refusal.reason";

/// Writes why somebody did not agree, beside the line of the step itself; nothing, if nothing was said.
pub(crate) async fn because(
    tx: &Tx,
    now: Timestamp,
    object: String,
    reason: Option<&str>,
    by: &Member,
) -> Result<(), DbErr> {
    let Some(reason) = reason else { return Ok(()) };
    let detail = serde_json::json!({ "reason": reason });
    record(tx, now, Line { actor: staff(by.id), action: REFUSAL, object, origin: by.origin.clone(), detail }).await
}

/// Why things were not agreed to, by object: what was said last of each. For whoever may see the things; one statement.
pub async fn refusals(
    db: &impl ConnectionTrait,
    objects: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, String>, DbErr> {
    use audit_log::Column as C;
    let objects: Vec<String> = objects.into_iter().collect();
    if objects.is_empty() {
        return Ok(HashMap::new());
    }
    let lines = audit_log::Entity::find().filter(C::Object.is_in(objects)).filter(C::Action.eq(REFUSAL));
    let lines = lines.order_by_asc(C::AtUs).order_by_asc(C::Id).all(db).await?;
    let said = |detail: &str| {
        Some(serde_json::from_str::<serde_json::Value>(detail).ok()?.get("reason")?.as_str()?.to_owned())
    };
    Ok(lines.into_iter().filter_map(|line| Some((line.object, said(&line.detail)?))).collect())
}

/// Which lines of the trail are wanted; nothing narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Who: an actor as a line writes it.
    pub actor: Option<String>,
    /// The kind of thing that something was done to, as actions or objects begin: `campaign`.
    pub thing: Option<String>,
    /// To what: an object as a line writes it, or its id alone.
    pub object: Option<String>,
    /// At this moment or later.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

/// A page of what somebody with one of these roles may read of the trail, newest first: all of it, or over a part of the tree what
/// those did whose every role lies in it. Two statements.
pub async fn page_for(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    search: &Search,
    after: Option<AuditId>,
    limit: u64,
) -> Result<Vec<audit_log::Model>, DbErr> {
    let parts = by.parts(roles);
    if parts.contains(&&UnitPath::whole()) {
        return page(db, search, after, limit).await;
    }
    let backend = db.get_database_backend();
    let below: Vec<String> = (1..=parts.len()).map(|n| format!("u.path LIKE ${n}")).collect();
    let below = if below.is_empty() { "false".to_owned() } else { below.join(" OR ") };
    let sql = format!(
        "SELECT r.staff_id FROM staff_role r LEFT JOIN unit u ON u.id = r.unit_id GROUP BY r.staff_id \
         HAVING SUM(CASE WHEN {below} THEN 0 ELSE 1 END) = 0"
    );
    // A path holds no character that LIKE reads as another.
    let values = parts.iter().map(|part| format!("{}%", part.as_str()).into());
    let here = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    let here: Vec<StaffId> = here.iter().map(|row| row.try_get("", "staff_id")).collect::<Result<_, _>>()?;
    if here.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::new().text("actor", here.into_iter().map(staff));
    let (wanted, values) = wanted(search, after, limit);
    let sql = format!("{COLUMNS} WHERE l.actor IN (SELECT actor FROM {{rows}}) AND {wanted}");
    let found = db.query_all_raw(rows.statement(backend, &sql, values)).await?;
    found.iter().map(|row| audit_log::Model::from_query_result(row, "")).collect()
}

/// A page of the trail, newest first; `after` is the last line of the page before. One statement.
pub async fn page(
    db: &impl ConnectionTrait,
    search: &Search,
    after: Option<AuditId>,
    limit: u64,
) -> Result<Vec<audit_log::Model>, DbErr> {
    let (wanted, values) = wanted(search, after, limit);
    let sql = format!("{COLUMNS} WHERE {wanted}");
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| audit_log::Model::from_query_result(row, "")).collect()
}

const COLUMNS: &str = "SELECT l.id, l.at_us, l.actor, l.action, l.object, l.origin, l.detail FROM audit_log l";

/// Condition, order and bound of a page, with their values.
fn wanted(search: &Search, after: Option<AuditId>, limit: u64) -> (String, Vec<Value>) {
    let (mut conditions, mut values) = (vec!["true".to_owned()], Vec::new());
    if let Some(thing) = &search.thing {
        // Some deeds begin with another word than the thing they are done to. No LIKE: words of the trail hold `_`.
        let length = thing.chars().count() + 1;
        values.extend([format!("{thing}.").into(), format!("{thing}:").into()]);
        let begins = "(substr(l.action, 1, {length}) = $1 OR substr(l.object, 1, {length}) = $2)";
        conditions.push(begins.replace("{length}", &length.to_string()));
    }
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace('?', &format!("${}", values.len())));
    };
    if let Some(actor) = &search.actor {
        add("l.actor = ?", actor.as_str().into());
    }
    match &search.object {
        Some(object) if object.contains(':') => add("l.object = ?", object.as_str().into()),
        Some(id) => {
            let id: String = id.chars().filter(|c| *c != '%' && *c != '_').collect();
            add("l.object LIKE ?", format!("%:{id}").into());
        }
        None => {}
    }
    if let Some(from) = search.from {
        add("l.at_us >= ?", from.into());
    }
    if let Some(before) = search.before {
        add("l.at_us < ?", before.into());
    }
    if let Some(id) = after {
        add("(l.at_us, l.id) < (SELECT a.at_us, a.id FROM audit_log a WHERE a.id = ?)", id.into());
    }
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let text = format!("{} ORDER BY l.at_us DESC, l.id DESC LIMIT ${}", conditions.join(" AND "), values.len());
    (text, values)
}

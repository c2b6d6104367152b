//! Messages to donors: written with the fact they tell of, sent afterwards, never in the way of money.
//!
//! One consent of a donor buys one message of one template. A message is written only if a consent is left, and the consent is
//! used up when it is sent. Sending follows the rhythm of every call to WeChat: claim and commit, call, record. A claim is a
//! lease on the real clock; if its holder dies the message is sent again, and a donor who had it already is not told
//! twice, because the consent is gone then (43101). The occasion (`topic`) is unique: an occasion speaks once.
//!
//! Given up: messages that no consent covers, that WeChat will never take, or that failed eight times in seventeen hours.
//! Costs: writing is one statement for all messages of a batch; sending is five statements and sixteen calls at once for
//! each sixteen messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, DonorId, MessageId, Timestamp};
use entity::{Db, Rows, Tx};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use serde_json::Value;
use wechat::{Errcode, OpenId, WechatError};

use crate::Templates;
use crate::identity::{Identity, IdentityError};
use crate::runs::Report;

/// How many messages are claimed, sent and recorded together.
const TOGETHER: usize = 16;
/// How long a claim holds; a call takes a few seconds at most.
const LEASE: Duration = Duration::from_secs(60);
/// How often a message is tried.
const TRIES: i64 = 8;
const FIRST_DELAY: Duration = Duration::from_secs(30);
const LONGEST_DELAY: Duration = Duration::from_secs(6 * 3_600);
/// More consents than this are not kept for one donor and template.
const OPEN_CONSENTS: i64 = 100;
/// How many templates a donor can have agreed to; there are two or three.
const TEMPLATES: i64 = 20;
/// How long a `thing` of a template may be.
const THING: usize = 20;

/// A message to be written.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The occasion; an occasion speaks once.
    pub topic: String,
    /// To whom.
    pub donor: DonorId,
    /// By which template.
    pub template: String,
    /// What it says: an object of texts by the template's keys (`thing1`, `amount2`). A `thing` that is too long is cut.
    pub content: Value,
}

/// Why nothing was kept or sent.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The template is one of the configuration, and between 1 and 20 consents are given at once.
    #[error("this is no consent to a message")]
    BadConsent,
    /// The donors' openids could not be had.
    #[error("the donors could not be looked up")]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// Writes messages to the donors who have a consent left; the others, and occasions that have spoken, are passed over. One
/// statement however many, in the transaction of the fact.
pub async fn enqueue(tx: &Tx, now: Timestamp, messages: &[NewMessage]) -> Result<(), DbErr> {
    if messages.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .uuid("id", messages.iter().map(|_| MessageId::new().uuid()))
        .text("topic", messages.iter().map(|message| message.topic.as_str()))
        .uuid("donor_id", messages.iter().map(|message| message.donor.uuid()))
        .text("template", messages.iter().map(|message| message.template.as_str()))
        .text("content", messages.iter().map(|message| message.content.to_string()));
    // Due at once: `next_try_us` is real time from the first claim on, and 0 is early enough on every clock.
    let sql = "INSERT INTO message \
        (id, topic, donor_id, template, content, state, attempts, next_try_us, last_error, created_us, finished_us) \
        SELECT r.id, r.topic, r.donor_id, r.template, r.content, 'pending', 0, 0, NULL, CAST($1 AS BIGINT), NULL \
        FROM {rows} JOIN consent c ON c.donor_id = r.donor_id AND c.template = r.template \
        WHERE c.given > c.used ORDER BY r.topic ON CONFLICT (topic) DO NOTHING";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [now.into()])).await.map(|_| ())
}

/// Keeps consents and sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    db: Db,
    business: Clock,
    /// Rules claims and delays.
    real: Clock,
    wechat: wechat::Client,
    identity: Identity,
    /// The templates of the configuration: no other is consented to.
    templates: Arc<[String]>,
}

/// A claimed message.
struct Claim {
    id: MessageId,
    donor: DonorId,
    template: String,
    data: BTreeMap<String, String>,
    attempts: i64,
}

/// How an attempt to send ended.
enum Outcome {
    /// It is there.
    Sent,
    /// It will never be there.
    Dropped { why: String, consent_used: bool },
    /// Another time.
    Later { why: String },
}

impl Outbox {
    /// The service. Starts nothing. Claims go by the real clock of `identity`.
    pub fn new(db: Db, business: Clock, wechat: wechat::Client, identity: Identity, templates: &Templates) -> Outbox {
        let templates = [&templates.gift_received, &templates.refund_sent, &templates.loan_progress];
        let templates = templates.into_iter().flatten().cloned().collect();
        Outbox { db, business, real: identity.real().clone(), wechat, identity, templates }
    }

    /// Keeps that a donor agreed `count` times to be sent a message of a template. More than a donor can use is not kept.
    pub async fn give_consent(&self, donor: DonorId, template: &str, count: u32) -> Result<(), OutboxError> {
        if !self.templates.iter().any(|known| known == template) || !(1..=20).contains(&count) {
            return Err(OutboxError::BadConsent);
        }
        let tx = self.db.begin().await?;
        tx.execute_raw(Statement::from_sql_and_values(
            self.db.backend(),
            "INSERT INTO consent (donor_id, template, given, used) \
             SELECT d.id, CAST($2 AS TEXT), CAST($3 AS BIGINT), 0 FROM donor d WHERE d.id = $1 \
             AND (SELECT count(*) FROM consent c WHERE c.donor_id = $1 AND c.template <> $2) < $4 \
             ON CONFLICT (donor_id, template) DO UPDATE SET given = consent.given + excluded.given \
             WHERE consent.given - consent.used < $5",
            [donor.into(), template.into(), i64::from(count).into(), TEMPLATES.into(), OPEN_CONSENTS.into()],
        ))
        .await?;
        Ok(tx.commit().await?)
    }

    /// Sends messages that are due, about `limit` at most. Stops early when WeChat takes none of sixteen.
    pub async fn send_due(&self, limit: u64) -> Result<Report, OutboxError> {
        let mut report = Report::default();
        while report.done + report.failed < limit {
            let claims = self.claim().await?;
            let claimed = claims.len();
            let outcomes = self.send(claims).await?;
            let later = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Later { .. })).count();
            self.record(&outcomes, &mut report).await?;
            if claimed < TOGETHER || later == claimed {
                break;
            }
        }
        Ok(report)
    }

    async fn claim(&self) -> Result<Vec<Claim>, DbErr> {
        let now = self.real.now();
        let tx = self.db.begin().await?;
        // The condition stands outside, too: a row that somebody else claimed meanwhile is looked at again.
        let sql = "UPDATE message SET state = 'sending', attempts = attempts + 1, next_try_us = $1 \
            WHERE id IN (SELECT m.id FROM message m WHERE m.state IN ('pending', 'sending') AND m.next_try_us <= $2 \
                ORDER BY m.next_try_us, m.id LIMIT $3) \
            AND state IN ('pending', 'sending') AND next_try_us <= $2 \
            RETURNING id, donor_id, template, content, attempts";
        let together = i64::try_from(TOGETHER).unwrap_or(1);
        let values = [now.after(LEASE).into(), now.into(), together.into()];
        let rows = tx.query_all_raw(Statement::from_sql_and_values(self.db.backend(), sql, values)).await?;
        let claim = |row: QueryResult| {
            let content: String = row.try_get("", "content")?;
            Ok(Claim {
                id: row.try_get("", "id")?,
                donor: row.try_get("", "donor_id")?,
                template: row.try_get("", "template")?,
                data: data(&content),
                attempts: row.try_get("", "attempts")?,
            })
        };
        let claims = rows.into_iter().map(claim).collect::<Result<Vec<Claim>, DbErr>>()?;
        tx.commit().await?;
        Ok(claims)
    }

    /// Calls WeChat for each message that a consent covers, all at once.
    async fn send(&self, claims: Vec<Claim>) -> Result<Vec<(Claim, Outcome)>, OutboxError> {
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        let mut consents = self.consents(&claims).await?;
        let donors: Vec<DonorId> = claims.iter().map(|claim| claim.donor).collect();
        let openids = self.identity.openids_of(&donors).await?;
        let mut calls = Vec::with_capacity(claims.len());
        for claim in claims {
            let left = consents.get_mut(&(claim.donor, claim.template.clone())).filter(|left| **left > 0);
            let may = match (left, openids.get(&claim.donor)) {
                (None, _) => Err("the donor's consents are used up"),
                (Some(_), None) => Err("the donor was erased, or cannot be read"),
                (Some(left), Some(openid)) => {
                    *left -= 1;
                    Ok(openid.clone())
                }
            };
            let wechat = self.wechat.clone();
            calls.push(tokio::spawn(async move {
                let outcome = match may {
                    Ok(openid) => call(&wechat, &openid, &claim).await,
                    Err(why) => Outcome::Dropped { why: why.to_owned(), consent_used: false },
                };
                (claim, outcome)
            }));
        }
        let mut outcomes = Vec::with_capacity(calls.len());
        for call in calls {
            match call.await {
                Ok(outcome) => outcomes.push(outcome),
                // The lease brings it back.
                Err(error) => tracing::error!(%error, "sending a message ended early"),
            }
        }
        Ok(outcomes)
    }

    /// How many consents the donors of some messages have left.
    async fn consents(&self, claims: &[Claim]) -> Result<HashMap<(DonorId, String), i64>, DbErr> {
        let rows = Rows::new()
            .uuid("donor_id", claims.iter().map(|claim| claim.donor.uuid()))
            .text("template", claims.iter().map(|claim| claim.template.as_str()));
        let sql = "SELECT c.donor_id, c.template, c.given - c.used AS open FROM {rows} \
            JOIN consent c ON c.donor_id = r.donor_id AND c.template = r.template";
        let rows = self.db.read().query_all_raw(rows.statement(self.db.backend(), sql, [])).await?;
        rows.into_iter()
            .map(|row| Ok(((row.try_get("", "donor_id")?, row.try_get("", "template")?), row.try_get("", "open")?)))
            .collect()
    }

    async fn record(&self, outcomes: &[(Claim, Outcome)], report: &mut Report) -> Result<(), DbErr> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let mut used: BTreeMap<(DonorId, &str), i64> = BTreeMap::new();
        let mut ends = Vec::with_capacity(outcomes.len());
        for (claim, outcome) in outcomes {
            let (state, error, consent_used) = match outcome {
                Outcome::Sent => ("sent", None, true),
                Outcome::Dropped { why, consent_used } => ("dropped", Some(why.clone()), *consent_used),
                // It may have arrived all the same; then the consent is gone at WeChat, and the next message finds out.
                Outcome::Later { why } if claim.attempts >= TRIES => ("dropped", Some(why.clone()), false),
                Outcome::Later { why } => ("pending", Some(why.clone()), false),
            };
            if consent_used {
                *used.entry((claim.donor, claim.template.as_str())).or_default() += 1;
            }
            if state == "sent" {
                report.done += 1;
            } else {
                report.failed += 1;
            }
            if let Some(why) = &error {
                tracing::info!(message = %claim.id, attempts = claim.attempts, state, why, "a message was not sent");
            }
            metrics::counter!("sangzi_messages_total", "outcome" => state).increment(1);
            ends.push((claim, state, error));
        }
        let (now, finished) = (self.real.now(), self.business.now());
        let rows = Rows::new()
            .uuid("id", ends.iter().map(|(claim, ..)| claim.id.uuid()))
            .int("attempts", ends.iter().map(|(claim, ..)| claim.attempts))
            .text("state", ends.iter().map(|(_, state, _)| *state))
            .text_or_null("error", ends.iter().map(|(.., error)| error.clone()))
            .int("next_try", ends.iter().map(|(claim, ..)| now.after(delay(claim.attempts)).us()))
            .int_or_null("finished", ends.iter().map(|(_, state, _)| (*state != "pending").then_some(finished.us())));
        let sql = "UPDATE message SET state = r.state, last_error = r.error, next_try_us = r.next_try, \
            finished_us = r.finished FROM {rows} \
            WHERE message.id = r.id AND message.state = 'sending' AND message.attempts = r.attempts";
        let tx = self.db.begin().await?;
        tx.execute_raw(rows.statement(self.db.backend(), sql, [])).await?;
        if !used.is_empty() {
            let rows = Rows::new()
                .uuid("donor_id", used.keys().map(|(donor, _)| donor.uuid()))
                .text("template", used.keys().map(|(_, template)| *template))
                .int("n", used.values().copied());
            let sql = "UPDATE consent SET used = CASE WHEN consent.used + r.n > consent.given THEN consent.given \
                ELSE consent.used + r.n END \
                FROM {rows} WHERE consent.donor_id = r.donor_id AND consent.template = r.template";
            tx.execute_raw(rows.statement(self.db.backend(), sql, [])).await?;
        }
        tx.commit().await
    }
}

/// The texts of a message. We wrote them; what cannot be read all the same is left out, WeChat drops the message, and
/// nothing waits for it.
fn data(content: &str) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let content: BTreeMap<String, Value> = serde_json::from_str(content).unwrap_or_default();
    content.into_iter().map(|(key, value)| (key.clone(), fitted(&key, &text(value)))).collect()
}

async fn call(wechat: &wechat::Client, openid: &OpenId, claim: &Claim) -> Outcome {
    match wechat.send_subscribe_message(openid, &claim.template, None, &claim.data).await {
        Ok(()) => Outcome::Sent,
        Err(error) => judged(&error),
    }
}

/// What a failure means for the message.
fn judged(error: &WechatError) -> Outcome {
    let mut why = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        why = format!("{why}: {error}");
        cause = error.source();
    }
    if matches!(error, WechatError::Invalid(_)) {
        return Outcome::Dropped { why, consent_used: false };
    }
    match error.errcode() {
        // Nothing is left, whatever we counted.
        Some(Errcode::NotSubscribed) => Outcome::Dropped { why, consent_used: true },
        Some(
            Errcode::InvalidOpenid
            | Errcode::OpenidMismatch
            | Errcode::InvalidTemplate
            | Errcode::InvalidPage
            | Errcode::BadArgument
            | Errcode::SensitiveWords
            | Errcode::UnreadableBody
            | Errcode::EmptyBody,
        ) => Outcome::Dropped { why, consent_used: false },
        _ => Outcome::Later { why },
    }
}

/// A value as its kind allows: campaigns may have longer names than messages have room.
fn fitted(key: &str, value: &str) -> String {
    let plain: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if key.starts_with("thing") && plain.chars().count() > THING {
        let mut cut: String = plain.chars().take(THING - 1).collect();
        cut.push('…');
        return cut;
    }
    plain
}

fn delay(attempts: i64) -> Duration {
    let factor = 4u32.saturating_pow(u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
    FIRST_DELAY.saturating_mul(factor).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_message_waits_longer_each_time() {
        let waits: Vec<u64> = (1..=8).map(|attempts| delay(attempts).as_secs()).collect();
        assert_eq!(waits, [30, 120, 480, 1_920, 7_680, 21_600, 21_600, 21_600]);
        assert_eq!(delay(i64::MAX), LONGEST_DELAY);
    }

    #[test]
    fn a_thing_has_twenty_characters() {
        assert_eq!(fitted("thing1", "一间教室"), "一间教室");
        assert_eq!(fitted("thing1", "两\n行"), "两 行");
        assert_eq!(fitted("thing1", &"字".repeat(20)), "字".repeat(20));
        assert_eq!(fitted("thing1", &"字".repeat(21)), format!("{}…", "字".repeat(19)));
        assert_eq!(fitted("character_string2", &"7".repeat(32)), "7".repeat(32));
        assert_eq!(data("[]"), BTreeMap::new());
        assert_eq!(data(r#"{"number1":3}"#), BTreeMap::from([("number1".to_owned(), "3".to_owned())]));
    }
}

//! Notifications: sealed, signed anew for every attempt, delivered by a bounded number of couriers, tried again on WeChat's
//! schedule. Waiting is done by timers and holds no courier.
//!
//! What was not acknowledged is told again after a restart, from the first attempt of the schedule.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use wechat::crypto::{nonce, response_message};

use crate::book::{Book, Event, Notice};
use crate::fault::Bad;
use crate::keys::Mode;
use crate::server::Server;
use crate::{order, refund};

/// Deliveries under way at a time.
const COURIERS: usize = 64;
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds until the next attempt, after each one that failed.
const RETRY_S: [u64; 15] = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600];
/// After an attempt that was bad on purpose the right one follows soon.
const RETRY_AFTER_BAD: Duration = Duration::from_secs(1);
/// How long a reordered notification waits for another to overtake it.
const HOLD: Duration = Duration::from_secs(2);

/// The post office.
pub(crate) struct Postman {
    queue: mpsc::UnboundedSender<Job>,
    http: reqwest::Client,
    held: Mutex<Option<Job>>,
    turn: AtomicU64,
    counts: Counts,
}

/// What the couriers saw.
#[derive(Default)]
struct Counts {
    delivered: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
    bad_accepted: AtomicU64,
}

/// One delivery to be made.
#[derive(Debug)]
pub(crate) struct Job {
    notice: Notice,
    attempt: usize,
    bad: Option<Bad>,
    /// An extra delivery; nobody waits for its acknowledgement.
    extra: bool,
    /// What was held back until after this one.
    then: Option<Box<Job>>,
}

/// A notification before it is sealed.
struct Letter {
    id: String,
    url: String,
    mode: Mode,
    at: Timestamp,
    kind: &'static str,
    event_type: String,
    summary: &'static str,
    resource: Value,
}

impl Postman {
    pub(crate) fn new() -> Result<(Postman, mpsc::UnboundedReceiver<Job>), reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("Mozilla/4.0")
            .build()?;
        let (queue, jobs) = mpsc::unbounded_channel();
        let postman =
            Postman { queue, http, held: Mutex::new(None), turn: AtomicU64::new(0), counts: Counts::default() };
        Ok((postman, jobs))
    }

    /// What the couriers saw: `bad_accepted` counts receivers that acknowledged what they should have refused.
    pub(crate) fn report(&self) -> Value {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        json!({
            "delivered": read(&self.counts.delivered),
            "refused": read(&self.counts.refused),
            "lost": read(&self.counts.lost),
            "bad_accepted": read(&self.counts.bad_accepted),
        })
    }

    /// The next notification is signed with the new key.
    pub(crate) fn key_changed(&self) {
        self.turn.store(0, Ordering::Relaxed);
    }

    fn send(&self, job: Job) {
        // Nobody receives any more only when the sandbox stops; the notice stays untold and comes after the restart.
        let _ = self.queue.send(job);
    }
}

/// Hands jobs to couriers until the sandbox stops.
pub(crate) async fn dispatch(server: Arc<Server>, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let couriers = Arc::new(Semaphore::new(COURIERS));
    while let Some(job) = jobs.recv().await {
        let Ok(courier) = couriers.clone().acquire_owned().await else { return };
        let office = server.clone();
        server.spawn(async move {
            deliver(&office, job).await;
            drop(courier);
        });
    }
}

/// Tells the merchant something, as the faults in force will have it.
pub(crate) fn announce(server: &Arc<Server>, notice: Notice) {
    let plan = server.faults.plan();
    if plan.dropped {
        server.postman.counts.lost.fetch_add(1, Ordering::Relaxed);
        return told(server, notice);
    }
    let mut first = Job { notice, attempt: 0, bad: plan.bad, extra: false, then: None };
    if plan.reorder {
        let mut held = server.postman.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.take() {
            Some(earlier) => first.then = Some(Box::new(earlier)),
            None => {
                *held = Some(first);
                drop(held);
                let office = server.clone();
                return server.spawn(async move {
                    tokio::time::sleep(HOLD).await;
                    let mut held = office.postman.held.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(job) = held.take_if(|job| job.notice == notice) {
                        office.postman.send(job);
                    }
                });
            }
        }
    }
    let extra = |_| Job { notice, attempt: 0, bad: None, extra: true, then: None };
    let jobs = std::iter::once(first).chain((0..plan.extra).map(extra));
    for job in jobs {
        after(server, Duration::from_millis(plan.delay_ms), job);
    }
}

fn after(server: &Arc<Server>, wait: Duration, job: Job) {
    if wait.is_zero() {
        return server.postman.send(job);
    }
    let office = server.clone();
    server.spawn(async move {
        tokio::time::sleep(wait).await;
        office.postman.send(job);
    });
}

fn told(server: &Server, notice: Notice) {
    if let Err(refusal) = server.book_mut().record(Event::Told { notice }) {
        tracing::error!(message = refusal.message, "a notification was delivered but that could not be written down");
    }
}

async fn deliver(server: &Arc<Server>, mut job: Job) {
    let then = job.then.take();
    let counts = &server.postman.counts;
    let wait = RETRY_S.get(job.attempt).map(|&s| Duration::from_secs(s));
    let (acknowledged, wait) = if !job.extra && server.faults.loses() {
        counts.lost.fetch_add(1, Ordering::Relaxed);
        (false, wait)
    } else {
        let acknowledged = post(server, &job).await;
        let count = if acknowledged { &counts.delivered } else { &counts.refused };
        count.fetch_add(1, Ordering::Relaxed);
        if acknowledged && job.bad.is_some() {
            counts.bad_accepted.fetch_add(1, Ordering::Relaxed);
        }
        (acknowledged, if job.bad.is_some() { Some(RETRY_AFTER_BAD) } else { wait })
    };
    if !job.extra {
        match wait {
            Some(wait) if !acknowledged => {
                after(server, wait, Job { attempt: job.attempt + 1, bad: None, then: None, ..job });
            }
            _ => told(server, job.notice),
        }
    }
    if let Some(then) = then {
        server.postman.send(*then);
    }
}

/// One attempt; whether it was acknowledged.
async fn post(server: &Server, job: &Job) -> bool {
    let Some(letter) = Letter::about(server, job.notice) else { return true };
    let box_nonce = nonce()[..12].to_lowercase();
    let ciphertext = server.keys.apiv3.seal(&box_nonce, letter.kind, letter.resource.to_string().as_bytes());
    let body = json!({
        "id": letter.id,
        "create_time": letter.at,
        "resource_type": "encrypt-resource",
        "event_type": letter.event_type,
        "summary": letter.summary,
        "resource": {
            "original_type": letter.kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": ciphertext,
            "associated_data": letter.kind,
            "nonce": box_nonce,
        },
    })
    .to_string();
    let turn = server.postman.turn.fetch_add(1, Ordering::Relaxed);
    let signer = server.keys.notifier(letter.mode, turn);
    let age = if job.bad == Some(Bad::Stale) { 600 } else { 0 };
    let (timestamp, nonce) = (server.real.now().seconds() - age, nonce());
    let mut signature = signer.key.sign(&response_message(timestamp, &nonce, body.as_bytes()));
    if job.bad == Some(Bad::Probe) {
        signature.insert_str(0, "WECHATPAY/SIGNTEST/");
    }
    let serial = match job.bad {
        Some(Bad::UnknownSerial) => "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        _ => &signer.serial,
    };
    let answer = server
        .postman
        .http
        .post(&letter.url)
        .header("Content-Type", "application/json")
        .header("Accept", "*/*")
        .header("Wechatpay-Timestamp", timestamp)
        .header("Wechatpay-Nonce", nonce)
        .header("Wechatpay-Signature", signature)
        .header("Wechatpay-Serial", serial)
        .header("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
        .header("Request-ID", wechat::crypto::nonce())
        .body(body)
        .send()
        .await;
    match answer {
        Ok(answer) => {
            let status = answer.status().as_u16();
            // Reading to the end keeps the connection for the next delivery.
            let _ = answer.bytes().await;
            matches!(status, 200 | 204)
        }
        Err(error) => {
            tracing::debug!(
                id = letter.id,
                error = &error as &dyn std::error::Error,
                "a notification was not delivered"
            );
            false
        }
    }
}

impl Letter {
    fn about(server: &Server, notice: Notice) -> Option<Letter> {
        let book: &Book = &server.book();
        let digits = |at: Timestamp| at.wall().replace(['-', ' ', ':'], "");
        match notice {
            Notice::Payment(number) => {
                let payment = book.payments.get(number as usize)?;
                Some(Letter {
                    id: format!("EV-{}1{number:09}", digits(payment.at)),
                    url: payment.terms.notify_url.clone(),
                    mode: payment.terms.mode,
                    at: payment.at,
                    kind: "transaction",
                    event_type: "TRANSACTION.SUCCESS".to_owned(),
                    summary: "支付成功",
                    resource: order::said(server, order::paid(&server.keys, payment, false)),
                })
            }
            Notice::Refund(number) => {
                let refund = book.refunds.get(number as usize)?;
                let at = refund.ended.unwrap_or(refund.terms.created);
                Some(Letter {
                    id: format!("EV-{}2{number:09}", digits(at)),
                    url: refund.terms.notify_url.clone()?,
                    mode: refund.terms.mode,
                    at,
                    kind: "refund",
                    event_type: format!("REFUND.{}", refund.status.word()),
                    summary: refund::summary(refund.status),
                    resource: refund::told(&server.keys, book, refund),
                })
            }
        }
    }
}

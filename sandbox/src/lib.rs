//! A stand-in for WeChat's servers, for tests and development: the mini-program host and Pay APIv3 on one address, with
//! keys of its own, real signatures, real encryption and real notifications, and levers to pay, refund, withdraw, move the
//! calendar and make trouble (see the table in `control.rs`).
//!
//! There is no official sandbox for APIv3; this one follows what is known of the real servers (the third-party clients in
//! `clients/` run against it unchanged). It refuses what they refuse, in their words. It knows one merchant and one
//! mini-program, keeps no quotas, and protects nothing: whoever reaches it may pay with invented money.
//!
//! Money and orders survive the end of the process (see `journal.rs`); login codes, tokens, download links and faults do
//! not. Cost: one RSA signature for each signed answer and each delivery attempt, and little else.

mod answer;
mod bill;
mod book;
mod callback;
mod clock;
mod control;
mod fault;
mod file;
mod form;
mod gate;
mod journal;
mod keys;
mod login;
mod order;
mod refund;
mod server;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use domain::{Clock, Rate, Timestamp};
use poem::Server as HttpServer;
use poem::listener::{Acceptor, Listener, TcpListener};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::book::{Book, Notice, RefundStatus};
use crate::callback::Postman;
use crate::clock::BusinessClock;
use crate::journal::Journal;
use crate::keys::Keys;
use crate::server::Server;

pub use crate::journal::JournalError;
pub use crate::keys::{Connection, KeysError};

/// How a sandbox is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where keys, journal, `clock` and `sandbox.json` are.
    pub state_dir: PathBuf,
    /// What WeChat takes of a payment.
    pub fee_rate: Rate,
    /// Whether orders and money survive a restart. Keys always do.
    pub durable: bool,
}

impl Options {
    /// A free port on this computer, a fee of 0.60 %, durable.
    pub fn new(state_dir: impl Into<PathBuf>) -> Options {
        Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            state_dir: state_dir.into(),
            fee_rate: "0.60%".parse().unwrap_or(Rate::ZERO),
            durable: true,
        }
    }
}

/// Why a sandbox did not start, or a lever did not move.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The directory or the address cannot be used.
    #[error("the directory or the address cannot be used")]
    Io(#[from] io::Error),
    /// The keys cannot be used.
    #[error("the sandbox has no keys")]
    Keys(#[from] KeysError),
    /// The journal cannot be used.
    #[error("the sandbox's state cannot be read")]
    Journal(#[from] JournalError),
    /// Notifications cannot be sent.
    #[error("no client for notifications")]
    Http(#[from] reqwest::Error),
    /// A lever was refused; the code is what HTTP would have answered.
    #[error("{code}: {message}")]
    Refused {
        /// For a program.
        code: String,
        /// For a person.
        message: String,
    },
}

/// A sandbox that runs until it is stopped or dropped.
pub struct Running {
    /// Where it listens, without a slash at the end.
    pub base_url: String,
    /// Where `sandbox.json` is.
    pub dir: PathBuf,
    server: Arc<Server>,
    stop: watch::Sender<bool>,
    http: JoinHandle<io::Result<()>>,
}

/// Starts a sandbox: takes or makes the keys, replays the journal, listens, then writes `DIR/sandbox.json`.
pub async fn start(options: Options) -> Result<Running, SandboxError> {
    let dir = options.state_dir.clone();
    let prepared = tokio::task::spawn_blocking(move || prepare(&options)).await;
    let (options, keys, book) = prepared.map_err(|error| io::Error::other(error.to_string()))??;
    let clock = BusinessClock::start(&dir, book.ahead_us)?;

    let acceptor = TcpListener::bind(options.listen).into_acceptor().await?;
    let bound = acceptor.local_addr().into_iter().find_map(|addr| addr.as_socket_addr().copied());
    let mut address = bound.unwrap_or(options.listen);
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let base_url = format!("http://{address}");

    let (stop, stopping) = watch::channel(false);
    let (postman, jobs) = Postman::new()?;
    let server = Arc::new(Server {
        keys,
        clock,
        real: Clock::system(),
        faults: Default::default(),
        postman,
        login: Default::default(),
        downloads: Default::default(),
        base_url: base_url.clone(),
        fee_rate: options.fee_rate,
        dir: dir.clone(),
        book: RwLock::new(book),
        stopping: stopping.clone(),
    });
    server.spawn(callback::dispatch(server.clone(), jobs));
    let http = tokio::spawn(serve(server.clone(), acceptor, stopping));
    server.write_connection()?;
    resume(&server);
    Ok(Running { base_url, dir, server, stop, http })
}

/// What blocks: directory, keys, journal.
fn prepare(options: &Options) -> Result<(Options, Keys, Book), SandboxError> {
    let dir = &options.state_dir;
    std::fs::create_dir_all(dir)?;
    let mut book = Book::default();
    if options.durable {
        let journal = Journal::open(&dir.join("journal.jsonl"), |event| book.apply(event))?;
        book.keep(journal);
    } else {
        book.keep(Journal::nowhere());
    }
    // Whoever finds the file may connect, so an old one goes first.
    match std::fs::remove_file(dir.join("sandbox.json")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok((options.clone(), Keys::open(dir)?, book))
}

async fn serve(
    server: Arc<Server>,
    acceptor: impl Acceptor + 'static,
    mut stopping: watch::Receiver<bool>,
) -> io::Result<()> {
    let endpoint = poem::endpoint::make(move |request| {
        let server = server.clone();
        async move { server.answer(request).await }
    });
    let stopped = async move {
        // An error means that the sandbox was dropped.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let patience = Some(Duration::from_millis(500));
    HttpServer::new_with_acceptor(acceptor).run_with_graceful_shutdown(endpoint, stopped, patience).await
}

/// Takes up what the last run left: notifications nobody acknowledged, refunds under way.
fn resume(server: &Arc<Server>) {
    let (mut notices, refunds) = {
        let book = server.book();
        let notices: Vec<Notice> = book.untold.iter().copied().collect();
        let under_way = book.refunds.iter().enumerate().filter(|(_, refund)| {
            refund.status == RefundStatus::Processing && refund.terms.outcome != RefundStatus::Processing
        });
        let refunds: Vec<u32> = under_way.filter_map(|(number, _)| u32::try_from(number).ok()).collect();
        (notices, refunds)
    };
    notices.sort_by_key(|notice| match notice {
        Notice::Payment(number) => (0, *number),
        Notice::Refund(number) => (1, *number),
    });
    for notice in notices {
        callback::announce(server, notice);
    }
    for refund in refunds {
        refund::finish_later(server, refund, 200);
    }
}

impl Running {
    /// Stops listening and delivering, and waits for calls under way, half a second at most.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Err(error) = (&mut self.http).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the sandbox did not stop in peace");
        }
    }

    /// Runs until the server ends by itself.
    pub async fn wait(mut self) -> Result<(), SandboxError> {
        (&mut self.http).await.map_err(|error| io::Error::other(error.to_string()))??;
        Ok(())
    }

    /// The content of `sandbox.json`.
    pub fn connection(&self) -> Connection {
        self.server.keys.connection(&self.base_url)
    }

    /// A login code for a user (`GET /sandbox/code`).
    pub fn code(&self, openid: &str) -> String {
        self.server.login.code(openid, self.server.real.now())
    }

    /// The payer pays (`POST /sandbox/pay`).
    pub fn pay(&self, out_trade_no: &str) -> Result<Value, SandboxError> {
        let pay = order::Pay { out_trade_no: out_trade_no.to_owned(), ..Default::default() };
        order::pay(&self.server, &pay)
            .map_err(|refusal| SandboxError::Refused { code: refusal.code, message: refusal.message })
    }

    /// Business time.
    pub fn now(&self) -> Timestamp {
        self.server.clock.now()
    }

    /// Everything the sandbox knows (`GET /sandbox/state`).
    pub fn state(&self) -> Value {
        control::state(&self.server, true)
    }

    /// The amounts of refunds that succeeded, in yuan, in the order in which they were asked for.
    pub fn refunded(&self) -> Vec<String> {
        let book = self.server.book();
        let done = book.refunds.iter().filter(|refund| refund.status == RefundStatus::Success);
        done.map(|refund| refund.terms.amount.to_string()).collect()
    }

    /// Waits until no notification and no refund is under way; `false` if that takes longer than `patience`.
    pub async fn settled(&self, patience: Duration) -> bool {
        let quiet = async {
            loop {
                {
                    let book = self.server.book();
                    let hanging = |refund: &&book::Refund| {
                        refund.status == RefundStatus::Processing && refund.terms.outcome != RefundStatus::Processing
                    };
                    if book.untold.is_empty() && !book.refunds.iter().any(|refund| hanging(&refund)) {
                        return;
                    }
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(patience, quiet).await.is_ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

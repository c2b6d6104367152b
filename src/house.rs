//! Puts the program together from its configuration, and takes it down again in the right order: no new requests, those
//! accepted are finished, jobs come to their end, the pools close. Nothing waits for ever: what is not done after a while is
//! left to the next start, which knows from the rows where to go on.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use api::{ApiOptions, Pages};
use app::App;
use app::runs::{ListJobs, RunJob, StartDay, StartJob, Started};
use app::throttle::{COMPLAINTS_PER_MINUTE, Throttle};
use domain::Clock;
use entity::Db;
use jobs::JobError;
use metrics_exporter_prometheus::PrometheusHandle;
use migration::{Migrator, MigratorTrait};
use poem::listener::{Acceptor, Listener, TcpAcceptor, TcpListener};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::commands::WrongInput;
use crate::config::{Base, Http, Service};

/// How long a stopping program waits for what was accepted.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is counted what is late or missing.
const WATCH: Duration = Duration::from_secs(60);
/// How often this process asks for the platform certificates of WeChat, which each keeps for itself; the job tells of the house as a whole.
const CERTIFICATES: Duration = Duration::from_secs(6 * 3600);
/// Connections nobody speaks on are closed.
const IDLE: Duration = Duration::from_secs(75);

/// Connects to the database; the directory of an SQLite file is made if it is missing.
pub(crate) async fn connect(base: &Base) -> anyhow::Result<Db> {
    if let Some(path) = base.database_url.strip_prefix("sqlite://") {
        let path = Path::new(path.split('?').next().unwrap_or(path));
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            std::fs::create_dir_all(dir).with_context(|| format!("the directory {} cannot be made", dir.display()))?;
        }
    }
    Db::connect(&base.database_url).await.context("the database cannot be reached (database.url)")
}

/// The names of migrations that are not applied, oldest first.
pub(crate) async fn pending_migrations(db: &Db) -> anyhow::Result<Vec<String>> {
    let pending = Migrator::get_pending_migrations(db.migrations()).await.context("the history of the schema")?;
    Ok(pending.iter().map(|step| step.name().to_owned()).collect())
}

/// Refuses to go on with a database of another version.
pub(crate) async fn refuse_pending(db: &Db) -> anyhow::Result<()> {
    let pending = pending_migrations(db).await?;
    if !pending.is_empty() {
        let sentence = format!("the database lacks {}: run `sangzi migrate up` first", pending.join(", "));
        return Err(WrongInput(sentence).into());
    }
    Ok(())
}

/// Brings a copy of an older version up to this one. What has no history of ours, or a newer one, is refused.
pub(crate) async fn bring_up(db: &Db) -> anyhow::Result<()> {
    let applied = Migrator::get_applied_migrations(db.migrations()).await.context("it is of a newer version")?;
    if applied.is_empty() {
        return Err(WrongInput("it is no database of ours".to_owned()).into());
    }
    Migrator::up(db.migrations(), None).await.context("it cannot be brought to this version")
}

/// Connects, and puts the services together.
pub(crate) async fn open(base: &Base, service: &Service) -> anyhow::Result<Arc<App>> {
    let db = connect(base).await?;
    refuse_pending(&db).await?;
    let wechat = wechat::Client::new(service.wechat.clone(), Clock::system()).context("the client of WeChat")?;
    Ok(Arc::new(App::new(app::Options {
        db,
        business: service.business.clone(),
        real: Clock::system(),
        wechat,
        keys: service.keys.clone(),
        limits: service.limits.clone(),
        templates: service.templates.clone(),
        loans: service.loans,
    })))
}

/// A server that answers until it is stopped.
pub(crate) struct Serving {
    /// Where it listens.
    pub(crate) address: String,
    stop: watch::Sender<bool>,
    room: Arc<Semaphore>,
    places: u32,
    server: JoinHandle<std::io::Result<()>>,
}

/// Takes the address. Separate from [`serve`], so that a taken address is told before anything is started.
pub(crate) async fn listen(http: &Http) -> anyhow::Result<TcpAcceptor> {
    let listener = TcpListener::bind(http.listen);
    listener.into_acceptor().await.with_context(|| format!("{} cannot be listened on (http.listen)", http.listen))
}

/// Serves HTTP on an address that was taken.
pub(crate) fn serve(app: Arc<App>, http: &Http, acceptor: TcpAcceptor, metrics: PrometheusHandle) -> Serving {
    let address = acceptor.local_addr().first().map(ToString::to_string).unwrap_or_default();
    let places = u32::try_from(http.max_requests_in_flight).unwrap_or(u32::MAX);
    let room = Arc::new(Semaphore::new(http.max_requests_in_flight));
    let (asked, working, watched) = (app.clone(), app.clone(), app.clone());
    let (starting, of_day, real) = (app.clone(), app.clone(), app.real.clone());
    let https = http.public_url.starts_with("https://");
    let staff_logins = Arc::new(Throttle::per_minute(http.staff_logins_per_minute));
    let complaints = Arc::new(Throttle::per_minute(COMPLAINTS_PER_MINUTE));
    let run_job: RunJob = Arc::new(move |name| {
        let app = working.clone();
        Box::pin(async move { jobs::run_once(app, &name).await.map_or_else(started, Started::Ended) })
    });
    let start_job: StartJob = Arc::new(move |name, asked_by| {
        let app = starting.clone();
        Box::pin(async move { jobs::start_once(app, &name, asked_by).await.map_err(started) })
    });
    let start_day: StartDay = Arc::new(move |name, day, asked_by| {
        let app = of_day.clone();
        Box::pin(async move { jobs::start_day(app, &name, day, asked_by).await.map_err(started) })
    });
    let list_jobs: ListJobs = Arc::new(move || jobs::expected(real.now()));
    let pages = web::endpoint(
        app.clone(),
        web::WebOptions {
            https,
            staff_logins: staff_logins.clone(),
            complaints: complaints.clone(),
            start_job: start_job.clone(),
            start_day,
            jobs: list_jobs.clone(),
        },
    );
    let endpoint = api::endpoint(
        app,
        ApiOptions {
            body_limit_bytes: http.body_limit_bytes,
            room: room.clone(),
            client_address_header: http.client_address_header.clone(),
            https,
            docs: http.docs,
            staff_logins,
            complaints,
            donor_logins_per_minute: http.donor_logins_per_minute,
            metrics: Arc::new(move || {
                metrics.run_upkeep();
                metrics.render()
            }),
            ready: Arc::new(move || {
                let app = asked.clone();
                Box::pin(async move { ready(&app.db).await })
            }),
            run_job,
            start_job,
            jobs: list_jobs,
            pages: Some(Pages { endpoint: pages, refuse: web::refuse }),
        },
    );
    let (stop, mut stopping) = watch::channel(false);
    tokio::spawn(keep_watch(watched, stop.subscribe()));
    let stopped = async move {
        // An error means that nobody is left to stop it.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let server = poem::Server::new_with_acceptor(acceptor).idle_timeout(IDLE);
    let server = tokio::spawn(server.run_with_graceful_shutdown(endpoint, stopped, Some(PATIENCE)));
    Serving { address, stop, room, places, server }
}

impl Serving {
    /// Waits until the server ends by itself, which it does only if it cannot go on.
    pub(crate) async fn broken(&mut self) -> anyhow::Error {
        match (&mut self.server).await {
            Ok(Ok(())) => anyhow::anyhow!("the server ended"),
            Ok(Err(error)) => anyhow::Error::new(error).context("the server ended"),
            Err(error) => anyhow::Error::new(error).context("the server ended"),
        }
    }

    /// Stops accepting, and waits for what was accepted: first for the connections, then for handlers whose clients have gone.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.server.await {
            tracing::warn!(%error, "the server did not end in peace");
        }
        if tokio::time::timeout(PATIENCE, self.room.acquire_many(self.places)).await.is_err() {
            tracing::warn!("some requests are not done; the next start goes on where they stopped");
        }
    }
}

/// Closes the pools. What still holds the services is logged and left.
pub(crate) async fn close(app: Arc<App>) {
    let db = app.db.clone();
    drop(app);
    match tokio::time::timeout(PATIENCE, db.close()).await {
        Ok(Ok(())) => tracing::info!("stopped"),
        Ok(Err(error)) => tracing::warn!(%error, "the database did not close in peace"),
        Err(_) => tracing::warn!("the database is still in use; it is left"),
    }
}

/// Asked by the server: whether it can work.
async fn ready(db: &Db) -> Result<(), String> {
    match pending_migrations(db).await {
        Ok(pending) if pending.is_empty() => Ok(()),
        Ok(pending) => Err(format!("migrations are missing: {}", pending.join(", "))),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "not ready");
            Err("the database does not answer".to_owned())
        }
    }
}

/// Counts for the metrics what is late, fails or is missing, and keeps the certificates fresh, until the server stops. Only the pause is
/// cut short, never a statement.
async fn keep_watch(app: Arc<App>, mut stopping: watch::Receiver<bool>) {
    let mut asked = Instant::now();
    loop {
        if asked.elapsed() >= CERTIFICATES {
            asked = Instant::now();
            if let Err(error) = app.wechat.refresh_certificates().await {
                tracing::warn!(error = format!("{error:#}"), "the platform certificates could not be fetched anew");
            }
        }
        if let Err(error) = jobs::watch(&app).await {
            tracing::warn!(error = format!("{error:#}"), "what is late or missing could not be counted");
        }
        tokio::select! {
            () = tokio::time::sleep(WATCH) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

fn started(error: JobError) -> Started {
    match error {
        JobError::NoSuchJob => Started::NoSuchJob,
        JobError::UnderWay => Started::UnderWay,
        error @ (JobError::NoDay(_) | JobError::Failed(_) | JobError::Runs(_) | JobError::Bell(_)) => {
            Started::Failed(format!("{error:#}"))
        }
    }
}

/// Returns when the operator, or whoever supervises the program, wants it to stop.
pub(crate) async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

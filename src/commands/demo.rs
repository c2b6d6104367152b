//! `demo`: everything in one process, on invented data: the sandbox, the program with its jobs, and an invented year played
//! through them. Everything is kept in one directory; a rerun goes on where the last one stopped.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use app::App;
use app::runs::Runs;
use migration::{Migrator, MigratorTrait};

use crate::commands::WrongInput;
use crate::config::{Base, Config, Service, Shown, USUAL_LOG_FILTER};
use crate::demo::{self, Report, Stage, Which};
use crate::output::Output;
use crate::{house, telemetry};

/// Where it listens if nothing else is said, and where it looks next.
const PORTS: std::ops::Range<u16> = 8080..8100;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End after the report instead of staying up.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    which: Which,
    /// Where everything is kept.
    #[arg(long, default_value = "data/demo", value_name = "DIR")]
    data: PathBuf,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let dir = args.data.display();
    if said(config, "profile") == "production" {
        return Err(WrongInput("the demo is for development; this profile is production".to_owned()).into());
    }
    std::fs::create_dir_all(&args.data).with_context(|| format!("the directory {dir} cannot be made"))?;
    let sandbox = sandbox::start(sandbox::Options::new(&args.data)).await.context("the sandbox did not start")?;
    let (base, service) = settings(&args, config)?.service()?;
    telemetry::log(&base.log);
    let metrics = telemetry::metrics()?;
    migrate(&base).await?;
    let acceptor = house::listen(&service.http).await?;
    let app = house::open(&base, &service).await?;
    // The sandbox holds the directory, so whatever ran here before is dead.
    Runs::new(app.db.clone(), app.real.clone()).release_all().await?;
    let mut serving = house::serve(app.clone(), &service.http, acceptor, metrics);
    let jobs = jobs::start(app.clone()).await?;

    let playing = play(&args, &service, &app, &sandbox.base_url);
    let ended = tokio::select! {
        report = playing => report.map(Some),
        () = house::stop_signal() => Ok(None),
        error = serving.broken() => Err(error),
    };
    let told = match ended {
        Ok(Some(report)) => tell(&report, output).map(Some),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    let told = match told {
        Ok(Some(code)) if !args.once => tokio::select! {
            () = house::stop_signal() => Ok(Some(code)),
            error = serving.broken() => Err(error),
        },
        other => other,
    };
    serving.stop().await;
    jobs.stop().await;
    house::close(app).await;
    sandbox.stop().await;
    // Stopped before the report: nothing is wrong, and nothing is shown to be right.
    Ok(told?.unwrap_or(ExitCode::FAILURE))
}

fn tell(report: &Report, output: Output) -> anyhow::Result<ExitCode> {
    output.report(report, report.lines())?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn play(args: &Args, service: &Service, app: &Arc<App>, sandbox: &str) -> anyhow::Result<Report> {
    let program = service.http.public_url.clone();
    let stage = Stage {
        program: program.clone(),
        sandbox: sandbox.to_owned(),
        db: app.db.clone(),
        mchid: service.wechat.mchid.clone(),
        organisation: app.organisation.clone(),
        identity: app.identity.clone(),
    };
    demo::play(&args.which, stage, urls(&program, sandbox)).await
}

/// Where things are found.
pub(super) fn urls(program: &str, sandbox: &str) -> BTreeMap<&'static str, String> {
    let paths = [
        ("base", ""),
        ("pages", "/"),
        ("console", "/console"),
        ("api", "/api/v1"),
        ("docs", "/api/docs"),
        ("openapi", "/api/openapi.json"),
        ("metrics", "/metrics"),
        ("health", "/healthz"),
    ];
    let mut urls: BTreeMap<_, _> = paths.into_iter().map(|(name, path)| (name, format!("{program}{path}"))).collect();
    urls.insert("sandbox", sandbox.to_owned());
    urls
}

/// The demonstration's own settings. What is said in the environment holds where it does not say where and with whom.
fn settings(args: &Args, config: &Config) -> anyhow::Result<Config> {
    let listen = address(&said(config, "http.listen"))?;
    let mut settings = vec![
        ("profile", "development".to_owned()),
        ("database.url", format!("sqlite://{}", args.data.join("sangzi.db").display())),
        ("wechat.sandbox", args.data.display().to_string()),
        ("http.listen", listen.to_string()),
        ("http.public_url", format!("http://{listen}")),
        // All donors come from this computer.
        ("limits.donor_logins_per_minute", "1000000".to_owned()),
    ];
    if said(config, "log.filter") == USUAL_LOG_FILTER {
        // A line for each request would bury the report, and a part of what goes wrong does so on purpose.
        settings.push(("log.filter", "error".to_owned()));
    }
    Ok(Config::load(None, &settings))
}

/// What the configuration says of a key that is no secret.
fn said(config: &Config, key: &str) -> String {
    match config.effective().get(key) {
        Some(Shown::Plain(text)) => text.clone(),
        Some(Shown::Secret | Shown::Missing) | None => String::new(),
    }
}

/// The address that was said, or the first that is free.
fn address(said: &str) -> anyhow::Result<SocketAddr> {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORTS.start));
    match said.parse::<SocketAddr>() {
        Ok(said) if said != usual => return Ok(said),
        _ => {}
    }
    for port in PORTS.chain([0]) {
        if let Ok(free) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return free.local_addr().context("the address of a socket");
        }
    }
    Ok(usual)
}

/// Nobody else works on this file, so it may be brought to this version.
async fn migrate(base: &Base) -> anyhow::Result<()> {
    let db = house::connect(base).await?;
    Migrator::up(db.migrations(), None).await.context("the schema could not be changed")?;
    db.close().await.context("the database did not close")
}

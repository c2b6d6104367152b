//! `serve`: HTTP, and with `--with-jobs` the jobs in the same process.

use std::process::ExitCode;

use crate::config::Config;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run the jobs, too.
    #[arg(long)]
    with_jobs: bool,
}

pub(crate) async fn run(args: Args, config: &Config) -> anyhow::Result<ExitCode> {
    let (base, service) = config.service()?;
    telemetry::log(&base.log);
    let metrics = telemetry::metrics()?;
    // Listened for from the first moment: a stop during start-up is a stop, too.
    let stop = tokio::spawn(house::stop_signal());
    let acceptor = house::listen(&service.http).await?;
    let app = house::open(&base, &service).await?;
    let jobs = if args.with_jobs { Some(jobs::start(app.clone()).await?) } else { None };
    let mut serving = house::serve(app.clone(), &service.http, acceptor, metrics);
    tracing::info!(address = serving.address, jobs = args.with_jobs, "serving");

    let broken = tokio::select! {
        _ = stop => None,
        error = serving.broken() => Some(error),
    };
    if broken.is_none() {
        tracing::info!("stopping");
        serving.stop().await;
    }
    if let Some(jobs) = jobs {
        jobs.stop().await;
    }
    house::close(app).await;
    broken.map_or(Ok(ExitCode::SUCCESS), Err)
}

//! `work`: the jobs without HTTP, on as many machines as there are; leases see to it that each runs once.

use std::process::ExitCode;

use crate::config::Config;
use crate::{house, telemetry};

pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let (base, service) = config.service()?;
    telemetry::log(&base.log);
    // Listened for from the first moment: a stop during start-up is a stop, too.
    let stop = tokio::spawn(house::stop_signal());
    let app = house::open(&base, &service).await?;
    let jobs = jobs::start(app.clone()).await?;
    tracing::info!("working");
    let _ = stop.await;
    tracing::info!("stopping");
    jobs.stop().await;
    house::close(app).await;
    Ok(ExitCode::SUCCESS)
}

//! `seed`: the same invented year into the configured database, through a running `serve` and sandbox.

use std::process::ExitCode;
use std::time::Duration;

use crate::commands::{WrongInput, demo};
use crate::config::{Config, Profile};
use crate::demo::{Stage, Which, play};
use crate::output::Output;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let (base, service) = config.service()?;
    telemetry::log(&base.log);
    if base.profile == Profile::Production || !service.wechat.sandbox {
        return Err(WrongInput("an invented year is played with a sandbox: set wechat.sandbox".to_owned()).into());
    }
    let (program, sandbox) = (service.http.public_url.clone(), service.wechat.base_url.clone());
    for address in [format!("{program}/healthz"), format!("{sandbox}/sandbox/clock")] {
        must_answer(&address).await?;
    }
    let app = house::open(&base, &service).await?;
    let stage = Stage {
        program: program.clone(),
        sandbox: sandbox.clone(),
        db: app.db.clone(),
        mchid: service.wechat.mchid.clone(),
        organisation: app.organisation.clone(),
        identity: app.identity.clone(),
    };
    let report = play(&args.which, stage, demo::urls(&program, &sandbox)).await;
    house::close(app).await;
    let report = report?;
    output.report(&report, report.lines())?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says at once what is not there, instead of trying for minutes.
async fn must_answer(address: &str) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
    let answer = client.get(address).send().await.and_then(reqwest::Response::error_for_status);
    match answer {
        Ok(_) => Ok(()),
        Err(error) => {
            anyhow::bail!("{address} does not answer ({error}): `seed` needs a running `serve` and sandbox")
        }
    }
}

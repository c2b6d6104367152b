//! `unit plant`: the League's organisation tree of Hebei.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;

use crate::config::Config;
use crate::output::Output;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Plant what is missing of the tree: the province, its cities and counties. Units that stand are left as they are.
    Plant,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let What::Plant = args.what;
    let (base, service) = config.service()?;
    telemetry::log(&base.log);
    let app = house::open(&base, &service).await?;
    let planted = app.organisation.plant().await;
    house::close(app).await;
    let planted = planted.context("the tree was not planted")?;
    output.report(&json!({ "planted": planted }), [format!("{planted} units planted")])?;
    Ok(ExitCode::SUCCESS)
}

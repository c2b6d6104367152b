//! `sandbox`: the WeChat stand-in alone, for a `serve` in another process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args as ClapArgs;
use domain::Rate;
use serde_json::json;

use crate::config::{Config, Profile};
use crate::house::stop_signal;
use crate::output::Output;
use crate::{commands::WrongInput, telemetry};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where its keys, its money and sandbox.json are.
    #[arg(long, default_value = "data/sandbox", value_name = "DIR")]
    state: PathBuf,
    /// What the channel takes of a payment.
    #[arg(long, default_value = "0.60%", value_name = "RATE")]
    fee_rate: Rate,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    if base.profile == Profile::Production {
        return Err(WrongInput("a sandbox is for development; this profile is production".to_owned()).into());
    }
    telemetry::log(&base.log);
    let options =
        sandbox::Options { listen: args.listen, fee_rate: args.fee_rate, ..sandbox::Options::new(args.state) };
    let running = sandbox::start(options).await.context("the sandbox did not start")?;
    let file = running.dir.join("sandbox.json");
    output.report(
        &json!({ "base_url": running.base_url, "state": running.dir, "sandbox_json": file }),
        [format!("{} ({})", running.base_url, file.display())],
    )?;
    stop_signal().await;
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

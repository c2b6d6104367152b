//! `migrate up|status`. Nothing else changes the schema, except the demonstration on its own file.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use migration::{Migrator, MigratorTrait};
use serde_json::json;

use crate::config::Config;
use crate::house;
use crate::output::Output;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Apply what is missing.
    Up,
    /// Say what is applied and what is missing; ends with 1 if something is.
    Status,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    telemetry::log(&base.log);
    let db = house::connect(&base).await?;
    let code = match args.what {
        What::Up => {
            let pending = house::pending_migrations(&db).await?;
            Migrator::up(db.migrations(), None).await.context("the schema could not be changed")?;
            let lines: Vec<String> = match pending.as_slice() {
                [] => vec!["nothing to apply".to_owned()],
                pending => pending.iter().map(|name| format!("applied {name}")).collect(),
            };
            output.report(&json!({ "applied": pending }), lines)?;
            ExitCode::SUCCESS
        }
        What::Status => {
            let applied =
                Migrator::get_applied_migrations(db.migrations()).await.context("the history of the schema")?;
            let applied: Vec<String> = applied.iter().map(|step| step.name().to_owned()).collect();
            let pending = house::pending_migrations(&db).await?;
            let lines = applied.iter().map(|name| format!("applied {name}"));
            let lines = lines.chain(pending.iter().map(|name| format!("missing {name}")));
            output.report(&json!({ "applied": applied, "pending": pending }), lines)?;
            if pending.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    };
    db.close().await?;
    Ok(code)
}

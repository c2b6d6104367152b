//! One binary, one command a role. What each does stands in `commands`; this file only knows how they are called, how they
//! end (0 done, 1 a check failed or something broke, 2 wrong usage or input), and that documents go to standard output and
//! everything else to standard error.

mod commands;
mod config;
mod demo;
mod house;
mod output;
mod telemetry;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    audit, backup, charity, demo as demonstration, export, job, loan, migrate, openapi, reconcile, sandbox, seed,
    serve, show_config, staff, unit, work,
};
use crate::config::{Config, Problems};
use crate::output::Output;

/// A payment notification is a hundred small allocations: with this one a tenth more of them is done (docs/decisions/0030-allocator-and-sqlite.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 桑梓: crowdfunding with books exact to the fen.
#[derive(Debug, Parser)]
#[command(name = "sangzi", version, propagate_version = true)]
struct Cli {
    /// The configuration file.
    #[arg(long, global = true, env = "SANGZI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON document on standard output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything in one process, with an invented year: see it work.
    Demo(demonstration::Args),
    /// Play the invented year into the configured database, through a running `serve` and sandbox.
    Seed(seed::Args),
    /// Serve HTTP.
    Serve(serve::Args),
    /// Run the jobs, without HTTP.
    Work,
    /// Run one job once.
    Job(job::Args),
    /// Bring the database to this version, or say where it stands.
    Migrate(migrate::Args),
    /// Make the first administrators.
    Staff(staff::Args),
    /// Plant the organisation tree.
    Unit(unit::Args),
    /// Open a charity with its book.
    Charity(charity::Args),
    /// Recompute the books and compare; ends with 1 on any difference.
    Audit,
    /// Reconcile a day with its bills.
    Reconcile(reconcile::Args),
    /// Write the books as files for other programs.
    Export(export::Args),
    /// Copy the SQLite database to a file, while the program serves.
    Backup(backup::Args),
    /// Put a copy in the place of the SQLite database, after auditing it.
    Restore(backup::Args),
    /// Reckon loans: tables, prepayments, arrears, annual costs.
    Loan(loan::Args),
    /// Stand in for WeChat: play money, real signatures.
    Sandbox(sandbox::Args),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the configuration in force, secrets masked.
    Config,
}

fn main() -> ExitCode {
    // Words that do not parse end here, with 2.
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    let config = Config::load(cli.config.as_deref(), &[]);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if config.base().is_ok_and(|base| base.database_url.starts_with("sqlite:")) {
        builder.on_thread_start(entity::make_way);
    }
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    runtime.block_on(run(cli.command, &config, output)).unwrap_or_else(|error| fail(&error))
}

async fn run(command: Command, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(args) => demonstration::run(args, config, output).await,
        Command::Seed(args) => seed::run(args, config, output).await,
        Command::Serve(args) => serve::run(args, config).await,
        Command::Work => work::run(config).await,
        Command::Job(args) => job::run(args, config, output).await,
        Command::Migrate(args) => migrate::run(args, config, output).await,
        Command::Staff(args) => staff::run(args, config, output).await,
        Command::Unit(args) => unit::run(args, config, output).await,
        Command::Charity(args) => charity::run(args, config, output).await,
        Command::Audit => audit::run(config, output).await,
        Command::Reconcile(args) => reconcile::run(args, config, output).await,
        Command::Export(args) => export::run(args, config, output).await,
        Command::Backup(args) => backup::backup(args, config, output).await,
        Command::Restore(args) => backup::restore(args, config, output).await,
        Command::Loan(args) => loan::run(args, config, output).await,
        Command::Sandbox(args) => sandbox::run(args, config, output).await,
        Command::Openapi => openapi::run(),
        Command::Config => show_config::run(config, output),
    }
}

/// Says what went wrong and with what number the program ends.
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("sangzi: {error:#}");
    let wrong_input = error.is::<Problems>() || error.is::<commands::WrongInput>();
    if wrong_input { ExitCode::from(2) } else { ExitCode::FAILURE }
}

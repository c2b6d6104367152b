//! An invented year of a foundation, for `demo` and `seed`: a plan that follows from a seed ([`world`]), played through the
//! routes everybody uses ([`drive`]), and told in tables ([`report`]).

mod bank_side;
mod bank_statement;
mod campaigns;
mod chance;
mod client;
mod disaster;
mod drive;
mod endings;
mod enquiries;
mod league;
mod lend;
mod loans;
mod month_ends;
mod oversight;
mod partner;
mod people;
mod privacy;
mod receipts;
mod refunds;
mod report;
mod screening;
mod spending;
mod staff;
mod table;
mod teams;
mod updates;
mod vouchers;
mod world;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) use drive::Stage;
pub(crate) use report::Report;

use drive::Driver;
use world::World;

use crate::commands::WrongInput;

/// Which world.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Which {
    /// How many gifts 助学·关爱行动 gets through WeChat; companies give the rest to 6 840 000.00.
    #[arg(long, default_value_t = 3000, value_name = "N", value_parser = clap::value_parser!(u32).range(200..=2_000_000))]
    donations: u32,
    /// Everything invented follows from it.
    #[arg(long, default_value = world::USUAL_SEED, value_name = "S")]
    seed: String,
}

/// Plays the world, or what is left of it, and reports.
pub(crate) async fn play(which: &Which, stage: Stage, urls: BTreeMap<&'static str, String>) -> anyhow::Result<Report> {
    let began = Instant::now();
    let world = World::new(&which.seed, usize::try_from(which.donations).unwrap_or(usize::MAX));
    // Both are hidden by themselves where standard error is no terminal.
    let bar = ProgressBar::new(0);
    let style = "{spinner} {msg} [{bar:30}] {pos}/{len} 笔，剩余 {eta}";
    bar.set_style(ProgressStyle::with_template(style).context("the template of the progress")?.progress_chars("█▉░"));
    let db = stage.db.clone();
    let driver = Driver::new(world, stage, bar.clone())?;
    let played = driver.play().await;
    bar.finish_and_clear();
    match played {
        Err(error) if !error.is::<WrongInput>() => {
            return Err(error.context("the invented year was not played to its end; the same command goes on with it"));
        }
        other => other?,
    }
    let took = began.elapsed();
    tracing::info!(gifts = which.donations, took_ms = u64::try_from(took.as_millis()).unwrap_or_default(), "played");

    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} 审计 {pos} 张凭证").context("the template of the progress")?);
    let report = Report::read(driver.world(), &db, urls, &|entries| bar.set_position(entries)).await;
    bar.finish_and_clear();
    report.context("the report cannot be made")
}

//! `audit`: everything stored computed again from the postings. Needs the database and nothing else, changes nothing, and ends
//! with 1 at the first fen of difference.

use std::process::ExitCode;

use anyhow::Context;
use app::books::Books;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::config::Config;
use crate::output::Output;
use crate::{house, telemetry};

pub(crate) async fn run(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    telemetry::log(&base.log);
    let db = house::connect(&base).await?;
    house::refuse_pending(&db).await?;
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {pos} entries").context("the template of the progress")?);
    let report = Books::new(db.clone()).audit(&|entries| bar.set_position(entries)).await;
    bar.finish_and_clear();
    db.close().await.context("the database did not close")?;
    let report = report.context("the books could not be read")?;
    let differences: Vec<_> = report
        .differences
        .iter()
        .map(|d| json!({ "what": d.what, "key": d.key, "stored": d.stored, "computed": d.computed }))
        .collect();
    let document = json!({ "ok": report.is_clean(), "checked": report.checked, "differences": differences });
    let mut lines: Vec<String> = report
        .differences
        .iter()
        .map(|d| format!("{} {}: stored {}, computed {}", d.what, d.key, d.stored, d.computed))
        .collect();
    lines.push(format!("{} numbers compared, {} differ", report.checked, report.differences.len()));
    output.report(&document, lines)?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

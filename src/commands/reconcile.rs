//! `reconcile`: a day against its bills, from files or fetched from the channel. With files it needs the database and nothing else.
//! Open breaks end with 0: they are listed and lie on somebody's desk; a refused file ends with 2 and changes nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use app::Templates;
use app::reconciliation::{BreakLine, DayReport, Files, Progress, ReconcileError, Reconciliation};
use domain::{BookId, BusinessDate, Clock};
use entity::Db;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::commands::WrongInput;
use crate::config::Config;
use crate::output::Output;
use crate::{house, telemetry};

/// In the name of the runs this command makes.
const ACTOR: &str = "command";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which day.
    #[arg(long, value_name = "DATE", required_unless_present = "missing")]
    date: Option<BusinessDate>,
    /// The trade bill (交易账单) of the day.
    #[arg(long, value_name = "FILE", requires = "date")]
    trade_bill: Option<PathBuf>,
    /// The fund-flow bill (资金账单) of the day.
    #[arg(long, value_name = "FILE", requires = "date")]
    fund_flow: Option<PathBuf>,
    /// The bank's statement of the day: CSV date,reference,amount,counterparty,remark.
    #[arg(long, value_name = "FILE", requires = "date")]
    bank: Option<PathBuf>,
    /// The book, by its code or id, where several charities take money.
    #[arg(long, value_name = "BOOK")]
    book: Option<String>,
    /// Every day of the last ninety that was not reconciled yet, fetched from the channel.
    #[arg(long, conflicts_with_all = ["date", "book"])]
    missing: bool,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    telemetry::log(&base.log);
    let files = Files {
        trade: read(args.trade_bill.as_deref())?,
        fund_flow: read(args.fund_flow.as_deref())?,
        bank: read(args.bank.as_deref())?,
    };
    let from_files = files.trade.is_some() || files.fund_flow.is_some() || files.bank.is_some();
    if let (Some(date), true) = (args.date, from_files) {
        let db = house::connect(&base).await?;
        house::refuse_pending(&db).await?;
        // The donor is told of a gift by whoever serves; here nothing is sent.
        let (bar, progress) = progress()?;
        let reconciliation = Reconciliation::new(db.clone(), Clock::system(), Templates::default(), None);
        let report =
            reconciliation.telling(progress).run(book_of(&db, args.book.as_deref()).await?, date, &files, ACTOR).await;
        bar.finish_and_clear();
        db.close().await.context("the database did not close")?;
        return told(report, output);
    }
    let (base, service) = config.service()?;
    let app = house::open(&base, &service).await?;
    let (bar, progress) = progress()?;
    let reconciliation = app.reconciliation.clone().telling(progress);
    let Some(date) = args.date else {
        let caught_up = reconciliation.catch_up().await;
        bar.finish_and_clear();
        house::close(app).await;
        let (done, failed) = caught_up.context("the days could not be caught up")?;
        output.report(&json!({ "done": done, "failed": failed }), [format!("{done} days done, {failed} failed")])?;
        return Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    };
    let report = reconciliation.fetch(book_of(&app.db, args.book.as_deref()).await?, date, ACTOR).await;
    bar.finish_and_clear();
    house::close(app).await;
    told(report, output)
}

/// A bar that says what is done and how far it is; hidden by itself where standard error is no terminal.
fn progress() -> anyhow::Result<(ProgressBar, Progress)> {
    let bar = ProgressBar::new(0);
    let template = "{msg} {bar:30} {human_pos}/{human_len} {elapsed}";
    bar.set_style(ProgressStyle::with_template(template).context("the template of the progress")?);
    let shown = bar.clone();
    let tell = move |what: &'static str, done: usize, of: usize| {
        shown.set_message(what);
        shown.set_length(of as u64);
        shown.set_position(done as u64);
    };
    Ok((bar, Arc::new(tell)))
}

/// The book of this code or id.
async fn book_of(db: &Db, name: Option<&str>) -> anyhow::Result<Option<BookId>> {
    let Some(name) = name else { return Ok(None) };
    let id: Option<BookId> = name.parse().ok();
    let books = ledger::books(db.read()).await.context("the books cannot be read")?;
    let found = books.iter().find(|book| book.code == name || Some(book.id) == id);
    Ok(Some(found.ok_or_else(|| WrongInput(format!("there is no book {name}")))?.id))
}

fn read(path: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(path) = path else { return Ok(None) };
    std::fs::read(path).map(Some).map_err(|error| WrongInput(format!("{}: {error}", path.display())).into())
}

/// A break in a line: what, how much, why if that is known, and what could be done.
fn line(one: &BreakLine) -> String {
    let why = if one.why.is_empty() { String::new() } else { format!(" ({})", one.why) };
    format!("{} {} {}{why}: {}", one.class, one.key, one.amount, one.proposal)
}

fn told(report: Result<DayReport, ReconcileError>, output: Output) -> anyhow::Result<ExitCode> {
    let report = report.map_err(|error| match error {
        ReconcileError::Refused { .. }
        | ReconcileError::NoSuchCharity
        | ReconcileError::WhichCharity
        | ReconcileError::BeforeBooks { .. }
        | ReconcileError::NotOver(_)
        | ReconcileError::Gone(_) => WrongInput(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    let mut lines: Vec<String> = report.breaks.iter().map(line).collect();
    lines.push(format!(
        "{} {}: {} matched, {} healed, {} waiting, {} breaks",
        report.date,
        report.state,
        report.matched,
        report.healed,
        report.waiting,
        report.breaks.len()
    ));
    output.report(&report, lines)?;
    Ok(ExitCode::SUCCESS)
}

//! `job NAME`: one job, once, now; with a date, for the jobs that are about days. Ends with 1 if something in it failed.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use app::runs::{Outcome, Runs};
use domain::BusinessDate;
use jobs::JobError;
use serde_json::json;

use crate::commands::WrongInput;
use crate::config::Config;
use crate::output::Output;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which job; without a name the jobs are listed.
    name: Option<String>,
    /// For the jobs that are about a day (reconcile) or go up to one (seal_days, close_loans).
    #[arg(long, value_name = "DAY")]
    date: Option<BusinessDate>,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let Some(name) = args.name else {
        let list = |job: &jobs::Job| json!({ "name": job.name, "about": job.about, "cadence": job.cadence.text });
        let lines = jobs::JOBS.iter().map(|job| format!("{:<24} {} ({})", job.name, job.about, job.cadence.text));
        output.report(&jobs::JOBS.iter().map(list).collect::<Vec<_>>(), lines)?;
        return Ok(ExitCode::SUCCESS);
    };
    let job = jobs::find(&name).map_err(|error| WrongInput(error.to_string()))?;
    if args.date.is_some() && job.day.is_none() {
        return Err(WrongInput(JobError::NoDay(job.name).to_string()).into());
    }
    let (base, service) = config.service()?;
    telemetry::log(&base.log);
    let app = house::open(&base, &service).await?;
    let (ended, ending) = tokio::sync::oneshot::channel();
    let showing = std::io::stderr().is_terminal().then(|| tokio::spawn(show_progress(app.clone(), job.name, ending)));
    let ran = match args.date {
        Some(day) => jobs::run_day(app.clone(), job.name, day).await,
        None => jobs::run_once(app.clone(), job.name).await,
    };
    // Nobody listens where nothing is shown.
    let _ = ended.send(());
    if let Some(showing) = showing {
        showing.await?;
    }
    house::close(app).await;
    let (document, line, ok) = match ran {
        Ok(report) => (
            json!({ "job": job.name, "done": report.done, "failed": report.failed, "note": report.note }),
            format!("{}: {} done, {} failed", job.name, report.done, report.failed),
            report.failed == 0,
        ),
        Err(error @ (JobError::UnderWay | JobError::Failed(_))) => {
            (json!({ "job": job.name, "error": format!("{error:#}") }), format!("{}: {error:#}", job.name), false)
        }
        Err(error @ (JobError::NoSuchJob | JobError::NoDay(_) | JobError::Runs(_) | JobError::Bell(_))) => {
            return Err(error.into());
        }
    };
    output.report(&document, [line])?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows on a terminal what the run tells while it lasts.
async fn show_progress(app: Arc<App>, job: &'static str, mut ending: tokio::sync::oneshot::Receiver<()>) {
    let runs = Runs::new(app.db.clone(), app.real.clone());
    let mut shown = 0;
    loop {
        let over = tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => false,
            _ = &mut ending => true,
        };
        // What cannot be read is not shown; the run itself says what became of it.
        let last = runs.last(Some(job), 1).await.ok().and_then(|mut last| last.pop());
        if let Some(run) = last.filter(|run| over || run.outcome == Outcome::Running)
            && let Ok(Some((_, lines))) = runs.run(run.id).await
        {
            for line in lines.iter().skip(shown) {
                eprintln!("{}", line.words);
            }
            shown = lines.len();
        }
        if over {
            return;
        }
    }
}

//! What runs without a request.
//!
//! A job is a name, a cadence and a function of [`App`]. It takes no arguments (those about days may be given one by hand), looks at the
//! rows, and does what their state says is due; running it twice, on two machines, or after a crash changes nothing that was done. The lease in
//! [`app::runs`] lets it run once at a time; the [bell](start) only says when to try.
//!
//! A run is a task of its own: neither a tick nor whoever asked for it can cut it short, because a statement that is dropped
//! half-way can poison its connection. A panic ends the run, not the program.

mod bell;
mod registry;
#[cfg(test)]
#[path = "../tests/world/mod.rs"]
mod world;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::App;
use app::runs::{Expected, Outcome, RunGuard, Runs, RunsError};
use chrono_tz::Asia::Shanghai;
use croner::parser::{CronParser, Seconds};
use domain::{BusinessDate, JobRunId, StaffId, Timestamp};

pub use app::runs::Report;
pub use bell::{Running, start};
pub use registry::JOBS;

/// What a job's function answers. Here errors end: they are written down with all their causes.
pub type Doing = Pin<Box<dyn Future<Output = anyhow::Result<Report>> + Send>>;
/// What a job does about a day.
pub type OfDay = fn(Arc<App>, BusinessDate) -> Doing;

/// How often a job runs.
#[derive(Clone, Copy, Debug)]
pub struct Cadence {
    /// Second, minute, hour, day, month, weekday, in Beijing.
    pub cron: &'static str,
    /// After so long without success a job that was not running catches up at once.
    pub every: Duration,
    /// For people.
    pub text: &'static str,
}

impl Cadence {
    /// When the clock rings next after a moment.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let cron = CronParser::builder().seconds(Seconds::Required).build().parse(self.cron).ok()?;
        let now = chrono::DateTime::from_timestamp(now.seconds(), 0)?.with_timezone(&Shanghai);
        Some(Timestamp::from_seconds(cron.find_next_occurrence(&now, false).ok()?.timestamp()))
    }
}

/// Something that runs without a request.
#[derive(Debug)]
pub struct Job {
    /// Its name: `sangzi job NAME`.
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    /// How often it runs.
    pub cadence: Cadence,
    /// What it does.
    pub run: fn(Arc<App>) -> Doing,
    /// What it does about one day, or up to it, if it is about days.
    pub day: Option<OfDay>,
}

impl Job {
    /// The job for one day, or for whatever is due.
    fn about(&'static self, day: Option<BusinessDate>) -> Result<Task, JobError> {
        let day = match (day, self.day) {
            (Some(_), None) => return Err(JobError::NoDay(self.name)),
            (Some(on), Some(run)) => Some((on, run)),
            (None, _) => None,
        };
        Ok(Task { job: self, day })
    }
}

/// A job that is to be run, and about which day.
#[derive(Clone, Copy, Debug)]
struct Task {
    job: &'static Job,
    day: Option<(BusinessDate, OfDay)>,
}

impl Task {
    fn doing(self, app: Arc<App>) -> Doing {
        match self.day {
            Some((on, run)) => run(app, on),
            None => (self.job.run)(app),
        }
    }
}

/// Why a job did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is no job of this name.
    #[error("there is no such job; there are {}", names())]
    NoSuchJob,
    /// The job is about no day.
    #[error("{0} is not about a day; leave the date away. About a day are {days}", days = of_days())]
    NoDay(&'static str),
    /// The job is running, here or on another machine.
    #[error("the job is under way already")]
    UnderWay,
    /// The job itself failed.
    #[error("{0:#}")]
    Failed(anyhow::Error),
    /// The run could not be begun or written down.
    #[error("the run cannot be written down")]
    Runs(#[from] RunsError),
    /// The bell does not work.
    #[error("the scheduler does not start: {0}")]
    Bell(String),
}

fn names() -> String {
    JOBS.iter().map(|job| job.name).collect::<Vec<_>>().join(", ")
}

fn of_days() -> String {
    JOBS.iter().filter(|job| job.day.is_some()).map(|job| job.name).collect::<Vec<_>>().join(", ")
}

/// The job of a name.
pub fn find(name: &str) -> Result<&'static Job, JobError> {
    JOBS.iter().find(|job| job.name == name).ok_or(JobError::NoSuchJob)
}

/// Runs a job once, now, and waits for it. Failures inside the job are counted in the report.
pub async fn run_once(app: Arc<App>, name: &str) -> Result<Report, JobError> {
    attempt(app, find(name)?.about(None)?).await?.ok_or(JobError::UnderWay)
}

/// The same about one day, for the jobs that are about days.
pub async fn run_day(app: Arc<App>, name: &str, day: BusinessDate) -> Result<Report, JobError> {
    attempt(app, find(name)?.about(Some(day))?).await?.ok_or(JobError::UnderWay)
}

/// Begins a run somebody asks for, and answers at once; the run goes on by itself. Who asked is kept with it.
pub async fn start_once(app: Arc<App>, name: &str, asked_by: StaffId) -> Result<JobRunId, JobError> {
    begin(app, find(name)?.about(None)?, asked_by).await
}

/// The same about one day, for the jobs that are about days.
pub async fn start_day(app: Arc<App>, name: &str, day: BusinessDate, asked_by: StaffId) -> Result<JobRunId, JobError> {
    begin(app, find(name)?.about(Some(day))?, asked_by).await
}

async fn begin(app: Arc<App>, task: Task, asked_by: StaffId) -> Result<JobRunId, JobError> {
    let begun = tokio::spawn(async move {
        let guard = runs(&app).begin_for(task.job.name, Some(asked_by)).await?.ok_or(JobError::UnderWay)?;
        let id = guard.id();
        tokio::spawn(perform(app, task, guard));
        Ok(id)
    });
    begun.await.unwrap_or_else(|stopped| Err(JobError::Failed(stopped.into())))
}

/// All jobs, and when the clock rings for each next after a moment.
pub fn expected(now: Timestamp) -> Vec<Expected> {
    let expected = |job: &Job| Expected {
        name: job.name,
        about: job.about,
        cadence: job.cadence.text,
        every: job.cadence.every,
        next: job.cadence.next(now),
    };
    JOBS.iter().map(expected).collect()
}

/// Counts what is wrong for whoever monitors: jobs that fail or are missing, and what is late of what the law wants by a day. Every process
/// that is asked for its metrics counts for itself.
pub async fn watch(app: &App) -> anyhow::Result<()> {
    let count = |truth: bool| if truth { 1.0 } else { 0.0 };
    for job in runs(app).standing(expected(app.real.now())).await? {
        metrics::gauge!("sangzi_job_failing", "job" => job.expected.name).set(count(job.failing));
        metrics::gauge!("sangzi_job_missing", "job" => job.expected.name).set(count(job.missing));
    }
    for (kind, late) in app.disclosures.late().await? {
        #[allow(clippy::cast_precision_loss, reason = "nobody has as many duties as a float has digits")]
        let late = late as f64;
        metrics::gauge!("sangzi_duties_late", "kind" => kind.word()).set(late);
    }
    Ok(())
}

/// Runs a job if nobody else does.
async fn attempt(app: Arc<App>, task: Task) -> Result<Option<Report>, JobError> {
    let attempt = tokio::spawn(async move {
        let Some(guard) = runs(&app).begin(task.job.name).await? else { return Ok(None) };
        perform(app, task, guard).await.map(Some)
    });
    attempt.await.unwrap_or_else(|stopped| Err(JobError::Failed(stopped.into())))
}

/// Does what a run that has begun is there for, and ends it.
async fn perform(app: Arc<App>, task: Task, guard: RunGuard) -> Result<Report, JobError> {
    let job = task.job;
    let began = Instant::now();
    let log = guard.log();
    let result = match tokio::spawn(log.within(task.doing(app.clone()))).await {
        Ok(result) => result,
        Err(panicked) => Err(anyhow::Error::new(panicked).context("the job did not come to its end")),
    };
    let written = result.as_ref().map(Clone::clone).map_err(|error| format!("{error:#}"));
    let outcome = guard.finish(&written).await?;
    metrics::histogram!("sangzi_job_run_seconds", "job" => job.name).record(began.elapsed());
    metrics::counter!("sangzi_job_runs_total", "job" => job.name, "outcome" => outcome.as_str()).increment(1);
    if outcome == Outcome::Done {
        #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 fit a float for millions of years")]
        let now = app.real.now().seconds() as f64;
        metrics::gauge!("sangzi_job_last_success_seconds", "job" => job.name).set(now);
    }
    match &result {
        Ok(report) if report.failed > 0 => {
            tracing::warn!(job = job.name, done = report.done, failed = report.failed, "a job ended with failures");
        }
        Ok(report) if report.done > 0 => tracing::info!(job = job.name, done = report.done, "a job ended"),
        Ok(_) => tracing::debug!(job = job.name, "a job found nothing to do"),
        Err(error) => tracing::error!(job = job.name, error = format!("{error:#}"), "a job failed"),
    }
    result.map_err(JobError::Failed)
}

fn runs(app: &App) -> Runs {
    Runs::new(app.db.clone(), app.real.clone())
}

//! What happened in the house: the audit trail, and the jobs.

use std::sync::Arc;

use app::App;
use app::runs::{
    JobStanding, ListJobs, Outcome, Report, Run, RunJob, RunLine, Runs, StartJob, Started, WATCHERS, operators,
};
use app::trail;
use domain::role::Role;
use entity::audit_log;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, wire_enum};

/// Who may read the trail.
const AUDITORS: [Role; 2] = [Role::Admin, Role::Auditor];

/// A line of the audit trail.
#[derive(Object)]
struct TrailLine {
    id: Uuid,
    at: Instant,
    /// `staff:{id}`, `donor:{id}` or `system`.
    actor: String,
    action: String,
    object: String,
    /// The address the request came from, or the command.
    origin: String,
    /// Before and after, as far as it is not personal.
    detail: Any<serde_json::Value>,
}

impl From<audit_log::Model> for TrailLine {
    fn from(row: audit_log::Model) -> TrailLine {
        TrailLine {
            id: row.id.uuid(),
            at: row.at_us.into(),
            actor: row.actor,
            action: row.action,
            object: row.object,
            origin: row.origin,
            detail: Any(serde_json::from_str(&row.detail).unwrap_or(serde_json::Value::String(row.detail))),
        }
    }
}

wire_enum! {
    /// How a run stands.
    RunOutcome = Outcome { Running, Done, Failed, Lost }
}

/// A run of a job. Times are real time, whatever the business clock says.
#[derive(Object)]
struct JobRun {
    id: Uuid,
    job: String,
    started_at: Instant,
    #[oai(nullable)]
    finished_at: Option<Instant>,
    outcome: RunOutcome,
    /// How many things were done.
    done: i64,
    /// How many failed.
    failed: i64,
    #[oai(nullable)]
    detail: Option<String>,
    /// Who asked for it; null if it was the clock.
    #[oai(nullable)]
    asked_by: Option<Uuid>,
}

impl From<Run> for JobRun {
    fn from(run: Run) -> JobRun {
        JobRun {
            id: run.id.uuid(),
            job: run.job,
            started_at: run.started.into(),
            finished_at: run.finished.map(Instant),
            outcome: run.outcome.into(),
            done: run.done,
            failed: run.failed,
            detail: run.detail,
            asked_by: run.asked_by.map(|id| id.uuid()),
        }
    }
}

/// A line of a run.
#[derive(Object)]
struct JobLine {
    at: Instant,
    /// Whether it tells of a failure.
    failed: bool,
    words: String,
}

impl From<RunLine> for JobLine {
    fn from(line: RunLine) -> JobLine {
        JobLine { at: line.at.into(), failed: line.failed, words: line.words }
    }
}

/// A run, how far it is, and what it has told so far.
#[derive(Object)]
struct JobProgress {
    run: JobRun,
    lines: Vec<JobLine>,
}

/// A job and how it stands.
#[derive(Object)]
struct JobItem {
    name: String,
    about: String,
    /// How often it runs, in Beijing time.
    cadence: String,
    /// When the clock rings for it next.
    #[oai(nullable)]
    next: Option<Instant>,
    #[oai(nullable)]
    last: Option<JobRun>,
    /// When its last run that succeeded began.
    #[oai(nullable)]
    last_success: Option<Instant>,
    /// Its last run failed, or its process died.
    failing: bool,
    /// It did not succeed for three times as long as it should take, or never.
    missing: bool,
}

impl From<JobStanding> for JobItem {
    fn from(job: JobStanding) -> JobItem {
        JobItem {
            name: job.expected.name.to_owned(),
            about: job.expected.about.to_owned(),
            cadence: job.expected.cadence.to_owned(),
            next: job.expected.next.map(Instant),
            last: job.last.map(Into::into),
            last_success: job.last_success.map(Instant),
            failing: job.failing,
            missing: job.missing,
        }
    }
}

/// What became of a job that was started by hand.
#[derive(ApiResponse)]
enum StartedJob {
    /// It ran to its end.
    #[oai(status = 200)]
    Ended(Json<JobReport>),
    /// It has begun; how far it is stands at the address.
    #[oai(status = 202)]
    Begun(Json<JobBegun>, #[oai(header = "Location")] String),
}

/// A run that has begun.
#[derive(Object)]
struct JobBegun {
    /// The run: GET /jobs/runs/{run}.
    run: Uuid,
}

/// What a run did that was started by hand.
#[derive(Object)]
struct JobReport {
    job: String,
    outcome: RunOutcome,
    done: u64,
    failed: u64,
    #[oai(nullable)]
    detail: Option<String>,
}

pub(crate) struct HouseApi {
    pub(crate) app: Arc<App>,
    pub(crate) runs: Runs,
    pub(crate) run_job: RunJob,
    pub(crate) start_job: StartJob,
    pub(crate) jobs: ListJobs,
}

#[OpenApi(tag = "Tag::House")]
impl HouseApi {
    /// Who did what to which thing, newest first; over a part of the tree, what those did who belong to it.
    #[oai(path = "/staff/trail", method = "get")]
    async fn trail(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<TrailLine>>, ApiError> {
        officer.must_be(&AUDITORS)?;
        let after_id = after.0.map(Into::into);
        let (db, all) = (self.app.db.read(), trail::Search::default());
        let rows = trail::page_for(db, (&officer.0, &AUDITORS), &all, after_id, limit.0 + 1).await;
        let rows = rows.map_err(|error| ApiError::internal(&error))?;
        if rows.is_empty() && after.0.is_some() {
            // A page that names a next one has one: nothing leaves the trail.
            return Err(ApiError::cursor());
        }
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// The last runs of the jobs, newest first.
    #[oai(path = "/jobs/runs", method = "get")]
    async fn runs(
        &self,
        officer: Officer,
        #[oai(validator(max_length = 64))] job: Query<Option<String>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<JobRun>>, ApiError> {
        officer.must_be(&WATCHERS)?;
        Ok(Json(Page::whole(self.runs.last(job.0.as_deref(), limit.0).await?)))
    }

    /// All jobs: what they do, how they stand, when the clock rings for them next.
    #[oai(path = "/jobs", method = "get")]
    async fn jobs(&self, officer: Officer) -> Result<Json<Page<JobItem>>, ApiError> {
        officer.must_be(&WATCHERS)?;
        Ok(Json(Page::whole(self.runs.standing((self.jobs)()).await?)))
    }

    /// A run: how far it is, what it did, and what it told.
    #[oai(path = "/jobs/runs/:run_id", method = "get")]
    async fn progress(&self, officer: Officer, run_id: Path<Uuid>) -> Result<Json<JobProgress>, ApiError> {
        officer.must_be(&WATCHERS)?;
        let none = || ApiError::not_found("no_such_run", "没有这次运行的记录。");
        let (run, lines) = self.runs.run(run_id.0.into()).await?.ok_or_else(none)?;
        Ok(Json(JobProgress { run: run.into(), lines: lines.into_iter().map(Into::into).collect() }))
    }

    /// Runs a job now, once, and waits for it; with `wait=false` the answer comes at once and names the run to look at.
    #[oai(path = "/jobs/:name/runs", method = "post")]
    async fn run(
        &self,
        officer: Officer,
        name: Path<String>,
        #[oai(default = "yes")] wait: Query<bool>,
    ) -> Result<StartedJob, ApiError> {
        officer.must_be(operators(&name.0))?;
        let report = |report: Report, error: Option<String>| {
            let failed = error.is_some() || report.failed > 0;
            let outcome = if failed { RunOutcome::Failed } else { RunOutcome::Done };
            JobReport {
                job: name.0.clone(),
                outcome,
                done: report.done,
                failed: report.failed,
                detail: error.or(report.note),
            }
        };
        let ran = if wait.0 {
            (self.run_job)(name.0.clone()).await
        } else {
            match (self.start_job)(name.0.clone(), officer.0.id).await {
                Ok(run) => {
                    let run = run.uuid();
                    return Ok(StartedJob::Begun(Json(JobBegun { run }), format!("/api/v1/jobs/runs/{run}")));
                }
                Err(refused) => refused,
            }
        };
        match ran {
            Started::NoSuchJob => Err(ApiError::not_found("no_such_job", "没有这个任务。")),
            Started::UnderWay => Err(ApiError::conflict("job_running", "该任务正在运行。")),
            Started::Ended(done) => Ok(StartedJob::Ended(Json(report(done, None)))),
            Started::Failed(error) => Ok(StartedJob::Ended(Json(report(Report::default(), Some(error))))),
        }
    }
}

fn yes() -> bool {
    true
}

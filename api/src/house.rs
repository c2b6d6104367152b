//! What happened in the house: the audit trail, and the jobs.

use std::sync::Arc;

use app::App;
use app::runs::{Outcome, Report, Run, RunJob, Runs, Started};
use app::trail;
use domain::role::Role;
use entity::audit_log;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, wire_enum};

/// Who may read the trail.
const AUDITORS: [Role; 2] = [Role::Admin, Role::Auditor];
/// Who may start a job. A job only does what is due; starting one moves no decision.
const OPERATORS: [Role; 4] = [Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];

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
        }
    }
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
        let rows = trail::page_for(self.app.db.read(), &officer.0, &AUDITORS, after_id, limit.0 + 1).await;
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
        officer.must_be(&[&OPERATORS[..], &[Role::Auditor]].concat())?;
        Ok(Json(Page::whole(self.runs.last(job.0.as_deref(), limit.0).await?)))
    }

    /// Runs a job now, once, and waits for it.
    #[oai(path = "/jobs/:name/runs", method = "post")]
    async fn run(&self, officer: Officer, name: Path<String>) -> Result<Json<JobReport>, ApiError> {
        officer.must_be(&OPERATORS)?;
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
        match (self.run_job)(name.0.clone()).await {
            Started::NoSuchJob => Err(ApiError::not_found("no_such_job", "没有这个任务。")),
            Started::UnderWay => Err(ApiError::conflict("job_running", "该任务正在运行。")),
            Started::Ended(done) => Ok(Json(report(done, None))),
            Started::Failed(error) => Ok(Json(report(Report::default(), Some(error)))),
        }
    }
}

//! Which jobs ran, and who may run one now.
//!
//! A run holds the lease of its job on the real clock and renews it while it lasts, so a job runs once at a time on however
//! many machines. A process that dies leaves a lease that runs out; the next run says of its row that it was lost. The lease
//! belongs to the run, not to the process: two ticks in one process exclude each other like two machines.
//!
//! Costs: two transactions a run. Runs that did nothing are forgotten after an hour, all after ninety days.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, JobRunId, Timestamp};
use entity::{Db, job_lease, job_run};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    Statement,
};
use tokio::sync::oneshot;

/// How long a lease holds without being renewed.
const LEASE: Duration = Duration::from_secs(60);
/// How long an idle run is remembered.
const IDLE_KEPT: Duration = Duration::from_secs(3_600);
/// How long any run is remembered.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
/// How much of an error is kept.
const DETAIL: usize = 2_000;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many things were done.
    pub done: u64,
    /// How many failed; they mark the run.
    pub failed: u64,
    /// What else is worth knowing.
    pub note: Option<String>,
}

impl Report {
    /// Counts one thing. A failure is logged with its causes; it does not end the run.
    pub fn count<T, E: std::error::Error + 'static>(&mut self, result: Result<T, E>) {
        match result {
            Ok(_) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "one thing of a run failed");
            }
        }
    }

    /// So many things were done, none failed.
    pub fn of(done: u64) -> Report {
        Report { done, ..Report::default() }
    }
}

/// What became of a job that was started by hand.
#[derive(Debug)]
pub enum Started {
    /// There is no job of this name.
    NoSuchJob,
    /// It runs already, here or elsewhere.
    UnderWay,
    /// It ran to its end.
    Ended(Report),
    /// It failed, and why.
    Failed(String),
}

/// Runs the job of that name once. The interface and the pages do not know the jobs; whoever knows both joins them.
pub type RunJob = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = Started> + Send>> + Send + Sync>;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Under way.
    Running,
    /// Ended, nothing failed.
    Done,
    /// Ended, something failed.
    Failed,
    /// Its process died.
    Lost,
}

impl Outcome {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Running => "running",
            Outcome::Done => "done",
            Outcome::Failed => "failed",
            Outcome::Lost => "lost",
        }
    }

    fn of(word: &str) -> Result<Outcome, DbErr> {
        [Outcome::Running, Outcome::Done, Outcome::Failed, Outcome::Lost]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
            .ok_or_else(|| DbErr::Type(format!("{word:?} is no outcome of a run")))
    }
}

/// A run that is remembered. Times are real time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: JobRunId,
    /// The job.
    pub job: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, or was found lost.
    pub finished: Option<Timestamp>,
    /// How it stands.
    pub outcome: Outcome,
    /// What it did.
    pub done: i64,
    /// What failed.
    pub failed: i64,
    /// The note, or the error.
    pub detail: Option<String>,
}

/// Why a run could not be begun, ended or read.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The lease went to somebody else while the run lasted: this process was cut off from the database too long.
    #[error("the lease of {job} was lost while it ran")]
    LeaseLost {
        /// The job.
        job: String,
    },
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// Leases and the memory of runs. Cheap to clone.
#[derive(Clone)]
pub struct Runs {
    db: Db,
    real: Clock,
}

/// The right to run a job. Dropping it without [`finish`](RunGuard::finish) stops the renewal, and the run counts as lost
/// once the lease is over.
#[must_use]
pub struct RunGuard {
    runs: Runs,
    id: JobRunId,
    job: String,
    /// Dropping it ends the renewal.
    _renewal: oneshot::Sender<()>,
}

impl Runs {
    /// The service. Starts nothing.
    pub fn new(db: Db, real: Clock) -> Runs {
        Runs { db, real }
    }

    /// Begins a run of a job; nothing if it is under way somewhere.
    pub async fn begin(&self, job: &str) -> Result<Option<RunGuard>, RunsError> {
        let now = self.real.now();
        let id = JobRunId::new();
        let tx = self.db.begin().await?;
        let lease = "INSERT INTO job_lease (name, owner, until_us) VALUES ($1, $2, $3) \
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until_us = excluded.until_us \
            WHERE job_lease.until_us < $4";
        let values = [job.into(), id.uuid().into(), now.after(LEASE).into(), now.into()];
        let taken = tx.execute_raw(Statement::from_sql_and_values(self.db.backend(), lease, values)).await?;
        if taken.rows_affected() != 1 {
            return Ok(None);
        }
        // Whoever holds the lease is the only run there is.
        let lost = job_run::Entity::update_many()
            .col_expr(job_run::Column::Outcome, Outcome::Lost.as_str().into())
            .col_expr(job_run::Column::FinishedUs, now.into())
            .filter(job_run::Column::Job.eq(job))
            .filter(job_run::Column::Outcome.eq(Outcome::Running.as_str()))
            .exec(&tx)
            .await?;
        let run = job_run::ActiveModel {
            id: Set(id),
            job: Set(job.to_owned()),
            started_us: Set(now),
            finished_us: Set(None),
            outcome: Set(Outcome::Running.as_str().to_owned()),
            done: Set(0),
            failed: Set(0),
            detail: Set(None),
        };
        run.insert(&tx).await?;
        tx.commit().await?;
        if lost.rows_affected > 0 {
            tracing::warn!(job, "the run before did not end; its process died");
            metrics::counter!("sangzi_job_runs_total", "job" => job.to_owned(), "outcome" => "lost")
                .increment(lost.rows_affected);
        }
        let (renewal, stopped) = oneshot::channel();
        tokio::spawn(self.clone().renew(id, job.to_owned(), stopped));
        Ok(Some(RunGuard { runs: self.clone(), id, job: job.to_owned(), _renewal: renewal }))
    }

    /// Renews a lease until the guard is gone. Only the pause is cut short, never a statement.
    async fn renew(self, id: JobRunId, job: String, mut stopped: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LEASE / 3) => {}
                _ = &mut stopped => return,
            }
            match self.renew_once(id, &job).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::error!(job, "the lease of a run under way went to somebody else");
                    return;
                }
                Err(error) => tracing::warn!(job, %error, "the lease of a run could not be renewed"),
            }
        }
    }

    async fn renew_once(&self, id: JobRunId, job: &str) -> Result<bool, DbErr> {
        let tx = self.db.begin().await?;
        let renewed = job_lease::Entity::update_many()
            .col_expr(job_lease::Column::UntilUs, self.real.now().after(LEASE).into())
            .filter(job_lease::Column::Name.eq(job))
            .filter(job_lease::Column::Owner.eq(id.uuid()))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(renewed.rows_affected == 1)
    }

    /// The last runs, of one job or of all, newest first.
    pub async fn last(&self, job: Option<&str>, limit: u64) -> Result<Vec<Run>, RunsError> {
        let mut rows = job_run::Entity::find();
        if let Some(job) = job {
            rows = rows.filter(job_run::Column::Job.eq(job));
        }
        let rows = rows
            .order_by_desc(job_run::Column::StartedUs)
            .order_by_desc(job_run::Column::Id)
            .limit(limit)
            .all(self.db.read())
            .await?;
        Ok(rows.into_iter().map(run).collect::<Result<_, _>>()?)
    }

    /// When the last run of a job that succeeded began.
    pub async fn last_success(&self, job: &str) -> Result<Option<Timestamp>, RunsError> {
        let last = job_run::Entity::find()
            .filter(job_run::Column::Job.eq(job))
            .filter(job_run::Column::Outcome.eq(Outcome::Done.as_str()))
            .order_by_desc(job_run::Column::StartedUs)
            .one(self.db.read())
            .await?;
        Ok(last.map(|run| run.started_us))
    }

    /// Forgets runs that did nothing after an hour, unless they are the last success of their job, and all runs after ninety
    /// days. Answers how many.
    pub async fn sweep(&self) -> Result<u64, RunsError> {
        let now = self.real.now();
        let sql = "DELETE FROM job_run WHERE started_us < $1 OR (started_us < $2 AND outcome = 'done' AND done = 0 \
            AND detail IS NULL AND EXISTS (SELECT 1 FROM job_run l WHERE l.job = job_run.job AND l.outcome = 'done' \
            AND l.started_us > job_run.started_us))";
        let values = [now.before(KEPT).into(), now.before(IDLE_KEPT).into()];
        let tx = self.db.begin().await?;
        let swept = tx.execute_raw(Statement::from_sql_and_values(self.db.backend(), sql, values)).await?;
        tx.commit().await?;
        Ok(swept.rows_affected())
    }
}

impl RunGuard {
    /// The run's id.
    pub fn id(&self) -> JobRunId {
        self.id
    }

    /// Ends the run and gives the lease back. An error's text becomes the detail; failures in a report mark the run.
    pub async fn finish(self, result: &Result<Report, String>) -> Result<Outcome, RunsError> {
        let (outcome, done, failed, detail) = match result {
            Ok(report) if report.failed == 0 => (Outcome::Done, report.done, 0, report.note.clone()),
            Ok(report) => (Outcome::Failed, report.done, report.failed, report.note.clone()),
            Err(error) => (Outcome::Failed, 0, 0, Some(error.clone())),
        };
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let detail: Option<String> = detail.map(|text| text.replace('\0', " ").chars().take(DETAIL).collect());
        let now = self.runs.real.now();
        let tx = self.runs.db.begin().await?;
        let released = job_lease::Entity::update_many()
            .col_expr(job_lease::Column::UntilUs, 0.into())
            .filter(job_lease::Column::Name.eq(&self.job))
            .filter(job_lease::Column::Owner.eq(self.id.uuid()))
            .exec(&tx)
            .await?;
        let ended = job_run::Entity::update_many()
            .col_expr(job_run::Column::Outcome, outcome.as_str().into())
            .col_expr(job_run::Column::FinishedUs, now.into())
            .col_expr(job_run::Column::Done, count(done).into())
            .col_expr(job_run::Column::Failed, count(failed).into())
            .col_expr(job_run::Column::Detail, detail.into())
            .filter(job_run::Column::Id.eq(self.id))
            .filter(job_run::Column::Outcome.eq(Outcome::Running.as_str()))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        if released.rows_affected != 1 || ended.rows_affected != 1 {
            return Err(RunsError::LeaseLost { job: self.job });
        }
        Ok(outcome)
    }
}

fn run(row: job_run::Model) -> Result<Run, DbErr> {
    Ok(Run {
        id: row.id,
        outcome: Outcome::of(&row.outcome)?,
        job: row.job,
        started: row.started_us,
        finished: row.finished_us,
        done: row.done,
        failed: row.failed,
        detail: row.detail,
    })
}

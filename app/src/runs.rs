//! Which jobs ran, and who may run one now.
//!
//! A run holds the lease of its job on the real clock and renews it while it lasts, so a job runs once at a time on however
//! many machines. A process that dies leaves a lease that runs out; the next run says of its row that it was lost. The lease
//! belongs to the run, not to the process: two ticks in one process exclude each other like two machines.
//!
//! What a run tells while it lasts ([`tell`]) is kept line by line and can be read meanwhile, as can how far it is.
//!
//! Costs: two transactions a run, and one a second in which it tells something. Runs that did nothing are forgotten after an hour, all
//! after ninety days.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::role::Role;
use domain::{BusinessDate, Clock, JobRunId, StaffId, Timestamp};
use entity::{Db, Rows, job_lease, job_line, job_run};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Set, Statement,
};
use tokio::sync::oneshot;

/// The job that computes the books again: it changes nothing, so whoever may look at runs may ask for it.
pub const AUDIT: &str = "audit_books";
/// Who may start a job.
pub const OPERATORS: [Role; 4] = [Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
/// Who may see how jobs stand, and what a run told.
pub const WATCHERS: [Role; 5] = [Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// Who may start this job.
pub fn operators(job: &str) -> &'static [Role] {
    if job == AUDIT { &WATCHERS } else { &OPERATORS }
}

/// How long a lease holds without being renewed.
const LEASE: Duration = Duration::from_secs(60);
/// How long an idle run is remembered.
const IDLE_KEPT: Duration = Duration::from_secs(3_600);
/// How long any run is remembered.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
/// How much of an error is kept.
const DETAIL: usize = 2_000;
/// How much of a line is kept.
const LINE: usize = 500;
/// How many lines of a run are kept.
const LINES: i64 = 1_000;
/// How often what a run tells is written down.
const TOLD: Duration = Duration::from_secs(1);
/// A job that did not succeed for so many times its cadence is missing.
const MISSED: u32 = 3;

tokio::task_local! {
    static LOG: RunLog;
}

/// Writes a line into the log of the run this is part of; into nothing outside of a run. Ids and words, nothing personal.
pub fn tell(words: impl Into<String>) {
    let words = words.into();
    // Outside of a run nobody listens.
    let _ = LOG.try_with(|log| log.push(false, words));
}

/// What a run has told and done so far, until it is written down.
#[derive(Clone, Default)]
pub struct RunLog(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    next: i64,
    waiting: Vec<(i64, bool, String)>,
    done: i64,
    failed: i64,
    changed: bool,
}

impl RunLog {
    /// Runs something as the run of this log.
    pub async fn within<T>(self, doing: impl Future<Output = T>) -> T {
        LOG.scope(self, doing).await
    }

    fn with<T>(&self, change: impl FnOnce(&mut Told) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, failed: bool, words: String) {
        self.with(|told| {
            if told.next < LINES {
                let last = told.next == LINES - 1;
                let words = if last { "后续内容不再记录".to_owned() } else { words };
                told.next += 1;
                told.waiting.push((told.next, failed, words.replace('\0', " ").chars().take(LINE).collect()));
            }
        });
    }

    fn count(&self, failed: bool) {
        self.with(|told| {
            told.changed = true;
            if failed {
                told.failed += 1;
            } else {
                told.done += 1;
            }
        });
    }
}

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
            Ok(_) => {
                self.done += 1;
                let _ = LOG.try_with(|log| log.count(false));
            }
            Err(error) => {
                self.failed += 1;
                let causes =
                    std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |error| error.source());
                let words = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
                let _ = LOG.try_with(|log| {
                    log.count(true);
                    log.push(true, words);
                });
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

/// Begins the job of that name for somebody who does not wait, and answers which run it is, or why there is none.
pub type StartJob =
    Arc<dyn Fn(String, StaffId) -> Pin<Box<dyn Future<Output = Result<JobRunId, Started>> + Send>> + Send + Sync>;

/// Begins the job of that name about one day, for those that are about days.
pub type StartDay = Arc<
    dyn Fn(String, BusinessDate, StaffId) -> Pin<Box<dyn Future<Output = Result<JobRunId, Started>> + Send>>
        + Send
        + Sync,
>;

/// Names all jobs, with when the clock rings for them next.
pub type ListJobs = Arc<dyn Fn() -> Vec<Expected> + Send + Sync>;

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
    /// Who asked for it; nobody if it was the clock.
    pub asked_by: Option<StaffId>,
}

/// A line of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLine {
    /// When, in real time.
    pub at: Timestamp,
    /// Whether it tells of a failure.
    pub failed: bool,
    /// What it says.
    pub words: String,
}

/// A job as its scheduler knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its name.
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    /// How often, for people.
    pub cadence: &'static str,
    /// How often.
    pub every: Duration,
    /// When the clock rings for it next, in real time.
    pub next: Option<Timestamp>,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStanding {
    /// The job.
    pub expected: Expected,
    /// Its last run.
    pub last: Option<Run>,
    /// When its last run that succeeded began.
    pub last_success: Option<Timestamp>,
    /// Its last run failed or was lost.
    pub failing: bool,
    /// It did not succeed for three times as long as it should take, or never.
    pub missing: bool,
}

impl JobStanding {
    /// Whether somebody should look: its last run failed or was lost, or it has not succeeded for too long.
    pub fn is_troubled(&self) -> bool {
        self.failing || self.missing
    }
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
    log: RunLog,
    /// Dropping it ends the renewal.
    _renewal: oneshot::Sender<()>,
}

impl Runs {
    /// The service. Starts nothing.
    pub fn new(db: Db, real: Clock) -> Runs {
        Runs { db, real }
    }

    /// Gives back every lease, for whoever knows that no other process works on this database: what died with its process need not be
    /// waited for.
    pub async fn release_all(&self) -> Result<(), RunsError> {
        let tx = self.db.begin().await?;
        job_lease::Entity::update_many()
            .col_expr(job_lease::Column::UntilUs, Timestamp::from_us(0).into())
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Begins a run of a job; nothing if it is under way somewhere.
    pub async fn begin(&self, job: &str) -> Result<Option<RunGuard>, RunsError> {
        self.begin_for(job, None).await
    }

    /// The same for a person who asks for it.
    pub async fn begin_for(&self, job: &str, asked_by: Option<StaffId>) -> Result<Option<RunGuard>, RunsError> {
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
            asked_by: Set(asked_by),
        };
        run.insert(&tx).await?;
        tx.commit().await?;
        if lost.rows_affected > 0 {
            tracing::warn!(job, "the run before did not end; its process died");
            metrics::counter!("sangzi_job_runs_total", "job" => job.to_owned(), "outcome" => "lost")
                .increment(lost.rows_affected);
        }
        let (renewal, stopped) = oneshot::channel();
        let log = RunLog::default();
        tokio::spawn(self.clone().renew(id, job.to_owned(), log.clone(), stopped));
        Ok(Some(RunGuard { runs: self.clone(), id, job: job.to_owned(), log, _renewal: renewal }))
    }

    /// Writes down what a run tells, and renews its lease, until the guard is gone. Only the pause is cut short, never a statement.
    async fn renew(self, id: JobRunId, job: String, log: RunLog, mut stopped: oneshot::Receiver<()>) {
        let mut renewed = tokio::time::Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(TOLD) => {}
                _ = &mut stopped => return,
            }
            if let Err(error) = self.write_down(id, &log).await {
                tracing::warn!(job, %error, "what a run tells could not be written down");
            }
            if renewed.elapsed() < LEASE / 3 {
                continue;
            }
            renewed = tokio::time::Instant::now();
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

    /// Writes down what was told since the last time; nothing if there is nothing.
    async fn write_down(&self, id: JobRunId, log: &RunLog) -> Result<(), DbErr> {
        let (lines, counts) = log.with(|told| {
            let counts = std::mem::take(&mut told.changed).then_some((told.done, told.failed));
            (std::mem::take(&mut told.waiting), counts)
        });
        if lines.is_empty() && counts.is_none() {
            return Ok(());
        }
        let now = self.real.now();
        let tx = self.db.begin().await?;
        if !lines.is_empty() {
            let rows = Rows::new()
                .int("seq", lines.iter().map(|(seq, ..)| *seq))
                .bool("failed", lines.iter().map(|(_, failed, _)| *failed))
                .text("words", lines.iter().map(|(.., words)| words.clone()));
            let sql = "INSERT INTO job_line (run_id, seq, at_us, failed, words) SELECT $1, seq, $2, failed, words FROM {rows}";
            tx.execute_raw(rows.statement(self.db.backend(), sql, [id.into(), now.into()])).await?;
        }
        if let Some((done, failed)) = counts {
            job_run::Entity::update_many()
                .col_expr(job_run::Column::Done, done.into())
                .col_expr(job_run::Column::Failed, failed.into())
                .filter(job_run::Column::Id.eq(id))
                .filter(job_run::Column::Outcome.eq(Outcome::Running.as_str()))
                .exec(&tx)
                .await?;
        }
        tx.commit().await
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

    /// A page of the runs of a job, newest first; behind a run that is forgotten there are none.
    pub async fn page(&self, job: &str, after: Option<JobRunId>, limit: u64) -> Result<Vec<Run>, RunsError> {
        use job_run::Column as C;
        let mut rows = job_run::Entity::find().filter(C::Job.eq(job));
        if let Some(after) = after {
            let Some(last) = job_run::Entity::find_by_id(after).one(self.db.read()).await? else {
                return Ok(Vec::new());
            };
            let same = Condition::all().add(C::StartedUs.eq(last.started_us)).add(C::Id.lt(last.id));
            rows = rows.filter(Condition::any().add(C::StartedUs.lt(last.started_us)).add(same));
        }
        let newest_first = rows.order_by_desc(C::StartedUs).order_by_desc(C::Id);
        let rows = newest_first.limit(limit).all(self.db.read()).await?;
        Ok(rows.into_iter().map(run).collect::<Result<_, _>>()?)
    }

    /// A run and what it has told so far, if it is remembered.
    pub async fn run(&self, id: JobRunId) -> Result<Option<(Run, Vec<RunLine>)>, RunsError> {
        let Some(row) = job_run::Entity::find_by_id(id).one(self.db.read()).await? else { return Ok(None) };
        let lines = job_line::Entity::find()
            .filter(job_line::Column::RunId.eq(id))
            .order_by_asc(job_line::Column::Seq)
            .all(self.db.read())
            .await?;
        let line = |row: job_line::Model| RunLine { at: row.at_us, failed: row.failed, words: row.words };
        Ok(Some((run(row)?, lines.into_iter().map(line).collect())))
    }

    /// How each of these jobs stands. A job that never ran is missing. Two statements.
    pub async fn standing(&self, jobs: Vec<Expected>) -> Result<Vec<JobStanding>, RunsError> {
        let backend = self.db.backend();
        let sql = "SELECT r.* FROM job_run r WHERE NOT EXISTS (SELECT 1 FROM job_run n WHERE n.job = r.job AND (n.started_us > r.started_us \
                   OR (n.started_us = r.started_us AND n.id > r.id)))";
        let rows = job_run::Model::find_by_statement(Statement::from_string(backend, sql)).all(self.db.read()).await?;
        let mut last: HashMap<String, job_run::Model> = rows.into_iter().map(|row| (row.job.clone(), row)).collect();
        let sql = "SELECT job, max(started_us) AS at_us FROM job_run WHERE outcome = 'done' GROUP BY job";
        let mut succeeded: HashMap<String, Timestamp> = HashMap::new();
        for row in self.db.read().query_all_raw(Statement::from_string(backend, sql)).await? {
            succeeded.insert(row.try_get("", "job")?, row.try_get("", "at_us")?);
        }
        let now = self.real.now();
        let standing = |expected: Expected| {
            let last = last.remove(expected.name).map(run).transpose()?;
            let last_success = succeeded.get(expected.name).copied();
            Ok(JobStanding {
                failing: last.as_ref().is_some_and(|run| matches!(run.outcome, Outcome::Failed | Outcome::Lost)),
                missing: last_success.is_none_or(|at| at.after(expected.every * MISSED) < now),
                expected,
                last,
                last_success,
            })
        };
        Ok(jobs.into_iter().map(standing).collect::<Result<_, DbErr>>()?)
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

    /// Where the run tells what it does.
    pub fn log(&self) -> RunLog {
        self.log.clone()
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
        self.runs.write_down(self.id, &self.log).await?;
        let now = self.runs.real.now();
        let tx = self.runs.db.begin().await?;
        let released = job_lease::Entity::update_many()
            .col_expr(job_lease::Column::UntilUs, Timestamp::from_us(0).into())
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
        asked_by: row.asked_by,
    })
}

//! The bell: tells jobs when to try. The scheduler is nothing more than that, because it lets runs overlap, forgets what it
//! missed, and does not wait when it is shut down. Each tick enters the list of what is under way here, or leaves it at
//! that; the lease decides between machines. What was missed while nobody was there is caught up on at the start.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use chrono_tz::Asia::Shanghai;
use tokio::sync::watch;
use tokio_cron_scheduler::{Job as Ring, JobScheduler, JobSchedulerError};

use crate::{JOBS, Job, JobError, Task, attempt, runs};

/// How long a stopping program waits for the runs under way.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct UnderWay {
    stopping: bool,
    jobs: BTreeSet<&'static str>,
}

struct Bell {
    app: Arc<App>,
    under_way: watch::Sender<UnderWay>,
}

/// Jobs that run by the clock until they are stopped.
#[must_use]
pub struct Running {
    bell: Arc<Bell>,
    scheduler: JobScheduler,
}

/// Starts all jobs by their cadence, in Beijing time, and at once those that were not done for longer than their cadence.
pub async fn start(app: Arc<App>) -> Result<Running, JobError> {
    start_with(app, JOBS).await
}

async fn start_with(app: Arc<App>, jobs: &'static [Job]) -> Result<Running, JobError> {
    let broken = |error: JobSchedulerError| JobError::Bell(error.to_string());
    let bell = Arc::new(Bell { app, under_way: watch::Sender::default() });
    let scheduler = JobScheduler::new().await.map_err(broken)?;
    for job in jobs {
        let ringing = bell.clone();
        let ring = Ring::new_async_tz(job.cadence.cron, Shanghai, move |_, _| {
            ringing.ring(job);
            Box::pin(std::future::ready(()))
        });
        scheduler.add(ring.map_err(broken)?).await.map_err(broken)?;
    }
    let now = bell.app.real.now();
    for job in jobs {
        let last = runs(&bell.app).last_success(job.name).await?;
        if last.is_none_or(|last| last.after(job.cadence.every) <= now) {
            bell.ring(job);
        }
    }
    scheduler.start().await.map_err(broken)?;
    Ok(Running { bell, scheduler })
}

impl Bell {
    /// Tries a job in a task of its own, unless it is under way here or everything is stopping.
    fn ring(self: &Arc<Bell>, job: &'static Job) {
        let entered = self.under_way.send_if_modified(|now| !now.stopping && now.jobs.insert(job.name));
        if !entered {
            return;
        }
        let place = Place { bell: self.clone(), name: job.name };
        tokio::spawn(async move {
            match attempt(place.bell.app.clone(), Task { job, day: None }).await {
                // A failed job is logged where it ran.
                Ok(_) | Err(JobError::Failed(_)) => {}
                Err(error) => {
                    let error: &(dyn std::error::Error + 'static) = &error;
                    tracing::warn!(job = job.name, error, "a run could not be begun or written down");
                }
            }
        });
    }
}

/// A place in the list of what is under way, given back in any case.
struct Place {
    bell: Arc<Bell>,
    name: &'static str,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.bell.under_way.send_if_modified(|now| now.jobs.remove(self.name));
    }
}

impl Running {
    /// Begins no more runs and waits for those under way, but not for ever: whatever is left is taken up again when its lease is over.
    pub async fn stop(mut self) {
        self.bell.under_way.send_modify(|now| now.stopping = true);
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::warn!(%error, "the scheduler did not stop in peace");
        }
        let mut under_way = self.bell.under_way.subscribe();
        if tokio::time::timeout(PATIENCE, under_way.wait_for(|now| now.jobs.is_empty())).await.is_err() {
            let left: Vec<&str> = self.bell.under_way.borrow().jobs.iter().copied().collect();
            tracing::warn!(
                ?left,
                "some jobs are not done; another process, or the next start, takes them up when their leases are over"
            );
        }
    }
}

impl Drop for Running {
    /// The scheduler's own task goes on when its handle is dropped; it must not begin anything more.
    fn drop(&mut self) {
        self.bell.under_way.send_modify(|now| now.stopping = true);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use app::runs::Outcome;

    use super::*;
    use crate::world::on_both;
    use crate::{Cadence, Doing, Report};

    const EVERY_SECOND: Cadence = Cadence { cron: "* * * * * *", every: Duration::from_secs(1), text: "" };

    static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
    static OVERLAPPED: AtomicBool = AtomicBool::new(false);

    fn slow(_: Arc<App>) -> Doing {
        Box::pin(async {
            if AT_ONCE.fetch_add(1, Ordering::SeqCst) > 0 {
                OVERLAPPED.store(true, Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            AT_ONCE.fetch_sub(1, Ordering::SeqCst);
            Ok(Report::of(1))
        })
    }

    fn panics(_: Arc<App>) -> Doing {
        Box::pin(async { panic!("on purpose") })
    }

    fn idle(_: Arc<App>) -> Doing {
        Box::pin(async { Ok(Report::default()) })
    }

    static SLOW: &[Job] = &[Job { name: "slow", about: "", cadence: EVERY_SECOND, run: slow, day: None }];
    static PANICS: &[Job] = &[Job { name: "panics", about: "", cadence: EVERY_SECOND, run: panics, day: None }];
    static YEARLY: &[Job] = &[Job {
        name: "yearly",
        about: "",
        cadence: Cadence { cron: "0 0 0 1 1 *", every: Duration::from_secs(366 * 86_400), text: "" },
        run: idle,
        day: None,
    }];

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_never_overlaps_and_stopping_waits_for_it() {
        on_both(async |w| {
            let (one, two) =
                (start_with(w.app.clone(), SLOW).await.unwrap(), start_with(w.app.clone(), SLOW).await.unwrap());
            tokio::time::sleep(Duration::from_millis(4_000)).await;
            tokio::join!(one.stop(), two.stop());
            assert_eq!(AT_ONCE.load(Ordering::SeqCst), 0, "everything under way has ended");
            assert!(!OVERLAPPED.load(Ordering::SeqCst));
            let last = runs(&w.app).last(Some("slow"), 10).await.unwrap();
            assert!((2..=3).contains(&last.len()), "{last:?}");
            assert!(last.iter().all(|run| run.outcome == Outcome::Done));
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            assert_eq!(runs(&w.app).last(Some("slow"), 10).await.unwrap(), last, "nothing begins after the stop");
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_ends_the_run_and_not_the_program() {
        on_both(async |w| {
            let running = start_with(w.app.clone(), PANICS).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            running.stop().await;
            let last = runs(&w.app).last(Some("panics"), 10).await.unwrap();
            assert!(last.len() >= 2, "it is tried again: {last:?}");
            assert!(last.iter().all(|run| run.outcome == Outcome::Failed));
            assert!(last[0].detail.as_deref().is_some_and(|detail| detail.contains("on purpose")), "{last:?}");
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_missed_is_caught_up_on_at_the_start() {
        on_both(async |w| {
            let ran = async || runs(&w.app).last(Some("yearly"), 10).await.unwrap().len();
            start_with(w.app.clone(), YEARLY).await.unwrap().stop().await;
            assert_eq!(ran().await, 1, "it never ran before");
            start_with(w.app.clone(), YEARLY).await.unwrap().stop().await;
            assert_eq!(ran().await, 1, "it ran within its cadence");
            w.app.real.set(w.app.real.now().after(Duration::from_secs(366 * 86_400)));
            start_with(w.app.clone(), YEARLY).await.unwrap().stop().await;
            assert_eq!(ran().await, 2);
        })
        .await;
    }
}

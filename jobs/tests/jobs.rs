//! Every job on real databases.
#![allow(clippy::unwrap_used, reason = "a test helper that fails has found what it looks for")]

mod world;

use std::time::Duration;

use app::runs::{Outcome, Runs};
use jobs::{JOBS, JobError, Report};
use world::on_both;

#[tokio::test(flavor = "multi_thread")]
async fn every_job_finds_nothing_to_do_in_an_empty_world() {
    on_both(async |w| {
        for job in JOBS {
            let report = jobs::run_once(w.app.clone(), job.name).await.unwrap();
            // The audit computes the numbers of an empty book, too, and finds them right.
            let done = if job.name == "audit_books" { report.done } else { 0 };
            assert_eq!((report.done, report.failed), (done, 0), "{}", job.name);
        }
        let runs = Runs::new(w.app.db.clone(), w.app.real.clone());
        let last = runs.last(None, 100).await.unwrap();
        assert_eq!(last.len(), JOBS.len());
        assert!(last.iter().all(|run| run.outcome == Outcome::Done));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_under_way_is_not_run_and_an_unknown_one_is_named() {
    on_both(async |w| {
        let guard = Runs::new(w.app.db.clone(), w.app.real.clone()).begin("outbox").await.unwrap().unwrap();
        assert!(matches!(jobs::run_once(w.app.clone(), "outbox").await, Err(JobError::UnderWay)));
        guard.finish(&Ok(Report::default())).await.unwrap();
        jobs::run_once(w.app.clone(), "outbox").await.unwrap();
        let unknown = jobs::run_once(w.app.clone(), "sleep").await.unwrap_err();
        assert!(unknown.to_string().contains("campaign_clock, certificates"), "{unknown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_is_remembered_with_its_cause() {
    on_both(async |w| {
        let name = "certificates";
        // Nobody listens there any more.
        let (runs, app) = (Runs::new(w.app.db.clone(), w.app.real.clone()), w.app.clone());
        w.stop_wechat().await;
        assert!(matches!(jobs::run_once(app, name).await, Err(JobError::Failed(_))));
        let last = runs.last(Some(name), 1).await.unwrap();
        assert_eq!(last[0].outcome, Outcome::Failed);
        assert!(last[0].detail.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_jobs_run_by_the_clock() {
    on_both(async |w| {
        let running = jobs::start(w.app.clone()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(6)).await;
        running.stop().await;
        let runs = Runs::new(w.app.db.clone(), w.app.real.clone());
        for job in JOBS {
            let last = runs.last(Some(job.name), 100).await.unwrap();
            let enough = if job.cadence.every <= Duration::from_secs(5) { 2 } else { 1 };
            assert!(last.len() >= enough, "{} ran {} times", job.name, last.len());
            assert!(last.iter().all(|run| run.outcome == Outcome::Done), "{last:?}");
        }
    })
    .await;
}

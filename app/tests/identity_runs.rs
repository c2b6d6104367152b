//! Leases and runs on real databases.
#![allow(clippy::unwrap_used, reason = "a test helper that fails has found what it looks for")]

mod identity_world;

use std::time::Duration;

use app::runs::{Outcome, Report, Runs, RunsError};
use identity_world::{World, on_both};

fn forward(w: &World, seconds: u64) {
    w.real.set(w.real.now().after(Duration::from_secs(seconds)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_once_at_a_time() {
    on_both(async |w| {
        let runs = Runs::new(w.db.clone(), w.real.clone());
        let begins = [0; 10].map(|_| {
            // Another process, or another tick of this one: it makes no difference.
            let runs = Runs::new(w.db.clone(), w.real.clone());
            tokio::spawn(async move { runs.begin("job").await.unwrap() })
        });
        let mut guards = Vec::new();
        for begin in begins {
            guards.extend(begin.await.unwrap());
        }
        assert_eq!(guards.len(), 1);
        assert!(runs.begin("another").await.unwrap().is_some());
        let report = Report { done: 3, failed: 0, note: Some("a note".to_owned()) };
        assert_eq!(guards.remove(0).finish(&Ok(report)).await.unwrap(), Outcome::Done);
        let again = runs.begin("job").await.unwrap().expect("the lease was given back");
        assert_eq!(again.finish(&Err("it broke".to_owned())).await.unwrap(), Outcome::Failed);
        let third = runs.begin("job").await.unwrap().unwrap();
        assert_eq!(third.finish(&Ok(Report { failed: 1, ..Report::of(1) })).await.unwrap(), Outcome::Failed);
        let last = runs.last(Some("job"), 10).await.unwrap();
        let lines: Vec<_> = last.iter().map(|run| (run.outcome, run.done, run.failed, run.detail.as_deref())).collect();
        assert_eq!(
            lines,
            [
                (Outcome::Failed, 1, 1, None),
                (Outcome::Failed, 0, 0, Some("it broke")),
                (Outcome::Done, 3, 0, Some("a note")),
            ]
        );
        assert_eq!(runs.last_success("job").await.unwrap(), Some(last[2].started));
        assert_eq!(runs.last_success("another").await.unwrap(), None);
        assert_eq!(runs.last(None, 2).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_process_died_is_lost() {
    on_both(async |w| {
        let runs = Runs::new(w.db.clone(), w.real.clone());
        let dead = runs.begin("job").await.unwrap().unwrap();
        let id = dead.id();
        forward(w, 30);
        assert!(runs.begin("job").await.unwrap().is_none());
        forward(w, 31);
        let next = runs.begin("job").await.unwrap().expect("the lease ran out");
        assert!(matches!(dead.finish(&Ok(Report::of(1))).await, Err(RunsError::LeaseLost { .. })));
        assert!(runs.begin("job").await.unwrap().is_none(), "the late one took nothing from the next");
        next.finish(&Ok(Report::default())).await.unwrap();
        let last = runs.last(Some("job"), 10).await.unwrap();
        assert_eq!((last[1].id, last[1].outcome), (id, Outcome::Lost));
        assert!(last[1].finished.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_runs_are_forgotten() {
    on_both(async |w| {
        let runs = Runs::new(w.db.clone(), w.real.clone());
        for done in [0, 5, 0, 0] {
            runs.begin("job").await.unwrap().unwrap().finish(&Ok(Report::of(done))).await.unwrap();
            forward(w, 10);
        }
        assert_eq!(runs.sweep().await.unwrap(), 0);
        forward(w, 3_600);
        assert_eq!(runs.sweep().await.unwrap(), 2);
        let left: Vec<i64> = runs.last(None, 10).await.unwrap().iter().map(|run| run.done).collect();
        assert_eq!(left, [0, 5], "the last success stays, and what did something");
        forward(w, 91 * 86_400);
        assert_eq!(runs.sweep().await.unwrap(), 2);
    })
    .await;
}

//! Group commit: callers that come at the same time share one transaction, and each is answered after *its* commit is durable.
//!
//! The work is a function of the whole batch that takes a fixed number of statements and answers each item by itself. It must
//! be repeatable by reference: an item that already stands is recognised, not written twice. That is what makes the three
//! ways out safe:
//!
//! * a deadlock or serialization error replays the batch, a bounded number of times;
//! * a commit whose outcome is unknown is run again, and the references tell what had been written;
//! * any other failure runs the items one by one, so that one bad item never fails its neighbours.
//!
//! The queue is bounded. A full queue refuses at once and has taken nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{Db, Tx, is_transient};

/// How often a batch is tried when the database asks for it.
const TRIES: usize = 4;
/// How many turns of the runtime a batch waits for more at most. A turn is microseconds; a commit is hundreds of them.
const GATHERING: usize = 8;
/// From how many items on a batch is worth being written as two halves side by side.
const HALVED: usize = 32;
/// On SQLite, for how long a batch waits at most until two fifths of those who are about are in it.
const PATIENCE: Duration = Duration::from_millis(3);

/// How a group commit behaves.
#[derive(Clone, Copy, Debug)]
pub struct GroupOptions {
    /// For metrics and logs.
    pub name: &'static str,
    /// How many items may wait.
    pub queue: usize,
    /// How many items share a commit at most.
    pub batch: usize,
}

/// Why an item was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GroupError {
    /// The queue is full; nothing was taken. Try again a little later.
    #[error("too many requests are waiting")]
    Overloaded,
    /// The program is stopping; nothing was taken.
    #[error("the program is stopping")]
    Stopping,
    /// The database failed on this item, alone in its transaction.
    #[error("database")]
    Db(#[source] Arc<DbErr>),
}

/// The function of a batch. Answers one output an input, in order.
pub type Work<I, O> =
    dyn for<'a> Fn(&'a Tx, &'a [I]) -> Pin<Box<dyn Future<Output = Result<Vec<O>, DbErr>> + Send + 'a>> + Send + Sync;

type Item<I, O> = (I, oneshot::Sender<Result<O, GroupError>>);

/// The door to a group commit. Cheap to clone; the worker ends when the last clone is gone.
///
/// There is one worker, which makes the batches. On PostgreSQL two are written at a time, if they are
/// alike in size: while one waits for the disk or for us, the server works on the other. A second batch that set out as soon as
/// anybody waits would be small and cost what a large one does. On SQLite one batch is written at a time, and it does not wait for
/// everybody: while two fifths are being written, the others' requests are read and checked on the other core
/// (`docs/decisions/0031-who-writes-goes-first.md`).
#[derive(Debug)]
pub struct GroupCommit<I, O> {
    queue: mpsc::Sender<Item<I, O>>,
}

impl<I, O> Clone for GroupCommit<I, O> {
    fn clone(&self) -> Self {
        GroupCommit { queue: self.queue.clone() }
    }
}

impl<I: Send + Sync + 'static, O: Send + 'static> GroupCommit<I, O> {
    /// Starts the worker.
    pub fn start(db: Db, options: GroupOptions, work: Arc<Work<I, O>>) -> Self {
        let (queue, items) = mpsc::channel(options.queue);
        tokio::spawn(worker(db, options, work, items));
        GroupCommit { queue }
    }

    /// Does one item and answers after the commit that holds it.
    pub async fn submit(&self, item: I) -> Result<O, GroupError> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send((item, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => GroupError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => GroupError::Stopping,
        })?;
        answered.await.unwrap_or(Err(GroupError::Stopping))
    }
}

/// Makes batches of what waits and has them written.
async fn worker<I: Send + Sync + 'static, O: Send + 'static>(
    db: Db,
    options: GroupOptions,
    work: Arc<Work<I, O>>,
    mut items: mpsc::Receiver<Item<I, O>>,
) {
    let mut batch: Vec<Item<I, O>> = Vec::with_capacity(options.batch);
    let mut under_way: JoinSet<usize> = JoinSet::new();
    // How many items are under way; how many were in the batch before; whether more can come.
    let (mut written, mut before, mut open) = (0_usize, 0_usize, true);
    while open || !batch.is_empty() {
        let room = options.batch - batch.len();
        let free = under_way.len() < db.batches_at_once();
        tokio::select! {
            Some(done) = under_way.join_next() => {
                written = if under_way.is_empty() { 0 } else { written.saturating_sub(done.unwrap_or_default()) };
            }
            // What arrives while a batch is being written gathers for the next.
            taken = items.recv_many(&mut batch, room), if free && open && room > 0 => open = taken > 0,
        }
        // A batch beside another sets out when it is as large, or alone when that one has ended.
        if batch.is_empty() || batch.len() < written || under_way.len() == db.batches_at_once() {
            continue;
        }
        // The callers of the batch before have just been answered and are about to come again.
        let begun = if db.batches_at_once() > 1 {
            // Let them run while the next transaction begins, and then as long as each turn brings more.
            let begun = db.begin_steady().await;
            gather(&mut items, &mut batch, options.batch, GATHERING).await;
            begun
        } else {
            let enough = (before + batch.len()) * 2 / 5;
            let _ = timeout(PATIENCE, fill(&mut items, &mut batch, enough.min(options.batch))).await;
            let begun = db.begin_steady().await;
            gather(&mut items, &mut batch, options.batch, 1).await;
            begun
        };
        before = batch.len();
        if under_way.is_empty() && batch.len() >= HALVED && db.batches_at_once() > 1 {
            let half = batch.split_off(batch.len() / 2);
            written += half.len();
            let (db, work) = (db.clone(), work.clone());
            under_way.spawn(async move { write(&db, options, &work, db.begin_steady().await, half).await });
        }
        let batch = std::mem::replace(&mut batch, Vec::with_capacity(options.batch));
        written += batch.len();
        let (db, work) = (db.clone(), work.clone());
        under_way.spawn(async move { write(&db, options, &work, begun, batch).await });
    }
    while under_way.join_next().await.is_some() {}
}

/// Takes what comes in so many turns of the runtime at most, as long as each brings more.
async fn gather<T>(items: &mut mpsc::Receiver<T>, batch: &mut Vec<T>, most: usize, turns: usize) {
    for _ in 0..turns {
        let before = batch.len();
        tokio::task::yield_now().await;
        while batch.len() < most
            && let Ok(item) = items.try_recv()
        {
            batch.push(item);
        }
        if batch.len() == before {
            break;
        }
    }
}

/// Waits until the batch has so many items, or nobody can come any more. What was taken stays if the wait is given up.
async fn fill<T>(items: &mut mpsc::Receiver<T>, batch: &mut Vec<T>, enough: usize) {
    while batch.len() < enough {
        if items.recv_many(batch, enough - batch.len()).await == 0 {
            break;
        }
    }
}

/// Writes a batch and answers each of its items. Returns how many they were.
async fn write<I, O>(
    db: &Db,
    options: GroupOptions,
    work: &Arc<Work<I, O>>,
    begun: Result<Tx, DbErr>,
    batch: Vec<Item<I, O>>,
) -> usize {
    metrics::histogram!("sangzi_group_commit_items", "group" => options.name).record(batch.len() as u32);
    let (inputs, answers): (Vec<I>, Vec<_>) = batch.into_iter().unzip();
    match run(db, work, begun, &inputs).await {
        Ok(outputs) => {
            for (answer, output) in answers.into_iter().zip(outputs) {
                // A caller that has gone away needs no answer; its item is done all the same.
                let _ = answer.send(Ok(output));
            }
        }
        // Alone, or no connection to be had: nothing would be learned by trying the items one by one.
        Err(error) if inputs.len() == 1 || matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) => {
            let error = Arc::new(error);
            for answer in answers {
                let _ = answer.send(Err(GroupError::Db(error.clone())));
            }
        }
        Err(error) => {
            tracing::warn!(group = options.name, items = inputs.len(), %error, "a batch failed; its items run one by one");
            for (input, answer) in inputs.iter().zip(answers) {
                let alone = run(db, work, db.begin_steady().await, std::slice::from_ref(input)).await;
                let output = alone.and_then(|mut outputs| outputs.pop().ok_or_else(missing));
                let _ = answer.send(output.map_err(|error| GroupError::Db(Arc::new(error))));
            }
        }
    }
    inputs.len()
}

async fn run<I, O>(
    db: &Db,
    work: &Arc<Work<I, O>>,
    mut begun: Result<Tx, DbErr>,
    inputs: &[I],
) -> Result<Vec<O>, DbErr> {
    let mut tries = 0;
    loop {
        tries += 1;
        match once(begun, work, inputs).await {
            Ok(outputs) => return Ok(outputs),
            Err((error, may_repeat)) if tries < TRIES && (may_repeat || is_transient(&error)) => {
                tracing::warn!(tries, %error, "a batch is run again");
                begun = db.begin_steady().await;
            }
            Err((error, _)) => return Err(error),
        }
    }
}

/// One try. The flag says that the outcome of the commit is unknown: running the work again finds out by its references.
async fn once<I, O>(begun: Result<Tx, DbErr>, work: &Arc<Work<I, O>>, inputs: &[I]) -> Result<Vec<O>, (DbErr, bool)> {
    let tx = begun.map_err(|e| (e, false))?;
    let outputs = work(&tx, inputs).await.map_err(|e| (e, false))?;
    if outputs.len() != inputs.len() {
        return Err((missing(), false));
    }
    tx.commit().await.map_err(|e| (e, true))?;
    Ok(outputs)
}

fn missing() -> DbErr {
    DbErr::Custom("a batch answered fewer items than it was given".to_owned())
}

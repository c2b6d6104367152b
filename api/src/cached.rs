//! Answers that a client may keep for a moment and ask about again cheaply, and that many may ask for at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use tokio::sync::oneshot;

use crate::error::ApiError;

/// How long nobody needs to ask again.
const FRESH: &str = "public, max-age=2";

/// A public answer with its tag.
#[derive(ApiResponse)]
pub(crate) enum Cached<T: ToJSON> {
    /// The answer.
    #[oai(status = 200)]
    Fresh(Written<T>, #[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
    /// Nothing changed since the answer that had this tag.
    #[oai(status = 304)]
    Same(#[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
}

impl<T: ToJSON> Cached<T> {
    /// The answer, unless the client has it.
    pub(crate) fn of(answer: T, known: Option<&str>) -> Cached<T> {
        Ready::new(&answer).unless(known)
    }
}

/// JSON that is written already.
pub(crate) struct Written<T>(Bytes, PhantomData<fn() -> T>);

impl<T: Type> Payload for Written<T> {
    const CONTENT_TYPE: &'static str = Json::<T>::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.0)
    }
}

/// An answer as it is sent. The tag is a hash of it: weak, because the bytes may be compressed.
pub(crate) struct Ready<T> {
    json: Bytes,
    tag: String,
    of: PhantomData<fn() -> T>,
}

impl<T: ToJSON> Ready<T> {
    pub(crate) fn new(answer: &T) -> Ready<T> {
        let (json, mut hasher) = (answer.to_json_string(), DefaultHasher::new());
        json.hash(&mut hasher);
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        Ready { json: json.into(), tag, of: PhantomData }
    }

    /// The answer, unless the client has it.
    pub(crate) fn unless(&self, known: Option<&str>) -> Cached<T> {
        // Compared weakly: a proxy may have left the W/ away.
        let strong = self.tag.trim_start_matches("W/");
        let same = |one: &str| one.trim() == "*" || one.trim().trim_start_matches("W/") == strong;
        let (tag, kept) = (self.tag.clone(), FRESH.to_owned());
        if known.is_some_and(|known| known.split(',').any(same)) {
            Cached::Same(tag, kept)
        } else {
            Cached::Fresh(Written(self.json.clone(), PhantomData), tag, kept)
        }
    }
}

type Answer<T> = Result<Arc<Ready<T>>, ApiError>;

/// So many answers are kept; when there are more, all are read again.
const MOST: usize = 1_000;
/// How long an answer stands at most: what another process commits is seen no later than this.
const STANDS: Duration = Duration::from_millis(200);

/// What was read, and when.
struct Kept<T> {
    answer: Arc<Ready<T>>,
    /// How often this process had committed before it was read.
    commits: u64,
    begun: Instant,
}

/// One reading for everybody who asks for the same: what was read last is the answer as long as this process has committed nothing since
/// ([`entity::Db::commits`]), and not longer than 200 ms, for other processes commit too. When it has to be read again, whoever comes while
/// that is under way waits for the next reading, so that an answer knows all that was answered here before it was asked for. Only what
/// depends on nothing but the database may be kept: no clock, no caller.
pub(crate) struct Readings<K, T> {
    /// Who waits for the next reading, of each that is being read.
    waiting: Mutex<HashMap<K, Vec<oneshot::Sender<Answer<T>>>>>,
    kept: Mutex<HashMap<K, Kept<T>>>,
}

impl<K, T> Default for Readings<K, T> {
    fn default() -> Self {
        Readings { waiting: Mutex::new(HashMap::new()), kept: Mutex::new(HashMap::new()) }
    }
}

impl<K: Copy + Eq + Hash + Send + Sync + 'static, T: Send + 'static> Readings<K, T> {
    /// What a reading finds that begins after the last commit of this process.
    pub(crate) async fn ask<R>(
        self: &Arc<Self>,
        key: K,
        commits: impl Fn() -> u64 + Send + 'static,
        read: impl Fn() -> R + Send + 'static,
    ) -> Answer<T>
    where
        R: Future<Output = Result<Ready<T>, ApiError>> + Send + 'static,
    {
        if let Some(answer) = self.standing(key, commits()) {
            return Ok(answer);
        }
        let (answer, answered) = oneshot::channel();
        let is_first = match self.waiting.lock().unwrap_or_else(PoisonError::into_inner).entry(key) {
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push(answer);
                false
            }
            Entry::Vacant(nobody) => {
                nobody.insert(vec![answer]);
                true
            }
        };
        if is_first {
            // Goes on for the others when the first has gone away.
            let readings = self.clone();
            tokio::spawn(async move {
                while let Some(waiting) = readings.next(key) {
                    let (commits, begun) = (commits(), Instant::now());
                    let found = tokio::spawn(read()).await.unwrap_or_else(|error| Err(ApiError::internal(&error)));
                    let found = found.map(Arc::new);
                    if let Ok(answer) = &found {
                        readings.keep(key, Kept { answer: answer.clone(), commits, begun });
                    }
                    for one in waiting {
                        let _ = one.send(found.clone());
                    }
                }
            });
        }
        answered.await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
    }

    /// What was read since the last commit, a moment ago.
    fn standing(&self, key: K, commits: u64) -> Option<Arc<Ready<T>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = |kept: &&Kept<T>| kept.commits == commits && kept.begun.elapsed() < STANDS;
        kept.get(&key).filter(stands).map(|kept| kept.answer.clone())
    }

    fn keep(&self, key: K, found: Kept<T>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, found);
    }

    /// Who is answered by the reading that begins now; nobody is being read for when there is nobody.
    fn next(&self, key: K) -> Option<Vec<oneshot::Sender<Answer<T>>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = waiting.get_mut(&key).map(std::mem::take).filter(|now| !now.is_empty());
        if now.is_none() {
            waiting.remove(&key);
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A process that commits all the time.
    fn changing() -> impl Fn() -> u64 + Send + 'static {
        static COMMITS: AtomicUsize = AtomicUsize::new(0);
        || COMMITS.fetch_add(1, Ordering::SeqCst) as u64
    }

    /// Nobody is answered by a reading that began before they asked, and a crowd costs two readings.
    #[tokio::test]
    async fn whoever_asks_during_a_reading_is_answered_by_the_next() {
        let (readings, begun) = (Arc::new(Readings::<u8, usize>::default()), Arc::new(AtomicUsize::new(0)));
        let (open, door) = tokio::sync::watch::channel(false);
        let ask = || {
            let (readings, begun, door) = (readings.clone(), begun.clone(), door.clone());
            tokio::spawn(async move {
                let read = move || {
                    let (number, mut door) = (begun.fetch_add(1, Ordering::SeqCst), door.clone());
                    async move {
                        door.wait_for(|open| *open).await.unwrap();
                        Ok(Ready::new(&number))
                    }
                };
                readings.ask(1, changing(), read).await.unwrap().json.clone()
            })
        };
        let first = ask();
        while begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let crowd: Vec<_> = (0..50).map(|_| ask()).collect();
        while readings.waiting.lock().unwrap()[&1].len() < crowd.len() {
            tokio::task::yield_now().await;
        }
        open.send(true).unwrap();
        assert_eq!(first.await.unwrap(), "0");
        for one in crowd {
            assert_eq!(one.await.unwrap(), "1");
        }
        while !readings.waiting.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// A reading that panics is told to those who waited, and the next one is made.
    #[tokio::test]
    async fn a_reading_that_stops_stops_nobody_else() {
        let readings = Arc::new(Readings::<u8, usize>::default());
        assert!(readings.ask(1, changing(), async || panic!("on purpose")).await.is_err());
        let again = readings.ask(1, changing(), || async { Ok(Ready::new(&7)) }).await;
        assert_eq!(again.unwrap().json, "7");
    }

    /// What nobody has written to is read once, and a failure is no answer to keep.
    #[tokio::test]
    async fn what_has_not_changed_is_not_read_again() {
        let readings = Arc::new(Readings::<u8, usize>::default());
        let ask = async |commits: u64, found: Result<usize, ()>| {
            let read = move || async move {
                let failed = |()| ApiError::internal(&std::fmt::Error);
                found.map(|number| Ready::new(&number)).map_err(failed)
            };
            let found = readings.ask(1, move || commits, read).await;
            found.map(|ready| String::from_utf8_lossy(&ready.json).into_owned()).ok()
        };
        let age = |by: Duration| {
            let mut kept = readings.kept.lock().unwrap();
            let kept = kept.get_mut(&1).unwrap();
            kept.begun = kept.begun.checked_sub(by).unwrap();
        };
        assert_eq!(ask(1, Err(())).await, None);
        assert_eq!(ask(1, Ok(1)).await.as_deref(), Some("1"));
        readings.kept.lock().unwrap().get_mut(&1).unwrap().begun = Instant::now() + Duration::from_secs(60);
        assert_eq!(ask(1, Ok(2)).await.as_deref(), Some("1"), "nobody has committed");
        assert_eq!(ask(2, Ok(3)).await.as_deref(), Some("3"), "somebody has");
        age(STANDS);
        assert_eq!(ask(2, Ok(4)).await.as_deref(), Some("4"), "or another process might");
    }
}

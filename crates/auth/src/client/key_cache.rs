//! Keys that apps keep at an address of their own.
//!
//! Owns how long a key set that was read is believed, how soon it is read again, and how many are read at once: an app names
//! the address, and whoever sends us a token chooses when we look there. It must never let a caller make this server fetch
//! without end, nor hold up the others because one address is slow.

use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lombard_domain::time::{Instant, Span};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::jose::Jwks;
use crate::{Fetch, FetchError, SPANS};

/// Key sets by address, bounded in number and age.
///
/// For one address there is at most one fetch at a time, which goes on when those who wait for it hang up.
pub(crate) struct KeyCache {
    shared: Arc<Shared>,
}

impl KeyCache {
    /// An empty cache over a way to fetch.
    pub(crate) fn new(fetch: Arc<dyn Fetch>) -> Self {
        let running = Semaphore::new(MAX_FETCHES);
        let admitted = Arc::new(Semaphore::new(MAX_FETCHES + MAX_WAITING));
        Self { shared: Arc::new(Shared { fetch, entries: Mutex::default(), running, admitted }) }
    }

    /// The key set at an address, at most [`MAX_AGE`] old.
    ///
    /// # Errors
    /// It cannot be read, or could not be read within the last [`FAILURE_PAUSE`]; unless an earlier reading is at most
    /// [`MAX_STALE`] old, which then serves on.
    pub(crate) async fn at(&self, uri: &str, now: Instant) -> Result<Arc<Jwks>, FetchError> {
        self.shared.younger_than(MAX_AGE, uri, now).await
    }

    /// The same, but read anew unless that happened within the last [`RENEWAL_PAUSE`].
    ///
    /// For a token whose key is not in the known set: a key that was exchanged works at once, and nobody can make us fetch
    /// without end.
    ///
    /// # Errors
    /// As for [`KeyCache::at`].
    pub(crate) async fn newer(&self, uri: &str, now: Instant) -> Result<Arc<Jwks>, FetchError> {
        self.shared.younger_than(RENEWAL_PAUSE, uri, now).await
    }
}

/// What a fetch led to, for everybody who waited for it.
type Outcome = Result<Arc<Jwks>, FetchError>;

/// A fetch on its way; it holds the outcome in the end, and closes without one if the fetch broke.
type Flight = watch::Receiver<Option<Outcome>>;

/// What callers and fetches on their way have in common.
struct Shared {
    fetch: Arc<dyn Fetch>,
    entries: Mutex<HashMap<String, Entry>>,
    /// One permit for each fetch that runs.
    running: Semaphore,
    /// One permit for each fetch that runs or waits for its turn.
    admitted: Arc<Semaphore>,
}

/// What is known of one address.
struct Entry {
    used: Instant,
    keys: Option<(Arc<Jwks>, Instant)>,
    failed: Option<(FetchError, Instant)>,
    flight: Option<Flight>,
}

/// What a caller can do at once.
enum Step {
    Known(Outcome),
    Wait(Flight),
}

impl Shared {
    async fn younger_than(self: &Arc<Self>, age: Span, uri: &str, now: Instant) -> Outcome {
        let mut flight = match self.step(age, uri, now) {
            Step::Known(outcome) => return outcome,
            Step::Wait(flight) => flight,
        };
        let landed = flight.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        landed.unwrap_or_else(|| Err(FetchError("the fetch ended without an answer".to_owned())))
    }

    /// Answers from what is known, joins the fetch that is on its way, or begins one.
    fn step(self: &Arc<Self>, age: Span, uri: &str, now: Instant) -> Step {
        let mut entries = self.entries();
        if let Some(entry) = entries.get_mut(uri) {
            entry.used = now;
            if let Some(outcome) = entry.answer(age, now) {
                return Step::Known(outcome);
            }
            if let Some(flight) = entry.flight() {
                return Step::Wait(flight.clone());
            }
        }
        let Ok(place) = Arc::clone(&self.admitted).try_acquire_owned() else {
            let busy = FetchError("too many fetches are waiting".to_owned());
            return Step::Known(match entries.get(uri) {
                Some(entry) => entry.stale_or(busy, now),
                None => Err(busy),
            });
        };
        if !entries.contains_key(uri) {
            make_room(&mut entries);
        }
        let (landing, flight) = watch::channel(None);
        let entry = match entries.entry(uri.to_owned()) {
            hash_map::Entry::Occupied(entry) => entry.into_mut(),
            hash_map::Entry::Vacant(place) => place.insert(Entry::new(now)),
        };
        entry.flight = Some(flight.clone());
        drop(entries);
        // A task of its own: a caller that hangs up takes neither the answer from the others nor the record of the attempt.
        tokio::spawn(Arc::clone(self).fly(uri.to_owned(), now, landing, place).in_current_span());
        Step::Wait(flight)
    }

    /// Fetches, puts the result down and tells those who wait.
    async fn fly(
        self: Arc<Self>,
        uri: String,
        begun: Instant,
        landing: watch::Sender<Option<Outcome>>,
        place: OwnedSemaphorePermit,
    ) {
        let read = self.read(&uri).await;
        let outcome = self.land(&uri, begun, read);
        drop(place);
        landing.send_replace(Some(outcome));
    }

    async fn read(&self, uri: &str) -> Outcome {
        let Ok(Ok(_turn)) = timeout(MAX_WAIT, self.running.acquire()).await else {
            return Err(FetchError("other fetches left no room for this one".to_owned()));
        };
        let fetching = self.fetch.get(uri);
        let body = fetching.instrument(tracing::trace_span!(target: SPANS, "fetch keys", otel.kind = "client")).await?;
        Jwks::parse(&body).map(Arc::new).map_err(|error| FetchError(format!("not a key set: {error}")))
    }

    /// Puts down what came of a fetch; its age counts from when it began.
    fn land(&self, uri: &str, begun: Instant, read: Outcome) -> Outcome {
        let mut entries = self.entries();
        // Cannot be missing: an entry with a fetch on its way is not removed.
        let Some(entry) = entries.get_mut(uri) else { return read };
        entry.flight = None;
        match read {
            Ok(keys) => {
                entry.keys = Some((Arc::clone(&keys), begun));
                entry.failed = None;
                Ok(keys)
            }
            Err(error) => {
                entry.failed = Some((error.clone(), begun));
                let outcome = entry.stale_or(error.clone(), begun);
                drop(entries);
                if outcome.is_ok() {
                    tracing::warn!(uri, %error, "an app's keys could not be read; those read before serve on");
                }
                outcome
            }
        }
    }

    /// The entries; nothing that can fail happens under the lock, so a panic elsewhere leaves them whole.
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn new(now: Instant) -> Self {
        Self { used: now, keys: None, failed: None, flight: None }
    }

    /// What can be said without a fetch; `None` if one is due.
    fn answer(&self, age: Span, now: Instant) -> Option<Outcome> {
        if let Some((keys, _)) = self.keys.as_ref().filter(|(_, read)| within(age, *read, now)) {
            return Some(Ok(Arc::clone(keys)));
        }
        let (error, _) = self.failed.as_ref().filter(|(_, failed)| within(FAILURE_PAUSE, *failed, now))?;
        Some(self.stale_or(error.clone(), now))
    }

    /// The keys that were read before, if they may still serve, or else the reason why there are none.
    fn stale_or(&self, error: FetchError, now: Instant) -> Outcome {
        let former = self.keys.as_ref().filter(|(_, read)| within(MAX_STALE, *read, now));
        former.map(|(keys, _)| Arc::clone(keys)).ok_or(error)
    }

    /// The fetch on its way, if there is one; one that broke counts no more.
    fn flight(&self) -> Option<&Flight> {
        self.flight.as_ref().filter(|flight| flight.has_changed().is_ok())
    }
}

/// Removes the address that nobody has asked for the longest, if there are as many as may be.
fn make_room(entries: &mut HashMap<String, Entry>) {
    if entries.len() < MAX_ADDRESSES {
        return;
    }
    let idle = entries.iter().filter(|(_, entry)| entry.flight().is_none());
    if let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used).map(|(uri, _)| uri.clone()) {
        entries.remove(&oldest);
    }
}

/// Whether two moments are less than `span` apart; in both directions, so that a clock that was set back makes nothing last.
fn within(span: Span, then: Instant, now: Instant) -> bool {
    now.since(then) < span && then.since(now) < span
}

/// A key set that was read is believed for so long.
const MAX_AGE: Span = Span::minutes(5);
/// A set younger than this is not read anew because a token names a key that it lacks.
const RENEWAL_PAUSE: Span = Span::seconds(30);
/// After a failure the address is left alone for so long.
const FAILURE_PAUSE: Span = Span::seconds(10);
/// A set that was read serves for so long while it cannot be read anew.
const MAX_STALE: Span = Span::hours(1);
/// Addresses that are remembered; each key set has at most 64 KiB and 32 keys.
const MAX_ADDRESSES: usize = 1_000;
/// Fetches at once.
const MAX_FETCHES: usize = 16;
/// Fetches that may wait for others to end; with those that run, far fewer than addresses are remembered.
const MAX_WAITING: usize = 64;
/// A fetch waits so long for its turn.
const MAX_WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;

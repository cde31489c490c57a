//! Putting reads on record, and using up what may come once only, without making calls wait for each other.
//!
//! A read changes nothing, so there is no transaction that its entry could be part of. It is still answered only once its entry
//! will survive a crash: entries of calls that run at the same time are written and synced together, in one transaction. The
//! names of assertions and proofs go the same way, so that none counts twice, whatever crashes and however many nodes there are.

use lombard_domain::audit::Entry;
use lombard_store::used_once::{self, UsedOnce};
use lombard_store::{Db, Tx};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Result};

/// Writes entries in groups. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    once: Vec<UsedOnce>,
    /// What is put on record if all of `once` came for the first time.
    entry: Option<Entry>,
    /// What is put on record if not.
    replayed: Option<Entry>,
    done: oneshot::Sender<Option<First>>,
}

/// Whether all names of a call came for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// They did.
    Time,
    /// The one at this place has come before, and none in front of it.
    Replayed { at: usize },
}

impl Recorder {
    /// Starts the task that writes. It ends when all recorders have been dropped.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(write(db, waiting));
        Self { queue }
    }

    /// Puts an entry on record; returns when it will survive a crash.
    ///
    /// # Errors
    /// [`Error::Busy`] if it could not be written; the call must then not be answered with data.
    pub async fn record(&self, entry: Entry) -> Result<()> {
        self.write(Vec::new(), Some(entry), None).await.map(|_| ())
    }

    /// Uses up names that may come once only, and puts on record that they came: `entry` for the first time, `replayed` otherwise.
    ///
    /// # Errors
    /// [`Error::Busy`] if it could not be written; nothing may then be believed.
    pub(crate) async fn use_up(&self, once: Vec<UsedOnce>, entry: Option<Entry>, replayed: Entry) -> Result<First> {
        self.write(once, entry, Some(replayed)).await
    }

    async fn write(&self, once: Vec<UsedOnce>, entry: Option<Entry>, replayed: Option<Entry>) -> Result<First> {
        let (done, written) = oneshot::channel();
        self.queue.try_send(Waiting { once, entry, replayed, done }).map_err(|_| Error::Busy)?;
        match written.await {
            Ok(Some(first)) => Ok(first),
            Ok(None) | Err(_) => Err(Error::Busy),
        }
    }
}

async fn write(db: Db, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
        let outcome = write_group(&db, &mut group).await;
        if let Err(error) = &outcome {
            tracing::error!(error = %crate::chain(error), calls = group.len(), "the record could not be written; its calls are refused");
        }
        let outcomes =
            outcome.map_or_else(|_| vec![None; group.len()], |firsts| firsts.into_iter().map(Some).collect());
        for (waiter, outcome) in group.drain(..).zip(outcomes) {
            // A caller that has hung up does not care.
            let _ = waiter.done.send(outcome);
        }
    }
}

async fn write_group(db: &Db, group: &mut [Waiting]) -> lombard_store::Result<Vec<First>> {
    let mut tx = db.begin("record").await?;
    let names: Vec<UsedOnce> = group.iter().flat_map(|one| one.once.iter().cloned()).collect();
    let mut fresh = use_all(&mut tx, &names).await?.into_iter();
    let mut firsts = Vec::with_capacity(group.len());
    let mut entries = Vec::with_capacity(group.len());
    for one in group {
        // All are asked for, also after one that is not fresh: the iterator moves on to the next call's names.
        let fresh: Vec<bool> = fresh.by_ref().take(one.once.len()).collect();
        let (first, entry) = match fresh.iter().position(|fresh| !fresh) {
            None => (First::Time, one.entry.take()),
            Some(at) => (First::Replayed { at }, one.replayed.take()),
        };
        firsts.push(first);
        entries.extend(entry);
    }
    lombard_store::audit::append(&mut tx, &entries).await?;
    tx.commit().await?;
    for entry in entries.iter().filter(|entry| entry.event.is_refusal()) {
        // The caller is told no more than the standard says; whoever looks after the server finds the reason by the call's id.
        let interaction = entry.interaction.as_deref().unwrap_or_default();
        tracing::info!(event = entry.event.code(), reason = entry.reason, interaction, "refused");
    }
    Ok(firsts)
}

/// Uses names up; whether each came for the first time.
///
/// They are stored in the order of their digests: two nodes that store the same names in two orders would wait for each other.
async fn use_all(tx: &mut Tx, names: &[UsedOnce]) -> lombard_store::Result<Vec<bool>> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|place| names.get(*place).map(|name| &name.digest));
    let sorted: Vec<UsedOnce> = order.iter().filter_map(|place| names.get(*place).cloned()).collect();
    let mut fresh = vec![false; names.len()];
    for (place, first) in order.into_iter().zip(used_once::insert(tx, &sorted).await?) {
        if let Some(slot) = fresh.get_mut(place) {
            *slot = first;
        }
    }
    Ok(fresh)
}

/// Entries that may wait.
const QUEUE_MAX: usize = 4096;
/// Entries written together.
const GROUP_MAX: usize = 256;

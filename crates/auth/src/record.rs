//! Putting reads on record, and using up what may come once only, without making calls wait for each other.
//!
//! A read changes nothing, so there is no transaction that its entry could be part of. It is still answered only once its entry
//! will survive a crash: entries of calls that run at the same time are written and synced together, in one transaction. The
//! names of assertions and proofs go the same way, so that none counts twice, whatever crashes and however many nodes there are.

mod pace;

use lombard_domain::audit::Entry;
use lombard_store::used_once::{self, UsedOnce};
use lombard_store::{Db, Tx};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use pace::{GROUP_MAX, Pace};

use crate::SPANS;
use crate::access::{self, Budget, Claim};
use crate::error::{Error, Result};

/// Writes entries in groups. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
    db: Db,
}

struct Waiting {
    asked: Asked,
    done: oneshot::Sender<Option<Outcome>>,
}

/// What a call uses up, and what is put on record of it.
#[derive(Default)]
pub(crate) struct Asked {
    /// Names that may come once only.
    pub(crate) once: Vec<UsedOnce>,
    /// A place that it takes, once all its names came for the first time.
    pub(crate) claim: Option<Claim>,
    /// What is put on record if nothing is in the way.
    pub(crate) entry: Option<Entry>,
    /// What is put on record if a name has come before.
    pub(crate) replayed: Option<Entry>,
    /// What is put on record if no place is free.
    pub(crate) full: Option<Entry>,
}

impl Asked {
    /// There is nothing to write.
    fn is_nothing(&self) -> bool {
        self.once.is_empty() && self.claim.is_none() && self.entry.is_none()
    }
}

/// What became of a call.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// All names came for the first time, and the place was taken that was asked for.
    Done(Option<Budget>),
    /// All names came for the first time, and no place was free.
    Full(Budget),
    /// The name at this place has come before, and none in front of it.
    Replayed { at: usize },
}

/// Whether all names of a call came for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// They did.
    Time,
    /// The one at this place has come before, and none in front of it.
    Replayed { at: usize },
}

/// Whether entries of reads and refusals are kept. Everything but [`Recording::Kept`] is for measuring what the record costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    /// They are stored before a call is answered.
    #[default]
    Kept,
    /// They are dropped; what may come once only is still used up.
    Dropped,
}

impl Recorder {
    /// Starts the task that writes. It ends when all recorders have been dropped.
    #[must_use]
    pub fn start(db: Db, recording: Recording) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(write(db.clone(), recording, waiting));
        Self { queue, db }
    }

    /// How many calls wait for the record.
    #[must_use]
    pub(crate) fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    /// Puts an entry on record; returns when it will survive a crash.
    ///
    /// # Errors
    /// [`Error::Busy`] if it could not be written; the call must then not be answered with data.
    pub async fn record(&self, entry: Entry) -> Result<()> {
        self.write(Asked { entry: Some(entry), ..Asked::default() }).await.map(|_| ())
    }

    /// Uses up names that may come once only; puts `replayed` on record if one has come before.
    ///
    /// # Errors
    /// [`Error::Busy`] if it could not be written; nothing may then be believed.
    pub(crate) async fn use_up(&self, once: Vec<UsedOnce>, replayed: Entry) -> Result<First> {
        match self.write(Asked { once, replayed: Some(replayed), ..Asked::default() }).await? {
            Outcome::Done(_) | Outcome::Full(_) => Ok(First::Time),
            Outcome::Replayed { at } => Ok(First::Replayed { at }),
        }
    }

    /// Uses up names, takes a place, and puts on record what became of it, all in one.
    ///
    /// # Errors
    /// [`Error::Busy`] if it could not be written; nothing may then be believed.
    pub(crate) async fn write(&self, asked: Asked) -> Result<Outcome> {
        self.begin(asked)?.end().await
    }

    /// The same, for whoever has something else to do until it is written.
    ///
    /// # Errors
    /// [`Error::Busy`] if too much waits already.
    pub(crate) fn begin(&self, asked: Asked) -> Result<Writing> {
        let (done, outcome) = oneshot::channel();
        self.queue.try_send(Waiting { asked, done }).map_err(|_| Error::Busy)?;
        Ok(Writing { outcome, db: self.db.clone() })
    }
}

/// A call that waits for the record. Where its caller hangs up meanwhile, its place is given back.
#[must_use]
pub(crate) struct Writing {
    outcome: oneshot::Receiver<Option<Outcome>>,
    db: Db,
}

impl Writing {
    /// What became of it.
    ///
    /// # Errors
    /// [`Error::Busy`] if it could not be written; nothing may then be believed.
    pub(crate) async fn end(mut self) -> Result<Outcome> {
        match (&mut self.outcome).instrument(tracing::trace_span!(target: SPANS, "record")).await {
            Ok(Some(outcome)) => Ok(outcome),
            Ok(None) | Err(_) => Err(Error::Busy),
        }
    }
}

impl std::fmt::Debug for Writing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writing")
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // From now on the writer knows that nobody waits. What it has sent before is here.
        self.outcome.close();
        if let Ok(Some(outcome)) = self.outcome.try_recv() {
            undo(&self.db, outcome);
        }
    }
}

/// A call whose caller has hung up gives nothing, so it does not count. Its entry stays: it was asked.
fn undo(db: &Db, outcome: Outcome) {
    match outcome {
        Outcome::Done(Some(budget)) => access::give_back_alone(db, budget),
        Outcome::Done(None) | Outcome::Full(_) | Outcome::Replayed { .. } => {}
    }
}

async fn write(db: Db, recording: Recording, mut waiting: mpsc::Receiver<Waiting>) {
    let mut pace = Pace::default();
    let mut group = Vec::with_capacity(GROUP_MAX);
    while gather(&mut waiting, &mut group, &pace).await {
        if recording == Recording::Dropped {
            for Asked { entry, replayed, full, .. } in group.iter_mut().map(|one| &mut one.asked) {
                (*entry, *replayed, *full) = (None, None, None);
            }
        }
        let calls = group.iter().filter(|one| !one.asked.is_nothing()).count();
        let begun = Instant::now();
        let outcome = write_group(&db, &mut group).await;
        pace.written(calls, begun, Instant::now());
        if let Err(error) = &outcome {
            tracing::error!(error = %crate::chain(error), calls = group.len(), "the record could not be written; its calls are refused");
        }
        let outcomes =
            outcome.map_or_else(|_| vec![None; group.len()], |outcomes| outcomes.into_iter().map(Some).collect());
        for (waiter, outcome) in group.drain(..).zip(outcomes) {
            if let Err(Some(outcome)) = waiter.done.send(outcome) {
                undo(&db, outcome);
            }
        }
    }
}

/// Waits for the next calls that are written together; `false` if nobody will come any more.
async fn gather(waiting: &mut mpsc::Receiver<Waiting>, group: &mut Vec<Waiting>, pace: &Pace) -> bool {
    if waiting.recv_many(group, GROUP_MAX).await == 0 {
        return false;
    }
    while let Some(until) = pace.wait(group.len(), Instant::now()) {
        let free = GROUP_MAX.saturating_sub(group.len());
        match timeout_at(until, waiting.recv_many(group, free)).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    true
}

async fn write_group(db: &Db, group: &mut [Waiting]) -> lombard_store::Result<Vec<Outcome>> {
    if group.iter().all(|one| one.asked.is_nothing()) {
        return Ok(vec![Outcome::Done(None); group.len()]);
    }
    let mut tx = db.begin("record").await?;
    let names: Vec<UsedOnce> = group.iter().flat_map(|one| one.asked.once.iter().cloned()).collect();
    let mut fresh = use_all(&mut tx, &names).await?.into_iter();
    let mut replays = Vec::with_capacity(group.len());
    for one in group.iter() {
        // All are asked for, also after one that is not fresh: the iterator moves on to the next call's names.
        let fresh: Vec<bool> = fresh.by_ref().take(one.asked.once.len()).collect();
        replays.push(fresh.iter().position(|fresh| !fresh));
    }
    let claims = group.iter().zip(&replays).map(|(one, replay)| one.asked.claim.as_ref().filter(|_| replay.is_none()));
    let budgets = take_all(&mut tx, &claims.collect::<Vec<_>>()).await?;
    let mut outcomes = Vec::with_capacity(group.len());
    let mut entries = Vec::with_capacity(group.len());
    for (one, (replay, budget)) in group.iter_mut().zip(replays.into_iter().zip(budgets)) {
        let (outcome, entry) = match (replay, budget) {
            (Some(at), _) => (Outcome::Replayed { at }, one.asked.replayed.take()),
            (None, Some(budget)) if !budget.has_place() => (Outcome::Full(budget), one.asked.full.take()),
            (None, budget) => (Outcome::Done(budget), one.asked.entry.take()),
        };
        outcomes.push(outcome);
        entries.extend(entry);
    }
    lombard_store::audit::append(&mut tx, &entries).await?;
    tx.commit().await?;
    for entry in entries.iter().filter(|entry| entry.event.is_refusal()) {
        // The caller is told no more than the standard says; whoever looks after the server finds the reason by the call's id.
        let interaction = entry.interaction.as_deref().unwrap_or_default();
        tracing::info!(event = entry.event.code(), reason = entry.reason, interaction, "refused");
    }
    Ok(outcomes)
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

/// Takes places; what is left for each that asks for one.
///
/// They are taken in one order, for the same reason; those who ask for the same are served as they came.
async fn take_all(tx: &mut Tx, claims: &[Option<&Claim>]) -> lombard_store::Result<Vec<Option<Budget>>> {
    let mut order: Vec<(usize, &Claim)> =
        claims.iter().enumerate().filter_map(|(place, claim)| claim.map(|claim| (place, claim))).collect();
    order.sort_by_key(|(_, claim)| claim.order());
    let mut budgets = vec![None; claims.len()];
    for (place, claim) in order {
        let budget = access::take(tx, claim).await?;
        if let Some(slot) = budgets.get_mut(place) {
            *slot = Some(budget);
        }
    }
    Ok(budgets)
}

/// Entries that may wait.
const QUEUE_MAX: usize = 4096;

//! Putting reads on record without making them wait for each other.
//!
//! A read changes nothing, so there is no transaction that its entry could be part of. It is still answered only once its entry
//! will survive a crash: entries of calls that run at the same time are written and synced together, in one transaction.

use lombard_domain::audit::Entry;
use lombard_store::Db;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Result};

/// Writes entries in groups. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
}

struct Waiting {
    entry: Entry,
    done: oneshot::Sender<bool>,
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
        let (done, written) = oneshot::channel();
        self.queue.try_send(Waiting { entry, done }).map_err(|_| Error::Busy)?;
        match written.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Error::Busy),
        }
    }
}

async fn write(db: Db, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
        let (entries, done): (Vec<_>, Vec<_>) = group.drain(..).map(|one| (one.entry, one.done)).unzip();
        let outcome = write_group(&db, &entries).await;
        if let Err(error) = &outcome {
            tracing::error!(error = %crate::chain(error), entries = entries.len(), "audit entries could not be written; their calls are refused");
        }
        for waiter in done {
            // A caller that has hung up does not care.
            let _ = waiter.send(outcome.is_ok());
        }
    }
}

async fn write_group(db: &Db, entries: &[Entry]) -> lombard_store::Result<()> {
    let mut tx = db.begin("record").await?;
    lombard_store::audit::append(&mut tx, entries).await?;
    tx.commit().await
}

/// Entries that may wait.
const QUEUE_MAX: usize = 4096;
/// Entries written together.
const GROUP_MAX: usize = 256;

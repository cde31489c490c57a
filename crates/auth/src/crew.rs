//! Tasks that send something, a few at a time, each for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::{JoinError, JoinSet};

/// Those who send at this moment.
pub(crate) struct Crew {
    /// What they send, for the log.
    cargo: &'static str,
    most: usize,
    senders: JoinSet<()>,
    stopping: Stopping,
}

/// Tells a sender whether to begin with something more.
#[derive(Clone, Default)]
pub(crate) struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// Nothing more is to be begun.
    pub(crate) fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Crew {
    /// At most so many.
    pub(crate) fn new(cargo: &'static str, most: usize) -> Self {
        Self { cargo, most, senders: JoinSet::new(), stopping: Stopping::default() }
    }

    /// How many more may begin now.
    pub(crate) fn free(&mut self) -> usize {
        while let Some(ended) = self.senders.try_join_next() {
            report(self.cargo, ended);
        }
        self.most.saturating_sub(self.senders.len())
    }

    /// What a sender looks at between one thing and the next.
    pub(crate) fn stopping(&self) -> Stopping {
        self.stopping.clone()
    }

    /// Lets one begin.
    pub(crate) fn begin(&mut self, sender: impl Future<Output = ()> + Send + 'static) {
        self.senders.spawn(sender);
    }

    /// Waits until all have ended.
    pub(crate) async fn settle(&mut self) {
        while let Some(ended) = self.senders.join_next().await {
            report(self.cargo, ended);
        }
    }

    /// Lets nothing more begin, and waits for what is on its way at this moment.
    pub(crate) async fn stop(mut self) {
        self.stopping.0.store(true, Ordering::Relaxed);
        self.settle().await;
    }
}

fn report(cargo: &'static str, ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, cargo, "a sender broke off; what it had taken is free again when its time is over");
    }
}

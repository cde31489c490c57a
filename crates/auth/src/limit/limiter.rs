//! Where counts are kept: in this process, or in a counter that all nodes share, with this process in its place while it is away.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lombard_domain::limit::{Rate, Taken};
use lombard_domain::time::Instant;
use tracing::Instrument as _;

use super::Key;
use super::memory::Memory;
use crate::SPANS;

/// Counts in a place that all nodes share, by its own clock.
///
/// It takes one of each or nothing of any, as `lombard_domain::limit::take` does; it answers or fails within a moment, and when it is
/// away it fails at once.
pub trait SharedCounter: Send + Sync {
    /// Takes one of each, or nothing of any.
    fn take<'a>(&'a self, asked: &'a [(Key, Rate)]) -> Counting<'a>;
}

/// What a shared counter is about to answer.
pub type Counting<'a> = Pin<Box<dyn Future<Output = Result<Taken, Unreachable>> + Send + 'a>>;

/// A shared counter does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shared counter does not answer: {0}")]
pub struct Unreachable(pub String);

/// Counts where it can.
pub(crate) struct Limiter {
    memory: Memory,
    shared: Option<Arc<dyn SharedCounter>>,
    nodes: u32,
    is_alone: AtomicBool,
}

impl Limiter {
    pub(crate) fn new(shared: Option<Arc<dyn SharedCounter>>, nodes: u32) -> Self {
        if shared.is_some() {
            metrics::gauge!(SHARED_METRIC).set(1.0);
        }
        Self { memory: Memory::default(), shared, nodes, is_alone: AtomicBool::new(false) }
    }

    /// Takes one of each, or nothing of any; and at which rates.
    pub(crate) async fn take(&self, asked: Vec<(Key, Rate)>, now: Instant) -> (Taken, Vec<(Key, Rate)>) {
        let Some(shared) = &self.shared else { return (self.memory.take(&asked, now), asked) };
        let taking = shared.take(&asked);
        match taking.instrument(tracing::trace_span!(target: SPANS, "shared count", otel.kind = "client")).await {
            Ok(taken) => {
                if self.is_alone.swap(false, Ordering::Relaxed) {
                    metrics::gauge!(SHARED_METRIC).set(1.0);
                    tracing::info!("the shared counter of limits answers again");
                }
                (taken, asked)
            }
            Err(error) => {
                if !self.is_alone.swap(true, Ordering::Relaxed) {
                    metrics::gauge!(SHARED_METRIC).set(0.0);
                    tracing::warn!(%error, nodes = self.nodes, "limits are counted by each node alone, each with its part");
                }
                let parts: Vec<_> = asked.into_iter().map(|(key, rate)| (key, rate.shared_among(self.nodes))).collect();
                (self.memory.take(&parts, now), parts)
            }
        }
    }
}

/// 1 while the shared counter answers, 0 while each node counts alone.
const SHARED_METRIC: &str = "lombard_limits_shared_up";

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use lombard_domain::id::ClientId;
    use lombard_domain::limit::{FullAt, Per, take};

    use super::super::{Class, Subject};
    use super::*;

    /// A shared counter of one key that can go away.
    #[derive(Default)]
    struct OneKey {
        full_at: Mutex<FullAt>,
        is_away: AtomicBool,
    }

    impl SharedCounter for OneKey {
        fn take<'a>(&'a self, asked: &'a [(Key, Rate)]) -> Counting<'a> {
            Box::pin(async move {
                if self.is_away.load(Ordering::Relaxed) {
                    return Err(Unreachable("away".to_owned()));
                }
                let mut full_at = self.full_at.lock().unwrap();
                let taken = take(&[(asked[0].1, *full_at)], Instant::from_seconds(7));
                *full_at = Some(taken.full_at[0]);
                Ok(taken)
            })
        }
    }

    async fn admitted(limiter: &Limiter, calls: usize) -> usize {
        let key = Key { class: Class::Read, subject: Subject::Client(ClientId::from_bits(1)) };
        let mut admitted = 0;
        for _ in 0..calls {
            let asked = vec![(key, Rate::new(1, Per::Hour, 30))];
            admitted += usize::from(limiter.take(asked, Instant::from_seconds(7)).await.0.admitted);
        }
        admitted
    }

    #[tokio::test]
    async fn nodes_share_a_count_and_have_their_part_while_it_is_away() {
        let shared = Arc::new(OneKey::default());
        let node = || {
            let shared: Arc<dyn SharedCounter> = shared.clone();
            Limiter::new(Some(shared), 3)
        };
        let (one, other) = (node(), node());
        assert_eq!(admitted(&one, 20).await + admitted(&other, 20).await, 30);
        shared.is_away.store(true, Ordering::Relaxed);
        assert_eq!((admitted(&one, 20).await, admitted(&other, 20).await), (10, 10), "a third of thirty each");
        shared.is_away.store(false, Ordering::Relaxed);
        assert_eq!(admitted(&one, 20).await, 0, "what was counted before still counts");
    }

    #[tokio::test]
    async fn one_node_alone_has_the_whole() {
        assert_eq!(admitted(&Limiter::new(None, 3), 40).await, 30);
    }
}

//! Sends spans in batches, beside everything else: no call waits for it, and what cannot be sent is lost.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use super::{Collector, Finished, otlp};
use crate::stop::Stop;

/// Sends spans.
pub(crate) struct Exporter {
    queue: Receiver<Finished>,
    collector: Collector,
    /// This process, as tracing systems tell it from others.
    instance: String,
    is_away: bool,
}

impl Exporter {
    pub(super) fn new(queue: Receiver<Finished>, collector: Collector) -> Self {
        Self { queue, collector, instance: uuid::Uuid::new_v4().to_string(), is_away: false }
    }

    /// Sends what comes until told to stop, and then what waits, if that is soon done.
    pub(crate) async fn run(mut self, stop: Stop) {
        for outcome in ["sent", "failed", "dropped"] {
            metrics::counter!(SPANS_METRIC, "outcome" => outcome).increment(0);
        }
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            let is_over = timeout(LINGER, stop.wait()).await.is_ok();
            if is_over {
                let rest = async { while self.send_some(&mut batch).await {} };
                if timeout(REST_MAX, rest).await.is_err() {
                    tracing::warn!("the last spans were not sent: the collector is too slow");
                }
                return;
            }
            while self.send_some(&mut batch).await {
                if stop.is_on() {
                    break;
                }
            }
        }
    }

    /// Sends a batch of what waits; whether there may be more.
    async fn send_some(&mut self, batch: &mut Vec<Finished>) -> bool {
        batch.clear();
        while batch.len() < BATCH_MAX
            && let Ok(span) = self.queue.try_recv()
        {
            batch.push(span);
        }
        if batch.is_empty() {
            return false;
        }
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let body = otlp::batch(batch, &self.instance).to_string().into_bytes();
        let outcome = self.collector.send(body).await;
        let label = if outcome.is_ok() { "sent" } else { "failed" };
        metrics::counter!(SPANS_METRIC, "outcome" => label).increment(spans);
        match outcome {
            Ok(()) if self.is_away => tracing::info!("the collector of traces takes spans again"),
            Err(error) if !self.is_away => {
                tracing::warn!(error = %format!("{error:#}"), "the collector of traces does not take spans; they are lost");
            }
            Ok(()) | Err(_) => {}
        }
        self.is_away = label == "failed";
        // A collector that is away is asked again in a moment, not at once.
        batch.len() == BATCH_MAX && !self.is_away
    }
}

/// What became of spans.
pub(super) const SPANS_METRIC: &str = "lombard_trace_spans_total";
/// Spans sent together.
const BATCH_MAX: usize = 512;
/// Between two looks for spans to send.
const LINGER: Duration = Duration::from_millis(500);
/// How long the end may take.
const REST_MAX: Duration = Duration::from_secs(5);

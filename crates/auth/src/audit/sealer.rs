//! The job that chains what is on record, and makes checkpoints.
//!
//! It runs beside the server, on every node. Of two that chain at the same time, one moves the end of the chain by compare-and-set;
//! the other begins anew, so the chain cannot fork.

use std::time::Duration;

use lombard_domain::audit::{Chained, Event};
use lombard_domain::time::Span;
use lombard_store::audit::{self, Checked, Head};

use super::chain::{genesis, link};
use super::checkpoint;
use crate::Auth;
use crate::error::Result;

impl Auth {
    /// For how long the oldest entry that is not chained has waited, in seconds; nothing if none waits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_lag(&self) -> Result<f64> {
        let oldest = audit::oldest_waiting(&mut self.db().read().await?).await?;
        let waited = oldest.map_or(0, |oldest| self.now().since(oldest).micros());
        Ok(Duration::from_micros(u64::try_from(waited).unwrap_or(0)).as_secs_f64())
    }

    /// Chains what waits, and makes a checkpoint if the last one is a minute old; how many entries were chained. To be called every
    /// second.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal_record(&self) -> Result<u64> {
        let mut all = 0_u64;
        if audit::oldest_waiting(&mut self.db().read().await?).await?.is_some() {
            for _ in 0..BATCHES_MAX {
                let chained = self.chain_some().await?;
                all = all.saturating_add(chained);
                if chained < BATCH.unsigned_abs() {
                    break;
                }
            }
        }
        self.checkpoint_when_due().await?;
        Ok(all)
    }

    /// Chains one batch in one short transaction; how many entries.
    async fn chain_some(&self) -> Result<u64> {
        let mut tx = self.db().begin("chain").await?;
        let taken = audit::take(&mut tx, BATCH).await?;
        if taken.is_empty() {
            return Ok(0);
        }
        let head = match audit::head(&mut tx).await? {
            Some(head) => head,
            None => {
                audit::start_chain(&mut tx, &genesis(&checkpoint::database_name(self.db())).to_vec()).await?;
                audit::head(&mut tx).await?.ok_or(crate::Error::Busy)?
            }
        };
        let (mut position, mut hash) = (head.position, head.digest()?);
        let mut chained = Vec::with_capacity(taken.len());
        let mut genuine = Vec::with_capacity(taken.len());
        for one in taken {
            let (line, mac) = one.entry;
            if !one.genuine {
                // It is chained as it is: taking it out would destroy the evidence. The verifier names it.
                tracing::error!(entry = line.id, "an entry of the record was changed or made without the bank's key");
            }
            position = position.saturating_add(1);
            let mut entry = Chained { position, line, mac, hash: Vec::new() };
            hash = link(&hash, position, &entry);
            entry.hash = hash.to_vec();
            chained.push(entry);
            genuine.push(one.genuine);
        }
        if !audit::advance(&mut tx, head.position, &Head { position, hash: hash.to_vec() }).await? {
            // Another node was faster; its entries and ours wait for the next round.
            return Ok(0);
        }
        audit::extend(&mut tx, &chained).await?;
        tx.commit().await?;
        chained.iter().for_each(|entry| count(&entry.line.event));
        let moved = u64::try_from(chained.len()).unwrap_or(u64::MAX);
        self.let_watch(chained.into_iter().zip(genuine).map(|(entry, genuine)| Checked { entry, genuine }));
        Ok(moved)
    }

    async fn checkpoint_when_due(&self) -> Result<()> {
        let newest = audit::newest_checkpoint(&mut self.db().read().await?).await?;
        let now = self.now();
        if newest.is_none_or(|newest| now.since(newest.at) >= CHECKPOINT_EVERY) {
            checkpoint::make(self.db(), now).await?;
        }
        Ok(())
    }
}

/// Makes the counters of all events, so that the first of a kind is seen as one more than none.
pub fn begin_to_count() {
    for event in Event::ALL {
        metrics::counter!(EVENTS_METRIC, "event" => event.code()).increment(0);
    }
}

/// Counts an entry once, whichever node it is from. The text comes from the database, the label from the closed list.
fn count(text: &str) {
    if let Some(event) = Event::ALL.iter().find(|event| event.code() == text) {
        metrics::counter!(EVENTS_METRIC, "event" => event.code()).increment(1);
    }
}

/// What happened, by event, as it is chained.
const EVENTS_METRIC: &str = "lombard_events_total";
/// Entries chained in one transaction: few, because SQLite has one writer, for which calls wait meanwhile.
const BATCH: i64 = 64;
/// Batches of one round, so that a round ends and is measured however much comes in.
const BATCHES_MAX: usize = 1600;
/// Between two checkpoints.
const CHECKPOINT_EVERY: Span = Span::minutes(1);

//! Reading the record: from where it was read to its end, batch by batch.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lombard_domain::audit::{Chained, Event, Line};
use lombard_domain::id::{AlarmId, ClientId};
use lombard_domain::time::{Instant, Span};
use lombard_domain::watch::{Alarm, Measure, Response, Rule, Watcher};
use lombard_store::audit::{self, Checked};
use lombard_store::{Tx, watch};

use super::{WATCHING, fact, subject_of};
use crate::Auth;
use crate::error::{Error, Result};

/// The rules, and up to where they have read.
pub(super) struct Warm {
    watcher: Watcher,
    position: i64,
    /// Apps of which more is known than is kept.
    unsaved: BTreeSet<ClientId>,
    saved_at: Instant,
}

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Entries that were read.
    pub entries: usize,
    /// Alarms that were raised by this node.
    pub raised: Vec<Rule>,
    /// Measures that were taken by this node.
    pub taken: Vec<Measure>,
}

type Read = Vec<(Checked<Chained>, Option<IpAddr>)>;

impl Auth {
    /// Reads what was chained since the last time, raises alarms and takes measures. To be called every second on each node; of several
    /// one raises each alarm.
    ///
    /// # Errors
    /// When the database fails. Nothing is lost: the next call reads those entries again.
    pub async fn watch(&self) -> Result<Watched> {
        let mut watched = Watched::default();
        let Some(response) = &self.policy().watching else { return Ok(watched) };
        let mut memory = self.watch.memory.lock().await;
        for _ in 0..ROUNDS_MAX {
            // Taken out: rules that saw entries of which nobody raised the alarms must not go on after an error.
            let mut warm = match memory.take() {
                Some(warm) => warm,
                None => self.warm_up(response).await?,
            };
            let read = self.watch_some(&mut warm, response, &mut watched).await?;
            *memory = Some(warm);
            watched.entries += read;
            if read == 0 {
                break;
            }
        }
        drop(memory);
        self.refresh_measures().await?;
        Ok(watched)
    }

    /// Keeps what this node has just chained for the rules, if there are any.
    pub(crate) fn let_watch(&self, chained: impl Iterator<Item = Checked<Chained>>) {
        if self.policy().watching.is_some() {
            self.watch.fresh.add(chained);
        }
    }

    /// Reads a batch; how many entries.
    async fn watch_some(&self, warm: &mut Warm, response: &Response, watched: &mut Watched) -> Result<usize> {
        let mut tx = self.db().read().await?;
        let cursor = watch::cursor(&mut tx).await?;
        let fresh = self.watch.fresh.take_after(warm.position, usize::try_from(BATCH).unwrap_or(0));
        let entries = if fresh.is_empty() {
            read_after(&mut tx, warm.position, BATCH).await?
        } else {
            with_addresses(&mut tx, fresh).await?
        };
        drop(tx);
        let Some((last, _)) = entries.last() else { return Ok(0) };
        let last = last.entry.position;
        let mut raised = Vec::new();
        take_in(&mut warm.watcher, &entries, &mut raised);
        warm.position = last;
        warm.unsaved.extend(warm.watcher.changed());
        self.settle(warm, response, (cursor, last), &raised, watched).await?;
        Ok(entries.len())
    }

    /// Moves the cursor from one place to another, and raises the alarms of the entries between them, or leaves them to who was faster.
    async fn settle(
        &self,
        warm: &mut Warm,
        response: &Response,
        (mut from, last): (i64, i64),
        raised: &[Alarm],
        watched: &mut Watched,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            if from >= last {
                return Ok(());
            }
            let mut tx = self.db().begin("watch").await?;
            if !watch::move_cursor(&mut tx, from, last).await? {
                drop(tx);
                from = watch::cursor(&mut self.db().read().await?).await?;
                continue;
            }
            let mut found = Watched::default();
            for alarm in raised.iter().filter(|alarm| alarm.last > from) {
                self.raise(&mut tx, response, alarm, &mut found).await?;
            }
            self.save(&mut tx, warm, !found.raised.is_empty()).await?;
            tx.commit().await?;
            for rule in &found.raised {
                metrics::counter!(ALARMS, "rule" => rule.name()).increment(1);
            }
            watched.raised.append(&mut found.raised);
            watched.taken.append(&mut found.taken);
            return Ok(());
        }
        Err(Error::Busy)
    }

    async fn raise(&self, tx: &mut Tx, response: &Response, alarm: &Alarm, found: &mut Watched) -> Result<()> {
        let id = AlarmId::ordered(self.random(), self.now());
        if !watch::add_alarm(tx, id, alarm).await? {
            // Raised before a crash, or by rules that remembered less.
            return Ok(());
        }
        self.record(tx, WATCHING, Event::AlarmRaised, subject_of(alarm.accused), Some(alarm.rule.name())).await?;
        found.raised.push(alarm.rule);
        let taken = self.respond(tx, response, id, alarm.accused).await?;
        let subject = subject_of(alarm.accused);
        tracing::warn!(
            alarm = %id,
            rule = alarm.rule.name(),
            score = alarm.score,
            count = alarm.count,
            accused = alarm.accused.kind(),
            client = subject.client.map(tracing::field::display),
            customer = subject.customer.map(tracing::field::display),
            measures = ?taken.iter().map(|measure| measure.name()).collect::<Vec<_>>(),
            "alarm: {}",
            alarm.rule.meaning(),
        );
        found.taken.extend(taken);
        Ok(())
    }

    /// Keeps what is known of apps, now and then.
    async fn save(&self, tx: &mut Tx, warm: &mut Warm, at_once: bool) -> Result<()> {
        let now = self.now();
        if warm.unsaved.is_empty() || !(at_once || now.since(warm.saved_at) >= SAVE_EVERY) {
            return Ok(());
        }
        for client in &warm.unsaved {
            if let Some(history) = warm.watcher.history(*client) {
                watch::save_history(tx, *client, &history, now).await?;
            }
        }
        warm.unsaved.clear();
        warm.saved_at = now;
        Ok(())
    }

    /// Rules that have taken in what came in the longest window before the cursor, as far as that is not too much, and raised nothing.
    async fn warm_up(&self, response: &Response) -> Result<Warm> {
        let mut watcher = Watcher::new(response.rules.clone());
        let mut tx = self.db().read().await?;
        let cursor = watch::cursor(&mut tx).await?;
        for (client, history) in watch::histories(&mut tx, HISTORIES_MAX).await? {
            watcher.remember(client, history);
        }
        let newest = audit::chained_after(&mut tx, cursor.saturating_sub(1), 1).await?;
        let since = newest.first().map(|one| Instant::from_micros(one.entry.line.at).minus(Rule::MEMORY));
        let first = match since {
            Some(since) => audit::span_at(&mut tx, since).await?.map(|span| span.first),
            None => None,
        };
        let oldest = cursor.saturating_sub(WARM_UP_MAX);
        let mut position = first.map_or(cursor, |first| first.saturating_sub(1)).max(oldest).min(cursor);
        while position < cursor {
            let entries = read_after(&mut tx, position, BATCH.min(cursor.saturating_sub(position))).await?;
            let Some((last, _)) = entries.last() else { break };
            position = last.entry.position;
            take_in(&mut watcher, &entries, &mut Vec::new());
        }
        Ok(Warm { watcher, position: cursor, unsaved: BTreeSet::new(), saved_at: self.now() })
    }
}

async fn read_after(tx: &mut Tx, position: i64, limit: i64) -> Result<Read> {
    let entries = audit::chained_after(tx, position, limit).await?;
    with_addresses(tx, entries).await
}

async fn with_addresses(tx: &mut Tx, entries: Vec<Checked<Chained>>) -> Result<Read> {
    let lines: Vec<&Line> = entries.iter().map(|one| &one.entry.line).collect();
    let addresses = watch::addresses(tx, &lines).await?;
    Ok(entries.into_iter().zip(addresses).collect())
}

/// Entries that are not as they were recorded accuse nobody; `lombard audit verify` names them.
fn take_in(watcher: &mut Watcher, entries: &[(Checked<Chained>, Option<IpAddr>)], raised: &mut Vec<Alarm>) {
    for (checked, address) in entries.iter().filter(|(checked, _)| checked.genuine) {
        if let Some(fact) = fact::of(&checked.entry, *address) {
            watcher.see(&fact, raised);
        }
    }
}

/// Lets every rule's counter begin at nothing, so that its first alarm is seen as a change.
pub fn begin_to_count() {
    for rule in Rule::ALL {
        metrics::counter!(ALARMS, "rule" => rule.name()).increment(0);
    }
}

const ALARMS: &str = "lombard_alarms_total";
/// Entries that are read at once.
const BATCH: i64 = 2_000;
/// Batches of one round; what is left is read in the next.
const ROUNDS_MAX: usize = 50;
/// How often another node may be faster in one round.
const ATTEMPTS: usize = 8;
/// Entries that are read again after a start, at most; the rules then remember less than their windows.
const WARM_UP_MAX: i64 = 500_000;
/// Apps whose history is read after a start, those that did something most recently.
const HISTORIES_MAX: i64 = 20_000;
/// How often what is known of apps is kept.
const SAVE_EVERY: Span = Span::minutes(1);

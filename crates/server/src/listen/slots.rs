//! Who may be connected: so many in all, so many from each source, and who makes way when there is no room.
//!
//! A newcomer never waits for a slot. When all are taken, a connection that rests gives up its own: one of the source that has
//! most, and among equals the one that has rested longest. One on which a request runs is never taken away. It knows nothing of
//! what is asked or answered.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lombard_http::Proxies;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::limits::Limits;
use super::rate::Rates;
use super::source::Source;
use super::turns::turns;

/// The slots of listeners that share them.
#[derive(Debug)]
pub(crate) struct Slots {
    all: usize,
    per_source: usize,
    /// A proxy stands for many: it has no cap of its own.
    proxies: Arc<Proxies>,
    turns: Semaphore,
    farewells: Semaphore,
    book: Mutex<Book>,
}

/// Why a newcomer is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Its source begins handshakes too often.
    Rate,
    /// Its source has all that one source may have, and requests run on all of them.
    Source,
    /// Every slot is taken, and nobody rests who has more than the newcomer's source.
    Full,
}

/// A slot that is taken; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<Pass>);

/// What a connection holds of its slot.
#[derive(Debug)]
pub(super) struct Pass {
    number: u64,
    slots: Arc<Slots>,
    taken_away: Notify,
}

impl Slots {
    /// Slots for so many connections as the limits allow.
    pub(crate) fn new(limits: &Limits, proxies: Arc<Proxies>) -> Arc<Self> {
        let book = Book {
            next: 0,
            open: HashMap::new(),
            sources: HashMap::new(),
            ranks: BTreeSet::new(),
            rates: Rates::per_second(limits.handshakes_per_second),
        };
        Arc::new(Self {
            all: limits.max_connections,
            per_source: limits.max_per_address,
            proxies,
            turns: turns(),
            farewells: Semaphore::new(FAREWELLS_MAX),
            book: Mutex::new(book),
        })
    }

    /// Takes a slot for a connection, if need be from another.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Result<Slot, Refused> {
        let source = Source::of(address);
        let is_proxy = self.proxies.trust(address);
        let mut book = self.book();
        if !is_proxy && !book.rates.take(source, now) {
            return Err(Refused::Rate);
        }
        let held = book.sources.get(&source).map_or(0, |held| held.count);
        if !is_proxy && held >= self.per_source {
            if !book.make_way(source) {
                return Err(Refused::Source);
            }
            evicted("address");
        } else if book.open.len() >= self.all {
            // A proxy weighs as little as anybody, or those behind it would always be the first to go.
            let weight = if is_proxy { 1 } else { held };
            let heaviest = book.ranks.last().filter(|rank| rank.weight > weight).map(|rank| rank.source);
            if !book.make_way(heaviest.unwrap_or(source)) {
                return Err(Refused::Full);
            }
            evicted("full");
        }
        let pass = Arc::new(Pass { number: book.next, slots: Arc::clone(self), taken_away: Notify::new() });
        book.enter(source, is_proxy, Arc::clone(&pass), now);
        Ok(Slot(pass))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    /// Its name in metrics.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Rate => "handshake_rate",
            Self::Source => "address",
            Self::Full => "full",
        }
    }
}

impl Slot {
    /// What its connection needs of it.
    pub(super) fn pass(&self) -> &Arc<Pass> {
        &self.0
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.slots.book().leave(self.0.number);
    }
}

impl Pass {
    /// Notes that a request runs.
    pub(super) fn works(&self) {
        self.slots.book().rest(self.number, None);
    }

    /// Notes that nothing runs since a moment.
    pub(super) fn rests(&self, since: Instant) {
        self.slots.book().rest(self.number, Some(since));
    }

    /// The turns by which handshakes go.
    pub(super) fn turns(&self) -> &Semaphore {
        &self.slots.turns
    }

    /// Leave to stay for a moment after the slot was taken away; `None` if too many do already.
    pub(super) fn farewell(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.farewells.try_acquire().ok()
    }

    /// Waits until the slot is needed by somebody else.
    pub(super) async fn taken_away(&self) {
        self.taken_away.notified().await;
    }

    /// A pass of slots without anybody else.
    #[cfg(test)]
    pub(super) fn alone() -> Arc<Self> {
        let slots = Slots::new(&Limits::default(), Arc::new(Proxies::none()));
        Arc::new(Self { number: 0, slots, taken_away: Notify::new() })
    }
}

#[derive(Debug)]
struct Book {
    /// Number of the next connection.
    next: u64,
    open: HashMap<u64, Open>,
    sources: HashMap<Source, Held>,
    /// The sources with a connection that rests; whose connection goes first is the last.
    ranks: BTreeSet<Rank>,
    rates: Rates,
}

#[derive(Debug)]
struct Open {
    source: Source,
    rests: Option<Instant>,
    pass: Arc<Pass>,
}

/// What a source has.
#[derive(Debug, Default)]
struct Held {
    is_proxy: bool,
    count: usize,
    resting: BTreeSet<(Instant, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    weight: usize,
    rests: Reverse<Instant>,
    source: Source,
}

impl Book {
    fn enter(&mut self, source: Source, is_proxy: bool, pass: Arc<Pass>, now: Instant) {
        let number = pass.number;
        self.next = number.wrapping_add(1);
        self.open.insert(number, Open { source, rests: Some(now), pass });
        self.change(source, |held| {
            held.is_proxy = is_proxy;
            held.count += 1;
            held.resting.insert((now, number));
        });
    }

    fn leave(&mut self, number: u64) {
        let Some(open) = self.open.remove(&number) else { return };
        self.change(open.source, |held| {
            held.count = held.count.saturating_sub(1);
            held.forget(open.rests, number);
        });
    }

    fn rest(&mut self, number: u64, rests: Option<Instant>) {
        let Some(open) = self.open.get_mut(&number) else { return };
        let source = open.source;
        let before = std::mem::replace(&mut open.rests, rests);
        self.change(source, |held| {
            held.forget(before, number);
            held.resting.extend(rests.map(|since| (since, number)));
        });
    }

    /// Takes its slot from the connection of a source that has rested longest; false if none rests.
    fn make_way(&mut self, source: Source) -> bool {
        let Some((_, number)) = self.sources.get(&source).and_then(|held| held.resting.first().copied()) else {
            return false;
        };
        if let Some(open) = self.open.get(&number) {
            open.pass.taken_away.notify_one();
        }
        self.leave(number);
        true
    }

    fn change(&mut self, source: Source, change: impl FnOnce(&mut Held)) {
        let held = self.sources.entry(source).or_default();
        let before = held.rank(source);
        change(held);
        let after = held.rank(source);
        if held.count == 0 {
            self.sources.remove(&source);
        }
        if before != after {
            before.map(|rank| self.ranks.remove(&rank));
            self.ranks.extend(after);
        }
    }
}

impl Held {
    /// Takes out a connection that has rested since then, if it has.
    fn forget(&mut self, rests: Option<Instant>, number: u64) {
        if let Some(since) = rests {
            self.resting.remove(&(since, number));
        }
    }

    fn rank(&self, source: Source) -> Option<Rank> {
        let (rests, _) = self.resting.first()?;
        let weight = if self.is_proxy { 1 } else { self.count };
        Some(Rank { weight, rests: Reverse(*rests), source })
    }
}

/// Connections without a slot that may still say goodbye; their descriptors are among those that are kept free.
const FAREWELLS_MAX: usize = 256;

fn evicted(reason: &'static str) {
    metrics::counter!("lombard_connections_evicted_total", "reason" => reason).increment(1);
}

#[cfg(test)]
mod tests;

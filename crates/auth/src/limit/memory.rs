//! Counts in this process: bounded, whatever keys come, and without a search for what is over.
//!
//! Addresses, apps, consents and customers have memories of their own, so that nobody with many addresses can make the server forget
//! what it counted of an app. Each is cut into shards with a lock of their own, and each shard has two generations: when the newer is
//! full, or has been there for a while and all of the older is over, the older is forgotten.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lombard_domain::limit::{FullAt, Rate, Taken, take};
use lombard_domain::time::{Instant, Span};

use super::{Key, Kind};

/// Counts in this process.
pub(super) struct Memory {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    newer: Generation,
    older: Generation,
}

#[derive(Default)]
struct Generation {
    counts: HashMap<Key, Instant>,
    began: Option<Instant>,
    /// When all of it is over.
    over_at: Option<Instant>,
}

impl Default for Memory {
    fn default() -> Self {
        let shards = (0..Kind::ALL.len() * SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::new(), shards }
    }
}

impl Memory {
    /// Takes one of each, or nothing of any.
    pub(super) fn take(&self, asked: &[(Key, Rate)], now: Instant) -> Taken {
        let places: Vec<usize> = asked.iter().map(|(key, _)| self.place(key)).collect();
        let mut order = places.clone();
        // Everybody locks in one order, so nobody waits for each other.
        order.sort_unstable();
        order.dedup();
        let mut locked: Vec<(usize, MutexGuard<'_, Shard>)> = order
            .into_iter()
            .filter_map(|place| Some((place, self.shards.get(place)?.lock().unwrap_or_else(PoisonError::into_inner))))
            .collect();
        let known: Vec<(Rate, FullAt)> = asked
            .iter()
            .zip(&places)
            .map(|((key, rate), place)| (*rate, shard(&mut locked, *place).and_then(|shard| shard.find(key))))
            .collect();
        let taken = take(&known, now);
        for (((key, _), place), full_at) in asked.iter().zip(&places).zip(&taken.full_at) {
            if let Some(shard) = shard(&mut locked, *place) {
                shard.keep(*key, *full_at, now);
            }
        }
        taken
    }

    fn place(&self, key: &Key) -> usize {
        let kind = match key.subject.kind() {
            Kind::Address => 0,
            Kind::Client => 1,
            Kind::Consent => 2,
            Kind::Customer => 3,
        };
        let shards = u64::try_from(SHARDS).unwrap_or(1);
        kind * SHARDS + usize::try_from(self.hasher.hash_one(key) % shards).unwrap_or(0)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let lengths = self.shards.iter().map(|shard| {
            let shard = shard.lock().unwrap();
            shard.newer.counts.len() + shard.older.counts.len()
        });
        lengths.sum()
    }
}

fn shard<'a, 'm>(
    locked: &'a mut [(usize, MutexGuard<'m, Shard>)],
    place: usize,
) -> Option<&'a mut MutexGuard<'m, Shard>> {
    locked.iter_mut().find(|(number, _)| *number == place).map(|(_, shard)| shard)
}

impl Shard {
    fn find(&self, key: &Key) -> FullAt {
        self.newer.counts.get(key).or_else(|| self.older.counts.get(key)).copied()
    }

    fn keep(&mut self, key: Key, full_at: Instant, now: Instant) {
        let is_full = self.newer.counts.len() >= KEYS_MAX && !self.newer.counts.contains_key(&key);
        let is_old = self.newer.began.is_some_and(|began| now.since(began).micros() >= GENERATION.micros())
            && self.older.over_at.is_none_or(|over_at| over_at <= now);
        if is_full || is_old {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.began.get_or_insert(now);
        self.newer.over_at = self.newer.over_at.max(Some(full_at));
        self.newer.counts.insert(key, full_at);
    }
}

/// Shards of each memory.
const SHARDS: usize = 16;
/// Keys of one generation of one shard, at some 100 bytes: 131,072 keys and 13 MB for each of the four memories at most.
const KEYS_MAX: usize = 4096;
/// After so long a generation grows old.
const GENERATION: Span = Span::minutes(10);

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use lombard_domain::id::ClientId;
    use lombard_domain::limit::Per;

    use super::super::{Class, Subject};
    use super::*;

    const RATE: Rate = Rate::new(1, Per::Minute, 2);

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(1_000_000 + seconds)
    }

    fn client(number: u128) -> Key {
        Key { class: Class::Read, subject: Subject::Client(ClientId::from_bits(number)) }
    }

    fn address(number: u128) -> Key {
        let address = IpAddr::V6(Ipv6Addr::from_bits(number << 64));
        Key { class: Class::Read, subject: Subject::at(address) }
    }

    fn admits(memory: &Memory, keys: &[Key], seconds: i64) -> bool {
        let asked: Vec<_> = keys.iter().map(|key| (*key, RATE)).collect();
        memory.take(&asked, at(seconds)).admitted
    }

    #[test]
    fn counts_each_key_by_itself_and_all_of_a_call_together() {
        let memory = Memory::default();
        assert!(admits(&memory, &[client(1)], 0) && admits(&memory, &[client(1)], 0));
        assert!(!admits(&memory, &[client(1)], 0));
        assert!(!admits(&memory, &[client(1), client(2)], 0), "one of the two has nothing left");
        assert!(admits(&memory, &[client(2)], 0) && admits(&memory, &[client(2)], 0), "and the other lost nothing");
        assert!(!admits(&memory, &[client(2)], 0));
        assert!(admits(&memory, &[client(1)], 60) && !admits(&memory, &[client(1)], 60));
    }

    #[test]
    fn many_addresses_do_not_make_it_grow_nor_forget_an_app() {
        let memory = Memory::default();
        assert!(admits(&memory, &[client(1)], 0) && admits(&memory, &[client(1)], 0));
        let most = 2 * KEYS_MAX * SHARDS;
        for number in 0..u128::try_from(most * 2).unwrap() {
            assert!(admits(&memory, &[address(number)], 0));
        }
        assert!(memory.len() <= most + 1, "{}", memory.len());
        assert!(!admits(&memory, &[client(1)], 0));
    }

    #[test]
    fn forgets_what_is_over_and_keeps_what_is_not() {
        let memory = Memory::default();
        for number in 0..1000 {
            assert!(admits(&memory, &[address(number)], 0));
        }
        // Somebody else's calls move the generations on, in every shard.
        for (round, minutes) in [10, 20, 30].into_iter().enumerate() {
            for number in 0..1000 {
                admits(&memory, &[address(1000 * (1 + u128::try_from(round).unwrap()) + number)], minutes * 60);
            }
        }
        assert!(memory.len() <= 2000, "{}", memory.len());
        let long = Rate::new(1, Per::Day, 1);
        let asked = [(client(9), long)];
        assert!(memory.take(&asked, at(0)).admitted);
        for minutes in 1..200 {
            for other in 10..60 {
                admits(&memory, &[client(other)], minutes * 60);
            }
            assert!(!memory.take(&asked, at(minutes * 60)).admitted, "after {minutes} minutes");
        }
    }

    #[test]
    fn threads_together_admit_what_one_admits() {
        let memory = Memory::default();
        let rate = Rate::new(1, Per::Day, 500);
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let memory = &memory;
                    scope.spawn(move || {
                        let mut keys = [(client(1), rate), (client(2), rate)];
                        if thread % 2 == 0 {
                            keys.reverse();
                        }
                        (0..300).filter(|_| memory.take(&keys, at(0)).admitted).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 500);
    }
}

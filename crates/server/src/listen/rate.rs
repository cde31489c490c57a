//! How often each source may begin a handshake, before a byte of it is read.
//!
//! The generic cell rate algorithm: one moment for each source, at which its bucket will be full again. What is full needs not be
//! remembered, so the map is as small as the sources of the last seconds are few.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::source::Source;

/// The buckets of all sources.
#[derive(Debug)]
pub(super) struct Rates {
    /// Between two handshakes at the steady rate.
    every: Duration,
    full_at: HashMap<Source, Instant>,
    /// How many sources may be known before the full buckets among them are forgotten.
    sweep_at: usize,
    /// Not before this moment: a crowd of sources must not make every newcomer pay for a sweep.
    next_sweep: Option<Instant>,
}

impl Rates {
    /// Buckets that fill so often in a second.
    pub(super) fn per_second(times: u32) -> Self {
        Self {
            every: Duration::from_secs(1) / times.max(1),
            full_at: HashMap::new(),
            sweep_at: SWEEP_AT_LEAST,
            next_sweep: None,
        }
    }

    /// Takes one handshake from a source's bucket; false if it is empty.
    pub(super) fn take(&mut self, source: Source, now: Instant) -> bool {
        if self.full_at.len() >= self.sweep_at && self.next_sweep.is_none_or(|next| next <= now) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.sweep_at = (self.full_at.len() * 2).clamp(SWEEP_AT_LEAST, SOURCES_MAX);
            self.next_sweep = Some(now + SWEEP_EVERY);
        }
        if self.full_at.len() >= SOURCES_MAX && !self.full_at.contains_key(&source) {
            return false;
        }
        let full_at = self.full_at.entry(source).or_insert(now);
        let next = (*full_at).max(now) + self.every;
        if next > now + BURST {
            return false;
        }
        *full_at = next;
        true
    }
}

/// How much of a steady rate may come at once.
const BURST: Duration = Duration::from_secs(4);
/// Sources that are known before the first sweep.
const SWEEP_AT_LEAST: usize = 1_024;
/// Between two sweeps.
const SWEEP_EVERY: Duration = Duration::from_millis(100);
/// Sources with buckets that are not full, at most; strangers beyond them are refused.
const SOURCES_MAX: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u32) -> Source {
        Source::of(std::net::IpAddr::V4(number.into()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_has_its_burst_and_then_its_rate_whatever_others_do() {
        let now = Instant::now();
        let mut rates = Rates::per_second(10);
        let taken = (0..100).filter(|_| rates.take(source(1), now)).count();
        assert_eq!(taken, 40);
        assert!(rates.take(source(2), now));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| rates.take(source(1), later)).count(), 10);
        let much_later = now + Duration::from_secs(60);
        assert_eq!((0..100).filter(|_| rates.take(source(1), much_later)).count(), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn remembers_no_more_than_it_must_and_than_it_may() {
        let now = Instant::now();
        let mut rates = Rates::per_second(1);
        let most = u32::try_from(SOURCES_MAX).unwrap();
        assert!((0..most).all(|number| rates.take(source(number), now)));
        assert!(!rates.take(source(most), now), "a stranger beyond the limit");
        assert!(rates.take(source(0), now), "a source that is known");
        let later = now + Duration::from_secs(10);
        for number in 0..10 * most {
            assert!(rates.take(source(number), later + Duration::from_millis(number.into())));
        }
        assert!(rates.full_at.len() < 4 * SWEEP_AT_LEAST, "{}", rates.full_at.len());
    }
}

//! The machine's clock and random numbers, behind the ports that the other crates take as arguments.
//!
//! The only place of the program that asks the system for either. It must never do anything else.

use std::time::{SystemTime, UNIX_EPOCH};

use lombard_domain::random::Random;
use lombard_domain::time::{Clock, Instant};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Instant {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, i64::saturating_neg),
        };
        Instant::from_micros(micros)
    }
}

/// The random number generator of the cryptographic library, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "Cannot fail: the generator ends the process itself when the system gives it no entropy, and a key made \
                  without randomness must never be used"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the system has no random numbers");
    }
}

#[cfg(test)]
mod tests {
    use lombard_domain::time::Date;

    use super::*;

    #[test]
    fn tells_a_time_of_our_age_that_does_not_run_backwards() {
        let first = SystemClock.now();
        let second = SystemClock.now();
        assert!(second >= first);
        assert!(first > Date::new(2025, 1, 1).unwrap().start());
    }

    #[test]
    fn never_draws_the_same_key_twice() {
        let draws: std::collections::BTreeSet<[u8; 32]> =
            (0..64).map(|_| lombard_domain::random::bytes(&SystemRandom)).collect();
        assert_eq!(draws.len(), 64);
    }
}

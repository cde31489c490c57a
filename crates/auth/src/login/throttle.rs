//! Failed sign-ins in a row: five lock for a while, and each further lock lasts twice as long.
//!
//! An attempt is counted before it is checked, so that a thousand attempts at the same time are no more than five. The count is by
//! user name, whether there is such a user or not, so that a lock tells nobody who exists.

use lombard_domain::time::{Instant, Span};
use lombard_store::session::Failures;

use crate::policy::Policy;

/// A run of failures, and what may be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run(pub(super) Failures);

/// Nobody may try until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Locked {
    pub(super) until: Instant,
}

impl Run {
    /// Counts an attempt that is about to be checked.
    pub(super) fn attempt(self, policy: &Policy, now: Instant) -> (Self, Result<(), Locked>) {
        let Failures { mut failures, locks, locked_until } = self.0;
        let until = Instant::from_micros(locked_until);
        if locked_until != 0 && now < until {
            return (self, Err(Locked { until }));
        }
        if failures >= policy.sign_in_failures {
            if locked_until == 0 {
                // All attempts are being checked at this moment, or the server died while it checked them.
                let locked = self.locked(policy, now);
                return (locked, Err(Locked { until: Instant::from_micros(locked.0.locked_until) }));
            }
            failures = 0;
        }
        (Self(Failures { failures: failures + 1, locks, locked_until: 0 }), Ok(()))
    }

    /// The attempt failed: the last one that was allowed begins a lock.
    pub(super) fn failed(self, policy: &Policy, now: Instant) -> Self {
        if self.0.failures >= policy.sign_in_failures && self.0.locked_until == 0 {
            self.locked(policy, now)
        } else {
            self
        }
    }

    /// The password was right; the second factor is still to come, so the run is not over.
    pub(super) fn half_way(self) -> Self {
        Self(Failures { failures: (self.0.failures - 1).max(0), ..self.0 })
    }

    fn locked(self, policy: &Policy, now: Instant) -> Self {
        let doubled = policy.lock_life.micros().saturating_mul(1 << self.0.locks.clamp(0, 20));
        let span = doubled.min(policy.lock_life_max.micros());
        let until = now.plus(Span::seconds(span / 1_000_000));
        Self(Failures { locks: self.0.locks.saturating_add(1), locked_until: until.micros(), ..self.0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy() -> Policy {
        Policy::for_issuer("https://bank.example")
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(1_000_000 + seconds)
    }

    fn fail(run: Run, now: Instant) -> (Run, bool) {
        match run.attempt(&policy(), now) {
            (run, Ok(())) => (run.failed(&policy(), now), true),
            (run, Err(_)) => (run, false),
        }
    }

    #[test]
    fn five_failures_lock_and_each_lock_lasts_twice_as_long() {
        let mut run = Run(Failures::default());
        let mut now = 0;
        for minutes in [5, 10, 20] {
            for _ in 0..5 {
                let (next, checked) = fail(run, at(now));
                assert!(checked);
                run = next;
            }
            assert!(!fail(run, at(now + minutes * 60 - 1)).1, "locked for {minutes} minutes");
            now += minutes * 60;
        }
    }

    #[test]
    fn a_right_password_alone_does_not_end_the_run() {
        let mut run = Run(Failures::default());
        for _ in 0..4 {
            run = fail(run, at(0)).0;
        }
        let (attempt, allowed) = run.attempt(&policy(), at(1));
        assert!(allowed.is_ok());
        run = attempt.half_way();
        run = fail(run, at(2)).0;
        assert!(run.attempt(&policy(), at(3)).1.is_err(), "the fifth failure locks");
    }

    proptest! {
        /// However attempts overlap, at most five are checked between two locks.
        #[test]
        fn no_more_than_five_are_checked_at_once(parallel in 6..50_usize) {
            let mut run = Run(Failures::default());
            let mut allowed = 0;
            for _ in 0..parallel {
                let (next, outcome) = run.attempt(&policy(), at(0));
                run = next;
                allowed += usize::from(outcome.is_ok());
            }
            prop_assert_eq!(allowed, 5);
        }
    }
}

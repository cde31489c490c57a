//! A clock that stands still until a test moves it, or lets it go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lombard_domain::time::{Clock, Date, Instant, Span};

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Clone)]
pub struct ManualClock {
    now: Arc<AtomicI64>,
    step: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows noon of a day.
    #[must_use]
    pub fn at_noon(day: Date) -> Self {
        Self { now: Arc::new(AtomicI64::new(day.start().plus(Span::hours(12)).micros())), step: Arc::default() }
    }

    /// Moves it forward.
    pub fn advance(&self, by: Span) {
        self.now.fetch_add(by.micros(), Ordering::SeqCst);
    }

    /// Lets it go on by so much whenever somebody has looked at it; by nothing, to let it stand still again.
    pub fn goes_on(&self, by: Span) {
        self.step.store(by.micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.now.fetch_add(self.step.load(Ordering::SeqCst), Ordering::SeqCst))
    }
}

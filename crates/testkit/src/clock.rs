//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lombard_domain::time::{Clock, Date, Instant, Span};

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows noon of a day.
    #[must_use]
    pub fn at_noon(day: Date) -> Self {
        Self(Arc::new(AtomicI64::new(day.start().plus(Span::hours(12)).micros())))
    }

    /// Moves it forward.
    pub fn advance(&self, by: Span) {
        self.0.fetch_add(by.micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

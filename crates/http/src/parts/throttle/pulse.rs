//! How late the runtime is: for how long something that could go on waits until the processor comes to it.
//!
//! Where there is too much to do, requests wait in sockets that nobody has read yet, and no clock of ours runs for them. A timer waits
//! there as long as they do, and knows when it should have gone off. One is set while calls come, and none otherwise.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{self, Instant};

/// The timer, and how late it was.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    beat: Mutex<Beat>,
}

#[derive(Debug, Default)]
struct Beat {
    /// When the timer should go off that is set now.
    due: Option<Instant>,
    /// When the last one went off, and how late that was.
    last: Option<(Instant, Duration)>,
}

impl Pulse {
    /// How late the runtime is now, as far as is known.
    pub(super) fn lag(self: &Arc<Self>) -> Duration {
        let now = Instant::now();
        let mut beat = self.lock();
        let overdue = match beat.due {
            Some(due) => late(now, due),
            None => {
                beat.due = Some(now + EVERY);
                tokio::spawn(Arc::clone(self).go_off(now + EVERY));
                Duration::ZERO
            }
        };
        let known = beat.last.filter(|(at, _)| now.saturating_duration_since(*at) < MEMORY);
        known.map_or(overdue, |(_, lag)| lag.max(overdue))
    }

    async fn go_off(self: Arc<Self>, due: Instant) {
        time::sleep_until(due).await;
        let now = Instant::now();
        *self.lock() = Beat { due: None, last: Some((now, late(now, due))) };
    }

    fn lock(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn late(now: Instant, due: Instant) -> Duration {
    now.saturating_duration_since(due).saturating_sub(GRAIN)
}

/// After which a timer goes off.
const EVERY: Duration = Duration::from_millis(2);
/// What timers are late by themselves: they count milliseconds.
const GRAIN: Duration = Duration::from_millis(1);
/// For how long it is believed how late the last one was.
const MEMORY: Duration = Duration::from_millis(20);

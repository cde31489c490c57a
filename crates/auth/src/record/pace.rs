//! When those who wait for the record are written together.

use std::time::Duration;

use tokio::time::Instant;

/// How groups follow each other.
///
/// A group costs about the same, however many are in it, and every commit makes the readers of an embedded database forget the pages that
/// they had at hand. A call that is alone is written at once. Where several came together the last time, calls wait for each other: until
/// nobody has come for a moment, or the last group is long enough ago.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Until when calls wait for each other, because several came together in the last group.
    until: Option<Instant>,
}

impl Pace {
    /// Until when a group of so many waits for another call; `None`: it is written now.
    pub(super) fn wait(&self, calls: usize, now: Instant) -> Option<Instant> {
        let end = self.until?;
        (calls < GROUP_MAX && now < end).then(|| end.min(now + QUIET))
    }

    /// A group of so many was begun then, and is written now.
    pub(super) fn written(&mut self, calls: usize, begun: Instant, now: Instant) {
        let gap = now.saturating_duration_since(begun).saturating_mul(PART).min(GAP_MAX);
        self.until = (calls >= CROWD).then(|| begun + gap);
    }
}

/// Calls written together.
pub(super) const GROUP_MAX: usize = 256;
/// Calls that make it worth while to wait for others.
const CROWD: usize = 2;
/// Where calls come together, writing takes one part of the time in so many.
const PART: u32 = 4;
/// Between the beginnings of two groups, at most: where writing is slow because there is too much to do, waiting makes it worse.
const GAP_MAX: Duration = Duration::from_micros(1500);
/// After which nobody else is waited for.
const QUIET: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    const WRITING: Duration = Duration::from_micros(300);

    #[tokio::test(start_paused = true)]
    async fn who_is_alone_never_waits() {
        let mut pace = Pace::default();
        for calls in [1, CROWD - 1, 1] {
            assert_eq!(pace.wait(1, Instant::now()), None);
            let begun = Instant::now();
            pace.written(calls, begun, begun + WRITING);
        }
        assert_eq!(pace.wait(1, Instant::now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn where_many_come_they_wait_for_each_other_and_not_for_long() {
        let mut pace = Pace::default();
        let begun = Instant::now();
        pace.written(CROWD, begun, begun + WRITING);
        assert_eq!(pace.wait(1, begun), Some(begun + QUIET));
        let gap = WRITING * PART;
        let late = begun + gap.saturating_sub(QUIET / 2);
        assert_eq!(pace.wait(1, late), Some(begun + gap), "never longer than the gap");
        assert_eq!(pace.wait(1, begun + gap), None, "who comes after it is written at once");
        assert_eq!(pace.wait(GROUP_MAX, begun), None, "a full group waits for nobody");
    }

    #[tokio::test(start_paused = true)]
    async fn where_writing_is_slow_nobody_waits_for_long_all_the_same() {
        let mut pace = Pace::default();
        let begun = Instant::now();
        pace.written(CROWD, begun, begun + GAP_MAX / 2);
        assert_eq!(pace.wait(1, begun + GAP_MAX / 2), Some(begun + GAP_MAX));
        assert_eq!(pace.wait(1, begun + GAP_MAX), None);
    }
}

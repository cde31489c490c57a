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
    /// When the last group was written, if several calls came together in it.
    crowded: Option<Instant>,
}

impl Pace {
    /// Until when a group of so many waits for another call; `None`: it is written now.
    pub(super) fn wait(&self, calls: usize, now: Instant) -> Option<Instant> {
        let end = self.crowded? + GAP;
        (calls < GROUP_MAX && now < end).then(|| end.min(now + QUIET))
    }

    /// A group of so many is written now.
    pub(super) fn written(&mut self, calls: usize, now: Instant) {
        self.crowded = (calls >= CROWD).then_some(now);
    }
}

/// Calls written together.
pub(super) const GROUP_MAX: usize = 256;
/// Calls that make it worth while to wait for others.
const CROWD: usize = 4;
/// Between the beginnings of two groups, where calls come together.
const GAP: Duration = Duration::from_millis(10);
/// After which nobody else is waited for.
const QUIET: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_alone_never_waits() {
        let mut pace = Pace::default();
        for calls in [1, CROWD - 1, 1] {
            assert_eq!(pace.wait(1, Instant::now()), None);
            pace.written(calls, Instant::now());
        }
        assert_eq!(pace.wait(1, Instant::now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn where_many_come_they_wait_for_each_other_and_not_for_long() {
        let mut pace = Pace::default();
        let begun = Instant::now();
        pace.written(CROWD, begun);
        assert_eq!(pace.wait(1, begun), Some(begun + QUIET));
        let late = begun + GAP.saturating_sub(QUIET / 2);
        assert_eq!(pace.wait(1, late), Some(begun + GAP), "never longer than the gap");
        assert_eq!(pace.wait(1, begun + GAP), None, "who comes after it is written at once");
        assert_eq!(pace.wait(GROUP_MAX, begun), None, "a full group waits for nobody");
    }
}

//! How often a job looks that takes in what others have put down.

use std::time::Duration;

/// The more comes in, the more often, so that little is taken in at a time: a lot at once would keep calls waiting.
#[derive(Debug)]
pub(super) struct Rhythm {
    often: Duration,
    seldom: Duration,
    /// How much it takes in at a time, if it can be had.
    portion: u32,
    pause: Duration,
}

impl Rhythm {
    /// Between how short and how long a pause it chooses, for portions of so many.
    pub(super) fn new(often: Duration, seldom: Duration, portion: u32) -> Self {
        Self { often, seldom, portion, pause: seldom }
    }

    /// The pause after so many were taken in: as long as it takes for another portion to come together.
    pub(super) fn after(&mut self, taken: u64) -> Duration {
        let taken = u32::try_from(taken).unwrap_or(u32::MAX).max(1);
        let pause = self.pause.saturating_mul(self.portion).checked_div(taken).unwrap_or(self.seldom);
        self.pause = pause.clamp(self.often, self.seldom);
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFTEN: Duration = Duration::from_millis(40);
    const SELDOM: Duration = Duration::from_secs(1);

    #[test]
    fn the_more_comes_in_the_more_often() {
        let mut rhythm = Rhythm::new(OFTEN, SELDOM, 64);
        assert_eq!(rhythm.after(0), SELDOM, "nothing comes in");
        assert_eq!(rhythm.after(64), SELDOM, "a portion in a second");
        assert_eq!(rhythm.after(640), SELDOM / 10, "ten portions in a second");
        assert_eq!(rhythm.after(64), SELDOM / 10, "as before");
        assert_eq!(rhythm.after(32), SELDOM / 5, "half as much: half as often, and not at once as seldom as at rest");
        assert_eq!(rhythm.after(u64::MAX), OFTEN, "never more often than that");
        assert_eq!(rhythm.after(1), SELDOM, "nor more seldom");
    }
}

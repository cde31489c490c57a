//! How long to wait after attempts in vain.

use lombard_domain::random::{self, Random};
use lombard_domain::time::Span;

/// Pauses that grow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    /// The first one.
    pub(crate) least: Span,
    /// The longest one, without what chance adds.
    pub(crate) most: Span,
}

impl Backoff {
    /// The pause after an attempt in vain that came after so many others: twice as long as before, up to the longest, and by chance up
    /// to a quarter longer, so that not everybody who failed together tries again together.
    pub(crate) fn pause(self, before: i64, random: &dyn Random) -> Span {
        let [chance] = random::bytes(random);
        self.pause_by(before, chance)
    }

    fn pause_by(self, before: i64, chance: u8) -> Span {
        let doublings = u32::try_from(before.clamp(0, 30)).unwrap_or(0);
        let whole = self.least.micros().saturating_mul(1_i64 << doublings).min(self.most.micros());
        let jitter = whole / 4 / 256 * i64::from(chance);
        Span::seconds(whole.saturating_add(jitter) / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_ten_seconds_to_an_hour() {
        let backoff = Backoff { least: Span::seconds(10), most: Span::hours(1) };
        let plain: Vec<i64> = (0..12).map(|before| backoff.pause_by(before, 0).whole_seconds()).collect();
        assert_eq!(plain, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]);
        for before in [-1, 0, 5, 11, 63, i64::MAX] {
            let least = backoff.pause_by(before, 0).whole_seconds();
            let most = backoff.pause_by(before, u8::MAX).whole_seconds();
            assert!(least <= most && most <= least + least / 4, "{before}: {least} to {most}");
        }
    }
}

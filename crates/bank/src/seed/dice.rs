//! Numbers that look like chance and are always the same: the sandbox's people live the same lives everywhere.

use lombard_domain::time::Date;

/// A run of numbers (SplitMix64) that depends on what it is for and on nothing else. Not fit for secrets.
pub(super) struct Dice(u64);

impl Dice {
    /// The run for one thing on one day.
    pub(super) fn new(what: &str, day: Date) -> Self {
        let mut state = SEED;
        for byte in what.bytes().chain(day.to_string().bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        Self(state)
    }

    /// The next number.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from one to another, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).unsigned_abs().saturating_add(1);
        let offset = self.next() % span;
        low.saturating_add(i64::try_from(offset).unwrap_or(0))
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of several.
    pub(super) fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let count = i64::try_from(others.len()).unwrap_or(0);
        let place = self.between(0, count);
        let other = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
        other.and_then(|place| others.get(place)).copied().unwrap_or(first)
    }
}

/// 128 bits for a name, the same everywhere.
pub(super) fn bits(name: &str) -> u128 {
    let half = |salt: u64| {
        let mut state = SEED ^ salt;
        for byte in name.bytes() {
            state = mix((state ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
        }
        u128::from(mix(state))
    };
    half(1) << 64 | half(2)
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Changing it changes everybody's life in every sandbox.
const SEED: u64 = 0x4c6f_6d62_6172_6421;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn always_falls_the_same_way() {
        let day = Date::new(2025, 3, 9).unwrap();
        let mut dice = Dice::new("alice", day);
        let thrown: Vec<_> = (0..6).map(|_| dice.between(1, 6)).collect();
        let mut again = Dice::new("alice", day);
        assert!(thrown.iter().all(|number| *number == again.between(1, 6) && (1..=6).contains(number)));
        assert_ne!(bits("a"), bits("b"));
        assert_eq!(bits("sbx-alice-current"), bits("sbx-alice-current"));
    }

    #[test]
    fn is_about_as_fair_as_it_says() {
        let mut dice = Dice::new("fair", Date::new(2025, 1, 1).unwrap());
        let hits = (0..10_000).filter(|_| dice.chance(30)).count();
        assert!((2800..3200).contains(&hits), "{hits}");
        let picked = (0..1000).map(|_| dice.pick('a', &['b', 'c'])).filter(|letter| *letter == 'c').count();
        assert!((250..420).contains(&picked), "{picked}");
    }
}

//! What rules remember: counts in a window, a few different things, and a bounded number of subjects.
//!
//! A window slides in two halves: what is counted is what came in this half and in the one before. Within a half the order of
//! facts does not matter.

use std::collections::BTreeMap;

use crate::time::Instant;

/// Counts in a window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    half: i64,
    now: u32,
    before: u32,
}

impl Count {
    /// Counts one more; how many there are in the window. What comes late counts as if it came now.
    pub(super) fn add(&mut self, half: i64) -> u32 {
        self.turn(half);
        self.now = self.now.saturating_add(1);
        self.total()
    }

    /// How many there are in the window that ends in this half.
    pub(super) fn at(&mut self, half: i64) -> u32 {
        self.turn(half);
        self.total()
    }

    fn total(&self) -> u32 {
        self.now.saturating_add(self.before)
    }

    fn turn(&mut self, half: i64) {
        if half > self.half {
            self.before = if half == self.half.saturating_add(1) { self.now } else { 0 };
            self.now = 0;
            self.half = half;
        }
    }
}

/// Counts in a window, by which entries, and whether an alarm was raised.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Case {
    count: Count,
    first: i64,
    first_before: i64,
    half: i64,
    /// The half in which an alarm was raised, and one more: 0 is never.
    raised: Option<i64>,
}

impl Case {
    /// Counts an entry; how many there are in the window.
    pub(super) fn add(&mut self, half: i64, position: i64) -> u32 {
        self.turn(half);
        if self.first == 0 {
            self.first = position;
        }
        self.count.add(half)
    }

    /// Begins anew, but for what was raised.
    pub(super) fn clear(&mut self) {
        *self = Self { raised: self.raised, half: self.half, ..Self::default() };
    }

    /// Whether no alarm was raised in a window that this half is in.
    pub(super) fn may_raise(&self, half: i64) -> bool {
        self.raised.is_none_or(|raised| half >= raised.saturating_add(HALVES))
    }

    /// Notes that an alarm is raised; the first entry that was counted, and the half in which the window began.
    pub(super) fn raise(&mut self, half: i64) -> (i64, i64) {
        self.turn(half);
        self.raised = Some(half);
        match self.first_before {
            0 => (self.first, half),
            first => (first, half.saturating_sub(1)),
        }
    }

    fn turn(&mut self, half: i64) {
        if half > self.half {
            self.first_before = if half == self.half.saturating_add(1) { self.first } else { 0 };
            self.first = 0;
            self.half = half;
        }
    }
}

/// Different things in a window, counted up to [`FEW`].
#[derive(Clone, Debug, Default)]
pub(super) struct Few {
    half: i64,
    now: Vec<u64>,
    before: Vec<u64>,
}

impl Few {
    /// Adds one, unless it is there or there are many; how many different ones there are.
    pub(super) fn add(&mut self, half: i64, thing: u64) -> u32 {
        self.turn(half);
        if self.now.len() < FEW && !self.now.contains(&thing) {
            self.now.push(thing);
        }
        self.total()
    }

    /// How many different ones there are in the window that ends in this half.
    pub(super) fn at(&mut self, half: i64) -> u32 {
        self.turn(half);
        self.total()
    }

    fn total(&self) -> u32 {
        let older = self.before.iter().filter(|thing| !self.now.contains(thing)).count();
        u32::try_from(self.now.len().saturating_add(older).min(FEW)).unwrap_or(u32::MAX)
    }

    fn turn(&mut self, half: i64) {
        if half > self.half {
            let now = std::mem::take(&mut self.now);
            self.before = if half == self.half.saturating_add(1) { now } else { Vec::new() };
            self.half = half;
        }
    }
}

/// Subjects, of whom those go first who were heard of least recently.
#[derive(Debug)]
pub(super) struct Subjects<K, V> {
    known: BTreeMap<K, (Instant, V)>,
}

impl<K, V> Default for Subjects<K, V> {
    fn default() -> Self {
        Self { known: BTreeMap::new() }
    }
}

impl<K: Copy + Ord, V: Default> Subjects<K, V> {
    /// What is remembered of somebody of whom something is heard now.
    pub(super) fn of(&mut self, who: K, at: Instant) -> &mut V {
        if self.known.len() >= SUBJECTS_MAX && !self.known.contains_key(&who) {
            self.make_room();
        }
        let (heard, what) = self.known.entry(who).or_insert_with(|| (at, V::default()));
        *heard = at.max(*heard);
        what
    }

    /// What is remembered of somebody.
    pub(super) fn get(&self, who: K) -> Option<&V> {
        self.known.get(&who).map(|(_, what)| what)
    }

    /// What is remembered of somebody, to be changed.
    pub(super) fn get_mut(&mut self, who: K) -> Option<&mut V> {
        self.known.get_mut(&who).map(|(_, what)| what)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets a quarter at once, so that it need not be done again soon.
    fn make_room(&mut self) {
        let mut oldest: Vec<(Instant, K)> = self.known.iter().map(|(who, (heard, _))| (*heard, *who)).collect();
        oldest.sort_unstable();
        for (_, who) in oldest.iter().take(SUBJECTS_MAX / 4) {
            self.known.remove(who);
        }
    }
}

/// Halves of a window.
const HALVES: i64 = 2;
/// Different things that are told apart; no threshold is higher.
pub(super) const FEW: usize = 64;
/// Subjects that a rule remembers.
pub(super) const SUBJECTS_MAX: usize = 20_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_older_than_the_half_before_does_not_count() {
        let mut count = Count::default();
        assert_eq!((count.add(10), count.add(10), count.add(11)), (1, 2, 3));
        assert_eq!(count.at(12), 1, "only what came in half 11");
        assert_eq!(count.at(14), 0);
        let mut few = Few::default();
        assert_eq!((few.add(10, 1), few.add(10, 1), few.add(11, 1), few.add(11, 2)), (1, 1, 1, 2));
        assert_eq!((few.at(12), few.at(13)), (2, 0));
    }

    #[test]
    fn a_case_is_raised_once_in_a_window_and_knows_its_first_entry() {
        let mut case = Case::default();
        case.add(10, 100);
        case.add(11, 101);
        assert_eq!(case.raise(11), (100, 10));
        assert!(!case.may_raise(11) && !case.may_raise(12) && case.may_raise(13));
        case.clear();
        assert_eq!(case.add(12, 102), 1);
        assert!(!case.may_raise(12));
    }

    proptest! {
        #[test]
        fn the_order_within_a_half_does_not_matter(mut things in prop::collection::vec(0..40_u64, 0..90), by in 0..90_usize) {
            let count = |things: &[u64]| {
                let mut few = Few::default();
                things.iter().fold(0, |_, thing| few.add(3, *thing))
            };
            let straight = count(&things);
            let by = if things.is_empty() { 0 } else { by % things.len() };
            things.rotate_left(by);
            prop_assert_eq!(count(&things), straight);
        }

        #[test]
        fn never_more_subjects_than_allowed_and_the_newest_stay(first in 0..1000_u64) {
            let mut subjects: Subjects<u64, u32> = Subjects::default();
            let many = u64::try_from(SUBJECTS_MAX).unwrap() + 2_000;
            for n in 0..many {
                *subjects.of(first + n, Instant::from_seconds(i64::try_from(n).unwrap())) += 1;
            }
            prop_assert!(subjects.len() <= SUBJECTS_MAX);
            prop_assert_eq!(subjects.get(first + many - 1), Some(&1));
            prop_assert_eq!(subjects.get(first), None);
        }
    }
}

//! What became of a chain at the place where it breaks: an entry was changed, removed, inserted, or put elsewhere.
//!
//! The place alone says where the first bad entry is. What was done is read from the entries behind it: which of them follows
//! from the last good one, and which follows from the bad one. It is a help for people; the proof is that the chain breaks.

use lombard_domain::audit::Chained;

use super::chain::{Hash, link};
use super::fault::{Mac, Wrong};

/// A place where the chain breaks, and what has been seen behind it.
pub(super) struct Suspicion {
    /// The place.
    position: i64,
    /// The last good hash.
    before: Hash,
    /// What stands there instead.
    found: Chained,
    mac: Mac,
    /// What its hash would be.
    computed: Hash,
    /// How many entries have been seen behind it.
    seen: u64,
    /// The entry that belongs there stands elsewhere.
    successor: bool,
    /// What stands there belongs elsewhere.
    misplaced: bool,
    verdict: Option<Wrong>,
}

impl Suspicion {
    /// An entry that cannot be the one at this place.
    pub(super) fn new(position: i64, before: Hash, found: Chained, mac: Mac) -> Self {
        let computed = link(&before, position, &found);
        // The right entry, under another number.
        let moved = found.position != position && computed.as_slice() == found.hash;
        let verdict = moved.then_some(Wrong::Reordered);
        Self { position, before, found, mac, computed, seen: 0, successor: false, misplaced: false, verdict }
    }

    /// The identifier of what was found at the place, unless something is missing there.
    pub(super) fn id(&self, wrong: Wrong) -> Option<String> {
        (wrong != Wrong::Removed).then(|| self.found.line.id.clone())
    }

    /// The place.
    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// Looks at the next entry behind; whether more are needed.
    pub(super) fn see(&mut self, next: &Chained) -> bool {
        let gap = self.found.position > self.position;
        if self.verdict.is_none() && self.seen == 0 && !gap {
            self.verdict = self.judge_neighbour(next);
        }
        self.seen = self.seen.saturating_add(1);
        if self.verdict.is_some() {
            return false;
        }
        let after = self.position.saturating_add(1);
        if follows(&self.before, self.position, next) {
            self.successor = true;
            // Two neighbours changed places: what stands there follows from the one that belongs there.
            self.misplaced |= follows(&next.hash, after, &self.found);
        }
        let places = [next.position, next.position.saturating_add(1)];
        self.misplaced |= places.iter().any(|place| follows(&next.hash, *place, &self.found));
        if self.successor && (gap || self.misplaced) {
            self.verdict = Some(Wrong::Reordered);
        }
        self.verdict.is_none()
    }

    /// What the entry right behind says.
    fn judge_neighbour(&self, next: &Chained) -> Option<Wrong> {
        let after = self.position.saturating_add(1);
        if follows(&self.found.hash, after, next) || follows(&self.computed, after, next) {
            return Some(Wrong::Changed);
        }
        // It follows from what stands there, but from a later place: entries are missing, and the rest was given new numbers.
        let places = (1..=RENUMBERED_MAX).map(|more| after.saturating_add(more));
        places.into_iter().any(|place| follows(&self.found.hash, place, next)).then_some(Wrong::Removed)
    }

    /// What was done, once all entries have been seen. `head` is where the chain says that it ends, if that is known.
    pub(super) fn verdict(&self, head: Option<i64>) -> Wrong {
        if let Some(verdict) = self.verdict {
            return verdict;
        }
        if head.is_some_and(|head| self.position > head) {
            return Wrong::Inserted;
        }
        match (self.found.position > self.position, self.successor, self.misplaced) {
            (true, _, _) => Wrong::Removed,
            (false, true, _) => Wrong::Inserted,
            (false, false, true) => Wrong::Reordered,
            // Nothing behind it tells more. The bank made it, so it is not what was changed, unless it is the last.
            (false, false, false) if self.mac == Mac::Holds && (self.seen > 0 || head > Some(self.position)) => {
                Wrong::Removed
            }
            (false, false, false) => Wrong::Changed,
        }
    }
}

fn follows(before: &[u8], position: i64, entry: &Chained) -> bool {
    link(before, position, entry).as_slice() == entry.hash
}

/// For how many removed entries in a row it is told that they were removed.
const RENUMBERED_MAX: i64 = 64;

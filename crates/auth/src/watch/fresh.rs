//! What this node has just chained: the rules need not fetch it from the database and check it a second time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use lombard_domain::audit::Chained;
use lombard_store::audit::Checked;

/// The newest entries that this node has chained, one after the other without a gap.
#[derive(Default)]
pub(super) struct Fresh(Mutex<VecDeque<Checked<Chained>>>);

impl Fresh {
    /// Keeps entries that follow each other and were committed, as far as there is room. What is behind a gap, or has no room, is read from
    /// the database.
    pub(super) fn add(&self, entries: impl Iterator<Item = Checked<Chained>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            if kept.back().is_some_and(|last| last.entry.position.saturating_add(1) != entry.entry.position) {
                kept.clear();
            }
            if kept.len() >= FRESH_MAX {
                kept.clear();
            }
            kept.push_back(entry);
        }
    }

    /// Takes up to so many that follow a place; nothing if the next one is not here. What is in front of them is forgotten.
    pub(super) fn take_after(&self, position: i64, limit: usize) -> Vec<Checked<Chained>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = kept.partition_point(|one| one.entry.position <= position);
        kept.drain(..passed);
        if kept.front().is_none_or(|next| next.entry.position != position.saturating_add(1)) {
            return Vec::new();
        }
        let count = kept.len().min(limit);
        kept.drain(..count).collect()
    }
}

/// Entries that are kept: some MB at the most, and more than are chained in a busy second.
const FRESH_MAX: usize = 8_192;

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(positions: std::ops::Range<i64>) -> impl Iterator<Item = Checked<Chained>> {
        positions.map(|position| Checked {
            entry: Chained {
                position,
                line: lombard_domain::audit::Line::default(),
                mac: Vec::new(),
                hash: Vec::new(),
            },
            genuine: true,
        })
    }

    fn positions(taken: &[Checked<Chained>]) -> Vec<i64> {
        taken.iter().map(|one| one.entry.position).collect()
    }

    #[test]
    fn what_follows_is_given_once_and_in_order() {
        let fresh = Fresh::default();
        fresh.add(entries(5..8));
        fresh.add(entries(8..10));
        assert_eq!(positions(&fresh.take_after(5, 2)), [6, 7]);
        assert_eq!(positions(&fresh.take_after(7, 9)), [8, 9]);
        assert!(fresh.take_after(7, 9).is_empty());
    }

    #[test]
    fn nothing_is_given_across_a_gap() {
        let fresh = Fresh::default();
        fresh.add(entries(5..8));
        assert!(fresh.take_after(3, 9).is_empty(), "4 was chained elsewhere");
        fresh.add(entries(9..11));
        assert!(fresh.take_after(4, 9).is_empty(), "so was 8");
        assert_eq!(positions(&fresh.take_after(8, 9)), [9, 10]);
    }

    #[test]
    fn no_more_is_kept_than_has_room() {
        let fresh = Fresh::default();
        let most = i64::try_from(FRESH_MAX).unwrap();
        fresh.add(entries(1..most + 3));
        assert!(fresh.take_after(0, 9).is_empty());
        assert_eq!(positions(&fresh.take_after(most, 9)), [most + 1, most + 2]);
    }
}

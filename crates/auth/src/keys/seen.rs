//! Which tokens' signatures were seen to hold, because most tokens come many times and the curve is the dearest part of a call.
//!
//! Remembers names only, never what a token may do: that is read from the database each time.

use std::collections::HashMap;

use lombard_domain::id::{ClientId, TokenId};
use lombard_domain::time::Instant;

/// A token of ours, whose signature held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its `jti`.
    pub(crate) id: TokenId,
    /// The app for which it was issued: its `client_id`.
    pub(crate) client: ClientId,
    /// Its `exp`.
    pub(crate) expires_at: Instant,
}

/// Tokens by the SHA-256 of their text, in two generations: when the newer is full, the older is forgotten.
#[derive(Default)]
pub(super) struct Seen {
    newer: HashMap<Vec<u8>, Known>,
    older: HashMap<Vec<u8>, Known>,
}

impl Seen {
    pub(super) fn find(&mut self, digest: &[u8]) -> Option<Known> {
        if let Some(known) = self.newer.get(digest) {
            return Some(*known);
        }
        let (digest, known) = self.older.remove_entry(digest)?;
        self.add(digest, known);
        Some(known)
    }

    pub(super) fn add(&mut self, digest: Vec<u8>, known: Known) {
        if self.newer.len() >= SEEN_MAX {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(digest, known);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.newer.is_empty() && self.older.is_empty()
    }
}

/// Tokens of each generation that are remembered, at about 120 bytes each.
const SEEN_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_first_and_never_grows_beyond_two_generations() {
        let now = Instant::from_seconds(0);
        let known = Known { id: TokenId::from_bits(1), client: ClientId::from_bits(1), expires_at: now };
        let mut seen = Seen::default();
        let name = |number: usize| number.to_be_bytes().to_vec();
        for number in 0..5 * SEEN_MAX {
            seen.add(name(number), known);
            assert!(seen.find(&name(0)).is_some() || number > SEEN_MAX, "{number}");
            assert!(seen.newer.len() <= SEEN_MAX && seen.older.len() <= SEEN_MAX);
        }
        assert!(seen.find(&name(5 * SEEN_MAX - 1)).is_some());
        assert!(seen.find(&name(1)).is_none());
        assert!(seen.find(&name(0)).is_some(), "asked for all the time");
    }
}

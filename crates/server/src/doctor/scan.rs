//! Searches bytes that come in pieces, also where a piece ends in the middle of what is searched for.

use std::collections::BTreeSet;

use super::Found;
use super::needles::Search;

pub(super) struct Scanner<'a> {
    search: &'a Search,
    place: String,
    /// The end of what came before, and where in the place it begins.
    tail: Vec<u8>,
    offset: u64,
    bytes: u64,
    found: BTreeSet<Found>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(search: &'a Search) -> Self {
        Self { search, place: String::new(), tail: Vec::new(), offset: 0, bytes: 0, found: BTreeSet::new() }
    }

    /// The next bytes of a place; places come one after the other.
    pub(super) fn feed(&mut self, place: &str, bytes: &[u8]) {
        if self.place != place {
            place.clone_into(&mut self.place);
            self.tail.clear();
            self.offset = 0;
        }
        self.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        let seen = self.tail.len();
        self.tail.extend_from_slice(bytes);
        for hit in self.search.automaton.find_overlapping_iter(&self.tail) {
            // What ended before was found before.
            if hit.end() <= seen || self.found.len() >= FOUND_MAX {
                continue;
            }
            if let Some((kind, written)) = self.search.meanings.get(hit.pattern().as_usize()) {
                let offset = self.offset + u64::try_from(hit.start()).unwrap_or(0);
                self.found.insert(Found { place: self.place.clone(), offset, kind, written });
            }
        }
        let done = self.tail.len().saturating_sub(self.search.longest.saturating_sub(1));
        self.tail.drain(..done);
        self.offset += u64::try_from(done).unwrap_or(0);
    }

    pub(super) fn end(self) -> (u64, BTreeSet<Found>) {
        (self.bytes, self.found)
    }
}

/// Places that are told; whoever has so many need not know the others.
const FOUND_MAX: usize = 100;

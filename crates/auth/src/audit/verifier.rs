//! Checks a chain, entry by entry, in bounded memory.

use std::collections::BTreeMap;

use lombard_domain::audit::Chained;

use super::chain::{Hash, genesis, link};
use super::checkpoint::Checkpoint;
use super::fault::{Fault, Mac, Wrong};
use super::suspicion::Suspicion;

/// A chain that is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// How many entries were checked.
    pub entries: u64,
    /// The number of the last.
    pub last: i64,
    /// Its hash.
    pub hash: Hash,
    /// The last place that a checkpoint vouches for; 0 if there is none.
    pub checkpoint: i64,
}

/// Checks a chain.
pub struct Verifier {
    last: i64,
    hash: Hash,
    entries: u64,
    /// What checkpoints say of places that have not been reached; nothing, where one cannot be believed.
    ahead: BTreeMap<i64, Vec<Option<Hash>>>,
    vouched: i64,
    state: State,
}

enum State {
    Good,
    Suspect(Box<Suspicion>),
    Bad(Fault),
}

impl Verifier {
    /// Begins with the first entry of a database's chain.
    #[must_use]
    pub fn new(database: &str) -> Self {
        Self::after(0, genesis(database))
    }

    /// Begins behind a place whose hash is given.
    #[must_use]
    pub fn after(last: i64, hash: Hash) -> Self {
        Self { last, hash, entries: 0, ahead: BTreeMap::new(), vouched: 0, state: State::Good }
    }

    /// The place of the last entry that was in order.
    #[must_use]
    pub fn last(&self) -> i64 {
        self.last
    }

    /// The last place that a checkpoint vouches for.
    pub(super) fn vouched(&self) -> i64 {
        self.vouched
    }

    /// Learns of a checkpoint whose signature held.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.learn(checkpoint.position, Some(checkpoint.hash));
    }

    /// Learns of a checkpoint that cannot be believed.
    pub(super) fn bad_checkpoint(&mut self, position: i64) {
        self.learn(position, None);
    }

    /// Notes that no checkpoint covers what follows from a place on, unless something else is wrong.
    pub(super) fn uncovered(&mut self, position: i64) {
        if self.ahead.is_empty() {
            self.fail(position, None, Wrong::Uncovered);
        }
    }

    fn learn(&mut self, position: i64, hash: Option<Hash>) {
        if position == self.last {
            self.compare(hash);
        } else {
            self.ahead.entry(position).or_default().push(hash);
        }
    }

    /// Looks at the next entry; whether more are needed.
    pub fn entry(&mut self, entry: Chained, mac: Mac) -> bool {
        match &mut self.state {
            State::Bad(_) => false,
            State::Suspect(suspicion) => suspicion.see(&entry),
            State::Good => {
                let position = self.last.saturating_add(1);
                let hash = link(&self.hash, position, &entry);
                if entry.position != position || hash.as_slice() != entry.hash {
                    self.state = State::Suspect(Box::new(Suspicion::new(position, self.hash, entry, mac)));
                    return true;
                }
                (self.last, self.hash) = (position, hash);
                self.entries = self.entries.saturating_add(1);
                if mac == Mac::Fails {
                    self.fail(position, Some(entry.line.id), Wrong::Forged);
                    return false;
                }
                for known in self.ahead.remove(&position).unwrap_or_default() {
                    self.compare(known);
                }
                matches!(self.state, State::Good)
            }
        }
    }

    /// Notes that something is wrong which is not an entry of the chain, unless something was wrong before.
    pub(super) fn fail(&mut self, position: i64, id: Option<String>, wrong: Wrong) {
        if matches!(self.state, State::Good) {
            self.state = State::Bad(Fault { position: Some(position), id, wrong });
        }
    }

    fn compare(&mut self, known: Option<Hash>) {
        match known {
            Some(known) if known == self.hash => self.vouched = self.vouched.max(self.last),
            Some(_) => self.fail(self.last, None, Wrong::Rewritten { since: self.vouched }),
            None => self.fail(self.last, None, Wrong::Checkpoint),
        }
    }

    /// What was found, once there are no more entries. `head` is where the database says that its chain ends, and with which hash.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn finish(mut self, head: Option<(i64, &[u8])>) -> Result<Proven, Fault> {
        if let State::Suspect(suspicion) = &self.state {
            let wrong = suspicion.verdict(head.map(|(position, _)| position));
            return Err(Fault { position: Some(suspicion.position()), id: suspicion.id(wrong), wrong });
        }
        let missing = self.last.saturating_add(1);
        match head {
            Some((position, _)) if position > self.last => self.fail(missing, None, Wrong::Removed),
            Some((position, _)) if position < self.last => {
                self.fail(position.saturating_add(1), None, Wrong::Inserted);
            }
            Some((_, hash)) if hash != self.hash => self.fail(self.last, None, Wrong::Head),
            _ => {}
        }
        let ahead = std::mem::take(&mut self.ahead);
        for (position, known) in ahead {
            // A checkpoint that can be believed knows of more than there is.
            if position > self.last && known.iter().any(Option::is_some) {
                self.fail(missing, None, Wrong::Removed);
            }
            self.fail(position, None, Wrong::Checkpoint);
        }
        match self.state {
            State::Bad(fault) => Err(fault),
            State::Good | State::Suspect(_) => {
                Ok(Proven { entries: self.entries, last: self.last, hash: self.hash, checkpoint: self.vouched })
            }
        }
    }
}

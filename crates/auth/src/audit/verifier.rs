//! Checks a chain, entry by entry, in bounded memory.

use std::collections::BTreeMap;
use std::fmt;

use lombard_domain::audit::Chained;

use super::chain::{Hash, genesis, link};
use super::checkpoint::Checkpoint;
use super::suspicion::Suspicion;

/// Whether an entry is as the bank recorded it, by its keyed digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mac {
    /// It does not: the entry was changed, or made, without the bank's key.
    Fails,
    /// It is.
    Holds,
    /// Nobody here has the key.
    Unknown,
}

/// The first thing that is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place in the chain; `None` for an entry that is not chained yet.
    pub position: Option<i64>,
    /// The entry that was found there; `None` if it is missing.
    pub id: Option<String>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// An entry was changed.
    Changed,
    /// A checkpoint is not one, or was signed by somebody else.
    Checkpoint,
    /// An entry was changed or made without the bank's key, and the hashes were made to fit.
    Forged,
    /// The end of the chain is not what the database says that it is.
    Head,
    /// An entry was inserted.
    Inserted,
    /// An entry, or the end of the record, is missing.
    Removed,
    /// Entries are not in their order.
    Reordered,
    /// All fits together, but not with a checkpoint: something after `since` was changed, removed or inserted, and the hashes were
    /// made anew.
    Rewritten {
        /// The last place that another checkpoint vouches for; 0 if there is none.
        since: i64,
    },
    /// The last entries of a bundle are not covered by a checkpoint.
    Uncovered,
    /// A line of a bundle cannot be read.
    Unreadable,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("changed"),
            Self::Checkpoint => {
                f.write_str("the checkpoint at this place is not one, or is not signed by the bank's key")
            }
            Self::Forged => {
                f.write_str("changed or inserted without the bank's key, and the hashes were made anew to hide it")
            }
            Self::Head => f.write_str("changed: the end of the chain is not what it was"),
            Self::Inserted => f.write_str("inserted"),
            Self::Removed => f.write_str("removed: here an entry is missing"),
            Self::Reordered => f.write_str("reordered: another entry belongs here"),
            Self::Rewritten { since } => write!(
                f,
                "a checkpoint at this place knows another chain: an entry after position {since} was changed, removed, inserted or \
                 reordered, and the hashes were made anew to hide it"
            ),
            Self::Uncovered => f.write_str("no checkpoint covers the last entries"),
            Self::Unreadable => f.write_str("changed: this line of the bundle cannot be read"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "position {position}")?,
            None => f.write_str("not chained yet")?,
        }
        if let Some(id) = &self.id {
            write!(f, ", entry {id}")?;
        }
        write!(f, ": {}", self.wrong)
    }
}

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

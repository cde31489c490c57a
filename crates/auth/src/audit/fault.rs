//! What can be wrong with a record, in words for whoever checks it.

use std::fmt;

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
    /// The entries are as they were, but what leads look-ups to them is not.
    Lookup,
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
            Self::Lookup => f.write_str(
                "the entries are as they were, but look-ups miss some from here on: audit_span or audit_subject was changed",
            ),
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

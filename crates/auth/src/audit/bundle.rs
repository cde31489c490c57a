//! An exported record: one JSON object a line, checked without a database and without any secret.
//!
//! The first line says what follows and has the public keys; then come the entries in their order, each checkpoint right behind the
//! last entry that it covers; the last line says that it is the last. A line is read, checked and forgotten.

use std::io::{BufRead, Read as _};

use lombard_domain::audit::{Chained, Line};
use serde::{Deserialize, Serialize};

use super::checkpoint::{AuditKeys, BadCheckpoint, Checkpoint};
use super::fault::{Fault, Mac, Wrong};
use super::hex;
use super::verifier::{Proven, Verifier};

/// A line of a bundle.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Item {
    /// What follows.
    Bundle {
        /// The form of the bundle.
        version: u32,
        /// The database, by its name in its checkpoints.
        database: String,
        /// The number of the first entry.
        first: i64,
        /// The hash before it.
        before: String,
        /// When it was exported, for people.
        exported_at: String,
        /// The public keys that its checkpoints are checked with, a JWK set.
        keys: serde_json::Value,
    },
    /// An entry.
    Entry {
        position: i64,
        id: String,
        /// Microseconds since the epoch.
        at: i64,
        event: String,
        outcome: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        consent: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        interaction: Option<String>,
        /// Sealed.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        mac: String,
        hash: String,
    },
    /// A signed statement of what the chain is up to here.
    Checkpoint {
        /// The statement.
        jws: String,
    },
    /// Nothing follows.
    End {
        /// How many entries there were.
        entries: u64,
    },
}

impl Item {
    /// The line of an entry.
    pub(super) fn entry(entry: Chained) -> Self {
        let Chained { position, line, mac, hash } = entry;
        let Line { id, at, event, outcome, client, customer, consent, account, reason, interaction, address } = line;
        let address = address.as_deref().map(hex::encode);
        let (mac, hash) = (hex::encode(&mac), hex::encode(&hash));
        Self::Entry {
            position,
            id,
            at,
            event,
            outcome,
            client,
            customer,
            consent,
            account,
            reason,
            interaction,
            address,
            mac,
            hash,
        }
    }
}

/// A file that could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The checkpoint that was kept elsewhere is not one of this database, or was signed by somebody else.
    #[error("the checkpoint that was kept elsewhere is not one of this record")]
    Checkpoint(#[source] BadCheckpoint),
    /// The checkpoint that was kept elsewhere is older than the first entry of the bundle.
    #[error("the bundle begins after the checkpoint that was kept elsewhere")]
    Elsewhere,
    /// The file could not be read.
    #[error("the file could not be read")]
    Io(#[from] std::io::Error),
    /// The file does not begin as a bundle does.
    #[error("this is not an exported record")]
    NotABundle,
}

/// What a check of a bundle found.
#[derive(Clone, Debug)]
pub struct CheckedBundle {
    /// The chain, or the first thing that is wrong.
    pub chain: Result<Proven, Fault>,
    /// The number of the first entry.
    pub first: i64,
    /// The newest checkpoint in it whose signature held.
    pub newest: Option<Checkpoint>,
}

/// Checks a bundle. Without `keys`, those that the bundle brings are believed, which shows only that it fits together; `kept` is a
/// checkpoint that was kept elsewhere.
///
/// # Errors
/// [`BundleError`] if there is nothing that could be checked.
pub fn verify_bundle(
    mut file: impl BufRead,
    keys: Option<&AuditKeys>,
    kept: Option<&str>,
) -> Result<CheckedBundle, BundleError> {
    let mut line = Vec::new();
    if !next_line(&mut file, &mut line)? {
        return Err(BundleError::NotABundle);
    }
    let Ok(Item::Bundle { version: VERSION, database, first, before, keys: own, .. }) = serde_json::from_slice(&line)
    else {
        return Err(BundleError::NotABundle);
    };
    let own = AuditKeys::parse(own.to_string().as_bytes());
    let keys = match (keys, &own) {
        (Some(keys), _) => keys,
        (None, Ok(own)) => own,
        (None, Err(_)) => return Err(BundleError::NotABundle),
    };
    let before = hex::decode(&before).and_then(|hash| hash.try_into().ok()).ok_or(BundleError::NotABundle)?;
    let verifier = match first {
        // Where everything begins follows from the database's name, and need not be believed.
        1 => Verifier::new(&database),
        2.. => Verifier::after(first.saturating_sub(1), before),
        _ => return Err(BundleError::NotABundle),
    };
    let mut reading = Reading { verifier, keys, database: &database, newest: None, entries: 0 };
    if let Some(kept) = kept {
        let kept = keys.open(kept).map_err(BundleError::Checkpoint)?;
        if kept.database != database {
            return Err(BundleError::Checkpoint(BadCheckpoint));
        }
        if kept.position < first.saturating_sub(1) {
            return Err(BundleError::Elsewhere);
        }
        reading.verifier.checkpoint(&kept);
    }
    let mut go_on = true;
    while go_on && next_line(&mut file, &mut line)? {
        go_on = reading.line(&line);
    }
    if go_on {
        // There was no last line: the file was cut off.
        reading.fail(Wrong::Removed);
    }
    Ok(reading.finish(first))
}

struct Reading<'a> {
    verifier: Verifier,
    keys: &'a AuditKeys,
    database: &'a str,
    newest: Option<Checkpoint>,
    entries: u64,
}

impl Reading<'_> {
    /// Looks at a line; whether more are needed.
    fn line(&mut self, line: &[u8]) -> bool {
        match serde_json::from_slice(line) {
            Ok(Item::Checkpoint { jws }) => match self.keys.open(&jws) {
                Ok(checkpoint) if checkpoint.database == self.database => {
                    self.verifier.checkpoint(&checkpoint);
                    self.newest = Some(checkpoint);
                    true
                }
                _ => {
                    let position = self.verifier.last();
                    self.verifier.bad_checkpoint(position);
                    true
                }
            },
            Ok(Item::End { entries }) => {
                if entries != self.entries {
                    self.fail(Wrong::Removed);
                }
                false
            }
            Ok(Item::Bundle { .. }) | Err(_) => {
                self.fail(Wrong::Unreadable);
                false
            }
            Ok(entry @ Item::Entry { .. }) => {
                let Some(entry) = chained(entry) else {
                    self.fail(Wrong::Unreadable);
                    return false;
                };
                self.entries = self.entries.saturating_add(1);
                self.verifier.entry(entry, Mac::Unknown)
            }
        }
    }

    /// Something is wrong behind the last entry that was in order.
    fn fail(&mut self, wrong: Wrong) {
        let position = self.verifier.last().saturating_add(1);
        self.verifier.fail(position, None, wrong);
    }

    fn finish(mut self, first: i64) -> CheckedBundle {
        let (last, vouched) = (self.verifier.last(), self.verifier.vouched());
        if vouched < last {
            // Only if nothing else is wrong.
            self.verifier.uncovered(vouched.max(first.saturating_sub(1)).saturating_add(1));
        }
        CheckedBundle { chain: self.verifier.finish(None), first, newest: self.newest }
    }
}

fn chained(item: Item) -> Option<Chained> {
    let Item::Entry {
        position,
        id,
        at,
        event,
        outcome,
        client,
        customer,
        consent,
        account,
        reason,
        interaction,
        address,
        mac,
        hash,
    } = item
    else {
        return None;
    };
    let address = match address {
        Some(address) => Some(hex::decode(&address)?),
        None => None,
    };
    let line = Line { id, at, event, outcome, client, customer, consent, account, reason, interaction, address };
    Some(Chained { position, line, mac: hex::decode(&mac)?, hash: hex::decode(&hash)? })
}

/// Reads a line, without its end; false after the last. A line that is too long is cut, and so cannot be read as what it should be.
fn next_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    file.by_ref().take(LINE_MAX).read_until(b'\n', line)?;
    while line.last().is_some_and(u8::is_ascii_whitespace) {
        line.pop();
    }
    Ok(!line.is_empty())
}

/// The form of bundles that this program writes and reads.
pub(super) const VERSION: u32 = 1;
/// The longest line, in bytes; an entry takes about a thousand.
const LINE_MAX: u64 = 64 * 1024;

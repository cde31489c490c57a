//! Writing the record, or a part of it, as a bundle for auditors.

use std::io::Write;

use lombard_domain::time::Instant;
use lombard_store::audit::{self, SLACK};

use super::bundle::{Item, VERSION};
use super::chain::genesis;
use super::checkpoint;
use super::hex;
use crate::Auth;
use crate::error::{Error, Result};

/// A part of the record, by time. It may come out a little longer at both ends: it ends at a checkpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part {
    /// From this moment on.
    pub since: Option<Instant>,
    /// Up to this moment.
    pub until: Option<Instant>,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The number of the first entry.
    pub first: i64,
    /// The number of the last, which a checkpoint covers.
    pub last: i64,
    /// How many entries.
    pub entries: u64,
}

impl Auth {
    /// Chains what waits, makes a checkpoint, and writes a part of the record; `None` if there is nothing in it.
    ///
    /// # Errors
    /// When the database fails, or nothing can be written.
    pub async fn export_record(&self, part: Part, out: &mut (dyn Write + Send)) -> Result<Option<Exported>> {
        let Some(newest) = self.make_checkpoint().await? else { return Ok(None) };
        let mut tx = self.db().read().await?;
        let first = match part.since {
            Some(since) => audit::span_at(&mut tx, since.minus(SLACK)).await?.map(|span| span.first),
            None => Some(1),
        };
        let Some(first) = first else { return Ok(None) };
        let beyond = match part.until {
            Some(until) => audit::span_at(&mut tx, until.plus(SLACK)).await?.map(|span| span.last),
            None => None,
        };
        let last = match beyond {
            Some(beyond) => {
                audit::checkpoint_from(&mut tx, beyond).await?.map_or(newest.position, |found| found.position)
            }
            None => newest.position,
        };
        let before = first.saturating_sub(1);
        let hash = match before {
            ..=0 => genesis(&checkpoint::database_name(self.db())).to_vec(),
            _ => {
                let found = audit::chained_after(&mut tx, before.saturating_sub(1), 1).await?;
                found.into_iter().next().map(|found| found.entry.hash).unwrap_or_default()
            }
        };
        let keys = checkpoint::keys(&mut tx).await?.to_json();
        drop(tx);
        let header = Item::Bundle {
            version: VERSION,
            database: newest.database,
            first,
            before: hex::encode(&hash),
            exported_at: self.now().rfc3339(),
            keys,
        };
        write(out, &header)?;
        let entries = self.write_entries(before, last, out).await?;
        write(out, &Item::End { entries })?;
        out.flush().map_err(Error::internal)?;
        Ok(Some(Exported { first, last, entries }))
    }

    async fn write_entries(&self, before: i64, last: i64, out: &mut (dyn Write + Send)) -> Result<u64> {
        let (mut cursor, mut entries) = (before, 0_u64);
        // One at the place before the first entry vouches for where the bundle begins.
        let mut written = before.saturating_sub(1);
        loop {
            let mut tx = self.db().read().await?;
            let page = audit::chained_after(&mut tx, cursor, PAGE).await?;
            let checkpoints = audit::checkpoints_after(&mut tx, written, PAGE.saturating_add(1)).await?;
            drop(tx);
            let mut checkpoints = checkpoints.into_iter().peekable();
            while let Some(due) = checkpoints.next_if(|one| one.position <= cursor) {
                write(out, &Item::Checkpoint { jws: due.jws })?;
            }
            let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            for one in page {
                if one.entry.position > last {
                    return Ok(entries);
                }
                cursor = one.entry.position;
                write(out, &Item::entry(one.entry))?;
                entries = entries.saturating_add(1);
                while let Some(due) = checkpoints.next_if(|one| one.position <= cursor) {
                    write(out, &Item::Checkpoint { jws: due.jws })?;
                }
            }
            written = cursor;
            if !full {
                return Ok(entries);
            }
        }
    }
}

fn write(out: &mut (dyn Write + Send), item: &Item) -> Result<()> {
    let mut line = serde_json::to_vec(item).map_err(Error::internal)?;
    line.push(b'\n');
    out.write_all(&line).map_err(Error::internal)
}

/// Entries read at once.
const PAGE: i64 = 1000;

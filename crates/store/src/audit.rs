//! The record of what happened. Entries are added, chained a moment later, and never changed.
//!
//! An entry is stored in an inbox, in the transaction that it belongs to; a job moves it from there into the chain. So that one
//! that was edited in the inbox is noticed too, each has a keyed digest from the moment that it is stored.

mod chain;
mod checkpoint;
mod inbox;
mod list;
mod packed;
mod span;

use std::collections::BTreeSet;
use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use lombard_domain::audit::{Entry, Line};

use crate::crypt::Place;
use crate::data_key::{self, Owner, Sealing};
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::vault::Index;

pub use chain::{Checked, Head, advance, chained_after, extend, head, start_chain};
pub use checkpoint::{
    AuditKey, StoredCheckpoint, add_audit_key, add_checkpoint, audit_keys, checkpoint_from, checkpoints_after,
    newest_checkpoint,
};
pub use inbox::{append, oldest_waiting, take, waiting_after};
pub use list::{Access, ListQuery, Recorded, SLACK, Whose, accesses, list};
pub use span::{Span, span_at, spans_after, subjects_after};

/// A name of this database in its record, the same as long as it lives and unlike any other's.
#[must_use]
pub fn database_name(db: &crate::Db) -> [u8; 32] {
    db.vault().digest(Index::Audit, &[b"database"])
}

fn line(sealing: &Sealing, entry: &Entry) -> Result<Line> {
    let subject = &entry.subject;
    let id = entry.id.to_string();
    Ok(Line {
        address: match (entry.address, owner(entry)) {
            (Some(address), Some(owner)) => Some(sealing.seal(owner, address_place(&id), &octets(address))?),
            _ => None,
        },
        id,
        at: entry.at.micros(),
        event: entry.event.code().to_owned(),
        outcome: entry.event.outcome().code().to_owned(),
        client: subject.client.map(|id| id.to_string()),
        customer: subject.customer.map(|id| id.to_string()),
        consent: subject.consent.map(|id| id.to_string()),
        account: subject.account.map(|id| id.to_string()),
        reason: entry.reason.map(str::to_owned),
        interaction: entry.interaction.clone(),
    })
}

/// What the bank makes of an entry's bytes.
fn mac(keys: &Keys, bytes: &[u8]) -> [u8; 32] {
    keys.vault().digest(Index::Audit, &[b"entry", bytes])
}

fn is_genuine(keys: &Keys, bytes: &[u8], stored: &[u8]) -> bool {
    verify_slices_are_equal(&mac(keys, bytes), stored).is_ok()
}

/// An entry's columns, in the order in which every statement has them.
fn values<'a>(line: &'a Line, mac: &'a Vec<u8>) -> [Value<'a>; 12] {
    [
        &line.id,
        &line.at,
        &line.event,
        &line.outcome,
        &line.client,
        &line.customer,
        &line.consent,
        &line.account,
        &line.reason,
        &line.interaction,
        &line.address,
        mac,
    ]
}

/// Reads an entry from the columns that begin at a place; the keyed digest follows them.
fn read_line(row: &Row<'_>, first: usize) -> Result<Line> {
    Ok(Line {
        id: row.get(first)?,
        at: row.get(first + 1)?,
        event: row.get(first + 2)?,
        outcome: row.get(first + 3)?,
        client: row.get(first + 4)?,
        customer: row.get(first + 5)?,
        consent: row.get(first + 6)?,
        account: row.get(first + 7)?,
        reason: row.get(first + 8)?,
        interaction: row.get(first + 9)?,
        address: row.get(first + 10)?,
    })
}

/// Columns of an entry in front of its keyed digest.
const LINE_COLUMNS: usize = 11;

/// An address is personal: only its sealed bytes are stored, and the chain covers those.
fn octets(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Under whose key its address is sealed: the customer's, with whom it goes, or the record's; `None` if it has none.
fn owner(entry: &Entry) -> Option<Owner> {
    entry.address?;
    let customer = entry.subject.customer.filter(|_| entry.event.comes_from_customer());
    Some(customer.map_or_else(|| Owner::Record(entry.at.date()), Owner::Customer))
}

/// The address of an entry; `None` if there is none, or if nobody can open it any more, as when its customer was erased.
fn open_address(keys: &Keys, id: &str, sealed: Option<&[u8]>) -> Result<Option<IpAddr>> {
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = match keys.crypt().open(address_place(id), sealed) {
        Ok(plain) => plain,
        Err(Error::KeyNotHeld(id)) => return Err(Error::KeyNotHeld(id)),
        Err(_) => return Ok(None),
    };
    Ok(match <[u8; 4]>::try_from(plain.as_slice()) {
        Ok(octets) => Some(octets.into()),
        Err(_) => <[u8; 16]>::try_from(plain.as_slice()).ok().map(IpAddr::from),
    })
}

/// The addresses of entries, as [`open_address`] opens them; the keys that are missing for all are fetched together.
pub(crate) async fn open_addresses(tx: &mut Tx, lines: &[&Line]) -> Result<Vec<Option<IpAddr>>> {
    let keys = tx.keys()?;
    let open = |line: &&Line| open_address(&keys, &line.id, line.address.as_deref());
    let mut opened: Vec<Result<Option<IpAddr>>> = lines.iter().map(open).collect();
    let missing = opened.iter().filter_map(|one| match one {
        Err(Error::KeyNotHeld(id)) => Some(*id),
        _ => None,
    });
    let missing: BTreeSet<i64> = missing.collect();
    if !missing.is_empty() {
        data_key::fetch(tx, &missing).await?;
        opened = lines.iter().map(open).collect();
    }
    opened.into_iter().collect()
}

fn address_place(id: &str) -> Place<'_> {
    Place { table: "audit", column: "address", row: id }
}

//! The entries of one transaction as the bytes in which the inbox keeps them.
//!
//! Calls wait for the inbox, and one value costs them less than twelve columns of each entry. What is not to be read is not thrown
//! away: it comes out as an entry that is not genuine, which the chain keeps and the verifier names.

use lombard_domain::audit::Line;

use super::{Checked, is_genuine, mac};
use crate::db::Keys;

/// Packs entries, each with its keyed digest.
pub(super) fn pack(keys: &Keys, lines: &[Line]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(lines.len().saturating_mul(ENTRY));
    for line in lines {
        let bytes = line.encode();
        packed.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        packed.extend_from_slice(&bytes);
        packed.extend_from_slice(&mac(keys, &bytes));
    }
    packed
}

/// Unpacks the entries of a row, by the row's identifier.
pub(super) fn unpack(keys: &Keys, id: &str, packed: &[u8]) -> Vec<Checked<(Line, Vec<u8>)>> {
    let mut entries = Vec::new();
    let mut rest = packed;
    while !rest.is_empty() {
        let Some((bytes, mac, more)) = split(rest) else {
            entries.push(unreadable(id, rest));
            break;
        };
        entries.push(match Line::decode(bytes) {
            Some(line) => Checked { genuine: is_genuine(keys, bytes, mac), entry: (line, mac.to_vec()) },
            None => unreadable(id, bytes),
        });
        rest = more;
    }
    entries
}

/// The first entry's bytes, its keyed digest, and what follows.
fn split(packed: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, rest) = packed.split_first_chunk()?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (mac, rest) = rest.split_at_checked(MAC)?;
    Some((bytes, mac, rest))
}

/// What stands for bytes that somebody broke. They are kept where a keyed digest would be: it cannot be one.
fn unreadable(id: &str, bytes: &[u8]) -> Checked<(Line, Vec<u8>)> {
    let line = Line { id: id.to_owned(), event: UNREADABLE.to_owned(), ..Line::default() };
    Checked { entry: (line, bytes.to_vec()), genuine: false }
}

/// Bytes of a keyed digest.
const MAC: usize = 32;
/// What most entries need, in bytes, with what is around them.
const ENTRY: usize = 420;
/// The event of what cannot be read; the bank records none of this name.
const UNREADABLE: &str = "record.unreadable";

//! What a hash of the chain is made of. Whoever checks the chain by other means needs this file and `Line::encode`, nothing else.

use aws_lc_rs::digest::{Context, SHA256};
use lombard_domain::audit::Chained;

/// A hash of the chain: SHA-256.
pub type Hash = [u8; 32];

/// What the chain of a database starts from; the database is named as in its checkpoints.
pub(super) fn genesis(database: &str) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(GENESIS);
    context.update(database.as_bytes());
    finish(context)
}

/// The hash that follows from the one before for an entry at a place. All that stands before the entry has one length, but for its
/// keyed digest, whose length is told.
pub(super) fn link(before: &[u8], position: i64, entry: &Chained) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(LINK);
    context.update(&length(before));
    context.update(before);
    context.update(&position.to_be_bytes());
    context.update(&length(&entry.mac));
    context.update(&entry.mac);
    context.update(&entry.line.encode());
    finish(context)
}

fn length(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes()
}

fn finish(context: Context) -> Hash {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}

const GENESIS: &[u8] = b"lombard audit chain 1 start\n";
const LINK: &[u8] = b"lombard audit chain 1 entry\n";

//! The record as evidence: whoever edits it is found out, and the first bad entry is named.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod bundle;
mod nodes;
mod tamper;
mod trail;

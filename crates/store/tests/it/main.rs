//! Every storage function, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod bank;
mod engines;
mod statements;

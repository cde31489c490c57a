//! The bank through its public face, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod berka;
mod daily;
#[path = "../../../store/tests/it/engines.rs"]
mod engines;
mod import;
mod reader;
mod refused;
mod seed;

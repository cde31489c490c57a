//! Every storage function, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod audit;
mod bank;
mod client;
mod consent;
mod coverage;
mod customer;
mod database;
mod engines;
mod grant;
mod interaction;
mod key;
mod migrate;
mod raw;
mod session;
mod statements;
mod token;
mod used_once;
mod world;

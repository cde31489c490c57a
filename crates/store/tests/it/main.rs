//! Every storage function, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod audit;
mod backup;
mod bank;
mod client;
mod consent;
mod contact;
mod coverage;
mod customer;
mod data_key;
mod database;
mod device;
mod engines;
mod funds;
mod grant;
mod interaction;
mod key;
mod lists;
mod logo;
mod migrate;
mod notification;
mod product;
mod raw;
mod receipt;
mod service_level;
mod session;
mod statement;
mod statements;
mod subscription;
mod token;
mod transaction;
mod unattended_access;
mod used_once;
mod watch;
mod world;

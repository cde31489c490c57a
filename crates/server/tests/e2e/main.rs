//! The program as people run it: the real executable, real ports of this machine, temporary folders, real signals.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod at_rest;
mod audit;
mod backup;
mod command;
mod consent;
mod crowd;
mod customer;
mod durability;
mod event;
mod fapi;
mod import;
mod keys;
mod limits;
mod master_key;
mod mtls;
mod operator;
mod process;
mod production;
mod quiet;
mod receipt;
mod sandbox;
mod serve;
mod service;
mod stopping;
mod story;
mod tls;
mod traces;
mod watch;

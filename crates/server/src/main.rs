//! The binary: command line, settings, listeners, and the wiring of all other crates.
//!
//! Holds no rule of the bank or of a protocol.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};

mod cli;
mod config;
mod counter;
mod descriptors;
mod directory;
mod doctor;
mod fetch;
mod files;
mod gauges;
mod jobs;
mod keeper;
mod listen;
mod ops;
mod pem;
mod pki;
mod post;
mod run;
mod stop;
mod system;
mod telemetry;
mod trace;
mod wire;
mod x509;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Libraries that make TLS connections ask for the process's provider; an error means that one is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ended = runtime().and_then(|runtime| runtime.block_on(cli::run(cli::Cli::parse())));
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lombard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What runs all tasks: a thread for each processor.
fn runtime() -> anyhow::Result<Runtime> {
    let runtime = Builder::new_multi_thread().enable_all().global_queue_interval(STEPS).build();
    runtime.context("cannot start its threads")
}

/// After so many steps of its own tasks, at the latest, a thread takes up one that a thread of another kind has woken, such as a call whose
/// entry is stored. Left to itself the runtime does so the more often the longer a step takes, and calls that run come before those that
/// are refused in a moment: under three times the load that there is time for, everybody waited longer (`docs/benchmark.md`). This is the
/// largest number that it chooses by itself.
const STEPS: u32 = 127;

//! The binary: command line, settings, listeners, and the wiring of all other crates.
//!
//! Holds no rule of the bank or of a protocol.

use std::process::ExitCode;

use clap::Parser as _;

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

#[tokio::main]
async fn main() -> ExitCode {
    // Libraries that make TLS connections ask for the process's provider; an error means that one is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match cli::run(cli::Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lombard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

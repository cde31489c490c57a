//! `lombard-bench`: how fast the server is, beside a handler that has nothing to do.
//!
//! Starts the real binary with a data folder of its own, lets an app and a customer come to terms over HTTPS, and measures from
//! outside. A tool for people, never a test: its numbers depend on the machine and on what else runs there.

mod bare;
mod case;
mod load;
mod process;
mod report;
mod sandbox;
mod story;
mod tls;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::bare::{Bare, Serve};
use crate::case::Protocol;
use crate::load::{Load, Target};
use crate::report::{Report, Row, Starts};
use crate::sandbox::{Place, Ports, Sandbox};

// The server's allocator, so that the bare handler has the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures a Lombard server over TLS on loopback, beside a bare handler that returns the same bytes from memory.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    bench: Bench,
}

#[derive(Debug, clap::Args)]
struct Bench {
    /// The binary to measure.
    #[arg(value_name = "BINARY", default_value = "target/release/lombard")]
    binary: PathBuf,
    /// Seconds for which each case is measured, after one second of warming up.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=SECONDS_MAX))]
    seconds: u16,
    /// An empty PostgreSQL database to run the server on, instead of a file; the server keeps what it stores there.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Folder in which the server's temporary data folder is made; put it on the disk that is to be measured.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The bare handler; started by the benchmark itself.
    #[command(hide = true)]
    Bare(Serve),
}

#[tokio::main]
async fn main() -> ExitCode {
    // An error means that a provider is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    let outcome = match &cli.part {
        Some(Part::Bare(serve)) => bare::serve(serve).await,
        None => bench(&cli.bench).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lombard-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(args: &Bench) -> anyhow::Result<()> {
    let folder = match &args.data {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.context("cannot make a temporary folder")?;
    let outcome = measure(args, folder.path()).await;
    if outcome.is_err() {
        eprint!("{}", sandbox::last_words(folder.path()));
    }
    outcome
}

async fn measure(args: &Bench, folder: &Path) -> anyhow::Result<()> {
    let place = Place {
        binary: args.binary.clone(),
        folder: folder.join("data"),
        log: sandbox::log_file(folder),
        ports: Ports::free()?,
        database: args.database.clone(),
    };
    let first = Sandbox::start(&place).await.context("the first start")?;
    let first_took = first.took;
    first.stop().await?;
    let sandbox = Sandbox::start(&place).await.context("the second start")?;
    let starts = Starts { first: first_took, second: sandbox.took };

    let access = story::connect(&sandbox.facts).await.context("an app and a customer come to terms")?;
    let cases = case::all(&access);
    let client = tls::client(Path::new(&sandbox.facts.ca_file))?;
    let lombard = Target { name: "lombard", port: place.ports.public, pid: sandbox.pid(), client: client.clone() };
    let mut answers = Vec::new();
    for case in &cases {
        answers.push(load::record(&lombard, case).await.with_context(|| format!("the answer to {}", case.name))?);
    }
    let bare = Bare::start(&answers, &place.folder, folder)?;
    let opponent = Target { name: "bare", port: bare.port, pid: bare.pid(), client };

    let mut rows = Vec::new();
    for protocol in [Protocol::Http2, Protocol::Http1] {
        let load = Load::new(protocol, WARM_UP, Duration::from_secs(args.seconds.into()));
        for case in &cases {
            eprintln!("{} {}", protocol.name(), case.name);
            let lombard = load::run(&lombard, case, load).await?;
            let bare = load::run(&opponent, case, load).await?;
            rows.push(Row { name: format!("{} {}", protocol.name(), case.name), lombard, bare });
        }
    }
    let memory = process::memory(sandbox.pid())?;
    Report { rows: &rows, starts, memory, database: args.database.is_some() }.print();
    sandbox.stop().await
}

/// Before each case, not counted.
const WARM_UP: Duration = Duration::from_secs(1);
/// Seconds of a case: the access token must outlive twelve of them (it lives ten minutes).
const SECONDS_MAX: i64 = 40;

//! `lombard-bench`: how fast the server is, beside a handler that has nothing to do.
//!
//! Starts the real binary with a data folder of its own, lets an app and a customer come to terms over HTTPS, and measures from
//! outside. A tool for people, never a test: its numbers depend on the machine and on what else runs there.

mod bare;
mod browser;
mod case;
mod crowd;
mod evidence;
mod fapi;
mod growth;
mod https;
mod load;
mod overload;
mod process;
mod report;
mod sandbox;
mod signature;
mod story;
mod tls;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use tokio::runtime;

use crate::bare::{Bare, Serve};
use crate::case::{Case, Protocol};
use crate::fapi::{App, Flows, Supply};
use crate::growth::Plan;
use crate::load::{Load, Target};
use crate::report::{Cores, Report, Row, Starts};
use crate::sandbox::{Place, Ports, Sandbox};
use crate::signature::Costs;

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
    /// What is measured.
    #[arg(long, value_enum, default_value_t)]
    rows: Rows,
    /// An empty PostgreSQL database to run the server on, instead of a file; the server keeps what it stores there. Growth
    /// needs two.
    #[arg(long, value_name = "URL")]
    database: Vec<String>,
    /// Folder in which the server's temporary data folder is made; put it on the disk that is to be measured.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Instead of the cases: what so many connections that rest change for an honest client.
    #[arg(long, value_name = "CONNECTIONS", default_value_t = 0)]
    idle: usize,
    /// Let those that rest speak HTTP/1.1, whose rest the server ends sooner.
    #[arg(long)]
    idle_http1: bool,
    /// The same with so many that send or take by the spoonful; both can be given.
    #[arg(long, value_name = "CONNECTIONS", default_value_t = 0)]
    slow: usize,
    /// Instead of the cases: what becomes of everybody when four fifths of what can be answered is asked for, and then three times as much for
    /// so many seconds.
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["idle", "slow"])]
    overload: Option<u16>,
    /// With `--rows record`: how many entries the long record has; 0 for none. Ten million take about 8 GB.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    entries: u64,
}

/// A part of the cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Rows {
    /// Both apps, `baseline` and `fapi2`.
    #[default]
    Apps,
    /// An app of the profile `baseline`.
    Baseline,
    /// An app of FAPI 2.0 Security Profile, and whole flows of it.
    Fapi2,
    /// An app at a small bank and at one with a million transactions; takes several minutes, and 2 GB of disk.
    Growth,
    /// Reads with and without a record of them, and how long a long record takes to be checked. Two databases for PostgreSQL; the
    /// long record is always in a file.
    Record,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The bare handler; started by the benchmark itself.
    #[command(hide = true)]
    Bare(Serve),
}

fn main() -> ExitCode {
    // An error means that a provider is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lombard-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    // Whoever asks for more than can be done has one core: threads that wake each other there would measure their own lateness.
    let mut runtime = match cli.bench.overload {
        Some(_) => runtime::Builder::new_current_thread(),
        None => runtime::Builder::new_multi_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        match &cli.part {
            Some(Part::Bare(serve)) => bare::serve(serve).await,
            None => bench(&cli.bench).await,
        }
    })
}

async fn bench(args: &Bench) -> anyhow::Result<()> {
    let folder = match &args.data {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.context("cannot make a temporary folder")?;
    if args.rows == Rows::Growth {
        return grow(args, folder.path()).await;
    }
    if args.rows == Rows::Record {
        let databases = args.database.as_slice();
        ensure!(databases.is_empty() || databases.len() == 2, "the record is measured on two databases, or on files");
        let duration = Duration::from_secs(args.seconds.into());
        let (binary, entries) = (args.binary.as_path(), args.entries);
        let plan = evidence::Plan { binary, folder: folder.path(), databases, duration, entries };
        return evidence::measure(&plan).await;
    }
    let outcome = if let Some(seconds) = args.overload {
        overload(args, folder.path(), Duration::from_secs(seconds.into())).await
    } else if args.idle > 0 || args.slow > 0 {
        Box::pin(crowd(args, folder.path())).await
    } else {
        measure(args, folder.path()).await
    };
    if outcome.is_err() {
        eprint!("{}", sandbox::last_words(folder.path()));
    }
    outcome
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
async fn grow(args: &Bench, folder: &Path) -> anyhow::Result<()> {
    let databases = args.database.as_slice();
    ensure!(databases.is_empty() || databases.len() == 2, "growth needs two databases, one for each bank, or none");
    let duration = Duration::from_secs(args.seconds.into());
    let growth = growth::measure(&Plan { binary: &args.binary, folder, databases, duration }).await?;
    println!("{}", growth::table(&growth, !databases.is_empty()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
async fn crowd(args: &Bench, folder: &Path) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(&place(args, folder)?).await?;
    let duration = Duration::from_secs(args.seconds.into());
    let crowded = Box::pin(crowd::measure(
        &sandbox,
        crowd::Size {
            idle: args.idle,
            idle_as: if args.idle_http1 { Protocol::Http1 } else { Protocol::Http2 },
            slow: args.slow,
            duration,
        },
    ))
    .await?;
    println!("{crowded}");
    sandbox.stop().await
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
async fn overload(args: &Bench, folder: &Path, duration: Duration) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(&Place { one_core: true, more: &["--throttled"], ..place(args, folder)? }).await?;
    let overloaded = overload::measure(&sandbox, duration).await?;
    println!("{overloaded}");
    sandbox.stop().await
}

fn place(args: &Bench, folder: &Path) -> anyhow::Result<Place> {
    Ok(Place {
        binary: args.binary.clone(),
        folder: folder.join("data"),
        log: sandbox::log_file(folder),
        ports: Ports::free()?,
        database: args.database.first().cloned(),
        one_core: false,
        more: &[],
    })
}

async fn measure(args: &Bench, folder: &Path) -> anyhow::Result<()> {
    ensure!(args.database.len() <= 1, "only growth needs two databases");
    let costs = Costs::measure().context("what a signature costs")?;
    let place = place(args, folder)?;
    let first = Sandbox::start(&place).await.context("the first start")?;
    let first_took = first.took;
    first.stop().await?;
    let sandbox = Sandbox::start(&place).await.context("the second start")?;
    let starts = Starts { first: first_took, second: sandbox.took };

    let client = tls::client(Path::new(&sandbox.facts.ca_file))?;
    let lombard = Target { name: "lombard", port: place.ports.public, pid: sandbox.pid(), client };
    let stage = Stage { lombard, data: &place.folder, folder };
    let app = match args.rows {
        Rows::Apps | Rows::Fapi2 => Some(App::register(&sandbox.facts).await.context("a FAPI app registers")?),
        Rows::Baseline | Rows::Growth | Rows::Record => None,
    };
    let mut rows = Vec::new();
    for protocol in [Protocol::Http2, Protocol::Http1] {
        let load = Load::new(protocol, WARM_UP, Duration::from_secs(args.seconds.into()));
        if args.rows != Rows::Fapi2 {
            let access = story::connect(&sandbox.facts).await.context("an app and a customer come to terms")?;
            rows.extend(stage.round(&case::baseline(&access), load).await?);
        }
        if let Some(app) = &app {
            let customer = sandbox.facts.customers.first().context("nobody can sign in")?;
            let connected = app.connect(customer).await.context("a FAPI app and a customer come to terms")?;
            rows.extend(stage.round(&case::fapi(app, &connected.token), load).await?);
        }
    }
    let memory = process::memory(sandbox.pid())?;
    let (cores, flows) = match &app {
        Some(app) => flows(app, sandbox.pid(), Duration::from_secs(args.seconds.into())).await?,
        None => (Cores::Any, Vec::new()),
    };
    let postgres = !args.database.is_empty();
    Report { rows: &rows, flows: &flows, cores, costs, starts, memory, postgres }.print();
    sandbox.stop().await
}

/// The server that is measured, and where its opponent may put its files.
struct Stage<'a> {
    lombard: Target,
    data: &'a Path,
    folder: &'a Path,
}

impl Stage<'_> {
    /// Measures cases on the server and, case by case, on a bare handler that has the server's own answers.
    async fn round(&self, cases: &[Case], load: Load) -> anyhow::Result<Vec<Row>> {
        let mut answers = Vec::new();
        for case in cases {
            let answer = load::record(&self.lombard, case).await;
            answers.push(answer.with_context(|| format!("the answer to {}", case.name))?);
        }
        let bare = Bare::start(&answers, self.data, self.folder)?;
        let client = self.lombard.client.clone();
        let opponent = Target { name: "bare", port: bare.port, pid: bare.pid(), client };
        let mut rows = Vec::new();
        for case in cases {
            rows.push(self.row(&opponent, case, load).await?);
        }
        Ok(rows)
    }

    async fn row(&self, opponent: &Target, case: &Case, load: Load) -> anyhow::Result<Row> {
        let name = format!("{} {}", load.protocol.name(), case.name);
        eprintln!("{name}");
        let supply = match &case.signer {
            None => Supply::on_the_way(None),
            Some(signer) => {
                let signing = Arc::new(Supply::on_the_way(Some(signer)));
                let trial = load::run(&self.lombard, case, load.trial(), &signing).await?;
                Supply::signed(signer, load.supply(&trial))?
            }
        };
        let again = Arc::new(supply.again());
        let supply = Arc::new(supply);
        let lombard = load::run(&self.lombard, case, load, &supply).await?;
        let bare = load::run(opponent, case, load, &again).await?;
        Ok(Row { name, lombard, bare, signatures: case.signatures, late: supply.late() })
    }
}

/// Whole flows, on one core of the server's own if it can be had.
async fn flows(app: &Arc<App>, pid: u32, duration: Duration) -> anyhow::Result<(Cores, Vec<Flows>)> {
    let cores = match process::give_one_core(pid) {
        Ok(()) => Cores::One,
        Err(error) => {
            eprintln!("lombard-bench: flows share all cores: {error:#}");
            Cores::Any
        }
    };
    let mut flows = Vec::new();
    for at_once in FLOWS_AT_ONCE {
        eprintln!("FAPI 2 flow, {at_once} at once");
        flows.push(Flows::measure(app, pid, at_once, duration).await.context("a FAPI 2 flow")?);
    }
    Ok((cores, flows))
}

/// Before each case, not counted.
const WARM_UP: Duration = Duration::from_secs(1);
/// Flows at the same time: one alone shows how long a customer waits, more show what the core can do.
const FLOWS_AT_ONCE: [usize; 2] = [1, 4];
/// Seconds of a case: a proof must outlive one of them and its own signing (it lives a minute), an access token six of them
/// (it lives five).
const SECONDS_MAX: i64 = 40;

//! What the record costs: reads with it and without it, by turns in one run; and how long a long record takes to be checked.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lombard_testkit::TestBank;
use tokio::time::Instant;

use crate::case::{self, Protocol};
use crate::fapi::Supply;
use crate::load::{self, Load, Measured, Target};
use crate::sandbox::{Place, Ports, Sandbox};
use crate::story;
use crate::tls;

/// What is measured, and on what.
pub(crate) struct Plan<'a> {
    pub(crate) binary: &'a Path,
    /// Where the servers keep their data.
    pub(crate) folder: &'a Path,
    /// An empty database for each server, or none for files.
    pub(crate) databases: &'a [String],
    /// For how long each case is measured at each server in all.
    pub(crate) duration: Duration,
    /// How many entries the long record has.
    pub(crate) entries: u64,
}

/// Measures and tells, line by line.
///
/// # Errors
/// A server fails, an answer was no success, or the long record is not as it was.
#[expect(clippy::print_stdout, reason = "the result of the program")]
pub(crate) async fn measure(plan: &Plan<'_>) -> anyhow::Result<()> {
    println!("{AT_ONCE_READS}");
    println!("| case | with the record, per s | p99 ms | µs | without, per s | p99 ms | µs | with / without | turns |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for protocol in [Protocol::Http2, Protocol::Http1] {
        for line in reads(plan, protocol).await? {
            println!("{line}");
        }
    }
    if plan.entries > 0 {
        println!("{}", long(plan.entries).await?);
    }
    Ok(())
}

/// The reads of one protocol, on two servers that run all the time and are asked by turns.
async fn reads(plan: &Plan<'_>, protocol: Protocol) -> anyhow::Result<Vec<String>> {
    let name = if protocol == Protocol::Http2 { "h2" } else { "h1" };
    let with = Side::open(plan, &format!("{name}-with"), &[], plan.databases.first()).await?;
    let without = Side::open(plan, &format!("{name}-without"), &["--without-record"], plan.databases.get(1)).await?;
    let load = Load::new(protocol, WARM_UP, plan.duration / TURNS).from(connections(protocol));
    let (ours, theirs) = (with.cases().await?, without.cases().await?);
    let mut lines = Vec::new();
    for (our, their) in ours.iter().zip(&theirs) {
        let (mut kept, mut dropped) = (Measured::nothing(), Measured::nothing());
        let mut ratios = Vec::new();
        for turn in 1..=TURNS {
            eprintln!("{} {}, turn {turn} of {TURNS}", protocol.name(), our.name);
            let (one, other) = (with.ask(our, load).await?, without.ask(their, load).await?);
            ratios.push(format!("{:.2}", one.per_second() / other.per_second()));
            kept.add(one);
            dropped.add(other);
        }
        lines.push(format!(
            "| {} {} | {:.0} | {:.1} | {:.0} | {:.0} | {:.1} | {:.0} | {:.2} | {} |",
            protocol.name(),
            our.name,
            kept.per_second(),
            kept.percentile(99),
            kept.cpu_micros(),
            dropped.per_second(),
            dropped.percentile(99),
            dropped.cpu_micros(),
            kept.per_second() / dropped.per_second(),
            ratios.join(" "),
        ));
    }
    with.sandbox.stop().await?;
    without.sandbox.stop().await?;
    Ok(lines)
}

/// A server, and an app that may read.
struct Side {
    sandbox: Sandbox,
    target: Target,
}

impl Side {
    async fn open(
        plan: &Plan<'_>,
        name: &str,
        more: &'static [&'static str],
        database: Option<&String>,
    ) -> anyhow::Result<Self> {
        let folder = plan.folder.join(name);
        fs::create_dir(&folder)?;
        let place = Place {
            binary: plan.binary.to_owned(),
            log: folder.join("lombard.log"),
            folder: folder.join("data"),
            ports: Ports::free()?,
            database: database.cloned(),
            one_core: false,
            more,
        };
        let sandbox = Sandbox::start(&place).await.context("the start")?;
        let client = tls::client(Path::new(&sandbox.facts.ca_file))?;
        let target = Target { name: "lombard", port: place.ports.public, pid: sandbox.pid(), client };
        Ok(Self { sandbox, target })
    }

    async fn cases(&self) -> anyhow::Result<Vec<case::Case>> {
        let access = story::connect(&self.sandbox.facts).await.context("an app and a customer come to terms")?;
        Ok(case::baseline(&access).into_iter().filter(|case| case.name != TOKENS).collect())
    }

    async fn ask(&self, case: &case::Case, load: Load) -> anyhow::Result<Measured> {
        load::run(&self.target, case, load, &Arc::new(Supply::on_the_way(None))).await
    }
}

/// A record of so many entries on SQLite: written as the server writes it, chained by the server's job, and checked.
async fn long(entries: u64) -> anyhow::Result<String> {
    let bank = TestBank::new().await;
    let begun = Instant::now();
    let (mut written, mut chaining) = (0, Duration::ZERO);
    while written < entries {
        let count = entries.saturating_sub(written).min(AT_ONCE);
        bank.fill_record(count).await;
        let sealing = Instant::now();
        bank.seal().await;
        chaining += sealing.elapsed();
        written += count;
        if written % TOLD_EVERY == 0 {
            eprintln!("{written} entries after {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    let storing = begun.elapsed().saturating_sub(chaining);
    let size = fs::metadata(bank.file())?.len();
    let checking = Instant::now();
    let checked = bank.auth.verify_record(None).await?;
    let took = checking.elapsed();
    let proven = checked.chain.map_err(|fault| anyhow::anyhow!("the record is not as it was: {fault}"))?;
    let rate = |time: Duration| f64::from(u32::try_from(proven.entries).unwrap_or(u32::MAX)) / time.as_secs_f64();
    Ok(format!(
        "{} entries, {} MB: stored in {:.0} s ({:.0} per s), chained in {:.0} s ({:.0} per s), checked in {:.1} s ({:.0} per s)",
        proven.entries,
        size / 1_000_000,
        storing.as_secs_f64(),
        rate(storing),
        chaining.as_secs_f64(),
        rate(chaining),
        took.as_secs_f64(),
        rate(took),
    ))
}

/// Connections that ask, over HTTP/2 with eight requests at once each: enough that the processor is what there is too little of, and not
/// callers, who wait for the disk.
fn connections(protocol: Protocol) -> usize {
    match protocol {
        Protocol::Http1 => 128,
        Protocol::Http2 => 16,
    }
}

const AT_ONCE_READS: &str = "128 reads at any time: 16 connections over HTTP/2, 128 over HTTP/1.1; µs: processor time of the server per read.\n";
/// Turns of each server.
const TURNS: u32 = 5;
/// Before each turn is measured.
const WARM_UP: Duration = Duration::from_secs(1);
/// The case that is no read.
const TOKENS: &str = "client_credentials";
/// Entries of the long record between two rounds of chaining.
const AT_ONCE: u64 = 50_000;
/// Between two lines that tell how far it is.
const TOLD_EVERY: u64 = 500_000;

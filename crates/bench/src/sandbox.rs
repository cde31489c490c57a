//! The real server: `lombard sandbox` as a process of its own, timed from its start to its first answer.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::load;
use crate::process::{self, Process};

/// Where and how the server runs; the same for every start.
pub(crate) struct Place {
    pub(crate) binary: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) ports: Ports,
    pub(crate) database: Option<String>,
    /// Whether it has one core from its beginning.
    pub(crate) one_core: bool,
    /// More arguments.
    pub(crate) more: &'static [&'static str],
}

/// Ports of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) public: u16,
    mtls: u16,
    ops: u16,
}

/// A running server.
pub(crate) struct Sandbox {
    /// What it tells programs.
    pub(crate) facts: Arc<Facts>,
    /// From its start to its first answer.
    pub(crate) took: Duration,
    process: Process,
    ports: Ports,
}

/// What the server leaves for programs in `sandbox.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct Facts {
    pub(crate) issuer: String,
    pub(crate) ca_file: String,
    pub(crate) second_factor: String,
    pub(crate) customers: Vec<Customer>,
}

/// Somebody who can sign in.
#[derive(Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Ports {
    /// Three that are free at this moment.
    ///
    /// # Errors
    /// There are none.
    pub(crate) fn free() -> anyhow::Result<Self> {
        let bind = || TcpListener::bind(("127.0.0.1", 0)).context("no port is free");
        // All are held until the last is chosen, so that they differ.
        let (public, mtls, ops) = (bind()?, bind()?, bind()?);
        Ok(Self { public: public.local_addr()?.port(), mtls: mtls.local_addr()?.port(), ops: ops.local_addr()?.port() })
    }
}

impl Sandbox {
    /// Starts the server and waits for its first answer over TLS.
    ///
    /// # Errors
    /// It ends, or does not answer in time.
    pub(crate) async fn start(place: &Place) -> anyhow::Result<Self> {
        let log = File::create(&place.log).with_context(|| place.log.display().to_string())?;
        let loopback = |port: u16| format!("127.0.0.1:{port}");
        let one = place.one_core.then(|| process::on_one_core(&place.binary)).transpose()?;
        let mut command = one.unwrap_or_else(|| Command::new(&place.binary));
        // What is measured is how much it can do, not how much it lets one app do.
        command.args(["sandbox", "--no-limits"]).arg("--data").arg(&place.folder);
        command.args(["--listen", &loopback(place.ports.public), "--mtls-listen", &loopback(place.ports.mtls)]);
        command.args(["--ops-listen", &loopback(place.ports.ops)]);
        command.args(["--public-url", &format!("https://localhost:{}", place.ports.public)]);
        if let Some(database) = &place.database {
            command.args(["--database", database]);
        }
        command.args(place.more);
        // Logs go to a file, as in production: writing them is part of what is measured.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let started_at = Instant::now();
        let mut process = Process::start(&mut command)?;
        while load::discovery(place.ports.public, &place.folder.join("ca.pem")).await.is_err() {
            process.check()?;
            if started_at.elapsed() > START_MAX {
                bail!("the server does not answer");
            }
            sleep(LOOK_EVERY).await;
        }
        let took = started_at.elapsed();
        let file = place.folder.join("sandbox.json");
        let text = fs::read(&file).with_context(|| file.display().to_string())?;
        Ok(Self { facts: Arc::new(serde_json::from_slice(&text)?), took, process, ports: place.ports })
    }

    /// The port for everybody.
    pub(crate) fn port(&self) -> u16 {
        self.ports.public
    }

    /// The port for operators.
    pub(crate) fn ops_port(&self) -> u16 {
        self.ports.ops
    }

    /// What Linux calls it.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// It does not, or not well.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await
    }
}

/// Where the server's log goes.
pub(crate) fn log_file(folder: &Path) -> PathBuf {
    folder.join("lombard.log")
}

/// The end of the server's log, for a person who wonders what went wrong.
pub(crate) fn last_words(folder: &Path) -> String {
    let log = fs::read_to_string(log_file(folder)).unwrap_or_default();
    let lines: Vec<_> = log.lines().rev().take(LINES_SHOWN).collect();
    lines.iter().rev().map(|line| format!("{line}\n")).collect()
}

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(30);
/// How often we try to get the first answer.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Lines of the log that are shown after a failure.
const LINES_SHOWN: usize = 10;

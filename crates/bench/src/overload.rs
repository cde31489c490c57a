//! More than the server can do: what becomes of those it lets in, of those it sends away, of its memory, and of those who come after.
//!
//! An open loop: requests are sent at a steady rate whatever becomes of the earlier ones, as a crowd of strangers would. The server has
//! one core for itself where there are two, so that the load does not take what is measured.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::case::{self, API, Case, Protocol};
use crate::load::{self, Measured, Sender, Target};
use crate::process::{self, Memory};
use crate::sandbox::Sandbox;
use crate::{story, tls};

/// What was seen.
pub(crate) struct Overloaded {
    /// Whether the server had a core for itself.
    alone: bool,
    /// Answers per second when as many ask as can be answered.
    capacity: f64,
    before: Answers,
    during: Answers,
    /// The first second after, and the time after that.
    after: [Answers; 2],
    memory: [Memory; 3],
}

/// How a stretch of time went.
#[derive(Default)]
struct Answers {
    took: Duration,
    /// How long answers took in microseconds, by status, shortest first once all are there.
    by_status: BTreeMap<StatusCode, Vec<u32>>,
    /// Requests that were not answered: the connection broke, or nothing came in time.
    lost: usize,
    /// Requests that were not sent, because too many were on their way.
    held: usize,
}

/// Finds out how much the server can do, and asks three times as much for so long.
///
/// # Errors
/// The server does not answer at all, or not as it should when there is little to do.
pub(crate) async fn measure(sandbox: &Sandbox, duration: Duration) -> anyhow::Result<Overloaded> {
    let access = story::connect(&sandbox.facts).await.context("an app and a customer come to terms")?;
    let client = tls::client(Path::new(&sandbox.facts.ca_file))?;
    let target = Target { name: "lombard", port: sandbox.port(), pid: sandbox.pid(), client };
    let case = case::read("25 transactions", format!("{API}/accounts/{}/transactions", access.account), &access);
    let alone = process::give_one_core(target.pid).is_ok();
    let memory = || process::memory(target.pid);

    let crowd = Crowd::new(&target, &case).await?;
    let capacity = crowd.capacity().await.context("how much it can do")?;
    tokio::time::sleep(SETTLE).await;
    eprintln!("{capacity:.0} answers per second are what it can do");
    let before = crowd.ask(QUIET_RATE, QUIET).await?;
    ensure!(before.refused() == 0 && before.lost == 0, "it refuses somebody when there is little to do: {before:?}");
    let at_first = memory()?;
    eprintln!("three times as much for {} s", duration.as_secs());
    let during = crowd.ask(capacity * TIMES, duration).await?;
    let at_last = memory()?;
    let after = [crowd.ask(QUIET_RATE, Duration::from_secs(1)).await?, crowd.ask(QUIET_RATE, QUIET).await?];
    Ok(Overloaded { alone, capacity, before, during, after, memory: [at_first, at_last, memory()?] })
}

/// Connections over which requests are sent.
struct Crowd {
    connections: Vec<Sender>,
    request: Request<Full<Bytes>>,
}

impl Crowd {
    async fn new(target: &Target, case: &Case) -> anyhow::Result<Self> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(load::connect(target.port, &target.client, Protocol::Http2).await?);
        }
        Ok(Self { connections, request: case.request(Protocol::Http2, target.port)? })
    }

    /// How many good answers come in a second when each of a few callers asks again as soon as it is answered.
    async fn capacity(&self) -> anyhow::Result<f64> {
        let end = Instant::now() + CAPACITY;
        let mut callers = JoinSet::new();
        for sender in self.connections.iter().take(CALLERS) {
            let (sender, request) = (sender.another().context("HTTP/2 has another")?, self.request.clone());
            callers.spawn(async move {
                let mut answered = 0_u32;
                while Instant::now() < end {
                    let sender = sender.another()?;
                    let (status, _) = one(sender, request.clone()).await?;
                    answered += u32::from(status.is_success());
                }
                Some(answered)
            });
        }
        let mut answered = 0.0;
        while let Some(some) = callers.join_next().await {
            answered += f64::from(some?.context("a request was not answered")?);
        }
        Ok(answered / CAPACITY.as_secs_f64())
    }

    /// Sends so many requests a second for so long, and waits for the last answer.
    async fn ask(&self, per_second: f64, duration: Duration) -> anyhow::Result<Answers> {
        let mut answers = Answers { took: duration, ..Answers::default() };
        let mut running = JoinSet::new();
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (began, mut sent) = (Instant::now(), 0.0);
        let mut connections = self.connections.iter().cycle();
        while began.elapsed() < duration {
            pace.tick().await;
            let due = began.elapsed().as_secs_f64() * per_second;
            while sent < due {
                sent += 1.0;
                if running.len() >= ON_THEIR_WAY {
                    answers.held += 1;
                } else if let Some(sender) = connections.next().and_then(Sender::another) {
                    running.spawn(one(sender, self.request.clone()));
                }
            }
            while let Some(done) = running.try_join_next() {
                answers.count(done?);
            }
        }
        while let Some(done) = running.join_next().await {
            answers.count(done?);
        }
        answers.by_status.values_mut().for_each(|micros| micros.sort_unstable());
        Ok(answers)
    }
}

/// One request, to the end of its answer; nothing if there was none.
async fn one(mut sender: Sender, request: Request<Full<Bytes>>) -> Option<(StatusCode, u32)> {
    let asked = Instant::now();
    let answer = async {
        let response = sender.send(request).await.ok()?;
        let status = response.status();
        response.into_body().collect().await.ok()?;
        Some(status)
    };
    let status = timeout(ANSWER_MAX, answer).await.ok()??;
    Some((status, u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX)))
}

impl Answers {
    fn count(&mut self, answer: Option<(StatusCode, u32)>) {
        match answer {
            Some((status, micros)) => self.by_status.entry(status).or_default().push(micros),
            None => self.lost += 1,
        }
    }

    fn refused(&self) -> usize {
        self.by_status.iter().filter(|(status, _)| !status.is_success()).map(|(_, micros)| micros.len()).sum()
    }

    /// What a line of the table says of some answers: how many in a second, and two percentiles in milliseconds.
    fn line(&self, is_wanted: impl Fn(StatusCode) -> bool) -> [f64; 3] {
        let mut micros: Vec<u32> = self
            .by_status
            .iter()
            .filter(|(status, _)| is_wanted(**status))
            .flat_map(|(_, micros)| micros)
            .copied()
            .collect();
        micros.sort_unstable();
        let measured = Measured { micros, duration: self.took, ..Measured::nothing() };
        [measured.per_second(), measured.percentile(50), measured.percentile(99)]
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_status: BTreeMap<_, _> =
            self.by_status.iter().map(|(status, micros)| (status.as_u16(), micros.len())).collect();
        write!(f, "{by_status:?}, {} lost, {} held", self.lost, self.held)
    }
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = if self.alone { "the server has one core for itself" } else { "server and load share all cores" };
        writeln!(f, "{:.0} answers per second are what it can do; {cores}\n", self.capacity)?;
        writeln!(f, "| | per s | p50 ms | p99 ms | p99 ÷ before |\n|---|---:|---:|---:|---:|")?;
        let success = |status: StatusCode| status.is_success();
        let before = self.before.line(success);
        let mut line = |name: &str, [rate, p50, p99]: [f64; 3]| {
            writeln!(
                f,
                "| {name} | {rate:.0} | {p50:.2} | {p99:.2} | {:.2} |",
                p99 / before.get(2).unwrap_or(&f64::NAN)
            )
        };
        line("before, little to do", before)?;
        line("three times as much: let in", self.during.line(success))?;
        for status in self.during.by_status.keys().filter(|status| !status.is_success()) {
            line(&format!("three times as much: {}", status.as_u16()), self.during.line(|one| one == *status))?;
        }
        line("the first second after", self.after[0].line(success))?;
        line("later", self.after[1].line(success))?;
        writeln!(f)?;
        let parts = [("before", &self.before), ("during", &self.during), ("first second after", &self.after[0])];
        for (name, answers) in parts.into_iter().chain([("later", &self.after[1])]) {
            writeln!(f, "{name}: {answers:?}")?;
        }
        let [first, last, after] = self.memory.map(|memory| f64::from(memory.resident) / 1024.0);
        writeln!(f, "\nmemory of the server: {first:.0} MB before, {last:.0} MB at the end, {after:.0} MB after")
    }
}

/// How many times what the server can do it is asked for.
const TIMES: f64 = 3.0;
/// For how long it is found out how much the server can do.
const CAPACITY: Duration = Duration::from_secs(5);
/// How many callers keep it at work meanwhile: enough for one core, and few enough that none is refused.
const CALLERS: usize = 16;
/// How long it is left alone then.
const SETTLE: Duration = Duration::from_secs(2);
/// Requests per second when there is little to do.
const QUIET_RATE: f64 = 100.0;
/// For how long little is asked.
const QUIET: Duration = Duration::from_secs(20);
/// Connections.
const CONNECTIONS: usize = 64;
/// Requests that may be on their way at the same time: more than the server could take in.
const ON_THEIR_WAY: usize = 4096;
/// Between two looks at how many requests are due.
const PACE: Duration = Duration::from_millis(1);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

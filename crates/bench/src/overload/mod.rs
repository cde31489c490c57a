//! More than the server can do: what becomes of those it lets in, of those it sends away, of what must go on beside them, of its memory,
//! and of those who come after.
//!
//! An open loop: requests are sent at a steady rate whatever becomes of the earlier ones, as a crowd of strangers would. The server has
//! one core, and the load the others, so that the load does not take what is measured.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::StatusCode;
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::answers::Answers;
use self::crowd::Crowd;
use crate::case::API;
use crate::load::Target;
use crate::process::{self, Memory};
use crate::sandbox::Sandbox;
use crate::{case, story, tls};

mod answers;
mod crowd;

/// What was seen.
pub(crate) struct Overloaded {
    /// Answers per second when as many ask as can be answered: at first, and directly before it is asked for too much.
    capacity: [f64; 2],
    before: Answers,
    /// While it is asked for most of what it can do.
    busy: Answers,
    during: Answers,
    /// Revocations meanwhile, and questions whether the server is ready.
    beside: [Answers; 2],
    /// The first second after, and the time after that.
    after: [Answers; 2],
    memory: [Memory; 3],
    /// The part of its core that sending and counting took meanwhile.
    load: f64,
}

/// Finds out how much the server can do, asks for most of it, and for three times as much for so long.
///
/// # Errors
/// The server does not answer at all, or not as it should when there is little to do; or it cannot have a core for itself.
pub(crate) async fn measure(sandbox: &Sandbox, duration: Duration) -> anyhow::Result<Overloaded> {
    let access = story::connect(&sandbox.facts).await.context("an app and a customer come to terms")?;
    let client = tls::client(Path::new(&sandbox.facts.ca_file))?;
    let target = Target { name: "lombard", port: sandbox.port(), pid: sandbox.pid(), client };
    let case = case::read("25 transactions", format!("{API}/accounts/{}/transactions", access.account), &access);
    process::give_one_core(target.pid)?;
    let memory = || process::memory(target.pid);

    let crowd = Crowd::new(&target, &case, CONNECTIONS).await?;
    let at_first = crowd.capacity().await.context("how much it can do")?;
    tokio::time::sleep(SETTLE).await;
    eprintln!("{at_first:.0} answers per second are what it can do");
    let before = crowd.ask(QUIET_RATE, QUIET).await?;
    ensure!(before.refused() == 0 && before.lost == 0, "it refuses somebody when there is little to do: {before:?}");
    let busy = crowd.ask(at_first * BUSY, QUIET).await?;
    tokio::time::sleep(SETTLE).await;
    // What a machine can do changes from minute to minute where others use it.
    let by_now = crowd.capacity().await.context("how much it can do by now")?;
    tokio::time::sleep(SETTLE).await;
    let memory_before = memory()?;
    let revoking = Crowd::new(&target, &case::revocation(&access), 1).await?;
    eprintln!("three times {by_now:.0} for {} s", duration.as_secs());
    let (asked, load_before) = (Instant::now(), process::cpu(std::process::id())?);
    let (during, revoked, ready) = tokio::join!(
        crowd.ask(by_now * TIMES, duration),
        revoking.ask(BESIDE_RATE, duration),
        readiness(sandbox.ops_port(), duration)
    );
    let (during, beside) = (during?, [revoked?, ready?]);
    let load = process::cpu(std::process::id())?.saturating_sub(load_before).div_duration_f64(asked.elapsed());
    let memory_meanwhile = memory()?;
    let after = [crowd.ask(QUIET_RATE, Duration::from_secs(1)).await?, crowd.ask(QUIET_RATE, QUIET).await?];
    let memory = [memory_before, memory_meanwhile, memory()?];
    Ok(Overloaded { capacity: [at_first, by_now], before, busy, during, beside, after, memory, load })
}

/// Asks whether the server is ready, again and again, as what stands before it does.
async fn readiness(port: u16, duration: Duration) -> anyhow::Result<Answers> {
    let client = reqwest::Client::builder().timeout(READY_MAX).build()?;
    let mut answers = Answers { took: duration, ..Answers::default() };
    let mut pace = interval(Duration::from_secs(1).div_f64(BESIDE_RATE));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let began = Instant::now();
    while began.elapsed() < duration {
        pace.tick().await;
        let asked = Instant::now();
        let answer = client.get(format!("http://127.0.0.1:{port}/readyz")).send().await;
        let micros = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        answers.count(answer.ok().map(|answer| (answer.status(), micros)));
    }
    Ok(answers)
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [at_first, by_now] = self.capacity;
        writeln!(
            f,
            "{at_first:.0} answers per second are what it can do with one core, {by_now:.0} directly before it is too much\n"
        )?;
        writeln!(f, "| | per s | p50 ms | p99 ms | p99 ÷ quiet |\n|---|---:|---:|---:|---:|")?;
        let success = |status: StatusCode| status.is_success();
        let [first_after, later] = &self.after;
        let quiet = self.before.and(later).line(success);
        let [_, _, quiet_p99] = quiet;
        let mut line = |name: &str, [rate, p50, p99]: [f64; 3]| {
            writeln!(f, "| {name} | {rate:.0} | {p50:.2} | {p99:.2} | {:.2} |", p99 / quiet_p99)
        };
        line("little to do, before and later", quiet)?;
        line("before", self.before.line(success))?;
        for (name, answers) in [("four fifths of it", &self.busy), ("three times as much", &self.during)] {
            line(&format!("{name}: let in"), answers.line(success))?;
            for status in answers.by_status.keys().filter(|status| !status.is_success()) {
                line(&format!("{name}: {}", status.as_u16()), answers.line(|one| one == *status))?;
            }
        }
        line("meanwhile: revocations", self.beside[0].line(success))?;
        line("meanwhile: `/readyz`", self.beside[1].line(success))?;
        line("the first second after", first_after.line(success))?;
        line("later", later.line(success))?;
        writeln!(f)?;
        for (name, answers) in [
            ("before", &self.before),
            ("four fifths", &self.busy),
            ("during", &self.during),
            ("revocations", &self.beside[0]),
            ("/readyz", &self.beside[1]),
            ("first second after", first_after),
            ("later", later),
        ] {
            writeln!(f, "{name}: {answers:?}")?;
        }
        let [first, last, after] = self.memory.map(|memory| f64::from(memory.resident) / 1024.0);
        writeln!(f, "\nthe load took {:.0} % of its core", self.load * 100.0)?;
        writeln!(f, "memory of the server: {first:.0} MB before, {last:.0} MB at the end, {after:.0} MB after")
    }
}

/// The part of what the server can do that it is asked for when it is busy.
const BUSY: f64 = 0.8;
/// How many times what the server can do it is asked for then.
const TIMES: f64 = 3.0;
/// How long it is left alone then.
const SETTLE: Duration = Duration::from_secs(2);
/// Requests per second when there is little to do.
const QUIET_RATE: f64 = 100.0;
/// For how long little is asked.
const QUIET: Duration = Duration::from_secs(20);
/// Connections.
const CONNECTIONS: usize = 64;
/// Requests per second of what must go on meanwhile.
const BESIDE_RATE: f64 = 10.0;
/// How long an answer whether the server is ready may take.
const READY_MAX: Duration = Duration::from_secs(5);

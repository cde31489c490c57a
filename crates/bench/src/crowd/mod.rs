//! A crowd: what thousands of connections that rest or crawl change for an honest client, in one run.
//!
//! The honest client asks at a steady pace, so that it shows waiting and not speed; every tenth of its questions comes on a new
//! connection. The crowd comes from other addresses of this machine than the client, as many as the limits make it need.

mod honest;
mod idle;
mod slow;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::ClientConfig;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};

use self::honest::{Honest, Seen};
use self::idle::Idle;
use self::slow::Slow;
use crate::case::Protocol;
use crate::process::{self, Memory};
use crate::sandbox::Sandbox;
use crate::{story, tls};

/// How large a crowd, and for how long each part is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) idle: usize,
    /// What those speak that rest.
    pub(crate) idle_as: Protocol,
    pub(crate) slow: usize,
    pub(crate) duration: Duration,
}

/// What was seen.
pub(crate) struct Crowded {
    before: Seen,
    during: Seen,
    after: Seen,
    /// Connections that were opened to rest, how many still did when the measuring began, and when it ended.
    idle: (usize, usize, usize),
    idle_took: Duration,
    /// Connections that crawled, and how often the server ended one, which then came again.
    slow: (usize, usize),
    memory: [Memory; 3],
}

/// Where the crowd goes.
#[derive(Clone)]
struct Goal {
    port: u16,
    client: Arc<ClientConfig>,
}

/// Measures before, with the crowd, and after it has gone.
///
/// # Errors
/// The honest client was not served, or the crowd could not come.
pub(crate) async fn measure(sandbox: &Sandbox, size: Size) -> anyhow::Result<Crowded> {
    let access = story::connect(&sandbox.facts).await.context("an app and a customer come to terms")?;
    let client = tls::client(Path::new(&sandbox.facts.ca_file))?;
    let goal = Goal { port: sandbox.port(), client };
    let memory = || process::memory(sandbox.pid());
    let honest = Honest { goal: goal.clone(), access: &access, duration: size.duration };
    honest.ask().await.context("warming up")?;
    let before = honest.ask().await.context("before the crowd")?;
    let alone = memory()?;

    eprintln!("{} connections come to rest", size.idle);
    let came = Instant::now();
    let idle = Idle::come(&goal, size.idle, size.idle_as).await?;
    let idle_took = came.elapsed();
    let resting = memory()?;
    eprintln!("{} connections come to crawl", size.slow);
    let slow = Slow::come(&goal, size.slow);
    sleep(SETTLE).await;
    let rest_at_first = idle.still();
    let during = honest.ask().await.context("in the crowd")?;
    let idle_counts = (size.idle, rest_at_first, idle.still());
    let crowd = memory()?;
    let ended = slow.go().await;
    drop(idle);
    sleep(SETTLE).await;
    let after = honest.ask().await.context("after the crowd")?;
    Ok(Crowded {
        before,
        during,
        after,
        idle: idle_counts,
        idle_took,
        slow: (size.slow, ended),
        memory: [alone, resting, crowd],
    })
}

impl Goal {
    /// Connects from an address of this machine that is chosen by the number of the connection.
    async fn socket(&self, first: u8, number: usize) -> anyhow::Result<TcpStream> {
        let (net, host) = (number / PER_ADDRESS / 250, number / PER_ADDRESS % 250 + 1);
        let source = [127, first, u8::try_from(net)?, u8::try_from(host)?];
        let socket = TcpSocket::new_v4().context("too few file descriptors? raise ulimit -n")?;
        socket.bind(SocketAddr::from((source, 0)))?;
        Ok(socket.connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await?)
    }
}

impl fmt::Display for Crowded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (idle, at_first, at_last) = self.idle;
        let (slow, ended) = self.slow;
        writeln!(f, "{idle} connections came to rest in {:.1} s", self.idle_took.as_secs_f64())?;
        writeln!(f, "{at_first} of them rested when the measuring began, {at_last} when it ended")?;
        writeln!(f, "{slow} connections crawled; the server ended {ended}, each of which came again at once\n")?;
        writeln!(
            f,
            "| | asked | p50 ms | ÷ before | p99 ms | ÷ before | new connection p50 ms | ÷ before | p99 ms | ÷ before |"
        )?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
        for (name, seen) in [("before", &self.before), ("in the crowd", &self.during), ("after", &self.after)] {
            write!(f, "| {name} | {} ", seen.asked())?;
            for (now, once) in seen.numbers().into_iter().zip(self.before.numbers()) {
                write!(f, "| {now:.2} | {:.2} ", now / once)?;
            }
            writeln!(f, "|")?;
        }
        let [alone, resting, crowd] = self.memory;
        writeln!(f, "\n| memory of the server | MB |\n|---|---:|")?;
        for (name, memory) in [("before", alone), ("with those that rest", resting), ("in the crowd", crowd)] {
            writeln!(f, "| {name} | {:.1} |", f64::from(memory.resident) / 1024.0)?;
        }
        if let Ok(idle) = u32::try_from(idle)
            && idle > 0
        {
            let each = f64::from(resting.resident.saturating_sub(alone.resident)) / f64::from(idle);
            writeln!(f, "\n{each:.1} KiB for each connection that rests")?;
        }
        Ok(())
    }
}

/// Connections from one address: below what the server allows.
const PER_ADDRESS: usize = 200;
/// How long the crowd stands before it is measured, and is gone before it is measured again.
const SETTLE: Duration = Duration::from_secs(3);

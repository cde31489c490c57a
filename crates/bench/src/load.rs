//! The load: connections that are kept, each with some requests running at any time, each asking again when it is answered.
//!
//! A closed loop: a slow server is asked less often, so latencies say what these callers saw, not what an open stream of
//! strangers would see. Every answer is read to its end; one that is no success fails the run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;

use crate::bare::Answer;
use crate::case::{Case, Protocol};
use crate::fapi::Supply;
use crate::{process, tls};

/// A server that is measured.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) pid: u32,
    pub(crate) client: Arc<ClientConfig>,
}

/// How it is asked.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) protocol: Protocol,
    connections: usize,
    streams: usize,
    warm_up: Duration,
    duration: Duration,
}

/// What was seen.
pub(crate) struct Measured {
    /// How long each answer took, in microseconds, shortest first.
    pub(crate) micros: Vec<u32>,
    /// For how long we looked.
    pub(crate) duration: Duration,
    /// Processor time that the server used.
    pub(crate) cpu: Duration,
    /// Processor time that this process used.
    pub(crate) load_cpu: Duration,
}

impl Load {
    pub(crate) fn new(protocol: Protocol, warm_up: Duration, duration: Duration) -> Self {
        let streams = match protocol {
            Protocol::Http1 => 1,
            Protocol::Http2 => STREAMS,
        };
        Self { protocol, connections: CONNECTIONS, streams, warm_up, duration }
    }

    /// From so many connections.
    pub(crate) fn from(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    /// A short one, which shows how many requests the real one will need.
    pub(crate) fn trial(self) -> Self {
        Self { warm_up: Duration::ZERO, duration: TRIAL, ..self }
    }

    /// How many requests to have ready after a trial, in which this process did the signing beside the server.
    pub(crate) fn supply(self, trial: &Measured) -> usize {
        let rate = trial.micros.len().div_ceil(usize::try_from(TRIAL.as_secs()).unwrap_or(1));
        let seconds = usize::try_from((self.warm_up + self.duration).as_secs()).unwrap_or(usize::MAX);
        rate.saturating_mul(seconds).saturating_mul(SUPPLY_FACTOR)
    }
}

impl Measured {
    /// What is seen before anything is asked.
    pub(crate) fn nothing() -> Self {
        Self { micros: Vec::new(), duration: Duration::ZERO, cpu: Duration::ZERO, load_cpu: Duration::ZERO }
    }

    /// Counts in what was seen another time.
    pub(crate) fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.micros.sort_unstable();
        self.duration += other.duration;
        self.cpu += other.cpu;
        self.load_cpu += other.load_cpu;
    }

    /// Requests per second.
    pub(crate) fn per_second(&self) -> f64 {
        count(&self.micros) / self.duration.as_secs_f64()
    }

    /// Processor microseconds of the server per request.
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / count(&self.micros)
    }

    /// Processor microseconds of this process per request.
    pub(crate) fn load_micros(&self) -> f64 {
        self.load_cpu.as_secs_f64() * 1e6 / count(&self.micros)
    }

    /// The time in milliseconds within which so many of a hundred answers came.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        let at = last.saturating_mul(percent) / 100;
        self.micros.get(at).map_or(f64::NAN, |micros| f64::from(*micros) / 1e3)
    }
}

/// Asks a server the same thing over and over, with what the supply has that must be new each time.
///
/// # Errors
/// An answer was no success, or none came.
pub(crate) async fn run(target: &Target, case: &Case, load: Load, supply: &Arc<Supply>) -> anyhow::Result<Measured> {
    let mut senders = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        senders.push(connect(target.port, &target.client, load.protocol).await?);
    }
    let asks = Asks { request: case.request(load.protocol, target.port)?, supply: Arc::clone(supply) };
    let begin = Instant::now() + load.warm_up;
    let end = begin + load.duration;
    let mut workers = JoinSet::new();
    for sender in senders {
        for _ in 1..load.streams {
            if let Some(sender) = sender.another() {
                workers.spawn(work(sender, asks.clone(), begin, end));
            }
        }
        workers.spawn(work(sender, asks.clone(), begin, end));
    }
    sleep_until(begin).await;
    let used = || anyhow::Ok((process::cpu(target.pid)?, process::cpu(std::process::id())?));
    let before = used()?;
    sleep_until(end).await;
    let after = used()?;
    let (cpu, load_cpu) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    let mut micros = Vec::new();
    let mut failures = Vec::new();
    while let Some(done) = workers.join_next().await {
        match done? {
            Ok(some) => micros.extend(some),
            Err(error) => failures.push(error),
        }
    }
    if let Some(first) = failures.first() {
        bail!("{} of {}: {} workers failed, the first: {first:#}", case.name, target.name, failures.len());
    }
    ensure!(!micros.is_empty(), "{} of {}: no answer in time", case.name, target.name);
    micros.sort_unstable();
    Ok(Measured { micros, duration: load.duration, cpu, load_cpu })
}

/// What every caller asks.
#[derive(Clone)]
struct Asks {
    request: Request<Full<Bytes>>,
    supply: Arc<Supply>,
}

/// One caller: asks until the end; how long the answers took that came after the beginning.
async fn work(mut sender: Sender, asks: Asks, begin: Instant, end: Instant) -> anyhow::Result<Vec<u32>> {
    let mut micros = Vec::with_capacity(SAMPLES_EXPECTED);
    loop {
        if Instant::now() >= end {
            return Ok(micros);
        }
        let mut request = asks.request.clone();
        asks.supply.renew(&mut request)?;
        let asked = Instant::now();
        let response = timeout(ANSWER_MAX, sender.send(request)).await.context("no answer")??;
        ensure!(response.status().is_success(), "status {}", response.status());
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        let answered = Instant::now();
        if answered >= begin && answered < end {
            micros.push(u32::try_from((answered - asked).as_micros()).unwrap_or(u32::MAX));
        }
    }
}

/// One answer of a server, to be returned by the bare handler.
///
/// # Errors
/// It is no success.
pub(crate) async fn record(target: &Target, case: &Case) -> anyhow::Result<Answer> {
    let protocol = Protocol::Http1;
    let mut sender = connect(target.port, &target.client, protocol).await?;
    let mut request = case.request(protocol, target.port)?;
    Supply::on_the_way(case.signer.as_ref()).renew(&mut request)?;
    let response = sender.send(request).await?;
    ensure!(response.status().is_success(), "status {}", response.status());
    let (parts, body) = response.into_parts();
    Answer::new(&case.path, &parts, &body.collect().await?.to_bytes())
}

/// Whether the server on a port answers over TLS.
///
/// # Errors
/// It does not.
pub(crate) async fn discovery(port: u16, ca_file: &Path) -> anyhow::Result<()> {
    // The file is looked at only when somebody listens: a server writes it before.
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    let stream = secure(socket, &tls::client(ca_file)?, Protocol::Http1).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/.well-known/openid-configuration").header("host", format!("localhost:{port}"));
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    ensure!(response.status().is_success(), "status {}", response.status());
    Ok(())
}

/// The sending end of a connection.
pub(crate) enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Sender {
    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// Another on the same connection, if its protocol can have several.
    pub(crate) fn another(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(sender) => Some(Self::Http2(sender.clone())),
        }
    }
}

/// Connects to a server of this machine.
///
/// # Errors
/// It does not answer, or not as it should.
pub(crate) async fn connect(port: u16, client: &Arc<ClientConfig>, protocol: Protocol) -> anyhow::Result<Sender> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    speak(secure(socket, client, protocol).await?, protocol).await
}

/// Speaks a protocol on a stream.
///
/// # Errors
/// The stream breaks.
pub(crate) async fn speak(
    stream: tokio_rustls::client::TlsStream<TcpStream>,
    protocol: Protocol,
) -> anyhow::Result<Sender> {
    let io = TokioIo::new(stream);
    // A connection that breaks fails the requests on it, which is where it is noticed.
    Ok(match protocol {
        Protocol::Http1 => {
            let (sender, connection) = http1::handshake(io).await?;
            tokio::spawn(connection);
            Sender::Http1(sender)
        }
        Protocol::Http2 => {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            Sender::Http2(sender)
        }
    })
}

/// TLS on a socket, with this protocol alone.
///
/// # Errors
/// The server does not want it.
pub(crate) async fn secure(
    socket: TcpStream,
    client: &Arc<ClientConfig>,
    protocol: Protocol,
) -> anyhow::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    socket.set_nodelay(true)?;
    let mut config = ClientConfig::clone(client);
    config.alpn_protocols = vec![protocol.alpn().to_vec()];
    let name = ServerName::try_from("localhost")?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
    let chosen = stream.get_ref().1.alpn_protocol();
    ensure!(chosen == Some(protocol.alpn()), "the server does not speak {}", protocol.name());
    Ok(stream)
}

fn count(samples: &[u32]) -> f64 {
    f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX))
}

/// Connections that are kept open.
pub(crate) const CONNECTIONS: usize = 16;
/// Requests that run at the same time on each connection of HTTP/2.
pub(crate) const STREAMS: usize = 8;
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long a trial lasts.
const TRIAL: Duration = Duration::from_secs(1);
/// How many times more requests are made ready than the trial came to: without signing on the way there is time for more.
const SUPPLY_FACTOR: usize = 2;
/// Room for samples that is made before the load begins.
const SAMPLES_EXPECTED: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_samples() {
        let measured = Measured {
            micros: (0..=100).map(|ms| ms * 1000).collect(),
            duration: Duration::from_secs(2),
            cpu: Duration::from_millis(101),
            load_cpu: Duration::from_millis(202),
        };
        assert!((measured.percentile(50) - 50.0).abs() < 1e-9);
        assert!((measured.percentile(99) - 99.0).abs() < 1e-9);
        assert!((measured.per_second() - 50.5).abs() < 1e-9);
        assert!((measured.cpu_micros() - 1000.0).abs() < 1e-9);
        assert!((measured.load_micros() - 2000.0).abs() < 1e-9);
        let load = Load::new(Protocol::Http2, Duration::from_secs(1), Duration::from_secs(5));
        assert_eq!(load.supply(&measured), 101 * 6 * 2);
    }
}

//! The accept loop: a slot, a connection, a task; at the end, time for what is running.
//!
//! Owns the socket. Knows nothing of TLS or HTTP beyond handing a connection on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::connection::{self, Shared};
use super::limits::Limits;
use super::peer::PeerInfo;
use super::slots::Slots;
use crate::stop::Stop;

/// How bytes travel on a listener.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// In the clear; for the operators' socket only, see [`super::bind_loopback`].
    Plain,
    /// Under TLS.
    Tls(Arc<ServerConfig>),
}

/// A socket, and what is served on it.
pub(crate) struct Listener<T> {
    /// Its name in logs and metrics.
    pub(crate) name: &'static str,
    /// The open socket.
    pub(crate) socket: TcpListener,
    /// How bytes travel.
    pub(crate) transport: Transport,
    /// What is allowed.
    pub(crate) limits: Limits,
    /// Who may be connected; several listeners may share them.
    pub(crate) slots: Arc<Slots>,
    /// Notes in a request (its extensions) who sent it; called once for each request.
    pub(crate) tag: T,
    /// What answers.
    pub(crate) router: Router,
}

impl<T> Listener<T>
where
    T: Fn(&PeerInfo, &mut Request<Incoming>) + Send + Sync + 'static,
{
    /// Serves until told to stop; then closes the socket at once and gives running requests [`Limits::drain`].
    pub(crate) async fn run(self, stop: Stop) {
        let Self { name, socket, transport, limits, slots, tag, router } = self;
        let shared = Arc::new(Shared { name, transport, limits, tag, router });
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = stop.wait() => break,
                Some(_) = running.join_next() => {}
                (stream, addr) = next(&socket, name) => match slots.admit(addr.ip(), Instant::now()) {
                    Ok(slot) => {
                        let open = Open::new(name);
                        let pass = Arc::clone(slot.pass());
                        let connection = connection::serve(Arc::clone(&shared), stream, addr, pass, stop.clone());
                        running.spawn(async move {
                            connection.await;
                            drop((open, slot));
                        });
                    }
                    // Closed before a byte of it is read: who is refused costs as little as can be.
                    Err(refused) => {
                        metrics::counter!("lombard_connections_refused_total", "listener" => name, "reason" => refused.reason())
                            .increment(1);
                    }
                }
            }
        }
        drop(socket);
        drain(running, name, limits.drain).await;
    }
}

/// The next connection.
async fn next(socket: &TcpListener, name: &'static str) -> (TcpStream, SocketAddr) {
    loop {
        match socket.accept().await {
            Ok(next) => return next,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Most often: no file descriptors left. Others may end meanwhile.
                tracing::error!(listener = name, %error, "cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether an error of `accept` says something of one connection only, and nothing of the socket.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
    )
}

async fn drain(mut running: JoinSet<()>, name: &'static str, limit: Duration) {
    tracing::info!(listener = name, connections = running.len(), "no longer accepts connections");
    let all = async { while running.join_next().await.is_some() {} };
    if timeout(limit, all).await.is_err() {
        tracing::warn!(listener = name, connections = running.len(), "dropped connections that did not end in time");
        running.shutdown().await;
    }
}

/// Counts a connection while it lives.
struct Open(&'static str);

impl Open {
    fn new(name: &'static str) -> Self {
        metrics::counter!("lombard_connections_total", "listener" => name).increment(1);
        metrics::gauge!("lombard_connections_open", "listener" => name).increment(1.0);
        Self(name)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("lombard_connections_open", "listener" => self.0).decrement(1.0);
    }
}

/// How long the loop rests when the system cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

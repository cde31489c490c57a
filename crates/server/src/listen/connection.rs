//! One connection, from the accepted socket to its end: handshake, choice of protocol, requests, rests, close.
//!
//! The protocol is chosen by ALPN and never by sniffing, which has no time-out. It must never outlive the limits.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::Service as _;

use super::accept::Transport;
use super::activity::{Activity, Tracked, Verdict};
use super::doorstep::{Arrivals, Doorstep};
use super::inflow::Inflow;
use super::limits::Limits;
use super::metered::Metered;
use super::peer::PeerInfo;
use super::slots::Pass;
use super::tls::ALPN_H2;
use super::turns::by_turns;
use crate::stop::Stop;

/// What all connections of a listener have in common.
pub(super) struct Shared<T> {
    pub(super) name: &'static str,
    pub(super) transport: Transport,
    pub(super) limits: Limits,
    pub(super) tag: T,
    pub(super) router: Router,
}

/// Serves a connection until it ends.
pub(super) async fn serve<T>(shared: Arc<Shared<T>>, stream: TcpStream, addr: SocketAddr, pass: Arc<Pass>, stop: Stop)
where
    T: Fn(&PeerInfo, &mut Request<Incoming>) + Send + Sync + 'static,
{
    // Answers are written whole, so waiting for more bytes only delays them.
    let _ = stream.set_nodelay(true);
    match &shared.transport {
        Transport::Plain => {
            let peer = Arc::new(PeerInfo::plain(addr));
            serve_http1(&shared, stream, peer, pass, &stop).await;
        }
        Transport::Tls(config) => {
            let Some(stream) = handshake(&shared, Arc::clone(config), stream, &pass, &stop).await else {
                return;
            };
            let connection = stream.get_ref().1;
            let peer = Arc::new(PeerInfo::secured(addr, connection));
            if connection.alpn_protocol() == Some(ALPN_H2) {
                serve_http2(&shared, stream, peer, pass, &stop).await;
            } else {
                serve_http1(&shared, stream, peer, pass, &stop).await;
            }
        }
    }
}

async fn handshake<T>(
    shared: &Shared<T>,
    config: Arc<ServerConfig>,
    stream: TcpStream,
    pass: &Pass,
    stop: &Stop,
) -> Option<TlsStream<TcpStream>> {
    let handshake = by_turns(pass.turns(), TlsAcceptor::from(config).accept(stream));
    let accepted = tokio::select! {
        accepted = timeout(shared.limits.handshake, handshake) => accepted,
        () = pass.taken_away() => return None,
        () = stop.wait() => return None,
    };
    let reason = match accepted {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(listener = shared.name, %error, "a TLS handshake failed");
            "refused"
        }
        Err(_) => "timeout",
    };
    metrics::counter!("lombard_tls_handshakes_failed_total", "listener" => shared.name, "reason" => reason)
        .increment(1);
    None
}

async fn serve_http1<T, S>(shared: &Arc<Shared<T>>, stream: S, peer: Arc<PeerInfo>, pass: Arc<Pass>, stop: &Stop)
where
    T: Fn(&PeerInfo, &mut Request<Incoming>) + Send + Sync + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &shared.limits;
    let activity = Activity::new(Instant::now(), Arc::clone(&pass));
    let io = TokioIo::new(Metered::new(stream, Arc::clone(&activity)));
    let head_bytes = usize::try_from(limits.max_head_bytes).unwrap_or(usize::MAX);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_headers(limits.max_header_fields)
        .max_header_size(head_bytes)
        .max_buf_size(head_bytes.max(limits.max_send_buffer_bytes))
        .serve_connection(io, service_fn(answer(shared, peer, &activity)));
    drive(connection, http1::Connection::graceful_shutdown, &activity, shared, &pass, stop).await;
}

async fn serve_http2<T, S>(shared: &Arc<Shared<T>>, stream: S, peer: Arc<PeerInfo>, pass: Arc<Pass>, stop: &Stop)
where
    T: Fn(&PeerInfo, &mut Request<Incoming>) + Send + Sync + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &shared.limits;
    let activity = Activity::new(Instant::now(), Arc::clone(&pass));
    let io = TokioIo::new(Metered::new(stream, Arc::clone(&activity)));
    let arrivals = Arrivals::default();
    let connection = http2::Builder::new(arrivals.clone())
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.max_streams)
        .max_pending_accept_reset_streams(limits.max_reset_streams)
        .max_local_error_reset_streams(limits.max_reset_streams)
        .max_header_list_size(limits.max_head_bytes)
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .max_send_buf_size(limits.max_send_buffer_bytes)
        .keep_alive_interval(limits.ping_every)
        .keep_alive_timeout(limits.ping_timeout)
        .serve_connection(io, service_fn(answer(shared, peer, &activity)));
    let close = |doorstep: Pin<&mut Doorstep<_>>| http2::Connection::graceful_shutdown(doorstep.connection());
    drive(Doorstep::of(connection, arrivals), close, &activity, shared, &pass, stop).await;
}

/// The service of a connection: note the request, say who sent it, and hand it to the router.
fn answer<T>(
    shared: &Arc<Shared<T>>,
    peer: Arc<PeerInfo>,
    activity: &Arc<Activity>,
) -> impl Fn(Request<Incoming>) -> AnswerFuture + Send + 'static
where
    T: Fn(&PeerInfo, &mut Request<Incoming>) + Send + Sync + 'static,
{
    let shared = Arc::clone(shared);
    let activity = Arc::clone(activity);
    move |mut request| {
        let exchange = activity.begin(Instant::now());
        (shared.tag)(&peer, &mut request);
        let response = shared.router.clone().call(request.map(|body| Inflow::watch(body, &exchange)));
        Box::pin(async move {
            let response = response.await?;
            Ok(response.map(|body| Tracked::new(body, exchange)))
        })
    }
}

type AnswerFuture = Pin<Box<dyn Future<Output = Result<Response<Tracked>, Infallible>> + Send>>;

/// Lets a connection work until it ends by itself, by the operator's wish, or by a limit.
async fn drive<C, T>(
    connection: C,
    close: impl Fn(Pin<&mut C>),
    activity: &Activity,
    shared: &Shared<T>,
    pass: &Pass,
    stop: &Stop,
) where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    let mut closing = false;
    loop {
        let now = Instant::now();
        let wake = match activity.verdict(now, &shared.limits) {
            Verdict::Wait(until) => until,
            Verdict::Idle => {
                close(connection.as_mut());
                activity.closing(now);
                closing = true;
                continue;
            }
            Verdict::Drop(reason) => {
                dropped(shared.name, reason);
                return;
            }
        };
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(listener = shared.name, %error, "a connection ended early");
                }
                if let Some(abuse) = activity.abuse() {
                    dropped(shared.name, abuse);
                }
                return;
            }
            () = pass.taken_away() => {
                close(connection.as_mut());
                activity.closing(Instant::now());
                closing = true;
                let farewell = pass.farewell();
                let ended = match farewell {
                    Some(_) => timeout(FAREWELL_MAX, connection.as_mut()).await.is_ok(),
                    // One step tells the client what can be told without waiting for it.
                    None => poll_fn(|context| Poll::Ready(connection.as_mut().poll(context).is_ready())).await,
                };
                // Only a request that began at this very moment is still finished.
                if ended || activity.rests() {
                    return;
                }
            }
            () = stop.wait(), if !closing => {
                close(connection.as_mut());
                activity.closing(Instant::now());
                closing = true;
            }
            () = sleep_until(wake) => {}
        }
    }
}

/// How long a connection may take to say goodbye when its slot is needed.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

fn dropped(listener: &'static str, reason: &'static str) {
    tracing::debug!(listener, reason, "dropped a connection");
    metrics::counter!("lombard_connections_dropped_total", "listener" => listener, "reason" => reason).increment(1);
}

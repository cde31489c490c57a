//! Connections that ask once and then rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;

use super::Goal;
use crate::case::Protocol;
use crate::load;

/// The connections; gone when this is dropped.
pub(super) struct Idle {
    open: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// Counts a connection that is open.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Idle {
    /// Opens so many, some at a time.
    ///
    /// # Errors
    /// One could not be opened, or was not answered.
    pub(super) async fn come(goal: &Goal, count: usize, protocol: Protocol) -> anyhow::Result<Self> {
        let open = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let mut coming = JoinSet::new();
        for number in 0..count {
            if coming.len() >= AT_ONCE {
                tasks.spawn(coming.join_next().await.context("nobody comes")???);
            }
            coming.spawn(one(goal.clone(), number, protocol, Arc::clone(&open)));
        }
        while let Some(come) = coming.join_next().await {
            tasks.spawn(come??);
        }
        Ok(Self { open, _tasks: tasks })
    }

    /// How many the server has not closed.
    pub(super) fn still(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// Opens one and asks; what comes back waits until the server closes it.
async fn one(
    goal: Goal,
    number: usize,
    protocol: Protocol,
    count: Arc<AtomicUsize>,
) -> anyhow::Result<impl Future<Output = ()> + use<>> {
    let socket = goal.socket(1, number).await.with_context(|| format!("connection {number}"))?;
    let stream = load::secure(socket, &goal.client, protocol).await.with_context(|| format!("connection {number}"))?;
    let io = TokioIo::new(stream);
    let authority = format!("localhost:{}", goal.port);
    let (mut closed, response): (JoinSet<()>, _) = match protocol {
        Protocol::Http1 => {
            let (mut sender, connection) = http1::handshake(io).await?;
            let mut closed = JoinSet::new();
            closed.spawn(async { drop(connection.await) });
            let request = Request::get("/jwks").header("host", authority).body(Empty::<Bytes>::new())?;
            let response = sender.send_request(request).await?;
            closed.spawn(keep(sender));
            (closed, response)
        }
        Protocol::Http2 => {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            let mut closed = JoinSet::new();
            closed.spawn(async { drop(connection.await) });
            let request = Request::get(format!("https://{authority}/jwks")).body(Empty::<Bytes>::new())?;
            let response = sender.send_request(request).await?;
            closed.spawn(keep(sender));
            (closed, response)
        }
    };
    ensure!(response.status().is_success(), "status {}", response.status());
    response.into_body().collect().await?;
    count.fetch_add(1, Ordering::Relaxed);
    let open = Open(count);
    Ok(async move {
        // The one that ends is the connection; the sender is kept for ever, or the connection would be closed from here.
        closed.join_next().await;
        drop(open);
    })
}

async fn keep<T>(sender: T) {
    let _sender = sender;
    std::future::pending().await
}

/// Handshakes at the same time.
const AT_ONCE: usize = 64;

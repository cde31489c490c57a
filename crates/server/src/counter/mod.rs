//! The counter that all nodes share: a server that speaks Redis' protocol (Valkey, Redis), and a script that counts in it.
//!
//! It answers within a moment or fails, and while the server is away it fails at once; a task of its own looks for the server again.
//! It must never keep a call waiting for a connection, and never log the server's address, which can carry a password.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use anyhow::Context as _;
use lombard_auth::limit::{Counting, Key, SharedCounter, Unreachable};
use lombard_domain::limit::{Rate, Taken};
use lombard_domain::time::Instant;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script, TlsCertificates};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

#[cfg(test)]
mod tests;

/// Counts in a server that all nodes share.
pub(crate) struct RedisCounter {
    line: Arc<Line>,
    script: Script,
}

/// The connection, while there is one.
struct Line {
    client: Client,
    connection: RwLock<Option<MultiplexedConnection>>,
    /// Rung when the connection is gone.
    gone: Notify,
}

impl RedisCounter {
    /// A counter at an address such as `rediss://user:password@host:6379/0`, whose certificate is from an authority of the system's, or
    /// from the one in PEM that is given. Waits for the server a moment; without it, it is looked for in the background.
    ///
    /// # Errors
    /// The address or the authority cannot be read.
    pub(crate) async fn connect(url: &str, authority: Option<Vec<u8>>) -> anyhow::Result<Self> {
        let client = match authority {
            None => Client::open(url),
            Some(pem) => Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert: Some(pem) }),
        };
        // The error could repeat the address.
        let client = client.ok().context("the address of the shared counter, or its authority, cannot be used")?;
        let line = Arc::new(Line { client, connection: RwLock::new(None), gone: Notify::new() });
        if line.connect().await.is_err() {
            line.gone.notify_one();
        }
        tokio::spawn(keep_connected(Arc::downgrade(&line)));
        Ok(Self { line, script: Script::new(TAKE) })
    }

    async fn run(&self, asked: &[(Key, Rate)]) -> Result<Taken, Unreachable> {
        let Some(mut connection) = self.line.connection() else {
            return Err(Unreachable("there is no connection".to_owned()));
        };
        let mut call = self.script.prepare_invoke();
        for (key, rate) in asked {
            call.key(format!("{PREFIX}{key}")).arg(rate.interval()).arg(rate.refill());
        }
        let answered = timeout(ANSWER_MAX, call.invoke_async::<Vec<i64>>(&mut connection)).await;
        let answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(self.line.lose(&error.to_string())),
            Err(_) => return Err(self.line.lose("no answer in time")),
        };
        read(&answer, asked.len()).ok_or_else(|| self.line.lose("an answer that makes no sense"))
    }
}

impl SharedCounter for RedisCounter {
    fn take<'a>(&'a self, asked: &'a [(Key, Rate)]) -> Counting<'a> {
        Box::pin(self.run(asked))
    }
}

impl Line {
    fn connection(&self) -> Option<MultiplexedConnection> {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, connection: Option<MultiplexedConnection>) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    /// Gives the connection up, so that nobody waits for it.
    fn lose(&self, why: &str) -> Unreachable {
        self.set(None);
        self.gone.notify_one();
        Unreachable(why.to_owned())
    }

    /// Makes a connection, and sees that the server counts.
    async fn connect(&self) -> Result<(), RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX));
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Script::new(TAKE).prepare_invoke().invoke_async::<Vec<i64>>(&mut connection).await?;
        self.set(Some(connection));
        Ok(())
    }
}

/// Looks for the server whenever it is gone, for as long as there is a counter.
async fn keep_connected(line: Weak<Line>) {
    loop {
        // Nothing is held while it waits, so that the counter can end.
        let Some(held) = line.upgrade() else { return };
        let is_gone = timeout(LOOK_EVERY, held.gone.notified()).await.is_ok() || held.connection().is_none();
        let is_back = !is_gone || held.connect().await.is_ok();
        drop(held);
        if !is_back {
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Whether it was taken, the time there, and when each is full again.
fn read(answer: &[i64], keys: usize) -> Option<Taken> {
    let [admitted, now, full_at @ ..] = answer else { return None };
    let full_at: Vec<Instant> = full_at.iter().map(|micros| Instant::from_micros(*micros)).collect();
    (full_at.len() == keys).then(|| Taken { admitted: *admitted == 1, now: Instant::from_micros(*now), full_at })
}

const TAKE: &str = include_str!("take.lua");
/// Before every key; what stands in braces keeps all keys on one server of a cluster.
const PREFIX: &str = "{lombard}:limit:";
/// How long an answer may take: a call waits for it.
const ANSWER_MAX: Duration = Duration::from_millis(100);
/// How long a connection may take; no call waits for it.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// Between two looks for a server that is gone.
const LOOK_EVERY: Duration = Duration::from_millis(500);

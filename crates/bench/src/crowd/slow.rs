//! Connections that crawl: a head, a body or an answer, by the spoonful. Whenever the server ends one, it comes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;

use super::Goal;
use crate::case::Protocol;
use crate::load;

/// The connections; gone when this is dropped.
pub(super) struct Slow {
    ended: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

impl Slow {
    /// Begins to open so many.
    pub(super) fn come(goal: &Goal, count: usize) -> Self {
        let ended = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for number in 0..count {
            tasks.spawn(again(goal.clone(), number, Arc::clone(&ended)));
        }
        Self { ended, tasks }
    }

    /// Ends them; gives how often the server had ended one.
    pub(super) async fn go(mut self) -> usize {
        let ended = self.ended.load(Ordering::Relaxed);
        self.tasks.shutdown().await;
        ended
    }
}

async fn again(goal: Goal, number: usize, ended: Arc<AtomicUsize>) {
    // They come over some seconds, so that what is measured is crawling and no storm of handshakes.
    sleep(SPREAD * u32::try_from(number % STEPS).unwrap_or(0)).await;
    loop {
        // An error means that the server has had enough of it.
        let _ = crawl(&goal, number).await;
        ended.fetch_add(1, Ordering::Relaxed);
        sleep(SPOONFUL_EVERY).await;
    }
}

async fn crawl(goal: &Goal, number: usize) -> anyhow::Result<()> {
    let socket = goal.socket(2, number).await?;
    match number % 3 {
        0 => {
            let mut stream = load::secure(socket, &goal.client, Protocol::Http1).await?;
            stream.write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n").await?;
            spoon(stream, b"x: y\r\n").await
        }
        1 => {
            let mut stream = load::secure(socket, &goal.client, Protocol::Http1).await?;
            let head = "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
            stream.write_all(format!("{head}Content-Length: 60000\r\n\r\n").as_bytes()).await?;
            spoon(stream, b"x").await
        }
        _ => {
            let mut stream = load::secure(socket, &goal.client, Protocol::Http2).await?;
            stream.write_all(&closed_window()).await?;
            spoon(stream, &WINDOW_OF_ONE).await
        }
    }
}

/// Sends a spoonful now and then, until the server closes.
async fn spoon(mut stream: TlsStream<TcpStream>, spoonful: &[u8]) -> anyhow::Result<()> {
    let mut some = [0; 512];
    loop {
        stream.write_all(spoonful).await?;
        // Whatever comes back meanwhile does not make it any faster.
        let closed = async { while stream.read(&mut some).await.is_ok_and(|read| read > 0) {} };
        if timeout(SPOONFUL_EVERY, closed).await.is_ok() {
            return Ok(());
        }
    }
}

/// HTTP/2 with a window of nothing for answers (RFC 9113 6.9.2), and a question whose answer cannot come out.
fn closed_window() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    // GET /openapi.json, whose answer is longer than what goes out at once.
    let path = b"/openapi.json";
    let mut block = vec![0x82, 0x87, 4, 13];
    block.extend(path);
    block.extend([1, 9]);
    block.extend(b"localhost");
    bytes.extend([0, 0, u8::try_from(block.len()).unwrap_or(0), 1, 5, 0, 0, 0, 1]);
    bytes.extend(block);
    bytes
}

/// WINDOW_UPDATE for the question's stream, by one byte.
const WINDOW_OF_ONE: [u8; 13] = [0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0, 0, 1];
/// Between two spoonfuls.
const SPOONFUL_EVERY: Duration = Duration::from_secs(1);
/// Between the groups in which they come.
const SPREAD: Duration = Duration::from_millis(20);
/// Number of these groups.
const STEPS: usize = 100;

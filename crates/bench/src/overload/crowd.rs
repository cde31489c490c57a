//! Callers who ask for one thing: as many as can be answered, or at a steady pace whatever becomes of the earlier ones.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::answers::Answers;
use crate::case::{Case, Protocol};
use crate::load::{self, Sender, Target};

/// Connections over which requests are sent.
pub(super) struct Crowd {
    connections: Vec<Sender>,
    request: Request<Full<Bytes>>,
}

impl Crowd {
    pub(super) async fn new(target: &Target, case: &Case, connections: usize) -> anyhow::Result<Self> {
        let mut senders = Vec::with_capacity(connections);
        for _ in 0..connections {
            senders.push(load::connect(target.port, &target.client, Protocol::Http2).await?);
        }
        Ok(Self { connections: senders, request: case.request(Protocol::Http2, target.port)? })
    }

    /// How many good answers come in a second when each of a few callers asks again as soon as it is answered.
    pub(super) async fn capacity(&self) -> anyhow::Result<f64> {
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
    pub(super) async fn ask(&self, per_second: f64, duration: Duration) -> anyhow::Result<Answers> {
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

/// For how long it is found out how much the server can do.
const CAPACITY: Duration = Duration::from_secs(5);
/// How many callers keep it at work meanwhile: enough for one core, and few enough that none is refused.
const CALLERS: usize = 16;
/// Requests that may be on their way at the same time: more than the server could take in.
const ON_THEIR_WAY: usize = 4096;
/// Between two looks at how many requests are due.
const PACE: Duration = Duration::from_millis(1);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

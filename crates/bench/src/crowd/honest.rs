//! The honest client: reads at a steady pace, most on a connection that it keeps and some on new ones.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use http_body_util::BodyExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Goal;
use crate::case::{self, API, Case, Protocol};
use crate::load::{self, Measured, Sender};
use crate::story::Access;

/// The client.
pub(super) struct Honest<'a> {
    pub(super) goal: Goal,
    pub(super) access: &'a Access,
    pub(super) duration: Duration,
}

/// How long its answers took.
pub(super) struct Seen {
    kept: Measured,
    new: Measured,
}

impl Honest<'_> {
    /// Asks for as long as it was told to.
    ///
    /// # Errors
    /// An answer was no success, or did not come.
    pub(super) async fn ask(&self) -> anyhow::Result<Seen> {
        let case = case::read("accounts", format!("{API}/accounts"), self.access);
        let mut kept = self.connect().await?;
        let (mut on_kept, mut on_new) = (Vec::new(), Vec::new());
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = Instant::now() + self.duration;
        let mut number = 0_u32;
        while Instant::now() < end {
            pace.tick().await;
            number += 1;
            if number.is_multiple_of(NEW_EVERY) {
                on_new.push(timed(async { self.read(&mut self.connect().await?, &case).await }).await?);
            } else {
                on_kept.push(timed(self.read(&mut kept, &case)).await?);
            }
        }
        Ok(Seen { kept: measured(on_kept, self.duration), new: measured(on_new, self.duration) })
    }

    async fn connect(&self) -> anyhow::Result<Sender> {
        let socket = TcpStream::connect(("127.0.0.1", self.goal.port)).await?;
        let stream = load::secure(socket, &self.goal.client, Protocol::Http2).await?;
        load::speak(stream, Protocol::Http2).await
    }

    async fn read(&self, sender: &mut Sender, case: &Case) -> anyhow::Result<()> {
        let response = sender.send(case.request(Protocol::Http2, self.goal.port)?).await?;
        ensure!(response.status().is_success(), "status {}", response.status());
        response.into_body().collect().await?;
        Ok(())
    }
}

impl Seen {
    /// How many questions were answered.
    pub(super) fn asked(&self) -> usize {
        self.kept.micros.len() + self.new.micros.len()
    }

    /// p50 and p99 in milliseconds, on the connection that was kept and on new ones.
    pub(super) fn numbers(&self) -> [f64; 4] {
        [self.kept.percentile(50), self.kept.percentile(99), self.new.percentile(50), self.new.percentile(99)]
    }
}

async fn timed(asking: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<u32> {
    let asked = Instant::now();
    timeout(ANSWER_MAX, asking).await.context("no answer")??;
    Ok(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX))
}

fn measured(mut micros: Vec<u32>, duration: Duration) -> Measured {
    micros.sort_unstable();
    Measured { micros, duration, ..Measured::nothing() }
}

/// Between two questions, if the answers come in time.
const PACE: Duration = Duration::from_millis(5);
/// Every so many-th question comes on a new connection.
const NEW_EVERY: u32 = 10;
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

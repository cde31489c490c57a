//! Whoever hangs up before the answer was given nothing, so the call does not count.

use std::time::Duration;

use lombard_testkit::{Answer, Engine};
use tokio::time::{sleep, timeout};

use super::{World, told};

impl World {
    /// A call that is under way.
    async fn calling(&self, path: &str) -> tokio::task::JoinHandle<Answer> {
        let (alone, token, path) = (self.alone.clone(), self.token.clone(), path.to_owned());
        let call = tokio::spawn(async move { alone.answer(&path, &token).await });
        sleep(A_WHILE).await;
        assert!(!call.is_finished(), "something should have stopped it");
        call
    }

    /// Reads that are on record.
    async fn read(&self) -> usize {
        let record = self.bank.record(100).await;
        record.iter().filter(|entry| entry.reason.as_deref() == Some("balances:read")).count()
    }

    /// Waits until everything is left, as a call says that takes nothing.
    async fn all_is_left(&self, path: &str) -> bool {
        let asking = async {
            let url = format!("{}/open-banking/v4.0/aisp{path}", self.bank.issuer);
            loop {
                let request = self.alone.http.get(&url).bearer_auth(&self.token).header("accept", "text/html");
                let answer = Answer::of(request.send().await.unwrap()).await;
                if told(&answer).2 == "\"unattended\";r=4;t=0" {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(5), asking).await.is_ok()
    }
}

/// Hangs up, and lets the server see it.
async fn hang_up(call: tokio::task::JoinHandle<Answer>) {
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()), "it was answered");
    sleep(A_WHILE).await;
}

#[tokio::test]
async fn a_caller_who_hangs_up_before_the_place_is_taken_loses_none() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    let path = world.balances(0);
    let before = world.read().await;
    // Nothing can be put on record while somebody else writes.
    let writer = world.bank.db.begin("test").await.unwrap();
    hang_up(world.calling(&path).await).await;
    drop(writer);
    assert!(world.all_is_left(&path).await);
    assert!(world.read().await > before, "the call came so far that it was put on record");
    assert_eq!(world.use_up(&path).await, 4);
}

#[tokio::test]
async fn a_caller_who_hangs_up_before_the_data_is_there_gets_the_place_back() {
    let world = World::on(Engine::Sqlite, |_| {}).await;
    let path = world.balances(0);
    let before = world.read().await;
    let writer = world.bank.db.begin("test").await.unwrap();
    let call = world.calling(&path).await;
    // The call is put on record and takes its place, but there is no reader for what it asks.
    let mut readers = Vec::new();
    while let Ok(reader) = timeout(A_WHILE, world.bank.db.read()).await {
        readers.push(reader.unwrap());
    }
    drop(writer);
    sleep(A_WHILE).await;
    hang_up(call).await;
    drop(readers);
    assert!(world.read().await > before, "the call came so far that it took its place");
    assert!(world.all_is_left(&path).await);
    assert_eq!(world.use_up(&path).await, 4);
}

/// How long everybody needs to come to where they wait.
const A_WHILE: Duration = Duration::from_millis(150);

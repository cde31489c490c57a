//! The script against the function, and the counter against a server that comes and goes.

use std::collections::HashMap;
use std::sync::Arc;

use lombard_auth::limit::{Class, Subject};
use lombard_domain::id::ClientId;
use lombard_domain::limit::{Per, take};
use lombard_testkit::RedisServer;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;

fn key(number: u128) -> Key {
    Key { class: Class::Read, subject: Subject::Client(ClientId::from_bits(number)) }
}

async fn counter(server: &RedisServer) -> RedisCounter {
    RedisCounter::connect(&server.url(), None).await.unwrap()
}

/// How many of so many calls one counter admits.
async fn admitted(counter: &RedisCounter, rate: Rate, calls: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..calls {
        admitted += usize::from(counter.take(&[(key(1), rate)]).await.unwrap().admitted);
    }
    admitted
}

/// Waits until the counter answers, or does not.
async fn until(counter: &RedisCounter, answers: bool) {
    let asked = [(key(99), Rate::new(1, Per::Second, 1))];
    let trying = async {
        while counter.take(&asked).await.is_ok() != answers {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), trying).await.expect("the counter notices in time");
}

#[tokio::test]
async fn the_script_decides_what_the_function_decides() {
    let server = RedisServer::start();
    let counter = counter(&server).await;
    let per = prop_oneof![8 => Just(Per::Second), 1 => Just(Per::Minute), 1 => Just(Per::Day)];
    let rate = (1..2_000_u32, per, 1..60_u32).prop_map(|(count, per, burst)| Rate::new(count, per, burst));
    let calls = prop::collection::vec(prop::collection::btree_map(0..4_u128, rate, 1..4), 400);
    let calls = calls.new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let mut full_at: HashMap<Key, Instant> = HashMap::new();
    let mut outcomes = [0, 0];
    for call in calls {
        let asked: Vec<_> = call.into_iter().map(|(number, rate)| (key(number), rate)).collect();
        let taken = counter.take(&asked).await.unwrap();
        // At the moment that the server gives, the function finds the same.
        let known: Vec<_> = asked.iter().map(|(key, rate)| (*rate, full_at.get(key).copied())).collect();
        assert_eq!(taken, take(&known, taken.now), "{asked:?}");
        outcomes[usize::from(taken.admitted)] += 1;
        if taken.admitted {
            full_at.extend(asked.iter().map(|(key, _)| *key).zip(taken.full_at));
        }
    }
    assert!(outcomes.iter().all(|outcome| *outcome > 20), "{outcomes:?}");
}

#[tokio::test]
async fn nodes_together_admit_exactly_what_one_admits() {
    let server = RedisServer::start();
    let nodes = [counter(&server).await, counter(&server).await];
    let rate = Rate::new(1, Per::Day, 100);
    let tasks = nodes.into_iter().map(|node| {
        let node = Arc::new(node);
        tokio::spawn(async move { admitted(&node, rate, 150).await })
    });
    let mut together = 0;
    for task in tasks.collect::<Vec<_>>() {
        together += task.await.unwrap();
    }
    assert_eq!(together, 100);
}

#[tokio::test]
async fn what_is_over_is_forgotten_by_the_server_itself() {
    let server = RedisServer::start();
    let counter = counter(&server).await;
    let rate = Rate::new(1_000, Per::Second, 3);
    assert_eq!(admitted(&counter, rate, 1).await, 1);
    let mut connection = counter.line.connection().unwrap();
    let trying = async {
        while redis::cmd("DBSIZE").query_async::<i64>(&mut connection).await.unwrap() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), trying).await.expect("its life is that of what it counts");
}

#[tokio::test]
async fn a_server_that_is_gone_fails_at_once_and_is_found_again() {
    let mut server = RedisServer::start();
    let counter = counter(&server).await;
    let rate = Rate::new(1, Per::Day, 5);
    assert_eq!(admitted(&counter, rate, 9).await, 5);
    server.kill();
    until(&counter, false).await;
    assert!(counter.line.connection().is_none(), "nobody waits for it");
    server.start_again();
    until(&counter, true).await;
    assert_eq!(admitted(&counter, rate, 9).await, 5, "it has lost its memory, and counts");
}

#[tokio::test]
async fn a_server_that_was_never_there_hinders_no_start() {
    let mut server = RedisServer::start();
    server.kill();
    let counter = counter(&server).await;
    assert!(counter.take(&[(key(1), Rate::new(1, Per::Day, 5))]).await.is_err());
    server.start_again();
    until(&counter, true).await;
}

#[tokio::test]
async fn addresses_that_make_no_sense_are_refused_without_repeating_them() {
    for bad in ["http://user:secret@host", "redis//secret", "secret"] {
        let Err(error) = RedisCounter::connect(bad, None).await else { panic!("{bad}") };
        assert!(!format!("{error:#}").contains("secret"), "{error:#}");
    }
}

#[test]
fn reads_only_answers_that_are_whole() {
    assert!(read(&[1, 5, 7], 1).is_some_and(|taken| taken.admitted));
    assert!(read(&[0, 5], 0).is_some_and(|taken| !taken.admitted));
    for (answer, keys) in [(&[][..], 0), (&[1], 0), (&[1, 5], 1), (&[1, 5, 7, 9], 1)] {
        assert_eq!(read(answer, keys), None, "{answer:?}");
    }
}

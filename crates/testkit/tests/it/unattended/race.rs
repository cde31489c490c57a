//! Calls at the same time, also at two nodes: nobody can have the last place twice.

use lombard_testkit::{Answer, Engine};

use super::World;

/// Calls at once.
const BURST: usize = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_burst_at_two_nodes_exactly_four_are_answered() {
    for engine in Engine::ALL {
        let world = World::on(engine, |_| {}).await;
        let node = world.bank.another_node().await;
        let paths = [world.balances(0), world.balances(1)];
        let mut calls = Vec::new();
        for number in 0..BURST * paths.len() {
            let path = format!("/open-banking/v4.0/aisp{}", paths[number % paths.len()]);
            let url = if number % 3 == 0 { node.url(&path) } else { world.bank.url(&path) };
            let (alone, token) = (world.alone.clone(), world.token.clone());
            let call = tokio::spawn(async move { alone.answer(&url, &token).await });
            calls.push((number % paths.len(), call));
        }
        let mut answered = [0, 0];
        for (path, call) in calls {
            let answer: Answer = call.await.unwrap();
            assert!(matches!(answer.status, 200 | 429), "{engine:?}: {} {}", answer.status, answer.text);
            answered[path] += usize::from(answer.status == 200);
        }
        assert_eq!(answered, [4, 4], "{engine:?}");
        let record = world.bank.record(1000).await;
        let count = |event: &str, reason: &str| {
            record.iter().filter(|entry| entry.event == event && entry.reason.as_deref() == Some(reason)).count()
        };
        assert_eq!(count("data.read", "balances:read"), 8, "{engine:?}");
        assert_eq!(count("data.refused", "unattended"), 2 * (BURST - 4), "{engine:?}");
    }
}

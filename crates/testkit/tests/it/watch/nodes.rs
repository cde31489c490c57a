//! Several nodes, restarts and failures: every alarm once, and none lost.

use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::id::CustomerId;
use lombard_domain::time::Span;
use lombard_store::audit;
use lombard_testkit::{Engine, TestBank, example_folder};

use super::with;

/// Puts wrong passwords for a customer on record, as many as that.
async fn wrong_passwords(bank: &TestBank, customer: u128, many: usize) {
    let subject = Subject { customer: Some(CustomerId::from_bits(customer)), ..Subject::default() };
    let entry = || Entry { subject, reason: Some("password"), ..bank.auth.operator_entry(Event::SignInFailed) };
    let entries: Vec<Entry> = (0..many).map(|_| entry()).collect();
    let mut tx = bank.db.begin("test").await.unwrap();
    audit::append(&mut tx, &entries).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_nodes_one_raises_each_alarm() {
    for engine in Engine::ALL {
        let bank = with(engine, &example_folder(), |_| {}).await;
        let node = bank.another_node().await;
        for customer in 1..=20 {
            wrong_passwords(&bank, customer, 12).await;
            bank.seal().await;
            let watching = [bank.auth.clone(), node.auth.clone(), bank.auth.clone(), node.auth.clone()]
                .map(|auth| tokio::spawn(async move { auth.watch().await }));
            for one in watching {
                // One that was in the way of another did nothing, and reads again in the next round.
                let _ = one.await.unwrap();
            }
        }
        bank.auth.watch().await.unwrap();
        let alarms = bank.auth.alarms(100).await.unwrap();
        assert_eq!(alarms.len(), 20, "{engine:?}");
        let raised = bank.record(1_000).await.iter().filter(|entry| entry.event == "alarm.raised").count();
        assert_eq!(raised, 20, "{engine:?}");
    }
}

#[tokio::test]
async fn rules_remember_across_a_restart_and_raise_nothing_again() {
    for engine in Engine::ALL {
        let bank = with(engine, &example_folder(), |_| {}).await;
        wrong_passwords(&bank, 1, 12).await;
        wrong_passwords(&bank, 2, 6).await;
        assert_eq!(bank.alarms().await, ["password-guessing"], "{engine:?}");
        let bank = bank.restarted().await;
        assert!(bank.alarms().await.is_empty(), "{engine:?}");
        bank.clock.advance(Span::minutes(10));
        wrong_passwords(&bank, 1, 2).await;
        wrong_passwords(&bank, 2, 6).await;
        assert_eq!(bank.alarms().await, ["password-guessing"], "{engine:?}: six before, six after");
        let node = bank.another_node().await;
        assert!(node.auth.watch().await.unwrap().raised.is_empty(), "{engine:?}");
        bank.clock.advance(Span::hours(3));
        wrong_passwords(&bank, 2, 6).await;
        assert!(bank.alarms().await.is_empty(), "{engine:?}: that was long ago");
    }
}

#[tokio::test]
async fn another_node_goes_on_where_one_has_stopped() {
    let bank = with(Engine::Sqlite, &example_folder(), |_| {}).await;
    wrong_passwords(&bank, 1, 6).await;
    assert!(bank.alarms().await.is_empty());
    let node = bank.another_node().await;
    wrong_passwords(&bank, 1, 6).await;
    bank.seal().await;
    let raised = node.auth.watch().await.unwrap().raised;
    assert_eq!(raised.iter().map(|rule| rule.name()).collect::<Vec<_>>(), ["password-guessing"]);
    assert!(bank.alarms().await.is_empty());
}

#[tokio::test]
async fn an_entry_that_somebody_changed_accuses_nobody() {
    let bank = with(Engine::Sqlite, &example_folder(), |_| {}).await;
    wrong_passwords(&bank, 1, 12).await;
    bank.seal().await;
    // The way of somebody who owns the file. The node that chained them has seen them as they were; the others, and itself after a
    // start, read what is there now.
    let node = bank.another_node().await;
    let file = rusqlite::Connection::open(bank.file()).unwrap();
    file.execute_batch(&format!(
        "DROP TRIGGER audit_unchanged; UPDATE audit SET customer_id = '{}' WHERE event = 'sign-in.failed'",
        CustomerId::from_bits(2)
    ))
    .unwrap();
    assert!(node.auth.watch().await.unwrap().raised.is_empty());
}

#[tokio::test]
async fn a_long_record_is_read_in_batches() {
    let bank = with(Engine::Sqlite, &example_folder(), |_| {}).await;
    bank.fill_record(4_500).await;
    let watched = bank.watch().await;
    assert!(watched.entries >= 4_500, "{watched:?}");
    assert_eq!(bank.watch().await.entries, 0);
    // Its made-up apps read more accounts than most; none of them has a history yet.
    assert!(watched.raised.is_empty(), "{:?}", watched.raised);
}

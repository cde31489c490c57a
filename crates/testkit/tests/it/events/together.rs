//! Several apps, several servers: who is slow holds up nobody, and nobody is sent anything twice.

use std::time::Duration;

use lombard_auth::notification::Courier;
use lombard_domain::time::Span;
use lombard_testkit::{Engine, Manner, Receiver, TestBank};
use serde_json::json;

use super::{Watcher, revoked_by, round};

#[tokio::test]
async fn a_silent_receiver_holds_up_neither_others_nor_the_bank() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (silent, quick) = (Receiver::start().await, Receiver::start().await);
        silent.answers(Manner::Silent);
        let ((one, _), (other, _)) = (Watcher::at(&bank, &silent).await, Watcher::at(&bank, &quick).await);
        let consents = [one.connected(&bank).await, one.connected(&bank).await];
        let others = [other.connected(&bank).await, other.connected(&bank).await];
        for consent in &consents {
            revoked_by(&bank, "amelia", consent).await;
        }
        let mut courier = Courier::new(bank.auth.clone());
        assert_eq!(courier.round().await.unwrap(), 1, "{engine:?}");
        silent.wait_for(1).await;

        // While that one hangs: the bank answers, events are raised and sent, and the silent one is left alone.
        let began = tokio::time::Instant::now();
        for (count, consent) in (1..).zip(&others) {
            revoked_by(&bank, "amelia", consent).await;
            assert_eq!(courier.round().await.unwrap(), 1, "{engine:?}: the other only");
            quick.wait_for(count).await;
            settled(&other).await;
        }
        assert_eq!(one.told().await.len(), 2, "{engine:?}: what is on its way can be fetched");
        assert!(
            began.elapsed() < Duration::from_secs(7),
            "{engine:?}: nobody waited until the silent one was given up"
        );
        assert_eq!(silent.received().len(), 1, "{engine:?}: one at a time");
        courier.stop().await;
        assert_eq!(one.told().await.len(), 2, "{engine:?}: it never took any");
        assert_eq!(round(&bank.auth).await, 0, "{engine:?}: it rests");
    }
}

/// Waits until what was sent to an app is settled.
async fn settled(watcher: &Watcher) {
    for _ in 0..1000 {
        if watcher.told().await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never settled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_send_each_event_once() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let node = bank.another_node().await;
        let mut apps = Vec::new();
        for _ in 0..4 {
            let receiver = Receiver::start().await;
            let (watcher, _) = Watcher::at(&bank, &receiver).await;
            for _ in 0..3 {
                let consent = watcher.connected(&bank).await;
                revoked_by(&bank, "amelia", &consent).await;
            }
            apps.push((watcher, receiver));
        }
        let rounds = [bank.auth.clone(), node.auth.clone(), bank.auth.clone(), node.auth.clone()]
            .map(|auth| tokio::spawn(async move { round(&auth).await }));
        let mut served = 0;
        for one in rounds {
            served += one.await.unwrap();
        }
        assert_eq!(served, 4, "{engine:?}: each app by one server");
        for (watcher, receiver) in apps {
            assert_eq!(receiver.received().len(), 3, "{engine:?}");
            assert_eq!(watcher.told().await.len(), 0, "{engine:?}");
        }
    }
}

/// A server that breaks off while it sends: the event is late, and not lost.
#[tokio::test]
async fn what_a_crashed_server_was_sending_is_sent_by_another() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let receiver = Receiver::start().await;
        receiver.answers(Manner::Silent);
        let (watcher, _) = Watcher::at(&bank, &receiver).await;
        let consent = watcher.connected(&bank).await;
        revoked_by(&bank, "amelia", &consent).await;
        let mut courier = Courier::new(bank.auth.clone());
        courier.round().await.unwrap();
        receiver.wait_for(1).await;
        drop(courier);

        receiver.answers(Manner::Status(202));
        let node = bank.another_node().await;
        bank.clock.advance(Span::seconds(59));
        assert_eq!(round(&node.auth).await, 0, "{engine:?}: for all that anybody knows, it is being sent");
        bank.clock.advance(Span::seconds(1));
        assert_eq!(round(&node.auth).await, 1, "{engine:?}");
        assert_eq!(watcher.told().await.len(), 0, "{engine:?}");
        let received = receiver.received();
        let (first, second) = (watcher.verified(&received[0].token).await, watcher.verified(&received[1].token).await);
        assert_eq!(first["jti"], second["jti"], "{engine:?}: the app knows it again");
    }
}

/// More apps than are served at once, half of them silent: the others are served by the same courier.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_sixteen_are_served_at_once_and_all_in_the_end() {
    let bank = TestBank::new().await;
    let mut apps = Vec::new();
    for _ in 0..20 {
        let receiver = Receiver::start().await;
        receiver.answers(Manner::Silent);
        let (watcher, _) = Watcher::at(&bank, &receiver).await;
        let consent = watcher.lodge().await;
        apps.push((watcher, receiver, consent));
    }
    let mut tx = bank.db.begin("test").await.unwrap();
    for (n, (watcher, _, consent)) in (1..).zip(&apps) {
        let told = lombard_domain::notification::Notification {
            id: lombard_domain::id::NotificationId::from_bits(n),
            client: watcher.app.id.parse().unwrap(),
            topic: lombard_domain::notification::Topic::ResourceUpdate,
            about: lombard_domain::notification::About::AccountAccessConsent(consent.parse().unwrap()),
            reason: None,
            at: lombard_domain::time::Clock::now(&bank.clock),
            transaction: lombard_domain::text::Text::new("t").unwrap(),
        };
        assert!(lombard_store::notification::add(&mut tx, &told).await.unwrap());
    }
    tx.commit().await.unwrap();
    let mut courier = Courier::new(bank.auth.clone());
    assert_eq!(courier.round().await.unwrap(), 16);
    assert_eq!(courier.round().await.unwrap(), 0, "no place is free");
    while apps.iter().filter(|(_, receiver, _)| !receiver.received().is_empty()).count() < 16 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for (_, receiver, _) in &apps {
        receiver.answers(Manner::Status(202));
    }
    courier.settle().await;
    assert_eq!(courier.round().await.unwrap(), 4, "who was not served yet comes first");
    courier.settle().await;
    bank.clock.advance(Span::seconds(13));
    assert_eq!(courier.round().await.unwrap(), 16);
    courier.settle().await;
    for (watcher, _, _) in &apps {
        assert_eq!(watcher.poll(&json!({})).await, json!({"moreAvailable": false, "sets": {}}));
    }
}

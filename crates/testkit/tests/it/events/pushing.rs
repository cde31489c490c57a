//! Sending events to apps.

use lombard_auth::notification::Courier;
use lombard_domain::time::Span;
use lombard_testkit::{Engine, Manner, Receiver, TestBank};
use serde_json::json;

use super::{Watcher, event, heard, revoked_by, round};

#[tokio::test]
async fn an_event_is_sent_once_signed_and_as_the_standard_has_it() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let receiver = Receiver::start().await;
        let (watcher, _) = Watcher::at(&bank, &receiver).await;
        assert_eq!(round(&bank.auth).await, 0, "{engine:?}: nothing to send");
        let consent = watcher.connected(&bank).await;
        revoked_by(&bank, "amelia", &consent).await;
        assert_eq!(round(&bank.auth).await, 1, "{engine:?}");
        let received = receiver.received();
        assert_eq!(received.len(), 1, "{engine:?}");
        assert_eq!(
            (received[0].method.as_str(), received[0].path.as_str()),
            ("POST", "/hooks/open-banking/v4.0/event-notifications")
        );
        let [kind, interaction] = &received[0].headers;
        assert_eq!(kind, "application/jwt");
        let parts: Vec<_> =
            interaction.split('-').map(|part| (part.len(), part.bytes().all(|b| b.is_ascii_hexdigit()))).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12].map(|length| (length, true)), "a UUID: {interaction}");
        assert!(
            interaction[14..].starts_with('4') && interaction[19..].starts_with(['8', '9', 'a', 'b']),
            "{interaction}"
        );
        let claims = watcher.verified(&received[0].token).await;
        assert_eq!(heard(&claims), event("consent-authorization-revoked", &consent));

        assert_eq!(round(&bank.auth).await, 0, "{engine:?}: it has it");
        bank.clock.advance(Span::days(1));
        assert_eq!(round(&bank.auth).await, 0, "{engine:?}");
        assert_eq!(watcher.told().await.len(), 0, "{engine:?}: and need not fetch it");
    }
}

#[tokio::test]
async fn who_does_not_take_an_event_is_sent_it_again_later_and_later() {
    let bank = TestBank::new().await;
    let receiver = Receiver::start().await;
    let (watcher, _) = Watcher::at(&bank, &receiver).await;
    let consent = watcher.connected(&bank).await;
    revoked_by(&bank, "amelia", &consent).await;
    // Nothing but a success is one: not an error, and no answer that leads elsewhere.
    for (attempt, status) in (1..).zip([500, 302, 400, 503, 404, 301, 307, 429, 410, 500, 500]) {
        receiver.answers(Manner::Status(status));
        assert_eq!(round(&bank.auth).await, 1, "attempt {attempt}");
        assert_eq!(receiver.received().len(), attempt);
        let pause = (10 << (attempt - 1)).min(3600);
        bank.clock.advance(Span::seconds(pause - 1));
        assert_eq!(round(&bank.auth).await, 0, "before {pause} seconds have passed");
        bank.clock.advance(Span::seconds(pause / 4 + 1));
    }
    assert_eq!(
        watcher.heard().await,
        [event("consent-authorization-revoked", &consent)],
        "it can be fetched meanwhile"
    );
    assert_eq!(round(&bank.auth).await, 1, "the twelfth and last attempt");
    bank.clock.advance(Span::days(1));
    receiver.answers(Manner::Status(202));
    assert_eq!(round(&bank.auth).await, 0, "nobody tries any more");
    assert_eq!(receiver.received().len(), 12);
    let tokens: Vec<_> = receiver.received().into_iter().map(|one| one.token).collect();
    let (first, last) = (watcher.verified(&tokens[0]).await, watcher.verified(&tokens[11]).await);
    assert_eq!((&first["jti"], &first["toe"]), (&last["jti"], &last["toe"]), "by its name the app knows it again");
    assert_eq!(watcher.heard().await.len(), 1, "it can be fetched still");
}

#[tokio::test]
async fn a_receiver_that_recovers_gets_everything() {
    let bank = TestBank::new().await;
    let receiver = Receiver::start().await;
    let (watcher, _) = Watcher::at(&bank, &receiver).await;
    let consents = [watcher.connected(&bank).await, watcher.connected(&bank).await, watcher.connected(&bank).await];
    receiver.answers(Manner::Status(500));
    for consent in &consents {
        bank.clock.advance(Span::seconds(1));
        revoked_by(&bank, "amelia", consent).await;
    }
    assert_eq!(round(&bank.auth).await, 1);
    assert_eq!(receiver.received().len(), 1, "after one that was not taken the others wait");
    receiver.answers(Manner::Status(200));
    bank.clock.advance(Span::seconds(13));
    assert_eq!(round(&bank.auth).await, 1);
    let mut sent = Vec::new();
    for one in &receiver.received()[1..] {
        sent.push(heard(&watcher.verified(&one.token).await).1);
    }
    sent.sort();
    let mut expected = consents.to_vec();
    expected.sort();
    assert_eq!(sent, expected, "each once");
    assert_eq!(watcher.told().await.len(), 0);
}

#[tokio::test]
async fn an_event_outlives_the_server() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let receiver = Receiver::start().await;
        let (watcher, _) = Watcher::at(&bank, &receiver).await;
        let consents = [watcher.connected(&bank).await, watcher.connected(&bank).await];
        revoked_by(&bank, "amelia", &consents[0]).await;
        receiver.answers(Manner::Status(500));
        round(&bank.auth).await;
        revoked_by(&bank, "amelia", &consents[1]).await;

        let bank = bank.restarted().await;
        let watcher = Watcher { app: lombard_testkit::App { http: bank.http(), ..watcher.app } };
        receiver.answers(Manner::Status(202));
        bank.clock.advance(Span::seconds(13));
        assert_eq!(round(&bank.auth).await, 1, "{engine:?}");
        assert_eq!(receiver.received().len(), 3, "{engine:?}: one in vain before, both now");
        assert_eq!(watcher.told().await.len(), 0, "{engine:?}");
    }
}

#[tokio::test]
async fn an_app_that_says_anew_where_it_is_is_tried_at_once() {
    let bank = TestBank::new().await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let (watcher, id) = Watcher::at(&bank, &old).await;
    let consents = [watcher.connected(&bank).await, watcher.connected(&bank).await];
    old.answers(Manner::Status(500));
    for consent in &consents {
        revoked_by(&bank, "amelia", consent).await;
    }
    round(&bank.auth).await;
    assert_eq!(round(&bank.auth).await, 0, "it rests");
    let body = json!({"Data": {"Version": "4.0", "CallbackUrl": new.uri()}});
    let path = format!("{}/{id}", super::SUBSCRIPTIONS);
    assert_eq!(watcher.call(reqwest::Method::PUT, &path, Some(&body)).await.status, 200);
    assert_eq!(round(&bank.auth).await, 1);
    assert_eq!((old.received().len(), new.received().len()), (1, 1), "the one that was not tried yet");
    bank.clock.advance(Span::seconds(13));
    round(&bank.auth).await;
    assert_eq!((old.received().len(), new.received().len()), (1, 2));
}

/// An app that says anew where it is, or that it wants nothing any more, while a token is on its way: that one arrives, and no other.
#[tokio::test]
async fn nothing_more_is_sent_to_an_address_that_was_given_up() {
    for engine in Engine::ALL {
        for gone in [false, true] {
            let bank = TestBank::on(engine).await;
            let (old, new) = (Receiver::start().await, Receiver::start().await);
            let (watcher, id) = Watcher::at(&bank, &old).await;
            for _ in 0..2 {
                let consent = watcher.connected(&bank).await;
                revoked_by(&bank, "amelia", &consent).await;
            }
            old.answers(Manner::Held);
            let mut courier = Courier::new(bank.auth.clone());
            assert_eq!(courier.round().await.unwrap(), 1, "{engine:?}");
            old.wait_for(1).await;
            let path = format!("{}/{id}", super::SUBSCRIPTIONS);
            let status = if gone {
                watcher.call(reqwest::Method::DELETE, &path, None).await.status
            } else {
                let body = json!({"Data": {"Version": "4.0", "CallbackUrl": new.uri()}});
                watcher.call(reqwest::Method::PUT, &path, Some(&body)).await.status
            };
            assert!([200, 204].contains(&status), "{status}");
            old.answers(Manner::Status(202));
            courier.settle().await;
            assert_eq!(old.received().len(), 1, "{engine:?} {gone}");
            assert_eq!(round(&bank.auth).await, usize::from(!gone), "{engine:?}: at once");
            let count = usize::from(!gone);
            assert_eq!((old.received().len(), new.received().len()), (1, count), "{engine:?} {gone}");
        }
    }
}

#[tokio::test]
async fn what_an_app_fetched_is_not_sent_to_it() {
    let bank = TestBank::new().await;
    let receiver = Receiver::start().await;
    let (watcher, _) = Watcher::at(&bank, &receiver).await;
    let consent = watcher.connected(&bank).await;
    revoked_by(&bank, "amelia", &consent).await;
    let sets = watcher.poll(&json!({})).await;
    let ids: Vec<_> = sets["sets"].as_object().unwrap().keys().cloned().collect();
    watcher.poll(&json!({"maxEvents": 0, "ack": ids})).await;
    assert_eq!(round(&bank.auth).await, 0);
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn a_suspended_app_is_sent_nothing_until_it_may_act_again() {
    let bank = TestBank::new().await;
    let receiver = Receiver::start().await;
    let (watcher, _) = Watcher::at(&bank, &receiver).await;
    let consent = watcher.connected(&bank).await;
    bank.set_status(&watcher.app, lombard_domain::oauth::ClientStatus::Suspended).await;
    revoked_by(&bank, "amelia", &consent).await;
    assert_eq!(round(&bank.auth).await, 0);
    bank.set_status(&watcher.app, lombard_domain::oauth::ClientStatus::Active).await;
    assert_eq!(round(&bank.auth).await, 1);
    assert_eq!(receiver.received().len(), 1);
}

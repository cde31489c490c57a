//! Fetching what was not sent.

use std::collections::BTreeSet;

use lombard_domain::time::Span;
use lombard_testkit::{Engine, TestBank};
use reqwest::Method;
use serde_json::{Value, json};

use super::{EVENTS, Watcher, revoked_by};

fn ids(answer: &Value) -> Vec<String> {
    answer["sets"].as_object().unwrap().keys().cloned().collect()
}

/// An app for which so many events wait, oldest first.
async fn with_events(bank: &TestBank, count: usize) -> (Watcher, Vec<String>) {
    let watcher = Watcher::fetching(bank).await;
    let mut consents = Vec::new();
    for _ in 0..count {
        consents.push(watcher.connected(bank).await);
    }
    for consent in &consents {
        bank.clock.advance(Span::seconds(1));
        revoked_by(bank, "amelia", consent).await;
    }
    (watcher, consents)
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (watcher, consents) = with_events(&bank, 3).await;
        let first = watcher.poll(&json!({"maxEvents": 2, "returnImmediately": true})).await;
        assert_eq!((ids(&first).len(), &first["moreAvailable"]), (2, &json!(true)), "{engine:?}");
        let again = watcher.poll(&json!({"maxEvents": 2, "returnImmediately": false})).await;
        assert_eq!(ids(&again), ids(&first), "{engine:?}: the same, oldest first");

        let rest = watcher.poll(&json!({"maxEvents": 2, "ack": ids(&first)})).await;
        assert_eq!((ids(&rest).len(), &rest["moreAvailable"]), (1, &json!(false)), "{engine:?}");
        let last = watcher.verified(rest["sets"][&ids(&rest)[0]].as_str().unwrap()).await;
        assert_eq!(super::heard(&last).1, consents[2], "{engine:?}: the newest comes last");

        let none = watcher.poll(&json!({"maxEvents": 0, "ack": [ids(&first)[0]]})).await;
        assert_eq!((ids(&none).len(), &none["moreAvailable"]), (0, &json!(true)), "{engine:?}: only acknowledged");
        let done = watcher.poll(&json!({"ack": ids(&rest)})).await;
        assert_eq!(done, json!({"moreAvailable": false, "sets": {}}), "{engine:?}");
        assert_eq!(watcher.poll(&json!({"ack": ids(&rest)})).await, done, "{engine:?}: to say it again does no harm");
    }
}

#[tokio::test]
async fn what_an_app_cannot_take_is_not_given_again() {
    let bank = TestBank::new().await;
    let (watcher, _) = with_events(&bank, 2).await;
    let both = ids(&watcher.poll(&json!({})).await);
    let errors = json!({&both[0]: {"err": "authentication_failed", "description": "The signature does not hold"}});
    let rest = watcher.poll(&json!({"setErrs": errors})).await;
    assert_eq!(ids(&rest), [both[1].clone()]);
    let nameless = json!({"setErrs": {&both[1]: {"description": "?"}}});
    let refused = watcher.call(Method::POST, EVENTS, Some(&nameless)).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "U004"), "{}", refused.text);
    assert_eq!(ids(&watcher.poll(&json!({})).await), [both[1].clone()]);
}

#[tokio::test]
async fn names_that_are_not_an_apps_own_are_ignored() {
    let bank = TestBank::new().await;
    let (watcher, _) = with_events(&bank, 1).await;
    let stranger = Watcher::fetching(&bank).await;
    let own = ids(&watcher.poll(&json!({})).await).remove(0);
    let errors = json!({&own: {"err": "jwtAud", "description": "not mine"}, "\u{0}": {"err": "a", "description": "b"}});
    let body = json!({"ack": [own, "nothing", "evt_00000000000000000000000000"], "setErrs": errors});
    let answer = stranger.poll(&body).await;
    assert_eq!(answer, json!({"moreAvailable": false, "sets": {}}));
    assert_eq!(ids(&watcher.poll(&json!({})).await), [own], "another app cannot take it away");
}

#[tokio::test]
async fn an_answer_has_no_more_than_anybody_needs() {
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let app = watcher.app.id.parse().unwrap();
    let consent = watcher.lodge().await.parse().unwrap();
    let mut tx = bank.db.begin("test").await.unwrap();
    for n in 1..=60 {
        let one = lombard_domain::notification::Notification {
            id: lombard_domain::id::NotificationId::from_bits(n),
            client: app,
            topic: lombard_domain::notification::Topic::ResourceUpdate,
            about: lombard_domain::notification::About::AccountAccessConsent(consent),
            reason: None,
            at: lombard_domain::time::Clock::now(&bank.clock),
            transaction: lombard_domain::text::Text::new("t").unwrap(),
        };
        lombard_store::notification::add(&mut tx, &one).await.unwrap();
    }
    tx.commit().await.unwrap();
    for (asked, given) in [(json!({}), 20), (json!({"maxEvents": 1_000_000}), 50), (json!({"maxEvents": 50}), 50)] {
        let answer = watcher.poll(&asked).await;
        assert_eq!((ids(&answer).len(), &answer["moreAvailable"]), (given, &json!(true)), "{asked}");
    }
    let mut seen = BTreeSet::new();
    let mut body = json!({"maxEvents": 17});
    loop {
        let answer = watcher.poll(&body).await;
        let ids = ids(&answer);
        assert!(ids.iter().all(|id| seen.insert(id.clone())), "none comes twice");
        body["ack"] = json!(ids);
        if answer["moreAvailable"] == false {
            break;
        }
    }
    assert_eq!(seen.len(), 60);
    let many = vec!["x"; 501];
    let refused = watcher.call(Method::POST, EVENTS, Some(&json!({"ack": many}))).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "U002"));
}

#[tokio::test]
async fn events_are_kept_for_seven_days() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (watcher, _) = with_events(&bank, 1).await;
        bank.clock.advance(Span::days(7));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(watcher.told().await.len(), 1, "{engine:?}");
        bank.clock.advance(Span::seconds(1));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(watcher.told().await.len(), 0, "{engine:?}");
    }
}

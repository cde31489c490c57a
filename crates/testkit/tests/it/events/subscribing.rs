//! What apps say they want to be told.

use lombard_testkit::{Engine, TestBank};
use reqwest::Method;
use serde_json::{Value, json};

use super::{SUBSCRIPTIONS, Watcher};

const CALLBACK: &str = "https://app.example/open-banking/v4.0/event-notifications";

#[tokio::test]
async fn a_subscription_is_made_shown_changed_and_taken_back() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let watcher = Watcher::register(&bank).await;
        let list =
            async || watcher.call(Method::GET, SUBSCRIPTIONS, None).await.json()["Data"]["EventSubscription"].clone();
        assert_eq!(list().await, json!([]));

        let wish =
            json!({"Data": {"Version": "4.0", "CallbackUrl": CALLBACK, "EventTypes": ["UK.OBIE.Resource-Update"]}});
        let made = watcher.call(Method::POST, SUBSCRIPTIONS, Some(&wish)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let body = made.json();
        let id = body["Data"]["EventSubscriptionId"].as_str().unwrap().to_owned();
        let mut expected = wish["Data"].clone();
        expected["EventSubscriptionId"] = json!(id);
        assert_eq!(body["Data"], expected);
        let path = format!("{SUBSCRIPTIONS}/{id}");
        assert_eq!(body["Links"]["Self"], bank.url(&path));
        assert_eq!(list().await, json!([expected]));

        let second = watcher.call(Method::POST, SUBSCRIPTIONS, Some(&wish)).await;
        assert_eq!((second.status, second.code().as_str()), (409, "U029"), "{engine:?}: one for each app");

        // In the standard, the body of a change looks like an answer.
        let mut change = body.clone();
        change["Data"] = json!({"EventSubscriptionId": id, "Version": "4.0"});
        let changed = watcher.call(Method::PUT, &path, Some(&change)).await;
        assert_eq!((changed.status, &changed.json()["Data"]), (200, &change["Data"]), "{}", changed.text);
        assert_eq!(list().await, json!([change["Data"]]));
        change["Data"]["EventSubscriptionId"] = json!("sub_00000000000000000000000000");
        let other = watcher.call(Method::PUT, &path, Some(&change)).await;
        assert_eq!((other.status, other.code().as_str()), (400, "U002"));

        let gone = watcher.call(Method::DELETE, &path, None).await;
        assert_eq!((gone.status, gone.text.as_str()), (204, ""));
        assert_eq!(list().await, json!([]));
        for method in [Method::DELETE, Method::PUT] {
            let again = watcher.call(method, &path, Some(&wish)).await;
            assert_eq!((again.status, again.code().as_str()), (400, "U011"), "{engine:?}: gone");
        }
        assert_eq!(watcher.call(Method::POST, SUBSCRIPTIONS, Some(&wish)).await.status, 201, "and made anew");

        let record = bank.record(100).await;
        let changes: Vec<_> = record.iter().filter(|entry| entry.event == "subscription.changed").collect();
        let mut words: Vec<_> = changes.iter().map(|entry| entry.reason.clone().unwrap_or_default()).collect();
        words.sort();
        assert_eq!(words, ["changed", "created", "created", "deleted"], "{engine:?}");
    }
}

#[tokio::test]
async fn an_app_sees_and_touches_its_own_alone() {
    let bank = TestBank::new().await;
    let (watcher, stranger) = (Watcher::register(&bank).await, Watcher::register(&bank).await);
    let wish = json!({"Version": "4.0", "CallbackUrl": CALLBACK});
    let id = watcher.subscribe(&wish).await;
    let theirs = stranger.subscribe(&json!({"Version": "4.0"})).await;
    let unknown = crate::nobody_like(&id);
    let body = json!({"Data": {"Version": "4.0"}});
    let mut answers = Vec::new();
    for name in [id.as_str(), unknown.as_str(), "x", "%00", "con_00000000000000000000000000"] {
        for method in [Method::PUT, Method::DELETE] {
            let answer = stranger.call(method, &format!("{SUBSCRIPTIONS}/{name}"), Some(&body)).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "U011"), "{name}: {}", answer.text);
            answers.push(answer.comparable());
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "not yours looks exactly like not there: {answers:?}");
    let list = |answer: Value| answer["Data"]["EventSubscription"].clone();
    let mut expected = wish;
    expected["EventSubscriptionId"] = json!(id);
    assert_eq!(list(watcher.call(Method::GET, SUBSCRIPTIONS, None).await.json()), json!([expected]));
    let own = json!([{"EventSubscriptionId": theirs, "Version": "4.0"}]);
    assert_eq!(list(stranger.call(Method::GET, SUBSCRIPTIONS, None).await.json()), own);
}

#[tokio::test]
async fn says_what_is_wrong_with_a_wish() {
    let bank = TestBank::new().await;
    let watcher = Watcher::register(&bank).await;
    for (data, code, path) in [
        (
            json!({"Version": "4.0", "CallbackUrl": "http://app.example/open-banking/v4.0/event-notifications"}),
            "U002",
            "Data.CallbackUrl",
        ),
        (
            json!({"Version": "4.0", "CallbackUrl": "https://app.example/open-banking/v3.1/event-notifications"}),
            "U002",
            "Data.CallbackUrl",
        ),
        (json!({"Version": "3.1"}), "U002", "Data.Version"),
        (json!({}), "U004", "Data.Version"),
        (json!({"Version": "4.0", "EventTypes": ["UK.OBIE.Weather-Update"]}), "U024", "Data.EventTypes"),
    ] {
        let answer = watcher.call(Method::POST, SUBSCRIPTIONS, Some(&json!({"Data": data}))).await;
        let error = &answer.json()["Errors"][0];
        assert_eq!((answer.status, &error["ErrorCode"], &error["Path"]), (400, &json!(code), &json!(path)), "{data}");
    }
    assert_eq!(watcher.call(Method::POST, SUBSCRIPTIONS, None).await.status, 415);
    let listed = watcher.call(Method::GET, SUBSCRIPTIONS, None).await;
    assert_eq!(listed.json()["Data"]["EventSubscription"], json!([]), "nothing of it was kept");
}

/// Any of the scopes that events are of opens them; no other does, and no customer's token.
#[tokio::test]
async fn needs_an_apps_own_token_for_a_scope_of_events() {
    let bank = TestBank::new().await;
    let watcher = Watcher::register(&bank).await;
    let consent = watcher.lodge().await;
    let customers = watcher.allowed(&bank, "amelia", "accounts", &consent).await.access;
    for (token, status) in [
        (watcher.token("accounts").await, 200),
        (watcher.token("fundsconfirmations").await, 200),
        (watcher.token("grant_management_query").await, 403),
        (customers, 403),
        ("nothing".to_owned(), 401),
    ] {
        let answer = watcher.call_with(&token, Method::GET, SUBSCRIPTIONS, None).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        let poll = watcher.call_with(&token, Method::POST, super::EVENTS, Some(&json!({}))).await;
        assert_eq!(poll.status, status, "{}", poll.text);
    }
}

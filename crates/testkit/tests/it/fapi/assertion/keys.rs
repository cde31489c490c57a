//! Which of an app's keys an assertion is checked with, and where they come from.

use std::sync::Arc;

use lombard_domain::oauth::Alg;
use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup, Fields};
use lombard_testkit::{KeyServer, Purpose, TestBank, TestKey};
use serde_json::{Value, json};

use super::super::endpoint::{Endpoint, refused};
use super::by;

/// An assertion signed with this key, under this name or none.
fn signed(app: &FapiApp, key: &Arc<TestKey>, kid: Option<&str>) -> Fields {
    let mut app = app.clone();
    app.key = Arc::clone(key);
    by(app.assertion_with(|header, _| match kid {
        Some(kid) => header["kid"] = json!(kid),
        None => drop(header.as_object_mut().unwrap().remove("kid")),
    }))
}

/// A key in a set, under this name or none.
fn listed(key: &TestKey, kid: Option<&str>) -> Value {
    let mut jwk = key.jwk();
    match kid {
        Some(kid) => jwk["kid"] = json!(kid),
        None => drop(jwk.as_object_mut().unwrap().remove("kid")),
    }
    jwk
}

/// An app whose assertions may be of any algorithm, with these keys.
async fn with_keys(bank: &TestBank, keys: &[Value]) -> FapiApp {
    FapiApp::register_with(bank, FapiSetup::default(), |body| {
        body["jwks"] = json!({"keys": keys});
        body.as_object_mut().unwrap().remove("token_endpoint_auth_signing_alg");
    })
    .await
}

#[tokio::test]
async fn the_name_of_a_key_decides_and_its_kind_if_that_is_not_enough() {
    let bank = TestBank::new().await;
    let [one, other] = [(); 2].map(|()| TestKey::new(Alg::Es256, Purpose::App));
    let third = TestKey::new(Alg::EdDsa, Purpose::App);
    let (a, b, c) = (Some("a"), Some("b"), Some("c"));
    let set = |keys: &[(&TestKey, Option<&str>)]| keys.iter().map(|(key, kid)| listed(key, *kid)).collect::<Vec<_>>();
    let lone = with_keys(&bank, &set(&[(&one, a)])).await;
    let nameless = with_keys(&bank, &set(&[(&one, None)])).await;
    let two = with_keys(&bank, &set(&[(&one, a), (&other, b)])).await;
    let kinds = with_keys(&bank, &set(&[(&one, a), (&third, b)])).await;
    // FAPI 2.0 Security Profile 5.4.3: a name that comes twice is resolved by the kind of the key.
    let namesakes = with_keys(&bank, &set(&[(&one, a), (&third, a)])).await;
    let doubles = with_keys(&bank, &set(&[(&one, a), (&other, a)])).await;
    let (good, unknown, signature) = (None, Some("assertion-key"), Some("assertion-signature"));
    for (case, app, key, kid, refusal) in [
        ("the one key", &lone, &one, a, good),
        ("the one key without a name", &lone, &one, None, good),
        ("the one key under another name", &lone, &one, b, unknown),
        ("another key under its name", &lone, &other, a, signature),
        ("another key without a name", &lone, &other, None, signature),
        ("a key of a kind that it has not", &lone, &third, a, unknown),
        ("a key that has no name", &nameless, &one, None, good),
        ("a key that has no name under one", &nameless, &one, a, unknown),
        ("one of two", &two, &one, a, good),
        ("the other of two", &two, &other, b, good),
        ("one under the other's name", &two, &one, b, signature),
        ("one of two without a name", &two, &one, None, unknown),
        ("one of two kinds without a name", &kinds, &one, None, good),
        ("the other of two kinds without a name", &kinds, &third, None, good),
        ("one of two kinds under the other's name", &kinds, &one, b, unknown),
        ("one of two kinds under a name of nobody", &kinds, &one, c, unknown),
        ("one of two namesakes", &namesakes, &one, a, good),
        ("the other of two namesakes", &namesakes, &third, a, good),
        ("one of two of the same name and kind", &doubles, &one, a, unknown),
        ("the other of two of the same name and kind", &doubles, &other, a, unknown),
    ] {
        for endpoint in Endpoint::ALL {
            match refusal {
                None => endpoint.accepts(&bank, app, signed(app, key, kid), case).await,
                Some(reason) => {
                    let answer = endpoint.call(app, signed(app, key, kid)).await;
                    refused(&bank, &answer, reason, Some(&app.id), case).await;
                }
            }
        }
    }
}

/// An app that keeps its keys at an address of its own.
async fn at_an_address(bank: &TestBank, uri: &str) -> FapiApp {
    FapiApp::register_with(bank, FapiSetup::default(), |body| {
        body.as_object_mut().unwrap().remove("jwks");
        body["jwks_uri"] = json!(uri);
    })
    .await
}

/// The app's key set on its server, and the app, which knows its key.
async fn hosted(bank: &TestBank) -> (FapiApp, KeyServer) {
    let server = KeyServer::start(&json!({"keys": []})).await;
    let app = at_an_address(bank, &server.uri()).await;
    server.set(&app.jwks());
    (app, server)
}

#[tokio::test]
async fn a_key_that_was_exchanged_counts_without_a_restart_and_the_old_one_no_more() {
    let bank = TestBank::new().await;
    for same_name in [false, true] {
        let (mut app, server) = hosted(&bank).await;
        Endpoint::Token.accepts(&bank, &app, app.credentials(), "the first key").await;
        let old = app.clone();
        let kid = old.key.kid().to_owned();
        app.key = TestKey::new(app.setup.alg, Purpose::App);
        let kid = if same_name { kid } else { app.key.kid().to_owned() };
        server.set(&json!({"keys": [listed(&app.key, Some(&kid))]}));
        bank.clock.advance(Span::minutes(1));
        for endpoint in Endpoint::ALL {
            endpoint.accepts(&bank, &app, signed(&app, &app.key, Some(&kid)), "the new key").await;
            let answer = endpoint.call(&old, old.credentials()).await;
            let reason = if same_name { "assertion-signature" } else { "assertion-key" };
            refused(&bank, &answer, reason, Some(&app.id), "the old key").await;
        }
        // Whoever names keys that are not there must not make us ask the app's server each time.
        let asked = server.requests();
        for endpoint in Endpoint::ALL {
            endpoint.call(&old, old.credentials()).await;
        }
        assert!(server.requests() <= asked + 1, "{} and then {}", asked, server.requests());
    }
}

/// What an app's server does is the app's affair: it is refused like everybody, and nothing of ours breaks.
#[tokio::test]
async fn keys_that_cannot_be_had_prove_nothing() {
    let bank = TestBank::new().await;
    let (app, server) = hosted(&bank).await;
    let good = app.jwks().to_string();
    let private = json!({"keys": [lombard_testkit::with_private_part(app.key.jwk())]}).to_string();
    let large = json!({"keys": [app.key.jwk()], "x": "x".repeat(65 * 1024)}).to_string();
    let many = json!({"keys": vec![app.key.jwk(); 33]}).to_string();
    let text = |value: Value| value.to_string();
    for (case, status, body) in [
        ("not found", 404, good.as_str()),
        ("broken", 500, &good),
        ("elsewhere", 302, &good),
        ("moved for good", 301, &good),
        ("nothing", 204, ""),
        ("empty", 200, ""),
        ("no JSON", 200, "<html>"),
        ("an array", 200, "[]"),
        ("no keys", 200, &text(json!({"keys": []}))),
        ("keys that are none", 200, &text(json!({"keys": [1]}))),
        ("a set within a set", 200, &text(json!({"jwks": app.jwks()}))),
        ("a private key", 200, &private),
        ("too long", 200, &large),
        ("too many", 200, &many),
    ] {
        server.answer_with(status, body);
        for endpoint in Endpoint::ALL {
            let asked = server.requests();
            let answer = endpoint.call(&app, app.credentials()).await;
            refused(&bank, &answer, "assertion-key", Some(&app.id), case).await;
            assert!(server.requests() <= asked + 1, "{case}: no redirect is followed, nothing is asked for twice");
        }
        bank.clock.advance(Span::minutes(1));
    }
    server.answer_with(200, &good);
    for endpoint in Endpoint::ALL {
        endpoint.accepts(&bank, &app, app.credentials(), "the keys are there again").await;
    }
    // What was read before serves on while the server is out of reach.
    server.answer_with(500, "");
    bank.clock.advance(Span::minutes(10));
    Endpoint::Token.accepts(&bank, &app, app.credentials(), "with keys read ten minutes ago").await;
    bank.clock.advance(Span::hours(2));
    let answer = Endpoint::Token.call(&app, app.credentials()).await;
    refused(&bank, &answer, "assertion-key", Some(&app.id), "with keys read two hours ago").await;
}

#[tokio::test]
async fn an_address_where_nobody_answers_proves_nothing() {
    let bank = TestBank::new().await;
    let gone = KeyServer::start(&json!({})).await.uri();
    for uri in [gone.as_str(), "https://localhost:1/jwks.json", "https://nowhere.invalid/jwks.json"] {
        let app = at_an_address(&bank, uri).await;
        for endpoint in Endpoint::ALL {
            let answer = endpoint.call(&app, app.credentials()).await;
            refused(&bank, &answer, "assertion-key", Some(&app.id), uri).await;
        }
    }
}

//! An assertion counts once: at whatever endpoint and process it comes again, also after a restart, and for as long as it is good.

use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{Answer, Engine, TestBank};
use serde_json::json;

use super::super::endpoint::{Endpoint, refused};
use super::{Stage, by, claim};

#[tokio::test]
async fn once_is_once_at_all_endpoints_together() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        for first in Endpoint::ALL {
            let good = app.credentials();
            first.accepts(&bank, &app, good.clone(), "the first time").await;
            for second in Endpoint::ALL {
                let answer = second.call(&app, good.clone()).await;
                refused(&bank, &answer, "replayed", Some(&app.id), &format!("{first:?}, then {second:?}")).await;
            }
            first.accepts(&bank, &app, app.credentials(), "another one").await;
        }
    }
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let (used, unused) = (app.credentials(), app.credentials());
        Endpoint::Token.accepts(&bank, &app, used.clone(), "the first time").await;
        let bank = bank.restarted().await;
        let app = app.without_certificate();
        for endpoint in Endpoint::ALL {
            let answer = endpoint.call(&app, used.clone()).await;
            refused(&bank, &answer, "replayed", Some(&app.id), &format!("{engine:?}, {endpoint:?}")).await;
        }
        Endpoint::Token.accepts(&bank, &app, unused, "made before the restart").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_wins() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let node = bank.another_node().await;
        let urls = [app.endpoint("introspection_endpoint"), node.url("/introspect")];
        for round in 0..ROUNDS {
            let good = app.credentials();
            let send = |url: &String| {
                let (app, url, good) = (app.clone(), url.clone(), good.clone());
                tokio::spawn(async move { Endpoint::Introspect.call_at(&app, &url, good, &[]).await })
            };
            let calls: Vec<_> = urls.iter().cycle().take(AT_ONCE).map(send).collect();
            let mut won = 0;
            for call in calls {
                let answer: Answer = call.await.unwrap();
                match answer.status {
                    200 => won += 1,
                    _ => assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_client")),
                }
            }
            assert_eq!(won, 1, "{engine:?}, round {round}");
        }
    }
}

/// Its name is kept for as long as it would pass, allowance for slow clocks and all; what is forgotten is refused as expired.
#[tokio::test]
async fn it_is_remembered_to_its_very_end() {
    let Stage { bank, app, .. } = Stage::new().await;
    let end = app.now() + 3600;
    let good = claim(app.assertion_draft(), "exp", json!(end));
    Endpoint::Token.accepts(&bank, &app, good.clone(), "the first time").await;
    // Each refusal moves the clock by a second.
    for (now, reason) in [
        (end - 3599, "replayed"),
        (end - 1, "replayed"),
        (end, "replayed"),
        (end + 9, "replayed"),
        (end + 10, "assertion-expired"),
        (end + 200, "assertion-expired"),
    ] {
        bank.clock.advance(Span::seconds(now - app.now()));
        bank.auth.forget_what_is_over().await.unwrap();
        let answer = Endpoint::Token.call(&app, good.clone()).await;
        refused(&bank, &answer, reason, Some(&app.id), &format!("{} s after its end", now - end)).await;
    }
}

#[tokio::test]
async fn names_are_each_apps_own() {
    let Stage { bank, app, other } = Stage::new().await;
    let named = |app: &FapiApp| claim(app.assertion_draft(), "jti", json!("one"));
    Endpoint::Token.accepts(&bank, &app, named(&app), "the first app").await;
    Endpoint::Token.accepts(&bank, &other, named(&other), "the second app").await;
    // Another assertion of the same name is the same one (RFC 7519 4.1.7).
    let answer = Endpoint::Token.call(&app, named(&app)).await;
    refused(&bank, &answer, "replayed", Some(&app.id), "the same name").await;
}

/// The order that RFC 9449 8 needs: who is asked for a nonce, or for a better proof, comes back with the same assertion.
#[tokio::test]
async fn a_proof_of_possession_that_is_refused_uses_no_assertion_up() {
    let Stage { bank, app, .. } = Stage::new().await;
    let url = app.endpoint("token_endpoint");
    let good = app.credentials();
    for proof in ["nonsense".to_owned(), app.proof("GET", &url, None, None)] {
        let form = [app.form(&[("grant_type", "client_credentials")])[..1].to_vec(), good.clone()].concat();
        let answer = Answer::of(app.send(&url, &form, &[("dpop", &proof)]).await).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_dpop_proof"), "{}", answer.text);
    }
    Endpoint::Token.accepts(&bank, &app, good.clone(), "with a good proof").await;
    refused(&bank, &Endpoint::Token.call(&app, good).await, "replayed", Some(&app.id), "once more").await;
}

/// A request that is wrong was a request all the same.
#[tokio::test]
async fn a_request_that_is_refused_has_used_its_assertion_up() {
    let Stage { bank, app, .. } = Stage::new().await;
    let url = app.endpoint("token_endpoint");
    let assertion = app.assertion();
    let form = [vec![("grant_type".to_owned(), "password".to_owned())], by(&assertion)].concat();
    let answer = Answer::of(app.send(&url, &form, &[]).await).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "unsupported_grant_type"));
    bank.clock.advance(Span::seconds(1));
    refused(&bank, &Endpoint::Token.call(&app, by(&assertion)).await, "replayed", Some(&app.id), "again").await;
}

/// Calls at the same time.
const AT_ONCE: usize = 12;
/// How often it is tried.
const ROUNDS: usize = 5;

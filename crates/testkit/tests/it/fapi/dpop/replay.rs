//! A proof counts once (RFC 9449 11.1): not again a moment later, not at the same time, not at another node, not after a restart.

use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiSetup, Fields};
use lombard_testkit::{Answer, Engine, TestBank, refusal};
use reqwest::Method;
use serde_json::Value;

use super::{Place, Scene, verdict};

#[tokio::test]
async fn a_proof_counts_once_whatever_comes_with_it() {
    for engine in Engine::ALL {
        let scene = Scene::new(TestBank::on(engine).await, FapiSetup::default()).await;
        for place in Place::ALL {
            let proof = scene.draft(place).sign();
            assert_eq!(scene.show(place, &[&proof]).await, place.accepts(), "{engine:?} {place:?}");
            for _ in 0..2 {
                assert_eq!(scene.show(place, &[&proof]).await, place.refuses(), "{engine:?} {place:?}");
            }
            // As long as its time would let it pass, it is remembered.
            scene.bank.clock.advance(Span::seconds(59));
            scene.bank.auth.forget_what_is_over().await.unwrap();
            assert_eq!(scene.show(place, &[&proof]).await, place.refuses(), "{engine:?} {place:?}");
        }
    }
}

#[tokio::test]
async fn a_proof_counts_once_among_all_nodes() {
    for engine in Engine::ALL {
        let scene = Scene::new(TestBank::on(engine).await, FapiSetup::default()).await;
        let node = scene.bank.another_node().await;
        for place in Place::ALL {
            let path = place.url(&scene.app).replace(&scene.bank.issuer, "");
            // Its address is the one that everybody knows, whichever node is reached by it.
            let there = node.url(&path);
            let proof = scene.draft(place).sign();
            assert_eq!(scene.show(place, &[&proof]).await, place.accepts(), "{engine:?} {place:?}");
            assert_eq!(scene.show_at(&there, place, &[&proof]).await, place.refuses(), "{engine:?} {place:?}");
            let proof = scene.draft(place).sign();
            assert_eq!(scene.show_at(&there, place, &[&proof]).await, place.accepts(), "{engine:?} {place:?}");
            assert_eq!(scene.show(place, &[&proof]).await, place.refuses(), "{engine:?} {place:?}");
        }
    }
}

#[tokio::test]
async fn a_proof_counts_once_across_restarts() {
    for engine in Engine::ALL {
        let mut scene = Scene::new(TestBank::on(engine).await, FapiSetup::default()).await;
        for place in Place::ALL {
            let proof = scene.draft(place).sign();
            assert_eq!(scene.show(place, &[&proof]).await, place.accepts(), "{engine:?} {place:?}");
            scene.bank = scene.bank.restarted().await;
            // Its connections lead to the server that is no more.
            scene.app = scene.app.without_certificate();
            assert_eq!(scene.show(place, &[&proof]).await, place.refuses(), "{engine:?} {place:?}");
            let fresh = scene.draft(place).sign();
            assert_eq!(scene.show(place, &[&fresh]).await, place.accepts(), "{engine:?} {place:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_calls_with_one_proof_at_the_same_time_exactly_one_is_answered() {
    for engine in Engine::ALL {
        let scene = Scene::new(TestBank::on(engine).await, FapiSetup::default()).await;
        let node = scene.bank.another_node().await;
        for place in Place::ALL {
            let url = place.url(&scene.app);
            let urls = [node.url(&url.replace(&scene.bank.issuer, "")), url];
            let proof = scene.draft(place).sign();
            let calls: Vec<_> = (0..8).map(|at| tokio::spawn(call(&scene, place, &urls[at % 2], &proof))).collect();
            let mut answers = Vec::new();
            for call in calls {
                answers.push(call.await.unwrap());
            }
            let good = answers.iter().filter(|answer| *answer == place.accepts()).count();
            let refused = answers.iter().filter(|answer| *answer == place.refuses()).count();
            assert_eq!((good, refused), (1, 7), "{engine:?} {place:?}: {answers:?}");
        }
    }
}

/// A call that can run beside others; its assertion is its own.
fn call(scene: &Scene, place: Place, url: &str, proof: &str) -> impl Future<Output = String> + Send + 'static {
    let (app, url, proof) = (scene.app.clone(), url.to_owned(), proof.to_owned());
    let token = scene.tokens.access.clone();
    let form: Fields = match place {
        Place::Api => Vec::new(),
        Place::Push => app.push_form(&app.wanted("accounts:read")),
        Place::Token => app.form(&[("grant_type", "client_credentials"), ("scope", "grant_management_query")]),
    };
    async move {
        if place == Place::Api {
            let headers = [("authorization", format!("DPoP {token}")), ("dpop", proof)];
            return verdict(&Answer::of(app.call_with(Method::GET, &url, &headers).await).await);
        }
        let response = app.send(&url, &form, &[("dpop", &proof)]).await;
        if response.status().is_success() { response.status().as_u16().to_string() } else { refusal(response).await }
    }
}

/// RFC 9449 11.1: the name of a proof is its key's, for nobody can keep two apps from choosing the same.
#[tokio::test]
async fn another_keys_proof_may_have_the_same_name() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    let scene_of_another = Scene::new(scene.bank, FapiSetup::default()).await;
    let (one, other) = (&scene.app, &scene_of_another.app);
    for app in [one, other] {
        let url = app.endpoint("token_endpoint");
        let proof = app.proof_with("POST", &url, |_, claims: &mut Value| claims["jti"] = "the same".into());
        let form = app.form(&[("grant_type", "client_credentials"), ("scope", "grant_management_query")]);
        assert_eq!(app.send(&url, &form, &[("dpop", &proof)]).await.status(), 200);
        let form = app.form(&[("grant_type", "client_credentials"), ("scope", "grant_management_query")]);
        let again = app.send(&url, &form, &[("dpop", &proof)]).await;
        assert_eq!(refusal(again).await, "400 invalid_dpop_proof");
    }
}

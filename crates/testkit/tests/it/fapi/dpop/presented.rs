//! How a token is presented (RFC 9449 7, RFC 6750 2, RFC 8705 3): a stolen one opens nothing, whatever it is called.

use lombard_domain::oauth::Alg;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup};
use lombard_testkit::{Answer, Purpose, TestBank, TestKey};
use reqwest::Method;

use super::{ALGS, Place, Scene, algs_of, error_of};

/// Headers of a call.
type Headers = Vec<(&'static str, String)>;

#[tokio::test]
async fn a_bound_token_is_worth_nothing_without_its_key() {
    for alg in Alg::ALL {
        let mut scene = Scene::new(TestBank::new().await, FapiSetup { alg, ..FapiSetup::default() }).await;
        let own = scene.app.possession.clone();
        for (case, key) in [
            ("another key", TestKey::new(alg, Purpose::Foreign)),
            ("the key of its assertions", scene.app.key.clone()),
            (
                "a key of another kind",
                TestKey::new(if alg == Alg::Es256 { Alg::EdDsa } else { Alg::Es256 }, Purpose::Foreign),
            ),
        ] {
            scene.app.possession = key;
            let proof = scene.draft(Place::Api).sign();
            assert_eq!(scene.show(Place::Api, &[&proof]).await, "401 invalid_dpop_proof", "{alg}: {case}");
        }
        scene.app.possession = own;
        let proof = scene.draft(Place::Api).sign();
        assert_eq!(scene.show(Place::Api, &[&proof]).await, "200", "{alg}");
    }
}

/// RFC 9449 7.2: otherwise a thief would just use the other scheme. RFC 9110 11.1: a scheme is the same in capitals.
#[tokio::test]
async fn a_token_bound_to_a_key_comes_under_its_own_scheme_only() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    let token = &scene.tokens.access;
    let ask = async |authorization: String| {
        let headers = [("authorization", authorization), ("dpop", scene.draft(Place::Api).sign())];
        Answer::of(scene.app.call_with(Method::GET, &scene.app.api("/accounts"), &headers).await).await
    };
    for scheme in ["DPoP", "dpop", "DPOP", "dPoP"] {
        assert_eq!(ask(format!("{scheme} {token}")).await.status, 200, "{scheme}");
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        check_both_challenges(&ask(format!("{scheme} {token}")).await, "invalid_token");
    }
    for (case, authorization) in [
        ("another scheme", format!("Token {token}")),
        ("no scheme", token.clone()),
        ("two tokens", format!("DPoP {token}, DPoP {token}")),
        ("the token quoted", format!("DPoP \"{token}\"")),
        ("no token", "DPoP".to_owned()),
    ] {
        let answer = ask(authorization).await;
        check_both_challenges(&answer, "without a code");
        assert_eq!(answer.code(), "TK09", "{case}");
    }
    check_both_challenges(&ask(format!("DPoP {token}x")).await, "invalid_token");
    check_both_challenges(&ask(format!("DPoP {}", scene.tokens.refresh)).await, "invalid_token");
}

#[tokio::test]
async fn a_token_that_is_not_bound_to_a_key_has_no_proof() {
    let bank = TestBank::new().await;
    let unbound =
        FapiSetup { auth: ClientAuth::Secret, binding: BindingKind::None, profile: "baseline", ..FapiSetup::default() };
    let by_certificate = FapiSetup { binding: BindingKind::Certificate, ..FapiSetup::default() };
    for setup in [unbound, by_certificate] {
        let app = FapiApp::register(&bank, setup).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read").await;
        let url = app.api("/accounts");
        let with = |scheme: &str, proof: Option<String>| -> Headers {
            let authorization = ("authorization", format!("{scheme} {}", tokens.access));
            std::iter::once(authorization).chain(proof.map(|proof| ("dpop", proof))).collect()
        };
        let proof = || app.proof("GET", &url, Some(&tokens.access), None);
        for headers in [with("DPoP", None), with("DPoP", Some(proof())), with("dpop", Some(proof()))] {
            let answer = Answer::of(app.call_with(Method::GET, &url, &headers).await).await;
            check_both_challenges(&answer, "invalid_token");
        }
        let answer = app.call_with(Method::GET, &url, &with("Bearer", None)).await;
        assert_eq!(answer.status(), 200, "{setup:?}");
    }
}

/// FAPI 2.0 Security Profile 5.3.4-2: also beside a good proof, and also in a body.
#[tokio::test]
async fn a_token_stands_in_the_header_and_nowhere_else() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    let (app, token) = (&scene.app, &scene.tokens.access);
    let url = app.api("/accounts");
    for query in [format!("access_token={token}"), format!("authorization=DPoP%20{token}")] {
        let headers = [("dpop", scene.draft(Place::Api).sign())];
        let answer = app.call_with(Method::GET, &format!("{url}?{query}"), &headers).await;
        check_both_challenges(&Answer::of(answer).await, "without a code");
    }
    let userinfo = app.endpoint("userinfo_endpoint");
    let proof = app.proof("POST", &userinfo, Some(token), None);
    let form = vec![("access_token".to_owned(), token.clone())];
    let answer = Answer::of(app.send(&userinfo, &form, &[("dpop", &proof)]).await).await;
    check_both_challenges(&answer, "without a code");

    let twice: Headers = vec![
        ("authorization", format!("DPoP {token}")),
        ("authorization", format!("DPoP {token}")),
        ("dpop", scene.draft(Place::Api).sign()),
    ];
    let answer = Answer::of(app.call_with(Method::GET, &url, &twice).await).await;
    check_both_challenges(&answer, "without a code");
}

/// FAPI 2.0 Security Profile 5.3.4-5, wherever a token opens anything.
#[tokio::test]
async fn every_protected_resource_asks_for_the_proof() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let customers = app.connect(&bank, "amelia", "accounts:read balances:read").await;
    let own = app.own_token("grant_management_query grant_management_revoke").await;
    let grants = app.endpoint("grant_management_endpoint");
    let account = app.read("/accounts", &customers.access).await;
    let account = account["Data"]["Account"][0]["AccountId"].as_str().unwrap();
    for (method, url, token) in [
        (Method::GET, app.api("/accounts"), &customers),
        (Method::GET, app.api(&format!("/accounts/{account}/balances")), &customers),
        (Method::GET, app.endpoint("userinfo_endpoint"), &customers),
        (Method::POST, app.endpoint("userinfo_endpoint"), &customers),
        (Method::GET, format!("{grants}/x"), &own),
        (Method::DELETE, format!("{grants}/x"), &own),
    ] {
        let refused = async |headers: Headers| Answer::of(app.call_with(method.clone(), &url, &headers).await).await;
        let authorization = |scheme: &str| ("authorization", format!("{scheme} {}", token.access));
        let bare = refused(vec![authorization("DPoP")]).await;
        assert_eq!(error_of(bare.header("www-authenticate")), "invalid_dpop_proof", "{method} {url}");
        let proof = app.proof("PATCH", &url, Some(&token.access), None);
        let wrong = refused(vec![authorization("DPoP"), ("dpop", proof)]).await;
        assert_eq!(error_of(wrong.header("www-authenticate")), "invalid_dpop_proof", "{method} {url}");
        let bearer = refused(vec![authorization("Bearer")]).await;
        check_both_challenges(&bearer, "invalid_token");
        assert_eq!((bare.status, wrong.status), (401, 401), "{method} {url}");

        let good = app.call(method.clone(), &url, &token.access).await.status();
        let expected = if url.starts_with(&grants) { 404 } else { 200 };
        assert_eq!(good, expected, "{method} {url}");
    }
}

/// RFC 9110 11.6.1: whoever comes with the wrong kind of token, or with none, is told of both kinds.
fn check_both_challenges(answer: &Answer, error: &str) {
    assert_eq!(answer.status, 401, "{answer:?}");
    let challenge = answer.header("www-authenticate");
    let (bearer, dpop) = challenge.split_once(", DPoP").unwrap_or_else(|| panic!("one challenge only: {challenge}"));
    assert!(bearer.starts_with("Bearer "), "{challenge}");
    assert_eq!(algs_of(dpop), ALGS.into(), "{challenge}");
    assert_eq!([bearer, dpop].map(error_of), [error, error], "{challenge}");
}

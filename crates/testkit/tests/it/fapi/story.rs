//! The whole story, from registration to account data, for every kind of client that FAPI 2.0 has.

use lombard_domain::oauth::Alg;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, OpenId, Requests, Responses, changed};
use lombard_testkit::{Engine, KeyServer, Purpose, TestBank, TestKey, example_folder};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// OpenID Connect or plain OAuth, unsigned or signed requests, plain or signed answers.
const SHAPES: [(OpenId, Requests, Responses); 8] = [
    (OpenId::Yes, Requests::Plain, Responses::Plain),
    (OpenId::Yes, Requests::Plain, Responses::Jarm),
    (OpenId::Yes, Requests::Signed, Responses::Plain),
    (OpenId::Yes, Requests::Signed, Responses::Jarm),
    (OpenId::No, Requests::Plain, Responses::Plain),
    (OpenId::No, Requests::Plain, Responses::Jarm),
    (OpenId::No, Requests::Signed, Responses::Plain),
    (OpenId::No, Requests::Signed, Responses::Jarm),
];

/// All shapes of one kind of client, at one bank. `turn` says which algorithm begins, so that each kind meets every one.
async fn every_shape(engine: Engine, auth: ClientAuth, binding: BindingKind, turn: usize) {
    let bank = TestBank::on(engine).await;
    let algs = Alg::ALL.into_iter().cycle().skip(turn);
    for ((openid, requests, response), alg) in SHAPES.into_iter().zip(algs) {
        // What the stricter profile wants is the strictest shape.
        let profile = match (requests, response) {
            (Requests::Signed, Responses::Jarm) => "fapi2-message-signing",
            _ => "fapi2-security",
        };
        let setup = FapiSetup { auth, binding, openid, requests, response, alg, profile };
        FapiApp::story(&bank, setup, "amelia").await;
    }
}

#[tokio::test]
async fn an_assertion_and_proofs() {
    every_shape(Engine::Sqlite, ClientAuth::PrivateKeyJwt, BindingKind::Dpop, 0).await;
}

#[tokio::test]
async fn an_assertion_and_a_certificate() {
    every_shape(Engine::Postgres, ClientAuth::PrivateKeyJwt, BindingKind::Certificate, 1).await;
}

#[tokio::test]
async fn an_authoritys_certificate_and_proofs() {
    every_shape(Engine::Postgres, ClientAuth::TlsClientAuth, BindingKind::Dpop, 2).await;
}

#[tokio::test]
async fn an_authoritys_certificate_for_both() {
    every_shape(Engine::Sqlite, ClientAuth::TlsClientAuth, BindingKind::Certificate, 0).await;
}

#[tokio::test]
async fn a_self_signed_certificate_for_both() {
    every_shape(Engine::Sqlite, ClientAuth::SelfSigned, BindingKind::Certificate, 1).await;
}

#[tokio::test]
async fn the_strictest_client_on_the_other_engine() {
    let bank = TestBank::on(Engine::Postgres).await;
    for alg in Alg::ALL {
        FapiApp::story(&bank, FapiSetup { alg, ..FapiSetup::message_signing() }, "amelia").await;
    }
}

/// RFC 9449 8: the app is asked for a nonce once at each server, and uses what it learned from then on.
#[tokio::test]
async fn proofs_with_the_banks_nonces() {
    let with_nonces = |policy: &mut lombard_auth::Policy| {
        policy.dpop_nonce_life = Some(lombard_domain::time::Span::minutes(1));
    };
    let bank = TestBank::with(Engine::Sqlite, &example_folder(), with_nonces).await;
    for auth in [ClientAuth::PrivateKeyJwt, ClientAuth::TlsClientAuth] {
        let (app, _) = FapiApp::story(&bank, FapiSetup { auth, ..FapiSetup::default() }, "amelia").await;
        assert!(app.remembered_nonce(&app.endpoint("token_endpoint")).is_some());
        assert!(app.remembered_nonce(&app.api("/accounts")).is_some());
    }
}

/// RFC 7591 2, `jwks_uri`: keys from the app's own server.
#[tokio::test]
async fn keys_from_the_apps_own_address() {
    let bank = TestBank::new().await;
    let mut app = FapiApp::new(&bank, FapiSetup::message_signing()).await;
    let server = KeyServer::start(&app.jwks()).await;
    let mut body = app.registration();
    body.as_object_mut().unwrap().remove("jwks");
    body["jwks_uri"] = json!(server.uri());
    app = app.registered(app.post_registration(&body).await).await;
    let tokens = app.connect(&bank, "amelia", "accounts:read").await;
    app.read("/accounts", &tokens.access).await;
    let asked = server.requests();
    assert!(asked > 0);
    app.granted(app.refresh(&tokens.refresh).await).await;
    assert_eq!(server.requests(), asked, "known keys are not fetched for each call");

    app.key = TestKey::new(app.setup.alg, Purpose::App);
    server.set(&app.jwks());
    bank.clock.advance(lombard_domain::time::Span::minutes(1));
    app.granted(app.refresh(&tokens.refresh).await).await;
    assert_eq!(server.requests(), asked + 1, "a name that is not known is a reason to look again");
}

/// RFC 9396 7: the answer says what was granted, and the token opens no more than that.
#[tokio::test]
async fn what_was_asked_for_in_detail_is_what_is_granted() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let wanted = app.wanted("");
        let details = json!([{"type": "account_information", "actions": ["list_accounts", "read_balances"]}]);
        let details = details.to_string();
        let scope = wanted.scope.trim();
        let changes = [("authorization_details", Some(details.as_str())), ("scope", Some(scope))];
        let form = app.push_form_of(&changed(app.parameters(&wanted), &changes));
        let (browser, page) = app.ask_with(&bank, "amelia", &app.pushed_form(&form).await).await;
        let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;

        let granted = &tokens.answer["authorization_details"][0];
        assert_eq!(granted["type"], "account_information", "{}", tokens.answer);
        assert_eq!(granted["actions"], json!(["list_accounts", "read_balances"]));
        let accounts = app.read("/accounts", &tokens.access).await;
        let id = accounts["Data"]["Account"][0]["AccountId"].as_str().unwrap().to_owned();
        app.read(&format!("/accounts/{id}/balances"), &tokens.access).await;
        let refused = app.get(&format!("/accounts/{id}/transactions"), &tokens.access).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    }
}

/// Grant Management 6: an app looks at a grant and ends it, and with it all that came from it.
#[tokio::test]
async fn an_app_looks_after_its_grant() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let wanted = app.wanted("accounts:read");
        let form = app.push_form_of(&changed(app.parameters(&wanted), &[("grant_management_action", Some("create"))]));
        let (browser, page) = app.ask_with(&bank, "amelia", &app.pushed_form(&form).await).await;
        let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;
        let grant = tokens.answer["grant_id"].as_str().expect("Grant Management 5.4: a grant_id").to_owned();

        let own = app.own_token("grant_management_query grant_management_revoke").await;
        let seen = app.grant(Method::GET, &grant, &own.access).await;
        assert_eq!(seen.status(), StatusCode::OK);
        assert!(seen.headers()["cache-control"].to_str().unwrap().contains("no-store"));
        let seen: Value = seen.json().await.unwrap();
        let scope = seen["scopes"][0]["scope"].as_str().unwrap();
        assert!(scope.split(' ').any(|one| one == "accounts:read"), "{seen}");

        let ended = app.grant(Method::DELETE, &grant, &own.access).await;
        assert_eq!(ended.status(), StatusCode::NO_CONTENT);
        assert_eq!(app.get("/accounts", &tokens.access).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::BAD_REQUEST);
        assert_eq!(app.grant(Method::GET, &grant, &own.access).await.status(), StatusCode::NOT_FOUND);
    }
}

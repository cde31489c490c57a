//! Signed answers (RFC 9701): made for who asks for them by name, signed as that asker registered, and saying what the plain ones say.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use lombard_domain::time::Clock as _;
use lombard_testkit::{App, TestBank, refusal};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{SCOPE, ask, resource_server};

const SIGNED: &str = "application/token-introspection+jwt";

/// A signed answer, verified as a resource server does: with the published key that its header names.
async fn signed(bank: &TestBank, asker: &App, algorithm: Algorithm, token: &str) -> Value {
    let response = ask(asker, SIGNED, &[("token", token)]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], SIGNED);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer = response.text().await.unwrap();

    let keys = asker.http.get(bank.url("/jwks")).send().await.unwrap();
    let keys: JwkSet = keys.json().await.unwrap();
    let header = decode_header(&answer).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some("token-introspection+jwt"), algorithm));
    let key = keys.find(header.kid.as_ref().unwrap()).expect("a published key");
    let mut rules = Validation::new(algorithm);
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["iss", "aud"]);
    rules.set_audience(&[&asker.id]);
    rules.set_issuer(&[&bank.issuer]);
    let mut claims: Value = decode(&answer, &DecodingKey::from_jwk(key).unwrap(), &rules).unwrap().claims;
    let told = claims["token_introspection"].take();
    // RFC 9701 5: nothing more on the outside, above all no `sub` and no `exp`, which would make it look like an access token.
    let outside = json!({
        "iss": bank.issuer, "aud": asker.id, "iat": bank.clock.now().seconds(), "token_introspection": null,
    });
    assert_eq!(claims, outside);
    told
}

#[tokio::test]
async fn say_what_the_plain_ones_say_and_are_signed_as_the_asker_registered() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    for (alg, algorithm) in [("ES256", Algorithm::ES256), ("PS256", Algorithm::PS256), ("EdDSA", Algorithm::EdDSA)] {
        let api = resource_server(&bank, alg).await;
        let told = signed(&bank, &api, algorithm, &tokens.access).await;
        assert_eq!(told["active"], true, "{alg}");
        assert_eq!(told, api.introspect(&tokens.access).await, "{alg}");
        for nothing in [tokens.refresh.as_str(), "nothing", "a.b.c", tokens.id_token()] {
            assert_eq!(signed(&bank, &api, algorithm, nothing).await, json!({"active": false}), "{alg} {nothing:.40}");
        }
    }
}

#[tokio::test]
async fn are_for_apps_too_and_each_is_told_of_its_own() {
    let bank = TestBank::new().await;
    let body = json!({"redirect_uris": ["https://app.example/callback"], "introspection_signed_response_alg": "EdDSA"});
    let app = App::register_as(&bank, &body).await;
    let other = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    for token in [&tokens.access, &tokens.refresh] {
        assert_eq!(signed(&bank, &app, Algorithm::EdDSA, token).await, app.introspect(token).await);
        assert_eq!(signed(&bank, &other, Algorithm::ES256, token).await, json!({"active": false}));
    }
}

#[tokio::test]
async fn are_no_access_tokens() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let answer = ask(&app, SIGNED, &[("token", &tokens.access)]).await.text().await.unwrap();
    assert_eq!(app.get("/accounts", &answer).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(app.introspect(&answer).await, json!({"active": false}));
}

#[tokio::test]
async fn are_made_for_who_asks_for_them_by_name() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let json = "application/json";
    for (accept, kind) in [
        (SIGNED, SIGNED),
        ("Application/Token-Introspection+JWT;q=0.7", SIGNED),
        ("application/json;q=0.9, application/token-introspection+jwt", SIGNED),
        ("*/*", json),
        ("application/*", json),
        ("application/jwt", json),
        ("application/token-introspection+jwt;q=0", json),
        ("application/token-introspection+jwt;q=0.5, application/json", json),
    ] {
        let response = ask(&app, accept, &[("token", "nothing")]).await;
        assert_eq!(response.headers()["content-type"], kind, "{accept}");
        assert_eq!(response.status(), StatusCode::OK, "{accept}");
    }
}

#[tokio::test]
async fn are_not_made_of_refusals() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let stranger = App { secret: "wrong".to_owned(), ..app.clone() };
    assert_eq!(refusal(ask(&stranger, SIGNED, &[("token", "a")]).await).await, "401 invalid_client");
    assert_eq!(refusal(ask(&app, SIGNED, &[]).await).await, "400 invalid_request");
}

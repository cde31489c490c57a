//! Introspection (RFC 7662, RFC 9701) and revocation (RFC 7009): an app's own tokens, and nobody else's but for a resource server.

mod resource_server;
mod signed;

use lombard_auth::client::{Asked, Registrar};
use lombard_domain::time::{Clock as _, Span};
use lombard_testkit::{App, Engine, TestBank, Tokens, refusal};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

const SCOPE: &str = "openid accounts:read";

/// A resource server, as an operator registers it, whose signed answers have this algorithm.
async fn resource_server(bank: &TestBank, alg: &str) -> App {
    let body = json!({"client_name": "The API", "resource_server": true, "introspection_signed_response_alg": alg})
        .to_string();
    let asked = Asked::read(body.as_bytes()).unwrap();
    let made = bank.auth.register(TestBank::OPERATOR, Registrar::Operator, &asked).await.unwrap();
    App {
        id: made.client.id.to_string(),
        secret: made.secret.map(|secret| secret.expose().clone()).unwrap_or_default(),
        registration_token: made.registration_token.expose().clone(),
        redirect_uri: String::new(),
        http: bank.http(),
        issuer: bank.issuer.clone(),
        customer: lombard_testkit::Presence::There,
    }
}

/// Asks about a token and says what kind of answer is accepted.
async fn ask(asker: &App, accept: &str, form: &[(&str, &str)]) -> Response {
    let request = asker.http.post(format!("{}/introspect", asker.issuer)).basic_auth(&asker.id, Some(&asker.secret));
    request.header("accept", accept).form(form).send().await.unwrap()
}

async fn revoke(app: &App, token: &str) {
    let response = app.post("/revoke", &[("token", token)]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.text().await.unwrap(), "", "RFC 7009 2.2: nobody looks at the body");
}

async fn status(app: &App, token: &str) -> u16 {
    app.get("/accounts", token).await.status().as_u16()
}

#[tokio::test]
async fn says_what_an_apps_own_token_is_worth() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let claims = Tokens::claims(&tokens.access);
    let now = bank.clock.now().seconds();

    let mut access = app.introspect(&tokens.access).await;
    assert_eq!(access["exp"].as_i64().unwrap() - now, tokens.answer["expires_in"].as_i64().unwrap());
    let expected = json!({
        "active": true, "scope": SCOPE, "client_id": app.id, "token_type": "Bearer", "iat": now, "sub": claims["sub"],
        "aud": bank.issuer, "iss": bank.issuer, "jti": claims["jti"],
    });
    access.as_object_mut().unwrap().remove("exp");
    assert_eq!(access, expected);

    let refresh = app.introspect(&tokens.refresh).await;
    let until = now + Span::days(90).whole_seconds();
    let expected = json!({
        "active": true, "scope": SCOPE, "client_id": app.id, "exp": until, "iat": now, "sub": claims["sub"], "iss": bank.issuer,
    });
    assert_eq!(refresh, expected, "no token_type: it is not for the API");
    // The hint is only a hint (RFC 7662 2.1).
    for hint in ["access_token", "refresh_token", "no_such_token"] {
        for token in [&tokens.access, &tokens.refresh] {
            let answer = app.post("/introspect", &[("token", token), ("token_type_hint", hint)]).await;
            assert_eq!(answer.json::<Value>().await.unwrap()["active"], true, "{hint}");
        }
    }
}

#[tokio::test]
async fn says_nothing_of_any_other_token() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let inactive = json!({"active": false});
    let (head, tail) = tokens.access.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let forged = format!("{head}.{}", tail.chars().rev().collect::<String>());
    let garbage = ["nothing", "a.b.c", "..", "\u{0}", &forged, &unsigned, tokens.id_token(), &"x".repeat(60_000)];
    for token in garbage {
        assert_eq!(app.introspect(token).await, inactive, "{token:.40}");
    }
    for token in [&tokens.access, &tokens.refresh] {
        assert_eq!(other.introspect(token).await, inactive, "somebody else's");
    }
    bank.clock.advance(Span::minutes(10));
    assert_eq!(app.introspect(&tokens.access).await, inactive, "expired");
    bank.clock.advance(Span::hours(2));
    assert_eq!(app.introspect(&tokens.access).await, inactive, "long expired");
    assert_eq!(app.introspect(&tokens.refresh).await["active"], true);
    revoke(&app, &tokens.refresh).await;
    assert_eq!(app.introspect(&tokens.refresh).await, inactive, "revoked");
}

#[tokio::test]
async fn both_endpoints_are_for_apps_that_prove_who_they_are() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let stranger = App { secret: "wrong".to_owned(), ..app.clone() };
    for path in ["/introspect", "/revoke"] {
        assert_eq!(refusal(app.post(path, &[]).await).await, "400 invalid_request", "{path}");
        assert_eq!(refusal(app.post(path, &[("token", "")]).await).await, "400 invalid_request", "{path}");
        assert_eq!(
            refusal(app.post(path, &[("token", "a"), ("token", "b")]).await).await,
            "400 invalid_request",
            "{path}"
        );
        assert_eq!(refusal(stranger.post(path, &[("token", "a")]).await).await, "401 invalid_client", "{path}");
        let nobody = app.http.post(bank.url(path)).form(&[("token", "a")]).send().await.unwrap();
        assert_eq!(refusal(nobody).await, "401 invalid_client", "{path}");
        let get = app.http.get(bank.url(path)).basic_auth(&app.id, Some(&app.secret)).send().await.unwrap();
        assert_eq!(refusal(get).await, "405 invalid_request", "{path}");
    }
}

#[tokio::test]
async fn a_revoked_access_token_dies_alone() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let second = Tokens::of(app.refresh(&tokens.refresh).await.json().await.unwrap());
    revoke(&app, &tokens.access).await;
    assert_eq!(status(&app, &tokens.access).await, 401);
    assert_eq!(app.introspect(&tokens.access).await, json!({"active": false}));
    assert_eq!(status(&app, &second.access).await, 200);
    assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::OK);
    revoke(&app, &tokens.access).await;
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_everything_with_it() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        let second = Tokens::of(app.refresh(&tokens.refresh).await.json().await.unwrap());
        let browser = bank.browser();
        let before = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
        assert!(before.html.contains("/revoke\"") && !before.html.contains("No longer sharing"), "{}", before.html);

        revoke(&app, &tokens.refresh).await;
        for token in [&tokens.access, &second.access] {
            assert_eq!(status(&app, token).await, 401);
        }
        assert_eq!(refusal(app.refresh(&tokens.refresh).await).await, "400 invalid_grant");
        let after = browser.open("/my/consents").await;
        assert!(after.html.contains("No longer sharing") && !after.html.contains("/revoke\""), "{}", after.html);
        revoke(&app, &tokens.refresh).await;
    }
}

#[tokio::test]
async fn revoking_what_is_not_ones_own_does_nothing() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register(&bank).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let entries = bank.record(1000).await.len();
    for token in [&tokens.access, &tokens.refresh, "nothing", "a.b.c", tokens.id_token(), "\u{0}"] {
        revoke(&other, token).await;
    }
    assert_eq!(bank.record(1000).await.len(), entries, "nothing happened, so nothing is on record");
    assert_eq!(status(&app, &tokens.access).await, 200);
    assert_eq!(app.refresh(&tokens.refresh).await.status(), StatusCode::OK);
}

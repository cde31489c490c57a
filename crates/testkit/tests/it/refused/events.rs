//! Routes by which an app says what it wants to be told, and fetches it.

use lombard_domain::oauth::ClientStatus;
use lombard_testkit::{Answer, App, Engine, TestBank, Tokens};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Kind, ROUTES};

const SUBSCRIPTIONS: &str = "/open-banking/v4.0/event-subscriptions";

/// An app's own token for a scope.
async fn own_token(app: &App, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    Tokens::of(Answer::of(app.post("/token", &form).await).await.json()).access
}

/// Calls a path with a body that each of these routes takes where it takes one.
async fn answer(bank: &TestBank, method: &str, path: &str, token: Option<&str>) -> Answer {
    let body = if path.ends_with("/events") { json!({}) } else { json!({"Data": {"Version": "4.0"}}) };
    let request = bank.http().request(method.parse::<Method>().unwrap(), bank.url(path)).json(&body);
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    Answer::of(request.send().await.unwrap()).await
}

/// What an app says that it wants to be told.
async fn subscriptions(bank: &TestBank, app: &App) -> Value {
    let token = own_token(app, "accounts").await;
    answer(bank, "GET", SUBSCRIPTIONS, Some(&token)).await.json()["Data"]["EventSubscription"].clone()
}

#[tokio::test]
async fn events_are_for_apps_with_a_token_of_their_own() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (app, other) = (App::register(&bank).await, App::register(&bank).await);
        let customers = app.connect(&bank, "amelia", "openid accounts:read").await.access;
        let routes = ROUTES.iter().filter(|(_, _, kind)| *kind == Kind::Event);
        assert_eq!(routes.clone().count(), 5);
        for (method, route, _) in routes {
            let own = own_token(&app, "accounts").await;
            let reads = own_token(&app, "accounts:read").await;
            let made = answer(&bank, "POST", SUBSCRIPTIONS, Some(&own)).await;
            let known = subscriptions(&bank, &app).await;
            assert_eq!(known.as_array().map(Vec::len), Some(1), "{}", made.text);
            let path = route.replace("{subscription}", known[0]["EventSubscriptionId"].as_str().unwrap());
            for (who, token, status, code) in [
                ("no token", None, 401, "TK09"),
                ("garbage", Some("garbage"), 401, "TK01"),
                ("a customer's token", Some(customers.as_str()), 403, "AG01"),
                ("a token for something else", Some(&reads), 403, "AG01"),
                ("the app's secret", Some(&app.secret), 401, "TK01"),
            ] {
                let refused = answer(&bank, method, &path, token).await;
                assert_eq!((refused.status, refused.code().as_str()), (status, code), "{method} {route}, {who}");
                assert!(refused.json().get("Data").is_none() && refused.json().get("sets").is_none());
            }
            if route.contains("{subscription}") {
                let foreign = own_token(&other, "accounts").await;
                let theirs = answer(&bank, method, &path, Some(&foreign)).await;
                assert_eq!((theirs.status, theirs.code().as_str()), (400, "U011"), "{method} {route}");
            }
            bank.set_status(&app, ClientStatus::Suspended).await;
            let refused = answer(&bank, method, &path, Some(&own)).await;
            assert_eq!((refused.status, refused.code().as_str()), (401, "TK01"), "{method} {route}, suspended");
            bank.set_status(&app, ClientStatus::Active).await;
            assert_eq!(subscriptions(&bank, &app).await, known, "{method} {route}: no refusal changed anything");
            // The one subscription is there already: that the second is a conflict is what its own app is told, and nobody else.
            let expected = match (*method, *route) {
                ("POST", SUBSCRIPTIONS) => 409,
                ("DELETE", _) => 204,
                _ => 200,
            };
            let funds = own_token(&app, "fundsconfirmations").await;
            assert_eq!(answer(&bank, method, &path, Some(&funds)).await.status, expected, "{method} {route}");
        }
    }
}

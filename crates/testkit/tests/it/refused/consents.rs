//! Routes by which an app looks after the consents that it lodged, and the one that answers under a consent to confirm funds.

use lombard_domain::oauth::ClientStatus;
use lombard_testkit::{Answer, App, Engine, TestBank, Tokens};
use serde_json::{Value, json};

use super::{Kind, ROUTES, call};

fn routes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ROUTES.iter().filter_map(|(method, path, kind)| match kind {
        Kind::Lodged(scope) => Some((*method, *path, *scope)),
        _ => None,
    })
}

/// An app's own token for a scope.
async fn own_token(app: &App, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    Tokens::of(Answer::of(app.post("/token", &form).await).await.json()).access
}

/// What lodges a consent of the kind that a path is for.
fn body_for(path: &str) -> Value {
    if path.contains("funds") {
        json!({"Data": {"DebtorAccount": {"SchemeName": "UK.OBIE.IBAN", "Identification": "GB87LOMB09012840017231"}}})
    } else {
        json!({"Data": {"Permissions": ["ReadAccountsBasic"]}, "Risk": {}})
    }
}

/// Lodges a consent; its id.
async fn lodged(bank: &TestBank, app: &App, route: &str, scope: &str) -> String {
    let path = route.strip_suffix("/{consent}").unwrap_or(route);
    let token = own_token(app, scope).await;
    let request = bank.http().post(bank.url(path)).bearer_auth(token).json(&body_for(path));
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.text);
    answer.json()["Data"]["ConsentId"].as_str().unwrap().to_owned()
}

async fn answer(bank: &TestBank, method: &str, path: &str, token: Option<&str>) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    call(bank, method, path, &headers, None).await
}

#[tokio::test]
async fn a_lodged_consent_is_its_apps_alone() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (app, other) = (App::register(&bank).await, App::register(&bank).await);
        let customers = app.connect(&bank, "amelia", "openid accounts:read").await.access;
        assert_eq!(routes().count(), 6);
        for (method, route, scope) in routes() {
            let id = lodged(&bank, &app, route, scope).await;
            let path = route.replace("{consent}", &id);
            let own = own_token(&app, scope).await;
            let another = if scope == "accounts" { "fundsconfirmations" } else { "accounts" };
            let narrow = own_token(&app, another).await;
            let reads = own_token(&app, "accounts:read").await;
            for (who, token, status, code) in [
                ("no token", None, 401, "TK09"),
                ("garbage", Some("garbage"), 401, "TK01"),
                ("a customer's token", Some(customers.as_str()), 403, "AG01"),
                ("a token for the other kind", Some(&narrow), 403, "AG01"),
                ("a token for something else", Some(&reads), 403, "AG01"),
                ("the app's secret", Some(&app.secret), 401, "TK01"),
            ] {
                // Without a body: who may not call is told so before anything is read.
                let refused = answer(&bank, method, &path, token).await;
                assert_eq!((refused.status, refused.code().as_str()), (status, code), "{method} {route}, {who}");
                assert!(refused.json().get("Data").is_none());
            }
            if route.contains("{consent}") {
                let foreign = own_token(&other, scope).await;
                let theirs = answer(&bank, method, &path, Some(&foreign)).await;
                assert_eq!((theirs.status, theirs.code().as_str()), (400, "U011"), "{method} {route}");
            }
            bank.set_status(&app, ClientStatus::Suspended).await;
            let refused = answer(&bank, method, &path, Some(&own)).await;
            assert_eq!((refused.status, refused.code().as_str()), (401, "TK01"), "{method} {route}, suspended");
            bank.set_status(&app, ClientStatus::Active).await;
            its_own_app_may(&bank, method, &path, &own).await;
        }
    }
}

async fn its_own_app_may(bank: &TestBank, method: &str, path: &str, own: &str) {
    match method {
        "GET" => assert_eq!(answer(bank, method, path, Some(own)).await.status, 200, "{path}"),
        "DELETE" => {
            assert_eq!(answer(bank, method, path, Some(own)).await.status, 204, "{path}");
            assert_eq!(answer(bank, method, path, Some(own)).await.code(), "U011", "{path}, once more");
        }
        _ => {
            let request = bank.http().post(bank.url(path)).bearer_auth(own).json(&body_for(path));
            assert_eq!(request.send().await.unwrap().status(), 201, "{path}");
        }
    }
}

/// Nobody asks about funds but who has a customer's token for that; the rest of it is in `consents/funds.rs`.
#[tokio::test]
async fn funds_are_confirmed_to_nobody_else() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let customers = app.connect(&bank, "amelia", "openid accounts:read balances:read").await.access;
        let own = own_token(&app, "fundsconfirmations").await;
        let routes = ROUTES.iter().filter(|(_, _, kind)| *kind == Kind::Funds);
        for (method, path, _) in routes {
            for (who, token, status, code) in [
                ("no token", None, 401, "TK09"),
                ("garbage", Some("garbage"), 401, "TK01"),
                ("the app's own token", Some(own.as_str()), 401, "TK01"),
                ("a customer's token for something else", Some(&customers), 403, "AG01"),
            ] {
                let refused = answer(&bank, method, path, token).await;
                assert_eq!((refused.status, refused.code().as_str()), (status, code), "{method} {path}, {who}");
            }
        }
    }
}

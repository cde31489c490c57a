//! Routes by which an app looks after the grants that customers gave it.

use lombard_testkit::{Answer, App, Engine, TestBank, Tokens, Wanted};

use super::{Kind, ROUTES, call};

fn routes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ROUTES.iter().filter_map(|(method, path, kind)| match kind {
        Kind::Grant(scope) => Some((*method, *path, *scope)),
        _ => None,
    })
}

/// An app's own token for a scope.
async fn own_token(app: &App, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    Tokens::of(Answer::of(app.post("/token", &form).await).await.json()).access
}

/// A grant that the app may look after, and a token under it.
async fn a_grant(bank: &TestBank, app: &App) -> (String, String) {
    let wanted = Wanted::scopes("openid accounts:read");
    let parameters = wanted.changed(app, &[("grant_management_action", Some("create"))]);
    let browser = bank.browser();
    let page = browser.sign_in(&browser.open(&app.authorize_url_with(&parameters)).await, "amelia").await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    let tokens = Tokens::of(app.redeem(&back.parameter("code").unwrap(), &wanted).await.json().await.unwrap());
    (tokens.answer["grant_id"].as_str().unwrap().to_owned(), tokens.access)
}

#[tokio::test]
async fn a_grant_is_shown_to_its_app_and_ended_by_it_alone() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let (app, other) = (App::register(&bank).await, App::register(&bank).await);
        let (grant, access) = a_grant(&bank, &app).await;
        for (method, route, scope) in routes() {
            let narrow = own_token(&app, "accounts:read").await;
            let foreign = own_token(&other, scope).await;
            let path = route.replace("{grant}", &grant);
            for (who, token, status, code) in [
                ("no token", None, 401, "invalid_token"),
                ("a customer's token", Some(&access), 403, "insufficient_scope"),
                ("a token for something else", Some(&narrow), 403, "insufficient_scope"),
                ("another app", Some(&foreign), 404, "invalid_grant_id"),
            ] {
                let bearer = token.map(|token| format!("Bearer {token}"));
                let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
                let answer = call(&bank, method, &path, &headers, None).await;
                assert_eq!((answer.status, answer.code().as_str()), (status, code), "{method} {route}, {who}");
            }
            // What is another app's looks like what is not there.
            let bearer = format!("Bearer {foreign}");
            let theirs = call(&bank, method, &path, &[("authorization", &bearer)], None).await;
            for wrong in ["gra_00000000000000000000000001", "x", "%ff", "%2F"] {
                let path = route.replace("{grant}", wrong);
                let nobodys = call(&bank, method, &path, &[("authorization", &bearer)], None).await;
                assert_eq!(nobodys.comparable(), theirs.comparable(), "{method} {path}");
            }
        }
        assert_eq!(app.answer("/accounts", &access).await.status, 200, "nobody ended it");
        its_own_app_may(&bank, &app, &grant, &access).await;
    }
}

async fn its_own_app_may(bank: &TestBank, app: &App, grant: &str, access: &str) {
    let path = format!("/grants/{grant}");
    let query = format!("Bearer {}", own_token(app, "grant_management_query").await);
    let revoke = format!("Bearer {}", own_token(app, "grant_management_revoke").await);
    let shown = call(bank, "GET", &path, &[("authorization", &query)], None).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.json()["scopes"][0]["scope"], "openid accounts:read");
    assert_eq!(shown.json()["claims"], serde_json::json!([]));
    assert_eq!(call(bank, "DELETE", &path, &[("authorization", &query)], None).await.status, 403);
    assert_eq!(call(bank, "DELETE", &path, &[("authorization", &revoke)], None).await.status, 204);
    assert_eq!(app.answer("/accounts", access).await.status, 401, "its tokens died with it");
    for (method, bearer) in [("GET", &query), ("DELETE", &revoke)] {
        let again = call(bank, method, &path, &[("authorization", bearer)], None).await;
        assert_eq!((again.status, again.code().as_str()), (404, "invalid_grant_id"), "{method} once more");
    }
}

//! A 429 has the shape of its surface, and says nothing of who is counted.

use lombard_auth::limit::{Class, Kind};
use lombard_testkit::{Answer, App};
use serde_json::json;

use super::{bank, get, list, told, wait};
use crate::uk_schema::Published;

#[tokio::test]
async fn the_standards_api_answers_as_its_description_says() {
    let bank = bank(&[(Class::Read, Kind::Client, "1/m burst 1")]).await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read balances:read").await.access;
    let admitted = get(&app, "/accounts", &token).await;
    assert_eq!((admitted.status, told(&admitted, "read-client")), (200, [1, 60, 0, 60]));
    let refused = get(&app, "/accounts", &token).await;
    assert_eq!((refused.status, refused.code().as_str(), wait(&refused)), (429, "NARR", 60));
    assert_eq!(refused.header("content-type"), "application/json");
    assert_eq!(refused.json()["Id"], refused.header("x-fapi-interaction-id"));
    for (published, own) in [("/accounts", "/accounts"), ("/balances", "/balances")] {
        let refused = get(&app, own, &token).await;
        assert_eq!(refused.status, 429);
        if let Some(mut description) = Published::open() {
            description.check(published, &refused);
        }
    }
}

#[tokio::test]
async fn lombards_own_api_answers_with_problem_details() {
    let bank = bank(&[(Class::Read, Kind::Customer, "1/m burst 1")]).await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read transactions:read").await.access;
    let path = "/lombard/v1/accounts/acc_00000000000000000000000000/transactions/sync";
    let url = bank.url(path);
    assert_eq!(get(&app, "/accounts", &token).await.status, 200);
    let account = "acc_00000000000000000000000000";
    let refused = get(&app, &url, &token).await;
    // An account that is not the consent's is refused before anything is counted for its customer.
    assert_eq!((refused.status, refused.code().as_str()), (403, "account_unknown"), "{account}");
    let bank = super::bank(&[(Class::Read, Kind::Client, "1/m burst 1")]).await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read transactions:read").await.access;
    assert_eq!(get(&app, "/accounts", &token).await.status, 200);
    let refused = get(&app, &bank.url(path), &token).await;
    assert_eq!((refused.status, refused.code().as_str(), wait(&refused)), (429, "too_many_calls", 60));
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.json()["interaction_id"], refused.header("x-fapi-interaction-id"));
}

#[tokio::test]
async fn the_endpoints_of_oauth_answer_in_json() {
    let bank = bank(&[
        (Class::Token, Kind::Client, "1/m burst 1"),
        (Class::Registration, Kind::Address, "1/m burst 1"),
        (Class::Read, Kind::Client, "1/m burst 1"),
    ])
    .await;
    let app = App::register(&bank).await;
    let form = [("grant_type", "client_credentials"), ("scope", "accounts")];
    assert_eq!(app.post("/token", &form).await.status(), 200);
    let registration = bank.http().post(bank.url("/register")).json(&json!({}));
    let token = Answer::of(app.post("/token", &form).await).await;
    let registered = Answer::of(registration.send().await.unwrap()).await;
    assert_eq!(app.post("/introspect", &[("token", "x")]).await.status(), 200);
    let introspected = Answer::of(app.post("/introspect", &[("token", "x")]).await).await;
    for refused in [token, registered, introspected] {
        assert_eq!((refused.status, refused.code().as_str()), (429, "temporarily_unavailable"), "{}", refused.text);
        assert_eq!((refused.header("content-type"), wait(&refused)), ("application/json", 60));
        assert!(!refused.json()["error_description"].as_str().unwrap().is_empty());
        assert_eq!(list(refused.header("ratelimit")).len(), 1);
    }
}

#[tokio::test]
async fn customers_get_a_page() {
    let bank =
        bank(&[(Class::Page, Kind::Address, "1/m burst 1"), (Class::SignIn, Kind::Address, "1/m burst 1")]).await;
    let browser = bank.browser();
    let url = bank.url("/authorize?client_id=x");
    assert_eq!(browser.open(&url).await.status, 400);
    let refused = browser.open(&url).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(refused.header("retry-after"), "60");
    assert!(refused.html.contains("Wait a minute"), "{}", refused.html);
}

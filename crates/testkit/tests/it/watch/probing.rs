//! Trying what is not allowed; and apps that do not know better.

use lombard_auth::watch::Rule;
use lombard_domain::id::AccountId;
use lombard_domain::time::Span;
use lombard_testkit::{App, TestBank};

use super::bank;
use crate::phishing::app_called;

/// A bank, an app that may read accounts alone, its token, and an account.
async fn scene(thresholds: &[(Rule, u32)]) -> (TestBank, App, String, String) {
    let bank = bank(thresholds).await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "accounts:read").await.access;
    let account = app.accounts(&token).await.remove(0);
    (bank, app, token, account)
}

async fn refused(app: &App, path: &str, token: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(app.get(path, token).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn scope_probing_and_an_app_that_lacks_one_right() {
    let (bank, app, token, account) = scene(&[]).await;
    refused(&app, &format!("/accounts/{account}/balances"), &token, 30).await;
    assert!(bank.alarms().await.is_empty());
    for thing in ["balances", "transactions", "beneficiaries", "direct-debits", "standing-orders", "statements"] {
        refused(&app, &format!("/accounts/{account}/{thing}"), &token, 4).await;
    }
    assert_eq!(bank.alarms().await, ["scope-probing"]);
}

#[tokio::test]
async fn enumeration_of_accounts_and_a_list_that_is_old() {
    let (bank, app, token, account) = scene(&[(Rule::IdEnumeration, 8)]).await;
    let made_up = |n: u128| format!("/accounts/{}", AccountId::from_bits(n));
    for n in 0..8 {
        for _ in 0..5 {
            app.read(&format!("/accounts/{account}"), &token).await;
        }
        refused(&app, &made_up(n), &token, 1).await;
    }
    assert!(bank.alarms().await.is_empty());
    for n in 0..20 {
        refused(&app, &made_up(n), &token, 1).await;
    }
    assert_eq!(bank.alarms().await, ["id-enumeration"]);
}

#[tokio::test]
async fn guessing_of_apps_and_one_with_an_old_secret() {
    let bank = bank(&[]).await;
    let app = App::register(&bank).await;
    let form = [("grant_type", "client_credentials")];
    let old = App { secret: "the one before".to_owned(), ..app.clone() }.in_network(&bank, 6);
    for _ in 0..60 {
        assert_eq!(old.post("/token", &form).await.status(), 401);
    }
    assert!(bank.alarms().await.is_empty());
    for n in 0..20 {
        let id = lombard_domain::id::ClientId::from_bits(n).to_string();
        assert_eq!(App { id, ..app.clone() }.in_network(&bank, 7).post("/token", &form).await.status(), 401);
    }
    assert_eq!(bank.alarms().await, ["client-guessing"]);
}

#[tokio::test]
async fn a_burst_of_errors_and_a_token_that_expired() {
    let (bank, app, token, account) = scene(&[(Rule::ErrorBurst, 12)]).await;
    refused(&app, &format!("/accounts/{account}/balances"), &token, 13).await;
    assert_eq!(bank.alarms().await, ["error-burst"]);
    let other = App::register(&bank).await;
    let expired = other.connect(&bank, "jonah", "accounts:read").await.access;
    bank.clock.advance(Span::hours(1));
    for _ in 0..30 {
        assert_eq!(other.get("/accounts", &expired).await.status(), 401);
    }
    assert!(bank.alarms().await.is_empty());
}

#[tokio::test]
async fn a_name_that_imitates_and_one_that_does_not() {
    let bank = bank(&[]).await;
    let known = app_called(&bank, "Pocket Ledger", "pocket.example").await;
    known.connect(&bank, "amelia", "accounts:read").await;
    bank.clock.advance(Span::days(1));
    for (name, host) in [("Rent Register", "rent.example"), ("Pocket Ledger", "pocket.example")] {
        app_called(&bank, name, host).await;
    }
    assert!(bank.alarms().await.is_empty(), "another name, and the maker's own");
    app_called(&bank, "Рocket Ledger", "evil.example").await;
    assert_eq!(bank.alarms().await, ["look-alike"]);
}

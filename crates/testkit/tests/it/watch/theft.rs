//! Codes, tokens and proofs in the wrong hands; and answers that were lost.

use lombard_auth::watch::Rule;
use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{App, Purpose, TestBank, TestKey, Wanted};
use reqwest::Method;

use super::bank;

const SCOPE: &str = "openid accounts:read balances:read";

#[tokio::test]
async fn code_replay_and_an_answer_that_was_lost() {
    for (again, alarms) in [(1, &[][..]), (3, &["code-replay"])] {
        let bank = bank(&[]).await;
        let app = App::register(&bank).await;
        let wanted = Wanted::scopes(SCOPE);
        let code = app.code(&bank, "amelia", &wanted).await;
        assert_eq!(app.redeem(&code, &wanted).await.status(), 200);
        for _ in 0..again {
            assert_eq!(app.redeem(&code, &wanted).await.status(), 400);
        }
        assert_eq!(bank.alarms().await, alarms);
    }
}

#[tokio::test]
async fn a_code_or_token_of_another_app_and_one_that_is_used_again() {
    let bank = bank(&[]).await;
    let (owner, thief, other) = (App::register(&bank).await, App::register(&bank).await, App::register(&bank).await);
    let tokens = owner.connect(&bank, "amelia", SCOPE).await;
    for _ in 0..3 {
        assert_eq!(owner.refresh(&tokens.refresh).await.status(), 200);
    }
    assert_eq!(owner.refresh("no token of anybody").await.status(), 400);
    assert!(bank.alarms().await.is_empty(), "refresh tokens work as often as their app likes");
    assert_eq!(thief.refresh(&tokens.refresh).await.status(), 400);
    assert_eq!(bank.alarms().await, ["foreign-token"]);
    let wanted = Wanted::scopes(SCOPE);
    let code = owner.code(&bank, "amelia", &wanted).await;
    let stolen = App { redirect_uri: owner.redirect_uri.clone(), ..other };
    assert_eq!(stolen.redeem(&code, &wanted).await.status(), 400);
    assert_eq!(bank.alarms().await, ["foreign-token"]);
    assert_eq!(owner.redeem(&code, &wanted).await.status(), 200, "which its app has lost nothing by");
}

#[tokio::test]
async fn old_refresh_tokens_of_many_and_one_that_is_tried_again_and_again() {
    let bank = bank(&[(Rule::RefreshReplay, 3)]).await;
    let app = App::register(&bank).await;
    let mut ended = Vec::new();
    for name in ["amelia", "jonah", "priya"] {
        ended.push(app.connect(&bank, name, SCOPE).await.refresh);
        bank.revoke_consents(name).await;
    }
    for _ in 0..9 {
        assert_eq!(app.refresh(&ended[0]).await.status(), 400);
    }
    bank.clock.advance(Span::hours(2));
    for _ in 0..9 {
        assert_eq!(app.refresh(&ended[0]).await.status(), 400);
    }
    assert!(bank.alarms().await.is_empty(), "one customer has left");
    for token in &ended {
        assert_eq!(app.refresh(token).await.status(), 400);
    }
    assert_eq!(bank.alarms().await, ["refresh-replay"]);
}

#[tokio::test]
async fn proofs_that_come_again_and_a_library_that_repeats_a_call() {
    for (again, alarms) in [(2, &[][..]), (5, &["proof-replay"])] {
        let bank = bank(&[]).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read").await;
        let url = app.api("/accounts");
        let proof = app.proof("GET", &url, Some(&tokens.access), None);
        let headers = [("authorization", format!("DPoP {}", tokens.access)), ("dpop", proof)];
        assert_eq!(app.call_with(Method::GET, &url, &headers).await.status(), 200);
        for _ in 0..again {
            assert_eq!(app.call_with(Method::GET, &url, &headers).await.status(), 401);
        }
        assert_eq!(bank.alarms().await, alarms);
    }
}

#[tokio::test]
async fn tokens_with_another_key_and_an_app_that_changed_its_key() {
    for (calls, alarms) in [(2, &[][..]), (3, &["token-other-key"])] {
        let bank = bank(&[]).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read").await;
        let mut thief = app.clone();
        thief.possession = TestKey::new(app.setup.alg, Purpose::Foreign);
        for _ in 0..calls {
            assert_eq!(thief.get("/accounts", &tokens.access).await.status(), 401);
        }
        app.read("/accounts", &tokens.access).await;
        assert_eq!(bank.alarms().await, alarms);
    }
}

/// Reads often enough for a network to be known.
async fn reads(app: &App, token: &str) {
    for _ in 0..5 {
        app.read("/accounts", token).await;
    }
}

async fn fresh(app: &App, refresh: &str) -> String {
    app.narrowed(refresh, "accounts:read").await
}

#[tokio::test]
async fn tokens_from_a_new_network_and_an_app_that_moved_early() {
    for (days, alarms) in [(2, &[][..]), (8, &["token-other-network"])] {
        let bank = bank(&[]).await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        reads(&app, &tokens.access).await;
        bank.clock.advance(Span::days(days));
        assert!(bank.alarms().await.is_empty());
        reads(&app.in_network(&bank, 9), &fresh(&app, &tokens.refresh).await).await;
        assert_eq!(bank.alarms().await, alarms, "after {days} days");
        reads(&app.in_network(&bank, 9), &fresh(&app, &tokens.refresh).await).await;
        assert!(bank.alarms().await.is_empty(), "now it is known");
    }
}

#[tokio::test]
async fn whoever_shows_a_wrong_token_is_told_nothing_of_why() {
    let bank: TestBank = bank(&[]).await;
    let (owner, thief) = (App::register(&bank).await, App::register(&bank).await);
    let tokens = owner.connect(&bank, "amelia", SCOPE).await;
    let foreign = thief.refresh(&tokens.refresh).await;
    let unknown = thief.refresh("0123456789").await;
    assert_eq!(foreign.status(), unknown.status());
    assert_eq!(foreign.text().await.unwrap(), unknown.text().await.unwrap());
}

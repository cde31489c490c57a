//! Refresh tokens: they stay the same (FAPI 2.0 Security Profile 5.3.2.1-9), and are worth nothing to anybody else or afterwards.

use lombard_domain::oauth::ClientStatus;
use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{Engine, TestBank, random_text, refusal};
use serde_json::json;

use super::{comparable, status};

const SCOPE: &str = "accounts:read balances:read";

#[tokio::test]
async fn a_refresh_token_stays_the_same_whatever_becomes_of_the_answer() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        // Answers that nobody reads, for the connection broke off.
        for _ in 0..2 {
            drop(app.refresh(&tokens.refresh).await);
        }
        let mut made = vec![tokens.access.clone()];
        for _ in 0..3 {
            let again = app.granted(app.refresh(&tokens.refresh).await).await;
            assert_eq!(again.refresh, tokens.refresh, "{engine:?}");
            assert!(!made.contains(&again.access), "{engine:?}: each access token is a new one");
            made.push(again.access);
        }
        for access in &made {
            assert_eq!(status(&app, access).await, 200, "{engine:?}: none takes the place of another");
        }
        let node = bank.another_node().await;
        let form = app.form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]);
        let proof = app.proof("POST", &app.endpoint("token_endpoint"), None, None);
        app.granted(app.send(&node.url("/token"), &form, &[("dpop", &proof)]).await).await;
    }
}

#[tokio::test]
async fn nobody_can_tell_why_a_refresh_token_is_refused() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let foreign = FapiApp::register(&bank, FapiSetup::default()).await;
        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        let nothing = comparable(app.refresh(&random_text()).await).await;
        assert_eq!((nothing.status, nothing.code().as_str()), (400, "invalid_grant"), "{engine:?}");
        let same = async |case: &str, app: &FapiApp, token: &str| {
            assert_eq!(comparable(app.refresh(token).await).await, nothing, "{engine:?}: {case}");
        };
        same("another app's", &foreign, &tokens.refresh).await;
        same("longer", &app, &format!("{}x", tokens.refresh)).await;
        same("shorter", &app, &tokens.refresh[1..]).await;
        same("an access token", &app, &tokens.access).await;
        same("an ID token", &app, tokens.id_token()).await;

        // RFC 7009 2.2: another app's try succeeds and changes nothing.
        assert_eq!(foreign.revoke(&tokens.refresh).await.status(), 200);
        app.granted(app.refresh(&tokens.refresh).await).await;
        assert_eq!(app.revoke(&tokens.refresh).await.status(), 200);
        same("revoked", &app, &tokens.refresh).await;
        same("another app's, revoked", &foreign, &tokens.refresh).await;

        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        bank.revoke_consents("amelia").await;
        same("after the customer took back their consent", &app, &tokens.refresh).await;

        let tokens = app.connect(&bank, "amelia", SCOPE).await;
        bank.clock.advance(Span::seconds(Span::days(90).whole_seconds() - 1));
        app.granted(app.refresh(&tokens.refresh).await).await;
        bank.clock.advance(Span::seconds(1));
        same("after the consent has ended", &app, &tokens.refresh).await;
    }
}

/// RFC 7009 2.1: and with it every access token that came of it; what was given for another request stays.
#[tokio::test]
async fn revoking_a_refresh_token_ends_the_whole_grant() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let untouched = app.connect(&bank, "amelia", SCOPE).await;
        let first = app.connect(&bank, "amelia", SCOPE).await;
        let second = app.granted(app.refresh(&first.refresh).await).await;
        assert_eq!(app.revoke(&first.refresh).await.status(), 200);
        for token in [&first.access, &second.access] {
            assert_eq!(status(&app, token).await, 401, "{engine:?}");
            assert_eq!(app.introspect(token).await, json!({"active": false}), "{engine:?}");
        }
        assert_eq!(app.introspect(&first.refresh).await, json!({"active": false}), "{engine:?}");
        assert_eq!(refusal(app.refresh(&first.refresh).await).await, "400 invalid_grant", "{engine:?}");
        assert_eq!(app.revoke(&first.refresh).await.status(), 200, "{engine:?}: again changes nothing");
        assert_eq!(status(&app, &untouched.access).await, 200, "{engine:?}");

        // An access token alone goes alone.
        let third = app.granted(app.refresh(&untouched.refresh).await).await;
        assert_eq!(app.revoke(&third.access).await.status(), 200);
        assert_eq!(status(&app, &third.access).await, 401, "{engine:?}");
        assert_eq!(status(&app, &untouched.access).await, 200, "{engine:?}");
        app.granted(app.refresh(&untouched.refresh).await).await;
    }
}

#[tokio::test]
async fn a_refresh_token_sleeps_while_its_app_is_suspended() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let id = app.id.parse().unwrap();
    assert!(bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Suspended).await.unwrap());
    assert_eq!(refusal(app.refresh(&tokens.refresh).await).await, "401 invalid_client");
    assert_eq!(status(&app, &tokens.access).await, 401);
    assert!(bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Active).await.unwrap());
    app.granted(app.refresh(&tokens.refresh).await).await;
}

/// RFC 6749 6: less, for one token; never more.
#[tokio::test]
async fn a_refreshed_token_can_be_for_less_and_never_for_more() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    let refresh = async |scope: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh.as_str()), ("scope", scope)];
        app.token(&app.form(&form)).await
    };
    let less = app.granted(refresh("balances:read").await).await;
    assert_eq!(less.answer["scope"], "balances:read");
    assert_eq!(status(&app, &less.access).await, 403);
    for scope in [
        "transactions:read",
        "accounts:read transactions:read",
        "grant_management_query",
        "admin",
        "accounts:read  balances:read",
    ] {
        assert_eq!(refusal(refresh(scope).await).await, "400 invalid_scope", "{scope}");
    }
    let all = app.granted(app.refresh(&tokens.refresh).await).await;
    assert_eq!(all.answer["scope"], format!("openid {SCOPE}"));
}

//! Consents that cannot be authorised: whatever the reason, the app is told the same.

use lombard_domain::consent::Revoker;
use lombard_domain::time::Span;
use lombard_testkit::{App, Engine, Intent, IntentKind, TestBank, refusal};
use reqwest::Method;
use serde_json::json;

use super::error_of;
use crate::nobody_like;

/// A bank, an app, and everything that the app must not be able to name. All consents but the first look as if they were of its kind.
async fn world(engine: Engine) -> (TestBank, App, Intent, Vec<(&'static str, Intent)>) {
    let bank = TestBank::on(engine).await;
    let (app, other) = (App::register(&bank).await, App::register(&bank).await);
    let good = app.lodge(&json!({})).await;
    let named = |consent: &str| Intent::new(IntentKind::Accounts, consent);

    let by_scope = app.connect(&bank, "amelia", "accounts:read").await;
    let made = app.introspect(&by_scope.access).await;
    assert_eq!(made["active"], true);
    let own_page = bank.record(50).await;
    let made = own_page.iter().find(|entry| entry.event == "consent.authorised").unwrap().consent.clone().unwrap();

    let rejected = app.lodge(&json!({})).await;
    let (browser, page) = app.ask_about(&bank, "amelia", &rejected).await;
    browser.submit(&page, &[], "consent-deny").await;
    assert_eq!(app.standing(&rejected).await, "RJCT");

    let (deleted, deleted_later) = (app.lodge(&json!({})).await, app.lodge(&json!({})).await);
    app.authorise(&bank, "amelia", &deleted_later).await;
    for gone in [&deleted, &deleted_later] {
        assert_eq!(app.at_lodged(Method::DELETE, gone).await.status(), 204);
    }

    let until = json!({"ExpirationDateTime": "2026-03-02T12:10:00Z"});
    let (expired, expired_later) = (app.lodge(&until).await, app.lodge(&until).await);
    app.authorise(&bank, "amelia", &expired_later).await;

    let funds = app.lodge_funds("IBAN", "GB87LOMB09012840017231").await;
    let revoked = app.lodge_funds("IBAN", "GB87LOMB09012840017231").await;
    app.authorise(&bank, "amelia", &revoked).await;
    let id = revoked.consent.parse().unwrap();
    assert!(bank.auth.revoke_by_operator(TestBank::OPERATOR, id, Revoker::Bank).await.unwrap());

    bank.clock.advance(Span::minutes(10));
    let wrong = vec![
        ("unknown", named(&nobody_like(&good.consent))),
        ("in another form", named("urn-alphabank-intent-88379")),
        ("an account's id", named("acc_00000000000000000000000007")),
        ("another app's", named(&other.lodge(&json!({})).await.consent)),
        ("of another kind", named(&funds.consent)),
        ("of the other kind", Intent::new(IntentKind::Funds, &good.consent)),
        ("made for a request", named(&made)),
        ("rejected", rejected),
        ("deleted", deleted),
        ("deleted when it was authorised", deleted_later),
        ("expired", expired),
        ("expired when it was authorised", expired_later),
        ("to confirm funds, revoked", revoked),
    ];
    (bank, app, good, wrong)
}

#[tokio::test]
async fn nobody_is_told_why_a_consent_cannot_be_authorised() {
    for engine in Engine::ALL {
        let (bank, app, good, wrong) = world(engine).await;
        let mut told = Vec::new();
        for (what, intent) in &wrong {
            let page = bank.browser().open(&app.authorize_url_with(&intent.parameters(&app))).await;
            let error = error_of(&app, &page);
            assert_eq!(error.0, "invalid_request", "{what}");
            told.push(error);
            let parameters = intent.parameters(&app);
            let form: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(refusal(app.post("/par", &form).await).await, "400 invalid_request", "{what}");
            let pushed: serde_json::Value = app.post("/par", &form).await.json().await.unwrap();
            assert_eq!(pushed["error_description"], json!(told[0].1), "{what}");
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{engine:?}: one same text for all: {told:?}");
        app.ask_about(&bank, "amelia", &good).await;
    }
}

/// A request that was good when it was pushed is looked at again when the customer comes with it.
#[tokio::test]
async fn a_consent_that_ends_after_the_push_is_not_asked_about() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({})).await;
    let parameters = intent.parameters(&app);
    let form: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let pushed: serde_json::Value = app.post("/par", &form).await.json().await.unwrap();
    assert_eq!(app.at_lodged(Method::DELETE, &intent).await.status(), 204);
    let reference = pushed["request_uri"].as_str().unwrap().to_owned();
    let url = app.authorize_url_with(&[("client_id", app.id.clone()), ("request_uri", reference)]);
    assert_eq!(error_of(&app, &bank.browser().open(&url).await).0, "invalid_request");
}

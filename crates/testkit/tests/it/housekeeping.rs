//! No table grows for ever, and nothing goes while somebody may still need it.

use std::collections::BTreeMap;

use lombard_auth::housekeeping::Leftover;
use lombard_auth::jose::Alg;
use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{App, Engine, Form, TestBank, Tokens, Wanted};
use reqwest::Method;
use serde_json::json;

const SCOPE: &str = "openid accounts:read balances:read";

/// An app of each kind.
struct Apps {
    plain: App,
    strict: FapiApp,
}

/// Everything that leaves rows behind: consents asked for, lodged, answered, refused, left alone and taken back; tokens; reads with and
/// without the customer; sign-ins that succeed and fail. The tokens of the consent that holds.
async fn a_busy_day(bank: &TestBank, apps: &Apps) -> Tokens {
    let app = &apps.plain;
    let held = app.connect(bank, "amelia", SCOPE).await;
    app.read("/accounts", &held.access).await;
    app.by_itself().read("/balances", &held.access).await;
    assert_eq!(app.refresh(&held.refresh).await.status(), 200);

    let lodged = app.lodge(&json!({})).await;
    app.authorise(bank, "amelia", &lodged).await;
    app.authorise(bank, "amelia", &lodged).await;
    assert_eq!(app.at_lodged(Method::DELETE, &lodged).await.status(), 204);
    app.lodge(&json!({})).await;

    let (browser, page) = app.ask(bank, "amelia", &Wanted::scopes(SCOPE)).await;
    browser.submit(&page, &[], "consent-deny").await;
    app.ask(bank, "amelia", &Wanted::scopes(SCOPE)).await;
    let browser = bank.browser();
    let page = browser.open(&app.authorize_url(&Wanted::scopes(SCOPE))).await;
    for stranger in ["nobody", "amelia"] {
        browser.submit(&page, &[("username", stranger), ("password", "wrong")], "login-submit").await;
    }

    let wanted = apps.strict.wanted("accounts:read");
    let request_uri = apps.strict.pushed(&wanted).await;
    let (browser, page) = apps.strict.ask_with(bank, "amelia", &request_uri).await;
    let code = apps.strict.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
    let tokens = apps.strict.granted(apps.strict.redeem(&code, &wanted).await).await;
    apps.strict.read("/accounts", &tokens.access).await;
    bank.auth.note_service().await.unwrap();
    bank.auth.rotate_key(TestBank::OPERATOR, Alg::EdDsa, Span::hours(1)).await.unwrap();
    // Somebody else's token: an alarm, and what follows from it.
    assert_eq!(apps.strict.refresh(&held.refresh).await.status(), 400);
    bank.watch().await;
    held
}

/// A customer stops sharing.
async fn take_back(bank: &TestBank, consent: &str) {
    let browser = bank.browser();
    let page = browser.open("/my/consents").await;
    let page = browser.sign_in(&page, "amelia").await;
    let stop = Form::all(&page.html).into_iter().find(|form| form.action.contains(consent)).unwrap();
    assert_eq!(browser.post(&stop.action, &stop.hidden).await.status, 200);
}

/// The app wants to be told of everything.
async fn subscribe(app: &App) {
    let url = format!("{}/open-banking/v4.0/event-subscriptions", app.issuer);
    let wish = json!({"Data": {"Version": "4.0"}});
    let answer = app.http.post(url).bearer_auth(app.own_token().await).json(&wish).send().await.unwrap();
    assert_eq!(answer.status(), 201);
}

/// Rows of all tables but the record of what happened, which only grows.
async fn rows(bank: &TestBank) -> BTreeMap<&'static str, i64> {
    let mut rows = bank.rows().await;
    rows.retain(|table, _| !table.starts_with("audit"));
    rows
}

#[tokio::test]
async fn no_table_grows_from_one_day_to_the_next() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let apps =
            Apps { plain: App::register(&bank).await, strict: FapiApp::register(&bank, FapiSetup::default()).await };
        subscribe(&apps.plain).await;
        // What brought the token for that.
        bank.clock.advance(Span::days(2));
        bank.watch().await;
        bank.auth.forget_what_is_over().await.unwrap();
        let empty = rows(&bank).await;
        for day in 1..=2 {
            a_busy_day(&bank, &apps).await;
            let full = rows(&bank).await;
            let grown = empty.iter().filter(|(table, rows)| full[*table] > **rows).count();
            assert!(grown >= 12, "{engine:?}: only {grown} tables grew: {full:?}");
            // What was left alone is rejected then. The consent that holds ends after ninety days, and is in the list for two years.
            let mut forgotten = Vec::new();
            for days in [2, 30, 90 + 730] {
                bank.clock.advance(Span::days(days));
                forgotten.extend(bank.auth.forget_what_is_over().await.unwrap());
            }
            for what in Leftover::ALL {
                let gone: u64 = forgotten.iter().filter(|(other, _)| *other == what).map(|(_, rows)| rows).sum();
                assert!(gone > 0, "{engine:?}, day {day}: nothing of {}", what.code());
            }
            let mut left = empty.clone();
            // The record stays, and so does its key of that day.
            *left.get_mut("data_key").unwrap() += day;
            assert_eq!(rows(&bank).await, left, "{engine:?}, day {day}");
        }
    }
}

#[tokio::test]
async fn nothing_goes_while_somebody_may_need_it() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let wanted = Wanted::scopes(SCOPE);
        let code = app.code(&bank, "amelia", &wanted).await;
        let answer = app.redeem(&code, &wanted).await;
        let tokens = Tokens::of(answer.json().await.unwrap());
        let lodged = app.lodge(&json!({})).await;
        let first = app.authorise(&bank, "amelia", &lodged).await;

        bank.auth.forget_what_is_over().await.unwrap();
        for held in [&tokens, &first] {
            app.read("/accounts", &held.access).await;
        }
        // A day later the first answer's grant is replaced by a second one, and the app's refresh tokens live on.
        bank.clock.advance(Span::days(1));
        let second = app.authorise(&bank, "amelia", &lodged).await;
        assert_eq!(app.refresh(&first.refresh).await.status(), 400, "{engine:?}: replaced");
        bank.clock.advance(Span::days(2));
        bank.auth.forget_what_is_over().await.unwrap();
        let third = app.authorise(&bank, "amelia", &lodged).await;
        assert_eq!(bank.rows().await["consent_grant"], 3, "{engine:?}: the first answer's is forgotten");
        bank.clock.advance(Span::hours(12));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(app.refresh(&second.refresh).await.status(), 400, "{engine:?}");
        for held in [&tokens, &third] {
            assert_eq!(app.refresh(&held.refresh).await.status(), 200, "{engine:?}");
        }
        take_back(&bank, &lodged.consent).await;
        bank.clock.advance(Span::days(729));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(app.standing(&lodged).await, "CANC", "{engine:?}: a past consent is remembered for two years");
        bank.clock.advance(Span::days(1));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_ne!(app.standing(&lodged).await, "CANC", "{engine:?}");
    }
}

#[tokio::test]
async fn a_code_that_comes_back_within_a_day_takes_back_what_it_gave() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let wanted = Wanted::scopes(SCOPE);
        let code = app.code(&bank, "amelia", &wanted).await;
        let tokens = Tokens::of(app.redeem(&code, &wanted).await.json().await.unwrap());
        bank.clock.advance(Span::hours(23));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(app.refresh(&tokens.refresh).await.status(), 200, "{engine:?}");
        assert_eq!(app.redeem(&code, &wanted).await.status(), 400, "{engine:?}");
        assert_eq!(app.refresh(&tokens.refresh).await.status(), 400, "{engine:?}: the code was in the wrong hands");
    }
}

//! Codes: for one app, one key, one address, one verifier, one minute, once (RFC 6749 4.1.3, FAPI 2.0 Security Profile 5.3.2).

use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup, changed};
use lombard_testkit::{Engine, Purpose, TestBank, TestKey, random_text, refusal};
use serde_json::json;

use super::{comparable, status};

const SCOPE: &str = "accounts:read balances:read";

/// Two addresses, so that one can be taken for the other.
async fn register(bank: &TestBank, setup: FapiSetup) -> FapiApp {
    let uris = json!(["https://app.example/callback", "https://app.example/other"]);
    FapiApp::register_with(bank, setup, |body| body["redirect_uris"] = uris).await
}

#[tokio::test]
async fn nobody_can_tell_why_a_code_is_refused() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
            let app = register(&bank, setup).await;
            let foreign = register(&bank, setup).await;
            let wanted = app.wanted(SCOPE);
            let code = app.consent(&bank, "amelia", &wanted).await;
            let nothing = comparable(app.redeem(&random_text(), &wanted).await).await;
            assert_eq!((nothing.status, nothing.code().as_str()), (400, "invalid_grant"), "{engine:?}");

            let verifier = random_text();
            let (challenge, long) = (wanted.challenge(), "a".repeat(129));
            for (field, value) in [
                ("code_verifier", verifier.as_str()),
                ("code_verifier", &challenge),
                ("code_verifier", "short"),
                ("code_verifier", &long),
                ("redirect_uri", "https://app.example/other"),
                ("redirect_uri", "https://app.example/callback/"),
                ("redirect_uri", "https://app.example/callback?a=b"),
                ("redirect_uri", "https://evil.example/callback"),
                ("code", "x"),
                ("code", &format!("{code}x")),
                ("code", &code[1..]),
            ] {
                let form = changed(app.redeem_form(&code, &wanted), &[(field, Some(value))]);
                assert_eq!(comparable(app.token(&form).await).await, nothing, "{engine:?} {field} {value}");
            }
            let mut other_key = app.clone();
            other_key.possession = TestKey::new(setup.alg, Purpose::Foreign);
            for (case, refused) in [
                ("another app", foreign.redeem(&code, &wanted).await),
                ("another key", other_key.redeem(&code, &wanted).await),
            ] {
                assert_eq!(comparable(refused).await, nothing, "{engine:?}: {case}");
            }
            // None of them has cost the right one its code.
            app.granted(app.redeem(&code, &wanted).await).await;
            assert_eq!(
                comparable(foreign.redeem(&code, &wanted).await).await,
                nothing,
                "{engine:?}: another app, used"
            );
            assert_eq!(comparable(app.redeem(&code, &wanted).await).await, nothing, "{engine:?}: used");

            let late = app.wanted(SCOPE);
            let code = app.consent(&bank, "amelia", &late).await;
            bank.clock.advance(Span::seconds(60));
            assert_eq!(comparable(app.redeem(&code, &late).await).await, nothing, "{engine:?}: expired");
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let bank = TestBank::new().await;
    let app = register(&bank, FapiSetup::default()).await;
    let wanted = app.wanted(SCOPE);
    let code = app.consent(&bank, "amelia", &wanted).await;
    for field in ["code", "code_verifier", "redirect_uri", "grant_type"] {
        for value in [None, Some("")] {
            let form = changed(app.redeem_form(&code, &wanted), &[(field, value)]);
            assert_eq!(refusal(app.token(&form).await).await, "400 invalid_request", "{field} {value:?}");
        }
        let mut twice = app.redeem_form(&code, &wanted);
        let again = twice.iter().find(|(name, _)| name == field).cloned().unwrap();
        twice.push(again);
        assert_eq!(refusal(app.token(&twice).await).await, "400 invalid_request", "{field} twice");
    }
    for grant_type in ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"] {
        let form = changed(app.redeem_form(&code, &wanted), &[("grant_type", Some(grant_type))]);
        assert_eq!(refusal(app.token(&form).await).await, "400 unsupported_grant_type", "{grant_type}");
    }
    app.granted(app.redeem(&code, &wanted).await).await;
}

/// FAPI 2.0 Security Profile 5.3.2.1-11.
#[tokio::test]
async fn a_code_lives_for_a_minute_and_no_longer() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    for (seconds, lives) in [(59, true), (60, false), (61, false)] {
        let wanted = app.wanted(SCOPE);
        let code = app.consent(&bank, "amelia", &wanted).await;
        bank.clock.advance(Span::seconds(seconds));
        let answer = app.redeem(&code, &wanted).await;
        if lives {
            app.granted(answer).await;
        } else {
            assert_eq!(refusal(answer).await, "400 invalid_grant", "{seconds} s");
        }
    }
}

/// RFC 6749 4.1.2: also what was made from it meanwhile, also when the code would be over by now.
#[tokio::test]
async fn a_code_that_comes_twice_takes_back_what_it_gave() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let untouched = app.connect(&bank, "amelia", SCOPE).await;
        for wait in [0, 61] {
            let wanted = app.wanted(SCOPE);
            let code = app.consent(&bank, "amelia", &wanted).await;
            let first = app.granted(app.redeem(&code, &wanted).await).await;
            let second = app.granted(app.refresh(&first.refresh).await).await;
            bank.clock.advance(Span::seconds(wait));
            for token in [&first, &second] {
                assert_eq!(status(&app, &token.access).await, 200, "{engine:?}");
            }
            assert_eq!(refusal(app.redeem(&code, &wanted).await).await, "400 invalid_grant", "{engine:?}");
            for token in [&first, &second] {
                assert_eq!(status(&app, &token.access).await, 401, "{engine:?}");
                assert_eq!(app.introspect(&token.access).await, json!({"active": false}), "{engine:?}");
            }
            assert_eq!(refusal(app.refresh(&first.refresh).await).await, "400 invalid_grant", "{engine:?}");
        }
        assert_eq!(status(&app, &untouched.access).await, 200, "{engine:?}: another grant of the same app");
    }
}

//! What only chance could find (FAPI 2.0 Security Profile 5.4.1-4), and what is remembered no longer than it is needed.

use std::collections::{BTreeMap, BTreeSet};

use lombard_domain::time::{Clock as _, Instant, Span};
use lombard_store::used_once;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{Engine, TestBank, refusal};

/// Bits of surprise in a text, by how often each of its characters comes (Shannon).
fn entropy(text: &str) -> f64 {
    let mut counts = BTreeMap::<char, f64>::new();
    for character in text.chars() {
        *counts.entry(character).or_default() += 1.0;
    }
    let length: f64 = counts.values().sum();
    counts.values().map(|count| -count * (count / length).log2()).sum()
}

#[test]
fn knows_chance_when_it_sees_it() {
    assert!(entropy(&"a".repeat(1000)) < 1.0);
    assert!(entropy("0123456789abcdef") < 96.0);
    assert!((entropy("abcd") - 8.0).abs() < 1e-9);
}

#[tokio::test]
async fn nothing_that_opens_a_door_can_be_guessed() {
    let bank = TestBank::new().await;
    let mut seen = BTreeSet::new();
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        for _ in 0..4 {
            let wanted = app.wanted("accounts:read");
            let request_uri = app.pushed(&wanted).await;
            let (browser, page) = app.ask_with(&bank, "amelia", &request_uri).await;
            let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
            let tokens = app.granted(app.redeem(&code, &wanted).await).await;
            let own = app.own_token("grant_management_query").await;
            let reference = request_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").expect("RFC 9126 2.2");
            for (kind, value) in [
                ("request_uri", request_uri.as_str()),
                ("what is random in it", reference),
                ("code", &code),
                ("refresh token", &tokens.refresh),
                ("access token", &tokens.access),
                ("own access token", &own.access),
                ("token of the registration", &app.registration_token),
            ] {
                assert!(value.len() >= 16, "{kind}: {value}");
                assert!(entropy(value) > 96.0, "{kind}: {value}");
                assert!(value.bytes().all(|b| b.is_ascii_graphic()), "{kind}: {value}");
                assert!(seen.insert(value.to_owned()) || kind == "token of the registration", "{kind} came before");
            }
        }
    }
}

/// How many names are remembered at most until a moment. The transaction is dropped, so that they stay.
async fn remembered(bank: &TestBank, until: Instant) -> u64 {
    let mut tx = bank.db.begin("test").await.unwrap();
    used_once::forget(&mut tx, until, 1_000_000).await.unwrap()
}

#[tokio::test]
async fn names_are_remembered_until_nobody_would_take_them_any_more() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let the_end = bank.clock.now().plus(Span::days(1));
        assert_eq!(remembered(&bank, the_end).await, 0, "{engine:?}");
        let url = app.endpoint("token_endpoint");
        let fields = [("grant_type", "client_credentials"), ("scope", "grant_management_query")];
        let form = app.form(&fields);
        let proof = app.proof("POST", &url, None, None);
        assert_eq!(app.send(&url, &form, &[("dpop", &proof)]).await.status(), 200);
        assert_eq!(remembered(&bank, the_end).await, 2, "{engine:?}: an assertion and a proof");

        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(remembered(&bank, the_end).await, 2, "{engine:?}: not before their end");
        // An assertion of one minute, and a proof that is good for one: neither would be taken after the allowances for clocks.
        bank.clock.advance(Span::seconds(59));
        bank.auth.forget_what_is_over().await.unwrap();
        let replayed = app.send(&url, &form, &[("dpop", &app.proof("POST", &url, None, None))]).await;
        assert_eq!(refusal(replayed).await, "401 invalid_client", "{engine:?}: the assertion");
        let replayed = app.send(&url, &app.form(&fields), &[("dpop", &proof)]).await;
        assert_eq!(refusal(replayed).await, "400 invalid_dpop_proof", "{engine:?}: the proof");

        bank.clock.advance(Span::minutes(5));
        assert!(remembered(&bank, the_end).await > 2, "{engine:?}: nothing goes by itself");
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(remembered(&bank, the_end).await, 0, "{engine:?}");
        let late = app.send(&url, &app.form(&fields), &[("dpop", &proof)]).await;
        assert_eq!(refusal(late).await, "400 invalid_dpop_proof", "{engine:?}: too old by now");
    }
}

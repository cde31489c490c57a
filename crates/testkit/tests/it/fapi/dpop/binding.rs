//! To which key what is given is bound: codes to the one that was named beforehand (RFC 9449 10), tokens to the one that asks.

use lombard_testkit::fapi::{FapiApp, FapiSetup, Fields, changed};
use lombard_testkit::{Engine, Purpose, TestBank, TestKey, Wanted, random_text, refusal};
use reqwest::Response;

/// Where a request names the key that will redeem its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Both,
    Parameter,
    Proof,
}

/// Pushes a request whose code is for the app's key.
async fn push_bound(app: &FapiApp, wanted: &Wanted, named: Named) -> Response {
    let thumbprint = app.possession.thumbprint();
    let jkt = [("dpop_jkt", Some(thumbprint.as_str()).filter(|_| named != Named::Proof))];
    let form = app.push_form_of(&changed(app.parameters(wanted), &jkt));
    let proof = app.proof("POST", &app.endpoint("pushed_authorization_request_endpoint"), None, None);
    let proof = [("dpop", proof.as_str())];
    app.push(&form, if named == Named::Parameter { &[] } else { &proof }).await
}

/// A code for a request that was pushed.
async fn code_of(bank: &TestBank, app: &FapiApp, wanted: &Wanted, pushed: Response) -> String {
    assert_eq!(pushed.status(), 201);
    let pushed: serde_json::Value = pushed.json().await.unwrap();
    let (browser, page) = app.ask_with(bank, "amelia", pushed["request_uri"].as_str().unwrap()).await;
    app.code(&browser.submit(&page, &[], "consent-allow").await, wanted).await
}

/// The same app with another key.
fn with_another_key(app: &FapiApp) -> FapiApp {
    let mut other = app.clone();
    other.possession = TestKey::new(app.setup.alg, Purpose::Foreign);
    other
}

#[tokio::test]
async fn a_code_is_for_the_key_that_was_named_when_it_was_asked_for() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
            let app = FapiApp::register(&bank, setup).await;
            let thief = with_another_key(&app);
            for named in [Named::Proof, Named::Parameter, Named::Both] {
                let wanted = app.wanted("accounts:read");
                let code = code_of(&bank, &app, &wanted, push_bound(&app, &wanted, named).await).await;
                let refused = thief.redeem(&code, &wanted).await;
                assert_eq!(refusal(refused).await, "400 invalid_grant", "{setup:?} {named:?}");
                let form = app.redeem_form(&code, &wanted);
                let unproven = app.send(&app.endpoint("token_endpoint"), &form, &[]).await;
                assert_eq!(refusal(unproven).await, "400 invalid_dpop_proof", "{setup:?} {named:?}");
                // Neither has cost the right one its code.
                let tokens = app.granted(app.redeem(&code, &wanted).await).await;
                assert_eq!(app.introspect(&tokens.access).await["cnf"]["jkt"], app.possession.thumbprint());
                app.read("/accounts", &tokens.access).await;
            }
        }
    }
}

/// RFC 9449 10: naming the key is the app's choice (FAPI 2.0 Security Profile 5.3.3.2); the tokens are bound all the same.
#[tokio::test]
async fn a_code_for_no_key_in_particular_is_for_any() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let wanted = app.wanted("accounts:read");
    let pushed = app.push(&app.push_form(&wanted), &[]).await;
    let code = code_of(&bank, &app, &wanted, pushed).await;
    let later = with_another_key(&app);
    let unproven = app.send(&app.endpoint("token_endpoint"), &app.redeem_form(&code, &wanted), &[]).await;
    assert_eq!(refusal(unproven).await, "400 invalid_dpop_proof");
    let tokens = later.granted(later.redeem(&code, &wanted).await).await;
    assert_eq!(later.introspect(&tokens.access).await["cnf"], later.confirmation().unwrap());
    later.read("/accounts", &tokens.access).await;
    assert_eq!(app.get("/accounts", &tokens.access).await.status(), 401);
}

#[tokio::test]
async fn a_key_that_is_named_is_one_and_the_same() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let url = app.endpoint("pushed_authorization_request_endpoint");
        let (own, foreign) = (app.possession.thumbprint(), with_another_key(&app).possession.thumbprint());
        for (case, jkt, expected) in [
            ("its own", own.clone(), "201"),
            ("another's", foreign, "400 invalid_request"),
            ("none at all", random_text(), "400 invalid_request"),
            ("with padding", format!("{own}="), "400 invalid_request"),
            ("cut short", own[..42].to_owned(), "400 invalid_request"),
            ("in other letters", format!("{}+", &own[..42]), "400 invalid_request"),
            ("in hexadecimal", "0".repeat(64), "400 invalid_request"),
            ("a whole key", app.possession.jwk().to_string(), "400 invalid_request"),
        ] {
            let form =
                app.push_form_of(&changed(app.parameters(&app.wanted("accounts:read")), &[("dpop_jkt", Some(&jkt))]));
            let proof = app.proof("POST", &url, None, None);
            assert_eq!(outcome(app.push(&form, &[("dpop", &proof)]).await).await, expected, "{setup:?}: {case}");
        }
        let malformed: Fields = changed(app.parameters(&app.wanted("accounts:read")), &[("dpop_jkt", Some("abc"))]);
        let response = app.push(&app.push_form_of(&malformed), &[]).await;
        assert_eq!(outcome(response).await, "400 invalid_request", "{setup:?}: malformed, without a proof");
    }
}

/// RFC 9449 5: of an app that proves who it is, a refresh token is bound to that, so that its other keys may change.
#[tokio::test]
async fn a_refresh_token_outlives_the_key_with_which_it_was_got() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let first = app.connect(&bank, "amelia", "accounts:read").await;
        let renewed = with_another_key(&app);
        let second = renewed.granted(renewed.refresh(&first.refresh).await).await;
        assert_eq!(second.refresh, first.refresh);
        for (holder, other, tokens) in [(&app, &renewed, &first), (&renewed, &app, &second)] {
            assert_eq!(holder.introspect(&tokens.access).await["cnf"], holder.confirmation().unwrap());
            holder.read("/accounts", &tokens.access).await;
            assert_eq!(other.get("/accounts", &tokens.access).await.status(), 401, "{engine:?}");
        }
        let form = app.form(&[("grant_type", "refresh_token"), ("refresh_token", &first.refresh)]);
        let unproven = app.send(&app.endpoint("token_endpoint"), &form, &[]).await;
        assert_eq!(refusal(unproven).await, "400 invalid_dpop_proof", "the new token would be bound to nothing");
    }
}

async fn outcome(response: Response) -> String {
    if response.status().is_success() { response.status().as_u16().to_string() } else { refusal(response).await }
}

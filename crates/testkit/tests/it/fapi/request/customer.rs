//! What a request says of the customer: `prompt`, `claims`, `login_hint`, `id_token_hint` (OpenID Connect Core 3.1.2.1).

use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup, changed};
use lombard_testkit::{Defect, Draft, Page, TestBank, Tokens};
use reqwest::StatusCode;
use serde_json::json;

use super::{SCOPE, TAKEN, assert_page, outcome};

const HINT: &str = "id_token_hint";

/// Pushes a request with one more parameter; its `request_uri`.
async fn pushed_with(app: &FapiApp, state: &str, parameter: (&str, &str)) -> String {
    let parameters = app.parameters(&app.wanted(SCOPE));
    let parameters = changed(parameters, &[("state", Some(state)), (parameter.0, Some(parameter.1))]);
    app.pushed_form(&app.push_form_of(&parameters)).await
}

/// What becomes of a push with one more parameter.
async fn push_with(app: &FapiApp, parameter: (&str, &str)) -> String {
    let parameters = changed(app.parameters(&app.wanted(SCOPE)), &[(parameter.0, Some(parameter.1))]);
    outcome(app.push(&app.push_form_of(&parameters), &[]).await).await
}

/// Every consent is given on a page by a customer who signs in for it, so without pages there is nothing but this answer.
#[tokio::test]
async fn prompt_none_is_answered_at_once() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let pushed = pushed_with(&app, "s", ("prompt", "none")).await;
        // Also in a browser in which somebody has signed in a moment ago.
        let browser = bank.browser();
        let signed_in = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
        assert!(signed_in.url.ends_with("/my/consents"), "{}", signed_in.url);
        for browser in [bank.browser(), browser] {
            let page = browser.open(&app.authorize_url(&pushed)).await;
            assert_eq!(page.redirects.len(), 1, "{:?}", page.redirects);
            assert_eq!(page.redirects[0].0, StatusCode::SEE_OTHER);
            let returned = app.returned(&page).await;
            assert_eq!(returned["error"], "login_required");
            assert_eq!(returned["state"], "s");
            assert!(!returned.contains_key("code"));
        }
    }
}

/// OpenID Connect Core 3.1.2.1: being signed in is not having signed in for this.
#[tokio::test]
async fn every_request_is_signed_in_for() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let browser = bank.browser();
    browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
    let before = bank.auth.now().seconds();
    bank.clock.advance(Span::seconds(100));
    for parameter in [("prompt", "login"), ("prompt", "consent"), ("max_age", "0"), ("max_age", "86400"), ("x", "y")] {
        let wanted = app.wanted(SCOPE);
        let parameters = changed(app.parameters(&wanted), &[(parameter.0, Some(parameter.1))]);
        let pushed = app.pushed_form(&app.push_form_of(&parameters)).await;
        let page = browser.open(&app.authorize_url(&pushed)).await;
        assert!(page.url.ends_with("/login"), "{parameter:?}: {}", page.url);
        let page = browser.sign_in(&page, "amelia").await;
        let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;
        let claims = app.id_token(&tokens, &wanted).await;
        assert_eq!(claims["auth_time"], before + 100, "{parameter:?}");
        assert_eq!(claims["acr"], "urn:openbanking:psd2:sca");
    }
}

/// OpenID Connect Core 5.5.1.1: what is essential can be had, or is refused before anybody is bothered.
#[tokio::test]
async fn an_essential_acr_can_be_had_or_is_refused() {
    let bank = TestBank::new().await;
    let sca = "urn:openbanking:psd2:sca";
    let unmet = "400 unmet_authentication_requirements";
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        for (acr, expected) in [
            (json!({"essential": true, "value": sca}), TAKEN),
            (json!({"essential": true, "values": ["urn:other", sca]}), TAKEN),
            (json!({"essential": true}), TAKEN),
            (json!({"essential": false, "value": "urn:other"}), TAKEN),
            (json!({"values": ["urn:other"]}), TAKEN),
            (json!(null), TAKEN),
            (json!({"essential": true, "value": "urn:other"}), unmet),
            (json!({"essential": true, "values": ["urn:other", "urn:openbanking:psd2:ca"]}), unmet),
            (json!({"essential": true, "values": []}), unmet),
            (json!({"essential": true, "value": sca.to_uppercase()}), unmet),
            (json!({"essential": true, "value": [sca]}), unmet),
        ] {
            for place in ["id_token", "userinfo"] {
                let claims = json!({place: {"acr": acr}}).to_string();
                assert_eq!(push_with(&app, ("claims", &claims)).await, expected, "{} {claims}", setup.profile);
            }
        }
    }
}

/// The user name as it is typed in on the page.
fn typed_in(page: &Page) -> &str {
    let (_, rest) = page.html.split_once(r#"name="username" type="text" value=""#).unwrap();
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn a_login_hint_is_typed_in_and_no_more_than_that() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let (long, longest) = ("x".repeat(65), "<".repeat(2048));
    for (hint, shown) in [
        ("amelia", "amelia".to_owned()),
        ("amelia@bank.example", "amelia@bank.example".to_owned()),
        (r#""><script>alert(1)</script>"#, "&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;".to_owned()),
        (r#"' onfocus='x' & {{7*7}}"#, "&#39; onfocus=&#39;x&#39; &#38; {{7*7}}".to_owned()),
        ("&quot;&gt;", "&#38;quot;&#38;gt;".to_owned()),
        (&long, "x".repeat(64)),
        (&longest, "&#60;".repeat(64)),
    ] {
        let pushed = pushed_with(&app, "s", ("login_hint", hint)).await;
        let browser = bank.browser();
        let page = browser.open(&app.authorize_url(&pushed)).await;
        assert_eq!(typed_in(&page), shown, "{hint:.60}");
        assert!(!page.html.contains("<script"), "{hint:.60}: {}", page.html);
        assert_eq!(page.form().inputs, ["username", "password"], "{hint:.60}");
        // It is no more than a hint: whoever it is signs in.
        let page = browser.sign_in(&page, "priya").await;
        assert!(page.url.ends_with("/consent"), "{hint:.60}: {}", page.url);
        assert!(!page.html.contains("alert(1)"));
    }
    let plain = app.pushed(&app.wanted(SCOPE)).await;
    assert_eq!(typed_in(&bank.browser().open(&app.authorize_url(&plain)).await), "");
}

/// OpenID Connect Core 3.1.2.1: the customer whom the hint names, or `login_required`; it may be older than it lives.
#[tokio::test]
async fn an_id_token_hint_says_who_must_sign_in() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let hint = app.connect(&bank, "amelia", SCOPE).await.id_token().to_owned();
        let expires = Tokens::claims(&hint)["exp"].as_i64().unwrap();
        for wait in [Span::seconds(0), Span::days(2)] {
            bank.clock.advance(wait);
            assert_eq!(app.now() >= expires, wait == Span::days(2), "expired only after the wait");
            let pushed = pushed_with(&app, "s", (HINT, &hint)).await;
            let (browser, page) = app.ask_with(&bank, "amelia", &pushed).await;
            let returned = app.returned(&browser.submit(&page, &[], "consent-allow").await).await;
            assert!(returned.contains_key("code") && returned["state"] == "s", "{returned:?}");

            let pushed = pushed_with(&app, "s", (HINT, &hint)).await;
            let browser = bank.browser();
            let page = browser.open(&app.authorize_url(&pushed)).await;
            let back = browser.sign_in(&page, "priya").await;
            assert!(back.redirects.iter().all(|(status, _)| *status == StatusCode::SEE_OTHER));
            let returned = app.returned(&back).await;
            assert_eq!((returned["error"].as_str(), returned["state"].as_str()), ("login_required", "s"));
            assert!(!returned.contains_key("code"));
            // That was the answer.
            assert_page(&browser.open(&app.authorize_url(&pushed)).await, "invalid_request_uri");
        }
    }
}

/// OpenID Connect Core 3.1.2.2: nor is anybody else's ID token given out where one `sub` was asked for.
#[tokio::test]
async fn claims_can_name_who_must_sign_in() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let hint = app.connect(&bank, "amelia", SCOPE).await.id_token().to_owned();
        let amelia = Tokens::claims(&hint)["sub"].clone();
        for (sub, username, expected) in [
            (json!({"value": amelia}), "amelia", "code"),
            (json!({"values": [amelia], "essential": true}), "amelia", "code"),
            (json!({"essential": true}), "priya", "code"),
            (json!({"value": amelia}), "priya", "error"),
            (json!({"values": [amelia]}), "priya", "error"),
            (json!({"value": "nobody"}), "amelia", "error"),
        ] {
            let claims = json!({"id_token": {"sub": sub}}).to_string();
            let pushed = pushed_with(&app, "s", ("claims", &claims)).await;
            let browser = bank.browser();
            let mut page = browser.sign_in(&browser.open(&app.authorize_url(&pushed)).await, username).await;
            if expected == "code" {
                page = browser.submit(&page, &[], "consent-allow").await;
            }
            let returned = app.returned(&page).await;
            assert!(returned.contains_key(expected), "{username} {claims}: {returned:?}");
            assert!(expected == "code" || returned["error"] == "login_required", "{returned:?}");
        }
        for (sub, expected) in [
            (json!({"value": amelia}), TAKEN),
            (json!({"value": "nobody"}), "400 invalid_request"),
            (json!({"values": [amelia, "nobody"]}), "400 invalid_request"),
            (json!({"value": 1}), "400 invalid_request"),
        ] {
            let claims = json!({"id_token": {"sub": sub}}).to_string();
            let parameters = app.parameters(&app.wanted(SCOPE));
            let both = changed(parameters, &[("claims", Some(&claims)), (HINT, Some(&hint))]);
            assert_eq!(outcome(app.push(&app.push_form_of(&both), &[]).await).await, expected, "{claims}");
        }
    }
}

#[tokio::test]
async fn an_id_token_hint_is_an_id_token_of_ours_for_this_client() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::message_signing()).await;
    let other = FapiApp::register(&bank, FapiSetup::default()).await;
    let wanted = app.wanted(SCOPE);
    let (browser, page) = app.ask(&bank, "amelia", &wanted).await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    let answer = back.parameter("response").unwrap();
    let tokens = app.granted(app.redeem(&app.code(&back, &wanted).await, &wanted).await).await;
    let good = tokens.id_token();
    let foreign = other.connect(&bank, "amelia", SCOPE).await.id_token().to_owned();

    // The same claims, signed by the client, under its own name and under that of the bank's key.
    let own = app.key.draft("JWT", Tokens::claims(good));
    let bank_kid = Draft { header: header(good), ..own.clone() };
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let swapped = format!("{signed}.{}", foreign.rsplit('.').next().unwrap());
    for (what, hint, expected) in [
        ("the ID token", good.to_owned(), TAKEN),
        ("another client's ID token", foreign, "400 invalid_request"),
        ("one that the client signed", own.sign(), "400 invalid_request"),
        ("one that the client signed under the bank's name", bank_kid.sign(), "400 invalid_request"),
        ("one without a signature", own.spoilt(Defect::AlgNone), "400 invalid_request"),
        ("one whose signature is cut off", signed.to_owned(), "400 invalid_request"),
        ("one with another's signature", swapped, "400 invalid_request"),
        ("a signature alone", signature.to_owned(), "400 invalid_request"),
        ("the access token", tokens.access.clone(), "400 invalid_request"),
        ("the refresh token", tokens.refresh.clone(), "400 invalid_request"),
        ("a signed answer", answer, "400 invalid_request"),
        ("the client's assertion", app.assertion(), "400 invalid_request"),
        ("nothing that is known", "x".repeat(5000), "400 invalid_request"),
    ] {
        assert_eq!(push_with(&app, (HINT, &hint)).await, expected, "{what}");
    }
}

/// The header of a token, unverified.
fn header(token: &str) -> serde_json::Value {
    let header = jsonwebtoken::decode_header(token).unwrap();
    serde_json::to_value(header).unwrap()
}

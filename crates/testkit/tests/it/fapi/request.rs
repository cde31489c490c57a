//! Requests as parameters: what is refused when they are pushed, what comes back unchanged, and that FAPI clients have no other way to ask.

mod customer;
mod reference;

use lombard_testkit::fapi::{
    BindingKind, ClientAuth, FapiApp, FapiSetup, Fields, OpenId, Requests, Responses, changed,
};
use lombard_testkit::{Page, TestBank, refusal};
use reqwest::{Response, StatusCode};
use serde_json::json;

const SCOPE: &str = "accounts:read";
const TAKEN: &str = "201";

/// `201`, or status and code of a refusal.
pub(super) async fn outcome(response: Response) -> String {
    if response.status() == StatusCode::CREATED { TAKEN.to_owned() } else { refusal(response).await }
}

/// Whether a browser ended on a page of the bank's own that names this code, without having been sent anywhere.
pub(super) fn assert_page(page: &Page, code: &str) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{} {}", page.url, page.html);
    assert!(page.redirects.is_empty(), "{:?}", page.redirects);
    assert!(page.cookies.is_empty(), "{:?}", page.cookies);
    assert!(page.html.contains(&format!("<code>{code}</code>")), "{}: {}", page.url, page.html);
}

/// Fields as they are borrowed.
fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// A client of the baseline with a secret.
async fn baseline(bank: &TestBank, pushes: Pushes) -> FapiApp {
    let (auth, binding) = (ClientAuth::Secret, BindingKind::None);
    let setup = FapiSetup { auth, binding, profile: "baseline", ..FapiSetup::default() };
    let app = FapiApp::register_with(bank, setup, |body| {
        body["require_pushed_authorization_requests"] = (pushes == Pushes::Always).into();
    });
    app.await
}

/// What a client registered as `require_pushed_authorization_requests`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pushes {
    Always,
    Sometimes,
}

/// FAPI 2.0 Security Profile 5.3.2.2-3, and RFC 9126 6 for whoever chose so. Nothing in such a request is to be trusted, its redirect URI included.
#[tokio::test]
async fn a_client_that_must_push_gets_nothing_else_answered() {
    let bank = TestBank::new().await;
    let free = baseline(&bank, Pushes::Sometimes).await;
    let parameters = free.parameters(&free.wanted(SCOPE));
    let page = bank.browser().open(&free.authorize_url_of(&pairs(&parameters))).await;
    assert!(page.url.ends_with("/login"), "{} {}", page.url, page.html);

    let mut apps = vec![baseline(&bank, Pushes::Always).await];
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        apps.push(FapiApp::register(&bank, setup).await);
        // Also one that does not say of itself that it must.
        let silent = FapiApp::register_with(&bank, setup, |body| {
            body.as_object_mut().unwrap().remove("require_pushed_authorization_requests");
        });
        apps.push(silent.await);
    }
    for app in &apps {
        let parameters = app.parameters(&app.wanted(SCOPE));
        let object = app.request_draft(&parameters).sign();
        for changes in [
            &[][..],
            &[("prompt", Some("none"))],
            &[("response_mode", Some("jwt"))],
            &[("scope", Some("admin"))],
            &[("request", Some(object.as_str()))],
            &[("request_uri", Some("https://app.example/request.jwt"))],
            &[("request_uri", Some("urn:ietf:params:oauth:request_ur"))],
        ] {
            let parameters = changed(parameters.clone(), changes);
            let case = format!("{:?} {changes:.60?}", app.setup);
            let page = bank.browser().open(&app.authorize_url_of(&pairs(&parameters))).await;
            assert!(!page.html.contains("app.example"), "{case}");
            assert_page(&page, "invalid_request");
            let endpoint = app.plain_endpoint("authorization_endpoint");
            assert_page(&bank.browser().post(&endpoint, &parameters).await, "invalid_request");
        }
    }
}

/// FAPI 2.0 Security Profile 5.3.2.2-4.
#[tokio::test]
async fn nobody_pushes_without_saying_who_it_is() {
    let bank = TestBank::new().await;
    for auth in [ClientAuth::PrivateKeyJwt, ClientAuth::TlsClientAuth, ClientAuth::SelfSigned] {
        let binding =
            if auth == ClientAuth::SelfSigned { BindingKind::Certificate } else { FapiSetup::default().binding };
        let app = FapiApp::register(&bank, FapiSetup { auth, binding, ..FapiSetup::default() }).await;
        let parameters = app.parameters(&app.wanted(SCOPE));
        assert_eq!(outcome(app.push(&app.push_form_of(&parameters), &[]).await).await, TAKEN, "{auth:?}");
        let bare = app.without_certificate();
        for more in [
            &[][..],
            &[("client_secret", Some("secret"))],
            &[("client_assertion", Some("e30.e30.AA"))],
            &[("client_assertion_type", Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))],
        ] {
            let form = changed(parameters.clone(), more);
            assert_eq!(outcome(bare.push(&form, &[]).await).await, "401 invalid_client", "{auth:?} {more:?}");
            let nobody = changed(form, &[("client_id", None)]);
            assert_eq!(outcome(bare.push(&nobody, &[]).await).await, "401 invalid_client", "{auth:?} {more:?}");
        }
    }
}

/// Every rule is kept when a request is pushed, whether it comes as parameters or in an object.
#[tokio::test]
async fn a_bad_request_is_refused_when_it_is_pushed() {
    let bank = TestBank::new().await;
    let long = "x".repeat(2049);
    let acr = r#"{"id_token":{"acr":{"essential":true,"value":"urn:other"}}}"#;
    let many = format!(r#"{{"id_token":{{"a":{{"value":"{long}{long}"}}}}}}"#);
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        for (name, value, expected) in [
            ("unknown", Some("anything"), TAKEN),
            ("response_type", None, "400 invalid_request"),
            ("response_type", Some("token"), "400 unsupported_response_type"),
            ("response_type", Some("id_token"), "400 unsupported_response_type"),
            ("response_type", Some("code id_token"), "400 unsupported_response_type"),
            ("response_type", Some("code token"), "400 unsupported_response_type"),
            ("response_type", Some("none"), "400 unsupported_response_type"),
            ("response_type", Some("Code"), "400 unsupported_response_type"),
            ("redirect_uri", None, "400 invalid_request"),
            ("code_challenge", None, "400 invalid_request"),
            ("code_challenge", Some("short"), "400 invalid_request"),
            ("code_challenge_method", None, "400 invalid_request"),
            ("code_challenge_method", Some("plain"), "400 invalid_request"),
            ("code_challenge_method", Some("s256"), "400 invalid_request"),
            ("scope", None, "400 invalid_scope"),
            ("scope", Some("admin"), "400 invalid_scope"),
            ("scope", Some("grant_management_query"), "400 invalid_scope"),
            ("state", Some(&long), "400 invalid_request"),
            ("state", Some("\u{e9}"), "400 invalid_request"),
            ("state", Some("a\nb"), "400 invalid_request"),
            ("nonce", Some(&long), "400 invalid_request"),
            ("nonce", Some("a\0b"), "400 invalid_request"),
            ("login_hint", Some(&long), "400 invalid_request"),
            ("login_hint", Some("\u{202e}"), "400 invalid_request"),
            ("prompt", Some("login consent select_account"), TAKEN),
            ("prompt", Some("none login"), "400 invalid_request"),
            ("prompt", Some("create"), "400 invalid_request"),
            ("max_age", Some("0"), TAKEN),
            ("max_age", Some("-1"), "400 invalid_request"),
            ("max_age", Some("soon"), "400 invalid_request"),
            ("max_age", Some("4294967296"), "400 invalid_request"),
            ("acr_values", Some("urn:other"), TAKEN),
            ("claims", Some(acr), "400 unmet_authentication_requirements"),
            ("claims", Some("{}"), TAKEN),
            ("claims", Some("x"), "400 invalid_request"),
            ("claims", Some("[]"), "400 invalid_request"),
            ("claims", Some(r#"{"id_token":[]}"#), "400 invalid_request"),
            ("claims", Some(r#"{"id_token":{"acr":"urn:other"}}"#), "400 invalid_request"),
            ("claims", Some(&many), "400 invalid_request"),
            ("id_token_hint", Some("x"), "400 invalid_request"),
            ("dpop_jkt", Some("x"), "400 invalid_request"),
            ("authorization_details", Some("x"), "400 invalid_authorization_details"),
            ("authorization_details", Some(r#"[{"type":"payment"}]"#), "400 invalid_authorization_details"),
            ("grant_management_action", Some("merge"), "400 invalid_request"),
            ("grant_id", Some("x"), "400 invalid_request"),
        ] {
            let form = app.push_form_of(&changed(app.parameters(&app.wanted(SCOPE)), &[(name, value)]));
            let case = format!("{} {name} {value:.60?}", setup.profile);
            assert_eq!(outcome(app.push(&form, &[]).await).await, expected, "{case}");
        }
    }
}

/// RFC 6749 3.1, RFC 9126 2.1.
#[tokio::test]
async fn no_parameter_comes_twice_and_no_reference_is_pushed() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    for name in ["scope", "state", "response_type", "redirect_uri", "client_assertion", "client_id", "unknown"] {
        let mut form = app.push_form(&app.wanted(SCOPE));
        let known = form.iter().find(|(known, _)| known == name).cloned();
        let pair = known.unwrap_or_else(|| (name.to_owned(), "x".to_owned()));
        form.extend([pair.clone(), pair]);
        assert_eq!(outcome(app.push(&form, &[]).await).await, "400 invalid_request", "{name}");
    }
    for uri in ["urn:ietf:params:oauth:request_uri:x", "https://app.example/request.jwt"] {
        let form = changed(app.push_form(&app.wanted(SCOPE)), &[("request_uri", Some(uri))]);
        assert_eq!(outcome(app.push(&form, &[]).await).await, "400 invalid_request", "RFC 9126 2.1: {uri}");
    }
}

/// RFC 9700 2.1: compared character by character, and with what is registered only.
#[tokio::test]
async fn a_redirect_uri_is_one_that_was_registered() {
    let bank = TestBank::new().await;
    let (own, queried) = ("https://app.example/callback", "https://app.example/with?own=1");
    let app = FapiApp::register_with(&bank, FapiSetup::default(), |body| body["redirect_uris"] = json!([own, queried]));
    let app = app.await;
    for (uri, expected) in [
        (own, TAKEN),
        (queried, TAKEN),
        ("https://other.example/callback", "400 invalid_request"),
        ("https://APP.example/callback", "400 invalid_request"),
        ("HTTPS://app.example/callback", "400 invalid_request"),
        ("https://app.example/Callback", "400 invalid_request"),
        ("https://app.example/callback/", "400 invalid_request"),
        ("https://app.example/callback?", "400 invalid_request"),
        ("https://app.example/callback?own=1", "400 invalid_request"),
        ("https://app.example/callback#", "400 invalid_request"),
        ("https://app.example/with", "400 invalid_request"),
        ("https://app.example/with?own=1&more=2", "400 invalid_request"),
        ("https://app.example/with?own=%31", "400 invalid_request"),
        ("https://app.example:443/callback", "400 invalid_request"),
        ("https://app.example/x/../callback", "400 invalid_request"),
        ("https://app.example@evil.example/callback", "400 invalid_request"),
        ("http://app.example/callback", "400 invalid_request"),
        (" https://app.example/callback", "400 invalid_request"),
    ] {
        let form = app.push_form_of(&changed(app.parameters(&app.wanted(SCOPE)), &[("redirect_uri", Some(uri))]));
        assert_eq!(outcome(app.push(&form, &[]).await).await, expected, "{uri}");
    }
}

/// FAPI 2.0 Security Profile: `response_modes` of the client, and JARM for those who sign (FAPI 2.0 Message Signing 5.4.1).
#[tokio::test]
async fn answers_come_as_registered_or_not_at_all() {
    let bank = TestBank::new().await;
    let (plain, signed) = (Responses::Plain, Responses::Jarm);
    let signing = "fapi2-message-signing";
    let wrong = "400 invalid_request";
    for (profile, response, modes) in [
        ("baseline", plain, [(None, TAKEN), (Some("query"), TAKEN), (Some("jwt"), wrong), (Some("query.jwt"), wrong)]),
        (
            "fapi2-security",
            plain,
            [(None, TAKEN), (Some("query"), TAKEN), (Some("jwt"), wrong), (Some("query.jwt"), wrong)],
        ),
        (
            "fapi2-security",
            signed,
            [(None, wrong), (Some("query"), wrong), (Some("jwt"), TAKEN), (Some("query.jwt"), TAKEN)],
        ),
        (signing, signed, [(None, wrong), (Some("query"), wrong), (Some("jwt"), TAKEN), (Some("query.jwt"), TAKEN)]),
    ] {
        let requests = if profile == signing { Requests::Signed } else { Requests::Plain };
        let app = FapiApp::register(&bank, FapiSetup { profile, response, requests, ..FapiSetup::default() }).await;
        let never = ["fragment", "form_post", "fragment.jwt", "form_post.jwt", "web_message", "JWT", "x"];
        for (mode, expected) in modes.into_iter().chain(never.map(|mode| (Some(mode), wrong))) {
            let parameters = changed(app.parameters(&app.wanted(SCOPE)), &[("response_mode", mode)]);
            let answer = app.push(&app.push_form_of(&parameters), &[]).await;
            assert_eq!(outcome(answer).await, expected, "{profile} {response:?} {mode:?}");
        }
    }
    // Without a list every way that the profile has may be wanted.
    let app = FapiApp::register_with(&bank, FapiSetup::default(), |body| {
        body.as_object_mut().unwrap().remove("response_modes");
    });
    let app = app.await;
    for mode in ["query", "jwt", "query.jwt"] {
        let parameters = changed(app.parameters(&app.wanted(SCOPE)), &[("response_mode", Some(mode))]);
        assert_eq!(outcome(app.push(&app.push_form_of(&parameters), &[]).await).await, TAKEN, "{mode}");
    }
}

/// FAPI 2.0 Security Profile 5.3.2.2, note 4, and RFC 6749 3.1.2: the state byte for byte, behind the redirect URI as it was registered.
#[tokio::test]
async fn state_and_redirect_uri_come_back_as_they_were() {
    let bank = TestBank::new().await;
    let uri = "https://app.example/callback?tenant=7&mode=a%20b+c";
    for response in [Responses::Plain, Responses::Jarm] {
        let setup = FapiSetup { response, ..FapiSetup::default() };
        let app = FapiApp::register_with(&bank, setup, |body| body["redirect_uris"] = json!([uri])).await;
        for length in [1, 1000, 2048] {
            let mut wanted = app.wanted(SCOPE);
            wanted.state = (' '..='~').cycle().skip(length % 95).take(length).collect();
            let (browser, page) = app.ask(&bank, "amelia", &wanted).await;
            let back = browser.submit(&page, &[], "consent-allow").await;
            assert!(back.url.starts_with(&format!("{uri}&")), "{}", back.url);
            // Which compares the state, and finds nothing beside it that should not be there.
            let code = app.code(&back, &wanted).await;
            app.granted(app.redeem(&code, &wanted).await).await;
        }
        let none = changed(app.parameters(&app.wanted(SCOPE)), &[("state", None)]);
        let pushed = app.pushed_form(&app.push_form_of(&none)).await;
        let (browser, page) = app.ask_with(&bank, "amelia", &pushed).await;
        let returned = app.returned(&browser.submit(&page, &[], "consent-allow").await).await;
        assert_eq!(returned.keys().collect::<Vec<_>>(), ["code"]);
    }
}

/// FAPI 2.0 Security Profile 5.3.2.2-13: 64 characters must work; more do too.
#[tokio::test]
async fn a_nonce_comes_back_in_the_id_token() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        for length in [1, 64, 384, 2048] {
            let mut wanted = app.wanted(SCOPE);
            wanted.nonce = ('!'..='~').cycle().take(length).collect();
            let code = app.consent(&bank, "amelia", &wanted).await;
            let tokens = app.granted(app.redeem(&code, &wanted).await).await;
            assert_eq!(app.id_token(&tokens, &wanted).await["nonce"], wanted.nonce);
        }
        let none = changed(app.parameters(&app.wanted(SCOPE)), &[("nonce", None)]);
        assert_eq!(outcome(app.push(&app.push_form_of(&none), &[]).await).await, TAKEN);
    }
    // Without `openid` there is no ID token, and a nonce does no harm.
    let app = FapiApp::register(&bank, FapiSetup { openid: OpenId::No, ..FapiSetup::default() }).await;
    let wanted = app.wanted(SCOPE);
    let form = app.push_form_of(&changed(app.parameters(&wanted), &[("nonce", Some("n"))]));
    let (browser, page) = app.ask_with(&bank, "amelia", &app.pushed_form(&form).await).await;
    let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
    assert_eq!(app.granted(app.redeem(&code, &wanted).await).await.id_token(), "");
}

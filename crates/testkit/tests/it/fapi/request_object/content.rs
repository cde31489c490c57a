//! What is in a request object, what is beside it, and who brings it (RFC 9101 4 to 6, RFC 9126 3).

use lombard_testkit::fapi::{ClientAuth, FapiApp, FapiSetup, Fields, Responses, changed};
use lombard_testkit::{Defect, TestBank};
use serde_json::json;

use super::super::request::{assert_page, outcome};
use super::{SCOPE, TAKEN, draft, lenient, object, strict, verdict};

/// RFC 9101 4: parameters that are numbers or objects may be so in JSON.
#[tokio::test]
async fn holds_numbers_and_objects_as_well_as_text() {
    let bank = TestBank::new().await;
    let app = strict(&bank).await;
    let acr = |value: &str| json!({"id_token": {"acr": {"essential": true, "value": value}}});
    let detail = json!({"type": "account_information", "actions": ["list_accounts"]});
    let unmet = "400 unmet_authentication_requirements";
    for (claim, value, expected) in [
        ("max_age", json!(3600), TAKEN),
        ("max_age", json!("3600"), TAKEN),
        ("max_age", json!(-1), "400 invalid_request"),
        ("max_age", json!(1.5), "400 invalid_request"),
        ("max_age", json!([3600]), "400 invalid_request"),
        ("claims", acr("urn:openbanking:psd2:sca"), TAKEN),
        ("claims", json!(acr("urn:openbanking:psd2:sca").to_string()), TAKEN),
        ("claims", acr("urn:openbanking:psd2:ca"), unmet),
        ("claims", json!(acr("urn:openbanking:psd2:ca").to_string()), unmet),
        ("claims", json!([]), "400 invalid_request"),
        ("claims", json!({"id_token": 1}), "400 invalid_request"),
        ("authorization_details", json!([detail]), TAKEN),
        ("authorization_details", json!(json!([detail]).to_string()), TAKEN),
        ("authorization_details", detail.clone(), "400 invalid_authorization_details"),
        ("authorization_details", json!([]), "400 invalid_authorization_details"),
        ("scope", json!(["openid"]), "400 invalid_scope"),
        ("redirect_uri", json!([app.redirect_uri]), "400 invalid_request"),
        ("response_type", json!(["code"]), "400 unsupported_response_type"),
        ("unknown", json!({"a": [1, {"b": null}]}), TAKEN),
    ] {
        let object = object(&app, &[(claim, Some(value.clone()))]);
        assert_eq!(verdict(&app, &object).await, expected, "{claim} {value}");
    }
}

/// What a form says that contradicts the object.
const BESIDE: [(&str, &str); 10] = [
    ("scope", "transactions:read"),
    ("redirect_uri", "https://evil.example/"),
    ("state", "another"),
    ("nonce", "another"),
    ("response_type", "token"),
    ("response_mode", "fragment"),
    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ("code_challenge_method", "plain"),
    ("prompt", "none"),
    ("claims", "]"),
];

/// RFC 9101 6.3, RFC 9126 3: nothing counts but what is in the object.
#[tokio::test]
async fn is_all_that_counts() {
    let bank = TestBank::new().await;
    let app = strict(&bank).await;
    let wanted = app.wanted(SCOPE);
    let form = app.push_form_of(&app.parameters(&wanted));
    let beside: Fields = BESIDE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let crowded: Fields = form.iter().cloned().chain(beside).collect();
    let (browser, page) = app.ask_with(&bank, "amelia", &app.pushed_form(&crowded).await).await;
    let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
    let tokens = app.granted(app.redeem(&code, &wanted).await).await;
    assert_eq!(tokens.answer["scope"], wanted.scope);
    app.id_token(&tokens, &wanted).await;

    // RFC 6749 3.1: but no parameter may come twice, neither outside nor twice as the object.
    let again = |name: &str| {
        let form = app.push_form(&wanted);
        let known = form.iter().find(|(known, _)| known == name).cloned();
        let pair = known.unwrap_or_else(|| (name.to_owned(), "x".to_owned()));
        form.into_iter().chain([pair.clone(), pair]).collect::<Fields>()
    };
    for name in ["request", "scope", "client_id", "unknown"] {
        assert_eq!(outcome(app.push(&again(name), &[]).await).await, "400 invalid_request", "{name}");
    }
    let both = changed(app.push_form(&wanted), &[("request_uri", Some("urn:ietf:params:oauth:request_uri:x"))]);
    assert_eq!(outcome(app.push(&both, &[]).await).await, "400 invalid_request");
}

/// Who authenticates is who asks: `client_id` need not be outside (RFC 7521 4.2), but must not name somebody else.
#[tokio::test]
async fn is_pushed_by_the_client_that_it_names() {
    let bank = TestBank::new().await;
    let other = strict(&bank).await.id;
    for auth in [ClientAuth::PrivateKeyJwt, ClientAuth::TlsClientAuth] {
        let app = FapiApp::register(&bank, FapiSetup { auth, ..FapiSetup::message_signing() }).await;
        let form = app.push_form(&app.wanted(SCOPE));
        let contradicted = changed(form.clone(), &[("client_id", Some(&other))]);
        assert_eq!(outcome(app.push(&contradicted, &[]).await).await, "401 invalid_client", "{auth:?}");
        let expected = if auth == ClientAuth::PrivateKeyJwt { TAKEN } else { "401 invalid_client" };
        let without = changed(app.push_form(&app.wanted(SCOPE)), &[("client_id", None)]);
        assert_eq!(outcome(app.push(&without, &[]).await).await, expected, "{auth:?}");
    }
}

/// RFC 9101 5: by value in the redirect, for a client that need not push. What cannot be believed is said on a page of ours.
#[tokio::test]
async fn comes_with_the_browser_too() {
    let bank = TestBank::new().await;
    let app = lenient(&bank, |body| body["require_signed_request_object"] = true.into()).await;
    let wanted = app.wanted(SCOPE);
    let open = async |object: &str, more: &[(&str, &str)]| {
        let parameters = [&[("client_id", app.id.as_str()), ("request", object)], more].concat();
        bank.browser().open(&app.authorize_url_of(&parameters)).await
    };
    for defect in Defect::ALL {
        let page = open(&draft(&app).spoilt(defect), &[]).await;
        assert_page(&page, "invalid_request_object");
    }
    for claim in ["iss", "client_id", "aud", "nbf", "exp"] {
        assert_page(&open(&object(&app, &[(claim, None)]), &[]).await, "invalid_request_object");
    }
    let elsewhere = object(&app, &[("redirect_uri", Some(json!("https://evil.example/")))]);
    assert_page(&open(&elsewhere, &[]).await, "invalid_request");
    assert_page(&open(&app.assertion(), &[]).await, "invalid_request_object");
    let other = lenient(&bank, |_| ()).await;
    assert_page(&open(&draft(&other).sign(), &[]).await, "invalid_request_object");
    let mut plain = app.parameters(&wanted);
    let unsigned: Vec<_> = plain.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_page(&bank.browser().open(&app.authorize_url_of(&unsigned)).await, "invalid_request");

    // What is wrong in an object that holds is told to the app, in the way that the object wants.
    plain = changed(plain, &[("scope", Some("admin"))]);
    for response in [Responses::Plain, Responses::Jarm] {
        let mode = (response == Responses::Jarm).then_some("jwt");
        let parameters = changed(plain.clone(), &[("response_mode", mode)]);
        let page = open(&app.request_draft(&parameters).sign(), &BESIDE).await;
        let mut app = app.clone();
        app.setup.response = response;
        let returned = app.returned(&page).await;
        assert_eq!(returned["error"], "invalid_scope");
        assert_eq!(returned["state"], wanted.state);
    }

    let object = app.request_draft(&app.parameters(&wanted)).sign();
    let parameters: Fields = [("client_id", app.id.as_str()), ("request", &object)]
        .into_iter()
        .chain(BESIDE)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let browser = bank.browser();
    for page in [
        browser.open(&app.authorize_url_of(&pairs(&parameters))).await,
        browser.post(&app.plain_endpoint("authorization_endpoint"), &parameters).await,
    ] {
        let page = browser.sign_in(&page, "amelia").await;
        let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;
        assert_eq!(tokens.answer["scope"], wanted.scope);
        app.id_token(&tokens, &wanted).await;
    }
}

fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

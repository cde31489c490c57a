//! The hybrid flow of FAPI 1.0 Advanced, as UK apps use it: a code together with an ID token, in the fragment.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::oauth::Alg;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, Requests, changed};
use lombard_testkit::{Browser, Page, TestBank, Wanted, intent_claims, refusal};
use serde_json::{Value, json};

use crate::nobody_like;

type Fields = Vec<(String, String)>;

/// A UK app: keys, a certificate, signed requests in the browser's redirect.
async fn uk_app(bank: &TestBank, alg: Alg, change: impl FnOnce(&mut Value)) -> FapiApp {
    let setup = FapiSetup {
        auth: ClientAuth::PrivateKeyJwt,
        binding: BindingKind::Certificate,
        requests: Requests::Signed,
        alg,
        profile: "baseline",
        ..FapiSetup::default()
    };
    let app = FapiApp::register_with(bank, setup, |body| {
        body["response_types"] = json!(["code id_token"]);
        body["response_modes"] = json!(["fragment", "jwt"]);
        body["scope"] = json!("accounts");
        body["require_pushed_authorization_requests"] = false.into();
        change(body);
    });
    app.await
}

async fn lodge(app: &FapiApp) -> String {
    let own = app.own_token("accounts").await;
    let body = json!({"Data": {"Permissions": ["ReadAccountsDetail"]}, "Risk": {}});
    let request = app.http.post(app.api("/account-access-consents")).bearer_auth(&own.access);
    let lodged: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
    lodged["Data"]["ConsentId"].as_str().unwrap_or_else(|| panic!("{lodged}")).to_owned()
}

/// The usual request for a consent, without PKCE, with changes: `None` leaves out.
fn asked(app: &FapiApp, wanted: &Wanted, consent: &str, changes: &[(&str, Option<&str>)]) -> Fields {
    let claims = intent_claims(consent).to_string();
    let mut all = vec![
        ("response_type", Some("code id_token")),
        ("claims", Some(claims.as_str())),
        ("code_challenge", None),
        ("code_challenge_method", None),
    ];
    all.extend_from_slice(changes);
    changed(app.parameters(wanted), &all)
}

/// Sends a browser with a signed request; beside it stands what OpenID Connect Core 6.1 wants there.
async fn open(bank: &TestBank, app: &FapiApp, parameters: &Fields) -> (Browser, Page) {
    let object = app.request_draft(parameters).sign();
    let browser = bank.browser();
    let of = |name: &str| parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let url = app.authorize_url_of(&[
        ("client_id", &app.id),
        ("response_type", of("response_type")),
        ("scope", of("scope")),
        ("request", &object),
    ]);
    let page = browser.open(&url).await;
    (browser, page)
}

/// A customer says yes to a request; what came back in the fragment.
async fn allowed(bank: &TestBank, app: &FapiApp, parameters: &Fields) -> BTreeMap<String, String> {
    let (browser, page) = open(bank, app, parameters).await;
    assert!(page.url.ends_with("/login"), "{} {}", page.url, page.html);
    let page = browser.sign_in(&page, "amelia").await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    in_fragment(app, &back)
}

fn in_fragment(app: &FapiApp, page: &Page) -> BTreeMap<String, String> {
    assert!(page.url.starts_with(&format!("{}#", app.redirect_uri)), "not in the fragment: {} {}", page.url, page.html);
    let mut parameters = page.fragment();
    if !parameters.contains_key("response") {
        assert_eq!(parameters.remove("iss").as_deref(), Some(app.issuer.as_str()), "RFC 9207 2");
    }
    parameters
}

/// OpenID Connect Core 3.3.2.11.
fn left_half(alg: Alg, text: &str) -> String {
    let algorithm = if alg == Alg::EdDsa { &digest::SHA512 } else { &digest::SHA256 };
    let whole = digest::digest(algorithm, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&whole.as_ref()[..whole.as_ref().len() / 2])
}

fn names(claims: &Value) -> BTreeSet<&str> {
    claims.as_object().unwrap().keys().map(String::as_str).collect()
}

fn redeem_form(app: &FapiApp, code: &str, verifier: Option<&str>) -> Fields {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &app.redirect_uri)];
    form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    app.form(&form)
}

#[tokio::test]
async fn the_code_comes_with_an_id_token_that_binds_it() {
    let bank = TestBank::new().await;
    for alg in Alg::ALL {
        let app = uk_app(&bank, alg, |_| {}).await;
        let consent = lodge(&app).await;
        let wanted = app.wanted("accounts");
        let mut back = allowed(&bank, &app, &asked(&app, &wanted, &consent, &[])).await;
        assert_eq!(back.remove("state").as_deref(), Some(wanted.state.as_str()));
        let (code, id_token) = (back.remove("code").unwrap(), back.remove("id_token").unwrap());
        assert!(back.is_empty(), "{back:?}");

        let claims = app.verified(&id_token, Some("JWT")).await;
        let all =
            "acr amr aud auth_time c_hash exp iat iss nonce openbanking_intent_id s_hash sub".split(' ').collect();
        assert_eq!(names(&claims), all, "nothing that says who the customer is");
        for (name, expected) in [
            ("c_hash", left_half(alg, &code)),
            ("s_hash", left_half(alg, &wanted.state)),
            ("nonce", wanted.nonce.clone()),
            ("openbanking_intent_id", consent.clone()),
            ("acr", "urn:openbanking:psd2:sca".to_owned()),
        ] {
            assert_eq!(claims[name], json!(expected), "{alg} {name}");
        }

        let tokens = app.granted(app.token(&redeem_form(&app, &code, None)).await).await;
        let second = app.id_token(&tokens, &wanted).await;
        for name in ["iss", "sub", "aud", "nonce", "openbanking_intent_id", "auth_time", "acr"] {
            assert_eq!(second[name], claims[name], "OpenID Connect Core 3.3.3.6: {name}");
        }
        assert!(second.get("c_hash").is_none());
        let accounts = app.read("/accounts", &tokens.access).await;
        assert_eq!(accounts["Data"]["Account"].as_array().unwrap().len(), 3);
    }
}

/// RFC 7636 where the app wants it; RFC 9700 4.8.2: nobody takes the challenge out unseen.
#[tokio::test]
async fn a_challenge_may_be_left_out_and_counts_if_it_is_not() {
    let bank = TestBank::new().await;
    let app = uk_app(&bank, Alg::Ps256, |_| {}).await;
    let wanted = app.wanted("accounts");
    let challenge = wanted.challenge();
    let with = [("code_challenge", Some(challenge.as_str())), ("code_challenge_method", Some("S256"))];
    let verifier = Some(wanted.verifier.as_str());
    let other = "a".repeat(43);
    for (changes, verifier, expected) in [
        (&with[..], verifier, "200"),
        (&with, Some(other.as_str()), "400 invalid_grant"),
        (&with, None, "400 invalid_request"),
        (&[], None, "200"),
        (&[], verifier, "400 invalid_grant"),
    ] {
        let consent = lodge(&app).await;
        let back = allowed(&bank, &app, &asked(&app, &wanted, &consent, changes)).await;
        let response = app.token(&redeem_form(&app, &back["code"], verifier)).await;
        let status = response.status().as_u16();
        let found = if status == 200 { "200".to_owned() } else { refusal(response).await };
        assert_eq!(found, expected, "{changes:?} {verifier:?}");
    }
    let consent = lodge(&app).await;
    for bad in [&with[..1], &with[1..], &[("code_challenge", Some("x")), with[1]]] {
        let (_, page) = open(&bank, &app, &asked(&app, &wanted, &consent, bad)).await;
        assert_eq!(in_fragment(&app, &page)["error"], "invalid_request", "{bad:?}");
    }
}

/// JARM 2.3.2 and 2.3.4: one signed parameter, in the fragment.
#[tokio::test]
async fn a_signed_answer_is_in_the_fragment_too() {
    let bank = TestBank::new().await;
    let app = uk_app(&bank, Alg::Ps256, |body| {
        body["response_modes"] = json!(["jwt", "fragment.jwt"]);
    })
    .await;
    let wanted = app.wanted("accounts");
    for mode in ["jwt", "fragment.jwt"] {
        let consent = lodge(&app).await;
        let mut back = allowed(&bank, &app, &asked(&app, &wanted, &consent, &[("response_mode", Some(mode))])).await;
        let response = back.remove("response").unwrap();
        assert!(back.is_empty(), "{mode}: {back:?}");
        let answer = app.verified(&response, None).await;
        assert_eq!(answer["state"], json!(wanted.state));
        let code = answer["code"].as_str().unwrap();
        let id_token = app.verified(answer["id_token"].as_str().unwrap(), None).await;
        assert_eq!(id_token["c_hash"], json!(left_half(Alg::Ps256, code)));
        app.granted(app.token(&redeem_form(&app, code, None)).await).await;
    }
    // The usual way of the response type is one that this client may not have.
    let consent = lodge(&app).await;
    let (_, page) = open(&bank, &app, &asked(&app, &wanted, &consent, &[])).await;
    let refused = app.verified(&in_fragment(&app, &page)["response"], None).await;
    assert_eq!(refused["error"], "invalid_request");
}

#[tokio::test]
async fn errors_come_in_the_fragment() {
    let bank = TestBank::new().await;
    let app = uk_app(&bank, Alg::Ps256, |body| body["scope"] = json!("openid accounts accounts:read")).await;
    let wanted = app.wanted("accounts");
    let consent = lodge(&app).await;
    let unknown = intent_claims(&nobody_like(&consent)).to_string();
    for (changes, expected) in [
        (("nonce", None), "invalid_request"),
        (("scope", Some("accounts")), "invalid_scope"),
        (("scope", Some("openid")), "invalid_request"),
        (("scope", Some("openid accounts accounts:read")), "invalid_scope"),
        (("scope", Some("openid balances:read")), "invalid_scope"),
        (("claims", None), "invalid_request"),
        (("claims", Some(unknown.as_str())), "invalid_request"),
        (("response_mode", Some("query")), "invalid_request"),
        (("response_mode", Some("query.jwt")), "invalid_request"),
        (("response_mode", Some("form_post")), "invalid_request"),
        (("prompt", Some("none")), "login_required"),
        (("request_uri", Some("https://app.example/object")), "invalid_request_object"),
    ] {
        let (_, page) = open(&bank, &app, &asked(&app, &wanted, &consent, &[changes])).await;
        if expected == "invalid_request_object" {
            assert_eq!(page.status, 400, "an object that does not hold is sent nowhere");
            continue;
        }
        let back = in_fragment(&app, &page);
        assert_eq!(back["error"], expected, "{changes:?}: {back:?}");
        assert_eq!(back["state"], wanted.state);
        assert!(!back.contains_key("code") && !back.contains_key("id_token"));
    }
    let (browser, page) = open(&bank, &app, &asked(&app, &wanted, &consent, &[])).await;
    let page = browser.sign_in(&page, "amelia").await;
    let back = in_fragment(&app, &browser.submit(&page, &[], "consent-deny").await);
    assert_eq!(back["error"], "access_denied");
}

/// FAPI 1.0 Advanced 5.2.2-1: what nobody signed is not believed.
#[tokio::test]
async fn a_plain_request_is_refused() {
    let bank = TestBank::new().await;
    let app = uk_app(&bank, Alg::Es256, |body| body["require_signed_request_object"] = false.into()).await;
    let consent = lodge(&app).await;
    let parameters = asked(&app, &app.wanted("accounts"), &consent, &[]);
    let plain: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = bank.browser().open(&app.authorize_url_of(&plain)).await;
    assert_eq!(in_fragment(&app, &page)["error"], "invalid_request");
    let pushed = app.push(&app.with_credentials(parameters.clone()), &[]).await;
    assert_eq!(refusal(pushed).await, "400 invalid_request");
    // Pushed in an object, it is as good as in the redirect.
    let object = app.request_draft(&parameters).sign();
    let request_uri = app.pushed_form(&app.push_form_with_object(&object)).await;
    let (browser, page) = app.ask_with(&bank, "amelia", &request_uri).await;
    let back = in_fragment(&app, &browser.submit(&page, &[], "consent-allow").await);
    assert!(back.contains_key("code") && back.contains_key("id_token"));
}

#[tokio::test]
async fn each_client_gets_what_it_is_registered_for() {
    let bank = TestBank::new().await;
    let hybrid = uk_app(&bank, Alg::Es256, |body| body["response_modes"] = Value::Null).await;
    let consent = lodge(&hybrid).await;
    let wanted = hybrid.wanted("accounts");
    let code = [("response_type", Some("code")), ("response_mode", None)];
    let (_, page) = open(&bank, &hybrid, &asked(&hybrid, &wanted, &consent, &code)).await;
    assert_eq!(page.parameter("error").as_deref(), Some("unauthorized_client"), "{}", page.url);
    let reversed = [("response_type", Some("id_token code"))];
    allowed(&bank, &hybrid, &asked(&hybrid, &wanted, &consent, &reversed)).await;

    let only_codes = uk_app(&bank, Alg::Es256, |body| {
        body["response_types"] = json!(["code"]);
        body["response_modes"] = Value::Null;
    })
    .await;
    let consent = lodge(&only_codes).await;
    let (_, page) = open(&bank, &only_codes, &asked(&only_codes, &only_codes.wanted("accounts"), &consent, &[])).await;
    assert_eq!(in_fragment(&only_codes, &page)["error"], "unauthorized_client");
    for other in ["token", "id_token", "code token", "code id_token token", "none"] {
        let other = [("response_type", Some(other))];
        let parameters = asked(&only_codes, &only_codes.wanted("accounts"), &consent, &other);
        let (_, page) = open(&bank, &only_codes, &parameters).await;
        assert_eq!(page.parameter("error").as_deref(), Some("unsupported_response_type"), "{other:?}");
    }

    // FAPI 2.0 Security Profile 5.3.2.2-1.
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let parameters =
            changed(app.parameters(&app.wanted("accounts:read")), &[("response_type", Some("code id_token"))]);
        let response = app.push(&app.push_form_of(&parameters), &[]).await;
        assert_eq!(refusal(response).await, "400 unsupported_response_type", "{setup:?}");
        let mut body = FapiApp::new(&bank, setup).await.registration();
        body["response_types"] = json!(["code", "code id_token"]);
        let response = FapiApp::new(&bank, setup).await.post_registration(&body).await;
        assert_eq!(refusal(response).await, "400 invalid_client_metadata", "{setup:?}");
    }
}

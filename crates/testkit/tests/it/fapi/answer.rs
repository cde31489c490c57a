//! Answers: what comes back to the app, in which form and by which redirect, and what browsers are told at the endpoints they see.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::oauth::Alg;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, OpenId, Responses, changed};
use lombard_testkit::{Answer, Page, TestBank, Tokens, refusal};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::request::{assert_page, outcome};

const SCOPE: &str = "accounts:read";
const BUTTONS: [&str; 3] = ["consent-allow", "consent-deny", "cancel"];

/// The address to which a customer is sent back by a button of the question.
async fn answered(bank: &TestBank, app: &FapiApp, button: &str) -> (lombard_testkit::Wanted, Page) {
    let wanted = app.wanted(SCOPE);
    let (browser, page) = app.ask(bank, "amelia", &wanted).await;
    let back = browser.submit(&page, &[], button).await;
    (wanted, back)
}

/// The header of a token, unverified.
fn header(token: &str) -> Value {
    let first = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(first).unwrap()).unwrap()
}

/// The parameters in an address, each of which comes once.
fn query(url: &str) -> BTreeMap<String, String> {
    let url = url::Url::parse(url).unwrap();
    assert_eq!(url.fragment(), None);
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let all: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(all.len(), pairs.len(), "a parameter comes twice: {url}");
    all
}

/// RFC 9207 2, also for errors.
#[tokio::test]
async fn a_plain_answer_names_its_issuer() {
    let bank = TestBank::new().await;
    for openid in [OpenId::Yes, OpenId::No] {
        let app = FapiApp::register(&bank, FapiSetup { openid, ..FapiSetup::default() }).await;
        for button in BUTTONS {
            let (wanted, back) = answered(&bank, &app, button).await;
            let mut query = query(&back.url);
            assert_eq!(query.remove("iss").as_ref(), Some(&bank.issuer), "{button}");
            assert_eq!(query.remove("state"), Some(wanted.state), "{button}");
            if button == "consent-allow" {
                let code = query.remove("code").unwrap();
                assert!(code.len() >= 22 && query.is_empty(), "{query:?}");
            } else {
                assert_eq!(query.remove("error").as_deref(), Some("access_denied"), "{button}");
                assert_eq!(query.keys().collect::<Vec<_>>(), ["error_description"], "{button}");
            }
        }
    }
}

/// JARM 2.1 and 2.4, FAPI 2.0 Message Signing 5.4.1: one signed parameter, for this app, for a few minutes.
#[tokio::test]
async fn a_signed_answer_is_all_that_comes_back() {
    let bank = TestBank::new().await;
    let security = FapiSetup { response: Responses::Jarm, ..FapiSetup::default() };
    for (setup, alg) in
        [FapiSetup::message_signing(), security].into_iter().flat_map(|setup| Alg::ALL.map(|alg| (setup, alg)))
    {
        let app = FapiApp::register(&bank, FapiSetup { alg, ..setup }).await;
        for button in BUTTONS {
            let (wanted, back) = answered(&bank, &app, button).await;
            let query = query(&back.url);
            assert_eq!(query.keys().collect::<Vec<_>>(), ["response"], "{alg} {button}");
            let header = header(&query["response"]);
            let members: BTreeSet<_> = header.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(members, BTreeSet::from(["alg", "kid", "typ"]), "RFC 8725 3.10: no key in the header");
            assert_eq!(header["alg"], alg.name());

            let claims = app.verified(&query["response"], None).await;
            assert_eq!(claims["iss"], bank.issuer);
            assert_eq!(claims["aud"], app.id);
            assert_eq!(claims["state"], wanted.state);
            let life = claims["exp"].as_i64().unwrap() - app.now();
            assert!(0 < life && life <= 600, "JARM 2.1: {claims}");
            if button == "consent-allow" {
                app.code(&back, &wanted).await;
                assert!(claims.get("error").is_none());
            } else {
                assert_eq!(claims["error"], "access_denied", "{button}");
                assert!(claims.get("code").is_none());
            }
        }
    }
}

/// `jwt` and `query.jwt` mean the same for a code (JARM 2.3.4).
#[tokio::test]
async fn both_names_of_a_signed_answer_mean_the_query() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::message_signing()).await;
    for mode in ["jwt", "query.jwt"] {
        let wanted = app.wanted(SCOPE);
        let parameters = changed(app.parameters(&wanted), &[("response_mode", Some(mode))]);
        let pushed = app.pushed_form(&app.push_form_of(&parameters)).await;
        let (browser, page) = app.ask_with(&bank, "amelia", &pushed).await;
        app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
    }
}

/// A customer who goes away before signing in is sent back like one who says no.
#[tokio::test]
async fn going_away_is_told_to_the_app_from_every_page() {
    let bank = TestBank::new().await;
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        for pages in 0..3 {
            let wanted = app.wanted(SCOPE);
            let url = app.authorize_url(&app.pushed(&wanted).await);
            let browser = bank.browser();
            let mut page = browser.open(&url).await;
            if pages > 0 {
                let typed = [("username", "amelia"), ("password", TestBank::PASSWORD)];
                page = browser.submit(&page, &typed, "login-submit").await;
            }
            if pages > 1 {
                page = browser.submit(&page, &[("code", TestBank::CODE)], "sca-submit").await;
            }
            let back = browser.submit(&page, &[], "cancel").await;
            assert_eq!(back.redirects.last().map(|(status, _)| *status), Some(StatusCode::SEE_OTHER));
            let returned = app.returned(&back).await;
            assert_eq!((returned["error"].as_str(), &returned["state"]), ("access_denied", &wanted.state), "{pages}");
            assert_page(&browser.open(&url).await, "invalid_request_uri");
        }
    }
}

/// FAPI 2.0 Security Profile 5.3.2.2-10: 303, so that no browser sends the form on.
#[tokio::test]
async fn every_redirect_is_one_that_drops_the_form() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let browser = bank.browser();
    let fields = |uri: &str| [("client_id", app.id.as_str()), ("request_uri", uri)].map(owned).to_vec();
    let mut redirects = Vec::new();
    for button in BUTTONS {
        let login = browser.open(&app.authorize_url(&app.pushed(&app.wanted(SCOPE)).await)).await;
        let typed = [("username", "amelia"), ("password", TestBank::PASSWORD)];
        let sca = browser.submit(&login, &typed, "login-submit").await;
        let consent = browser.submit(&sca, &[("code", TestBank::CODE)], "sca-submit").await;
        let back = browser.submit(&consent, &[], button).await;
        for page in [login, sca, consent, back] {
            assert_eq!(page.redirects.len(), 1, "{}", page.url);
            redirects.extend(page.redirects);
        }
    }
    let posted = browser.post("/authorize", &fields(&app.pushed(&app.wanted(SCOPE)).await)).await;
    assert!(posted.url.ends_with("/login"), "{}", posted.url);
    redirects.extend(posted.redirects);
    let parameters = changed(app.parameters(&app.wanted(SCOPE)), &[("prompt", Some("none"))]);
    let silent = app.pushed_form(&app.push_form_of(&parameters)).await;
    for page in [browser.open(&app.authorize_url(&silent)).await, browser.post("/authorize", &fields(&silent)).await] {
        assert!(page.url.starts_with(&app.redirect_uri), "{}", page.url);
        redirects.extend(page.redirects);
    }
    assert!(redirects.iter().all(|(status, _)| *status == StatusCode::SEE_OTHER), "{redirects:?}");
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// FAPI 2.0 Security Profile 5.3.2.1-7, RFC 9700 4.11: whoever names an address of its own gets nobody sent there, whatever else is wrong.
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_was_not_registered() {
    let bank = TestBank::new().await;
    let setup = FapiSetup { auth: ClientAuth::Secret, binding: BindingKind::None, ..FapiSetup::default() };
    let setup = FapiSetup { profile: "baseline", ..setup };
    let lenient = FapiApp::register_with(&bank, setup, |body| {
        body["require_pushed_authorization_requests"] = false.into();
    });
    let (lenient, strict) = (lenient.await, FapiApp::register(&bank, FapiSetup::default()).await);
    for uri in [
        "https://evil.example/",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://app.example/callback?next=https://evil.example/",
        "https://app.example/callback/../evil",
        "//evil.example/",
        "/my/consents",
        "javascript:alert(1)",
        "data:text/html,x",
        "urn:x",
        "",
    ] {
        for wrong in [&[][..], &[("scope", Some("admin"))], &[("prompt", Some("none"))], &[("response_type", None)]] {
            let changes = [&[("redirect_uri", Some(uri))], wrong].concat();
            let parameters = changed(lenient.parameters(&lenient.wanted(SCOPE)), &changes);
            let borrowed: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let page = bank.browser().open(&lenient.authorize_url_of(&borrowed)).await;
            assert_page(&page, "invalid_request");
            assert!(!page.html.contains("evil.example") && !page.html.contains("alert(1)"), "{uri}");

            let form = strict.push_form_of(&changed(strict.parameters(&strict.wanted(SCOPE)), &changes));
            assert_eq!(outcome(strict.push(&form, &[]).await).await, "400 invalid_request", "{uri}");
        }
    }
}

/// OpenID Connect Registration 2: each in its own algorithm.
#[tokio::test]
async fn id_tokens_and_answers_are_signed_as_registered() {
    let bank = TestBank::new().await;
    for (answers, identities) in Alg::ALL.into_iter().zip(Alg::ALL.into_iter().cycle().skip(1)) {
        let setup = FapiSetup { alg: answers, ..FapiSetup::message_signing() };
        let app = FapiApp::register_with(&bank, setup, |body| {
            body["id_token_signed_response_alg"] = identities.name().into();
        });
        let app = app.await;
        let wanted = app.wanted(SCOPE);
        let code = app.consent(&bank, "amelia", &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;
        assert_eq!(header(tokens.id_token())["alg"], identities.name());
        let mut reader = app.clone();
        reader.setup.alg = identities;
        reader.id_token(&tokens, &wanted).await;
    }
    let app = FapiApp::register_with(&bank, FapiSetup::message_signing(), |body| {
        for name in ["authorization_signed_response_alg", "id_token_signed_response_alg"] {
            body.as_object_mut().unwrap().remove(name);
        }
    });
    let app = app.await;
    let tokens = app.connect(&bank, "amelia", SCOPE).await;
    assert_eq!(header(tokens.id_token())["alg"], "ES256", "what is used where nothing is said");
    assert_eq!(Tokens::claims(tokens.id_token())["iss"], bank.issuer);
}

/// FAPI 2.0 Security Profile 5.2.3: browsers keep to HTTPS, and no script of another site reads what the endpoint says.
#[tokio::test]
async fn browsers_keep_to_https_and_other_sites_read_nothing() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let wanted = app.wanted(SCOPE);
    let good = app.authorize_url(&app.pushed(&wanted).await);
    let (browser, consent) = app.ask(&bank, "amelia", &wanted).await;
    drop(browser);
    let http = bank.http();
    for (method, url) in [
        (Method::GET, good.clone()),
        (Method::GET, bank.url("/authorize")),
        (Method::POST, bank.url("/authorize")),
        (Method::OPTIONS, good.clone()),
        (Method::OPTIONS, bank.url("/authorize")),
        (Method::HEAD, good.clone()),
        (Method::GET, consent.url.clone()),
        (Method::POST, consent.url.clone()),
        (Method::OPTIONS, consent.url.clone()),
        (Method::GET, bank.url("/my/consents")),
        (Method::GET, bank.url("/nothing")),
    ] {
        let request = http.request(method.clone(), &url).header("origin", "https://evil.example");
        let request = request.header("access-control-request-method", "GET").header("cookie", "x=y");
        let answer = Answer::of(request.send().await.unwrap()).await;
        let case = format!("{method} {url}: {}", answer.status);
        let shared = answer.headers.keys().find(|name| name.starts_with("access-control-"));
        assert_eq!(shared, None, "{case}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000", "{case}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{case}");
        assert_eq!(answer.header("cache-control"), "no-store", "{case}");
        if method == Method::OPTIONS {
            assert_eq!(answer.status, 405, "{case}");
        }
    }
}

/// FAPI 2.0 Security Profile 5.3.4-2, RFC 6750 5.3: a token in an address or a body is none, with its proof and without.
#[tokio::test]
async fn a_token_is_taken_from_the_header_only() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let token = app.connect(&bank, "amelia", SCOPE).await.access;
    let userinfo = app.endpoint("userinfo_endpoint");
    for url in [app.api("/accounts"), userinfo.clone()] {
        assert_eq!(app.call(Method::GET, &url, &token).await.status(), StatusCode::OK);
        for query in [format!("access_token={token}"), format!("access_token={token}&token_type=DPoP")] {
            let proof = app.proof("GET", &url, Some(&token), None);
            for headers in [vec![], vec![("dpop", proof)]] {
                let answer = app.call_with(Method::GET, &format!("{url}?{query}"), &headers).await;
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{url}");
                assert!(!answer.headers()["www-authenticate"].is_empty());
            }
        }
    }
    let proof = app.proof("POST", &userinfo, Some(&token), None);
    let form = vec![("access_token".to_owned(), token)];
    let answer = app.send(&userinfo, &form, &[("dpop", &proof)]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// RFC 9126 2 and RFC 6749 3.2: POST, and nothing else; an address would be kept in logs.
#[tokio::test]
async fn pushes_and_tokens_are_asked_for_by_post() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let form = app.push_form(&app.wanted(SCOPE));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    for base in [&bank.issuer, &bank.mtls] {
        for path in ["/par", "/token"] {
            for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
                let response = app.http.request(method.clone(), format!("{base}{path}?{query}")).send().await.unwrap();
                assert_eq!(response.headers()["allow"], "POST", "RFC 9110 15.5.6: {method} {path}");
                assert_eq!(refusal(response).await, "405 invalid_request", "{method} {path}");
            }
            let json = app.http.post(format!("{base}{path}")).json(&json!({"client_id": app.id})).send().await.unwrap();
            assert_eq!(refusal(json).await, "415 invalid_request", "{path}");
            // What is in the address of a POST is not looked at.
            let empty = app.http.post(format!("{base}{path}?{query}")).form(&[("a", "b")]).send().await.unwrap();
            assert_eq!(refusal(empty).await, "401 invalid_client", "{path}");
        }
    }
}

//! The authorization endpoint: what it refuses, where it says so, and what a good request gets back, byte for byte.

use lombard_domain::time::Span;
use lombard_testkit::{App, Page, TestBank, Tokens, Wanted, refusal};
use reqwest::StatusCode;
use serde_json::json;

const SCOPE: &str = "openid accounts:read";

type Changes<'a> = &'a [(&'static str, Option<&'a str>)];

/// What the endpoint answered, before any redirect was followed.
struct Answer {
    status: u16,
    location: Option<String>,
    text: String,
}

/// Sends a request in the query, and again in a body, which must be answered in the same way.
async fn ask(app: &App, parameters: &[(&str, String)]) -> Answer {
    let url = app.authorize_url_with(parameters);
    let (endpoint, query) = url.split_once('?').unwrap();
    let by_query = read(app.http.get(&url).send().await.unwrap()).await;
    let form = app.http.post(endpoint).header("content-type", "application/x-www-form-urlencoded");
    let by_body = read(form.body(query.to_owned()).send().await.unwrap()).await;
    assert_eq!(by_query.status, by_body.status, "{query}");
    if by_query.location.as_ref().is_some_and(|to| to.starts_with("https:")) {
        assert_eq!(by_query.location, by_body.location, "{query}");
    }
    by_query
}

async fn read(response: reqwest::Response) -> Answer {
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(!response.headers().contains_key("access-control-allow-origin"), "FAPI 2.0 5.2.3-3: no CORS here");
    let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    Answer { status: response.status().as_u16(), location, text: response.text().await.unwrap() }
}

fn assert_page(answer: &Answer, code: &str, case: &str) {
    assert_eq!(answer.status, 400, "{case}");
    assert_eq!(answer.location, None, "{case}: nobody may be sent anywhere");
    assert!(answer.text.starts_with("<!doctype html>") && answer.text.contains(code), "{case}: {}", answer.text);
}

/// The parameters of the answer that was sent to the app's redirect URI.
fn sent_back(answer: &Answer, app: &App, case: &str) -> Vec<(String, String)> {
    assert_eq!(answer.status, 303, "{case}: {}", answer.text);
    let location = answer.location.as_deref().unwrap();
    let query =
        location.strip_prefix(&format!("{}?", app.redirect_uri)).unwrap_or_else(|| panic!("{case}: {location}"));
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let first = values.next();
    assert!(values.next().is_none(), "{name} twice in {pairs:?}");
    first
}

#[tokio::test]
async fn a_request_whose_app_or_address_cannot_be_trusted_ends_on_a_page() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register_as(&bank, &json!({"redirect_uris": ["https://other.example/cb"]})).await;
    let suspended = App::register(&bank).await;
    let status = lombard_domain::oauth::ClientStatus::Suspended;
    assert!(bank.auth.set_client_status(TestBank::OPERATOR, suspended.id.parse().unwrap(), status).await.unwrap());
    let wanted = Wanted::scopes(SCOPE);
    let long = "x".repeat(4000);
    let upper = app.id.to_uppercase();
    let spaced = format!("{} ", app.id);
    let nul = format!("{}\0", app.id);
    let unknown = crate::nobody_like(&app.id);
    let cases: &[Changes<'_>] = &[
        &[("client_id", None)],
        &[("client_id", Some(""))],
        &[("client_id", Some("nobody"))],
        &[("client_id", Some(&unknown))],
        &[("client_id", Some(&upper))],
        &[("client_id", Some(&spaced))],
        &[("client_id", Some(&nul))],
        &[("client_id", Some("' OR '1'='1"))],
        &[("client_id", Some("<script>alert(1)</script>"))],
        &[("client_id", Some(&long))],
        &[("client_id", Some(&suspended.id))],
        &[("client_id", Some(&other.id))],
        &[("redirect_uri", None)],
        &[("redirect_uri", Some(""))],
        &[("redirect_uri", Some(&other.redirect_uri))],
        &[("redirect_uri", Some("https://APP.example/callback"))],
        &[("redirect_uri", Some("HTTPS://app.example/callback"))],
        &[("redirect_uri", Some("https://app.example/Callback"))],
        &[("redirect_uri", Some("https://app.example/callback/"))],
        &[("redirect_uri", Some("https://app.example/callback?"))],
        &[("redirect_uri", Some("https://app.example/callback?more=1"))],
        &[("redirect_uri", Some("https://app.example/callback#"))],
        &[("redirect_uri", Some("https://app.example/callback#part"))],
        &[("redirect_uri", Some("https://app.example/callback/../evil"))],
        &[("redirect_uri", Some("https://app.example/x/../callback"))],
        &[("redirect_uri", Some("https://app.example/%63allback"))],
        &[("redirect_uri", Some("https://app.example//callback"))],
        &[("redirect_uri", Some("https://app.example:443/callback"))],
        &[("redirect_uri", Some("https://app.example.evil.example/callback"))],
        &[("redirect_uri", Some("https://app.example@evil.example/callback"))],
        &[("redirect_uri", Some("https://app.example\\@evil.example/callback"))],
        &[("redirect_uri", Some("http://app.example/callback"))],
        &[("redirect_uri", Some(" https://app.example/callback"))],
        &[("redirect_uri", Some("https://app.example/callback\r\nset-cookie: a=b"))],
        &[("redirect_uri", Some("https://app.example/"))],
        &[("redirect_uri", Some("//app.example/callback"))],
        &[("redirect_uri", Some("javascript:alert(1)"))],
        &[("redirect_uri", Some(&long))],
    ];
    for changes in cases {
        let case = format!("{:.60?}", changes[0]);
        let answer = ask(&app, &wanted.changed(&app, changes)).await;
        assert_page(&answer, "invalid_request", &case);
        assert!(!answer.text.contains("alert(1)"), "{case}: what came in is on the page");
    }
    // Both say where an answer may go, so neither may be ambiguous.
    for (name, second) in [("client_id", &app.id), ("redirect_uri", &app.redirect_uri), ("client_id", &other.id)] {
        let mut parameters = wanted.parameters(&app);
        parameters.push((name, second.clone()));
        assert_page(&ask(&app, &parameters).await, "invalid_request", name);
    }
    let garbled = app.http.get(format!("{}&scope=%ff", app.authorize_url(&wanted))).send().await.unwrap();
    assert_page(&read(garbled).await, "invalid_request", "not UTF-8");
    let typed = app.http.post(bank.url("/authorize")).json(&json!({"client_id": app.id})).send().await.unwrap();
    assert_eq!(typed.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn every_other_error_is_sent_back_with_state_and_issuer() {
    let bank = TestBank::new().await;
    let scope = "openid accounts:read balances:read";
    let limited = json!({"redirect_uris": ["https://app.example/cb"], "scope": scope});
    let app = App::register_as(&bank, &limited).await;
    let mut wanted = Wanted::scopes(SCOPE);
    wanted.state = "a b+c&d=e%20\"<'>/?#\\~".to_owned();
    let long = "x".repeat(2049);
    let short = "x".repeat(42);
    let cases: &[(Changes<'_>, &str)] = &[
        (&[("response_type", None)], "invalid_request"),
        (&[("response_type", Some("token"))], "unsupported_response_type"),
        (&[("response_type", Some("code id_token token"))], "unsupported_response_type"),
        (&[("response_type", Some("id_token"))], "unsupported_response_type"),
        (&[("response_type", Some("none"))], "unsupported_response_type"),
        (&[("response_type", Some("CODE"))], "unsupported_response_type"),
        (&[("code_challenge", None)], "invalid_request"),
        (&[("code_challenge", Some(&short))], "invalid_request"),
        (&[("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"))], "invalid_request"),
        (&[("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="))], "invalid_request"),
        (&[("code_challenge_method", None)], "invalid_request"),
        (&[("code_challenge_method", Some("plain"))], "invalid_request"),
        (&[("code_challenge_method", Some("s256"))], "invalid_request"),
        (&[("code_challenge", None), ("code_challenge_method", None)], "invalid_request"),
        (&[("scope", None)], "invalid_scope"),
        (&[("scope", Some("admin"))], "invalid_scope"),
        (&[("scope", Some("accounts:read payments:write"))], "invalid_scope"),
        (&[("scope", Some("accounts:read,balances:read"))], "invalid_scope"),
        (&[("scope", Some("transactions:read"))], "invalid_scope"),
        (&[("scope", Some("accounts:read transactions:read"))], "invalid_scope"),
        (&[("request_uri", Some("https://app.example/request.jwt"))], "request_uri_not_supported"),
        (&[("prompt", Some("none"))], "login_required"),
        (&[("prompt", Some("none login"))], "invalid_request"),
        (&[("prompt", Some("later"))], "invalid_request"),
        (&[("max_age", Some("soon"))], "invalid_request"),
        (&[("response_mode", Some("fragment"))], "invalid_request"),
        (&[("response_mode", Some("form_post"))], "invalid_request"),
        (&[("nonce", Some(&long))], "invalid_request"),
        (&[("nonce", Some("n\u{e9}"))], "invalid_request"),
    ];
    for (changes, code) in cases {
        let case = format!("{changes:.60?}");
        let pairs = sent_back(&ask(&app, &wanted.changed(&app, changes)).await, &app, &case);
        assert_eq!(value(&pairs, "error"), Some(*code), "{case}");
        assert_eq!(value(&pairs, "state"), Some(wanted.state.as_str()), "{case}");
        assert_eq!(value(&pairs, "iss"), Some(bank.issuer.as_str()), "{case}: RFC 9207 2");
        assert_eq!(value(&pairs, "code"), None, "{case}");
    }
    // RFC 6749 3.1: no parameter may come twice, not even one that nobody knows.
    for name in ["scope", "response_type", "code_challenge", "code_challenge_method", "nonce", "state", "unknown"] {
        let mut parameters = wanted.changed(&app, &[(name, Some("code"))]);
        parameters.push((name, "code".to_owned()));
        let pairs = sent_back(&ask(&app, &parameters).await, &app, name);
        assert_eq!(value(&pairs, "error"), Some("invalid_request"), "{name}");
        let state = Some(wanted.state.as_str()).filter(|_| name != "state");
        assert_eq!(value(&pairs, "state"), state, "{name}: which of two states was meant?");
    }
    // A state that could not be given back unchanged is refused, not changed.
    for state in ["\u{e9}", "a\r\nb", "a\0b", &long] {
        let pairs = sent_back(&ask(&app, &wanted.changed(&app, &[("state", Some(state))])).await, &app, "bad state");
        assert_eq!((value(&pairs, "error"), value(&pairs, "state")), (Some("invalid_request"), None));
    }
}

#[tokio::test]
async fn an_app_without_the_code_grant_gets_no_code() {
    let bank = TestBank::new().await;
    let body = json!({"redirect_uris": ["https://app.example/cb"], "grant_types": ["client_credentials"]});
    let app = App::register_as(&bank, &body).await;
    let pairs = sent_back(&ask(&app, &Wanted::scopes(SCOPE).parameters(&app)).await, &app, "grant type");
    assert_eq!(value(&pairs, "error"), Some("unauthorized_client"));
}

#[tokio::test]
async fn gives_everything_back_as_it_came() {
    let bank = TestBank::new().await;
    let uri = "https://app.example/callback?tenant=7&mode=a%20b+c";
    let app = App::register_as(&bank, &json!({"redirect_uris": [uri]})).await;
    let printable: String = (' '..='~').cycle().take(1000).collect();
    let nonce: String = ('!'..='~').cycle().take(384).collect();
    let wanted = Wanted { state: printable.clone(), nonce: nonce.clone(), ..Wanted::scopes(SCOPE) };

    // A request by POST, as OpenID Connect Core 3.1.2.1 demands.
    let fields: Vec<_> = wanted.parameters(&app).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let browser = bank.browser();
    let page = browser.sign_in(&browser.post("/authorize", &fields).await, "amelia").await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    let query = back.url.strip_prefix(&format!("{uri}&")).unwrap_or_else(|| panic!("{}", back.url));
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(value(&pairs, "state"), Some(printable.as_str()));
    assert_eq!(value(&pairs, "iss"), Some(bank.issuer.as_str()));
    assert_eq!(value(&pairs, "error"), None);

    let tokens = Tokens::of(app.redeem(value(&pairs, "code").unwrap(), &wanted).await.json().await.unwrap());
    assert_eq!(Tokens::claims(tokens.id_token())["nonce"], nonce);
}

#[tokio::test]
async fn leaves_out_the_state_and_the_nonce_that_nobody_sent() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes(SCOPE);
    let bare = wanted.changed(&app, &[("state", None), ("nonce", None)]);
    let browser = bank.browser();
    let page = browser.sign_in(&browser.open(&app.authorize_url_with(&bare)).await, "amelia").await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    assert_eq!(back.parameter("state"), None);
    let tokens = Tokens::of(app.redeem(&back.parameter("code").unwrap(), &wanted).await.json().await.unwrap());
    assert!(Tokens::claims(tokens.id_token()).get("nonce").is_none());
}

/// What must be true of every page that a customer sees on the way.
fn assert_safe(page: &Page, app_origin: &str) {
    let url = &page.url;
    assert_eq!(page.header("cache-control"), "no-store", "{url}");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{url}");
    assert_eq!(page.header("x-frame-options"), "DENY", "{url}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{url}");
    assert!(page.header("strict-transport-security").starts_with("max-age=63072000"), "{url}");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin", "{url}");
    let features = page.header("permissions-policy");
    for feature in ["camera=()", "geolocation=()", "microphone=()", "payment=()"] {
        assert!(features.split(", ").any(|denied| denied == feature), "{url}: {features}");
    }
    let policy = page.header("content-security-policy");
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(directive), "{url}: {policy}");
    }
    let form_action = policy.split(';').find(|directive| directive.trim().starts_with("form-action")).unwrap();
    assert_eq!(form_action.trim(), format!("form-action 'self'{app_origin}"), "{url}");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{url}: {policy}");
    let html = page.html.to_lowercase();
    for no_script in ["<script", "javascript:", " onclick", " onload", " style=\"", "<iframe", "http-equiv"] {
        assert!(!html.contains(no_script), "{url}: {no_script}");
    }
}

#[tokio::test]
async fn pages_are_safe_and_cookies_are_for_this_host_only() {
    let bank = TestBank::new().await;
    let app = App::register_as(&bank, &json!({"redirect_uris": ["https://app.example:8443/callback"]})).await;
    let wanted = Wanted::scopes(SCOPE);
    let origin = " https://app.example:8443";
    let browser = bank.browser();
    let login = browser.open(&app.authorize_url(&wanted)).await;
    assert_safe(&login, origin);
    let fields = [("username", "amelia"), ("password", "wrong")];
    assert_safe(&browser.submit(&login, &fields, "login-submit").await, origin);
    let sca = browser.submit(&login, &[("username", "amelia"), ("password", TestBank::PASSWORD)], "login-submit").await;
    assert_safe(&sca, origin);
    let consent = browser.submit(&sca, &[("code", TestBank::CODE)], "sca-submit").await;
    assert_safe(&consent, origin);
    assert_safe(&browser.submit_ticked(&consent, &[], &[], "consent-allow").await, origin);
    let back = browser.submit(&consent, &[], "consent-allow").await;
    assert_safe(&browser.open("/my/consents").await, "");
    assert_safe(&browser.open("/authorize").await, "");
    assert_safe(&browser.open("/").await, "");
    assert_safe(&browser.open(&consent.url).await, "");

    let pages = [&login, &sca, &consent, &back];
    assert!(pages.iter().flat_map(|page| &page.redirects).all(|(status, _)| *status == StatusCode::SEE_OTHER));
    let cookies: Vec<_> = pages.iter().flat_map(|page| &page.cookies).collect();
    assert_eq!(cookies.len(), 3, "one before and two after sign-in: {cookies:?}");
    for cookie in cookies {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        assert!(name.starts_with("__Host-") && value.len() >= 32, "{cookie}");
        let expected: &[&str] = match name {
            "__Host-lombard-device" => &["Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=34560000"],
            _ => &["Path=/", "Secure", "HttpOnly", "SameSite=Lax"],
        };
        assert_eq!(parts.collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_code_lives_for_less_than_a_minute() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes(SCOPE);
    let code = app.code(&bank, "amelia", &wanted).await;
    assert!(code.len() >= 22, "at least 128 bits: {code}");
    bank.clock.advance(Span::seconds(59));
    let answer = app.redeem(&code, &wanted).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["pragma"], "no-cache");

    let code = app.code(&bank, "amelia", &wanted).await;
    bank.clock.advance(Span::seconds(60));
    assert_eq!(refusal(app.redeem(&code, &wanted).await).await, "400 invalid_grant");
}

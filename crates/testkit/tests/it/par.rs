//! Pushed authorization requests (RFC 9126): checked when they are pushed, used once, by the app that pushed them.

use lombard_domain::time::Span;
use lombard_testkit::{App, Page, TestBank, Wanted, refusal};
use reqwest::StatusCode;
use serde_json::{Value, json};

const SCOPE: &str = "openid accounts:read";

async fn push_with(app: &App, parameters: &[(&'static str, String)]) -> reqwest::Response {
    let form: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    app.post("/par", &form).await
}

/// Pushes a good request; its `request_uri`.
async fn push(app: &App, wanted: &Wanted) -> String {
    let response = push_with(app, &wanted.parameters(app)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer: Value = response.json().await.unwrap();
    let life = answer["expires_in"].as_i64().unwrap();
    assert!(0 < life && life < 600, "FAPI 2.0 5.3.2.2-11: {life}");
    answer["request_uri"].as_str().unwrap().to_owned()
}

fn address(app: &App, request_uri: &str, more: &[(&'static str, &str)]) -> String {
    let mut parameters = vec![("client_id", app.id.clone()), ("request_uri", request_uri.to_owned())];
    parameters.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    app.authorize_url_with(&parameters)
}

fn assert_refused(page: &Page) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.url);
    assert!(page.html.contains("invalid_request_uri"), "{}", page.html);
    assert!(page.redirects.is_empty());
}

#[tokio::test]
async fn a_pushed_request_is_used_once_and_only_by_its_own_app() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let other = App::register_as(&bank, &json!({"redirect_uris": ["https://other.example/cb"]})).await;
    let wanted = Wanted::scopes(SCOPE);
    let pushed = push(&app, &wanted).await;
    assert!(pushed.starts_with("urn:ietf:params:oauth:request_uri:") && pushed.len() >= 34 + 22);

    assert_refused(&bank.browser().open(&address(&other, &pushed, &[])).await);
    for wrong in
        ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:nothing", &format!("{pushed}x")]
    {
        assert_refused(&bank.browser().open(&address(&app, wrong, &[])).await);
    }
    let without = app.authorize_url_with(&[("request_uri", pushed.clone())]);
    assert_eq!(bank.browser().open(&without).await.status, StatusCode::BAD_REQUEST);

    // Loading is not answering: a mail scanner, a reload or the back button does not use it up.
    let browser = bank.browser();
    assert!(bank.browser().open(&address(&app, &pushed, &[])).await.url.ends_with("/login"));
    let (first, second) =
        (browser.open(&address(&app, &pushed, &[])).await, browser.open(&address(&app, &pushed, &[])).await);
    let page = browser.sign_in(&second, "amelia").await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    assert_eq!(back.parameter("state").as_deref(), Some(wanted.state.as_str()));
    assert_eq!(app.redeem(&back.parameter("code").unwrap(), &wanted).await.status(), StatusCode::OK);

    assert_refused(&bank.browser().open(&address(&app, &pushed, &[])).await);
    // The other page that was open can go on to the question, but has no second answer.
    let page = browser.sign_in(&first, "amelia").await;
    let late = browser.submit(&page, &[], "consent-allow").await;
    assert_eq!((late.status, late.parameter("code")), (StatusCode::BAD_REQUEST, None));
}

#[tokio::test]
async fn a_request_that_was_denied_is_used_up_too() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes(SCOPE);
    for button in ["consent-deny", "cancel"] {
        let pushed = push(&app, &wanted).await;
        let browser = bank.browser();
        let page = browser.sign_in(&browser.open(&address(&app, &pushed, &[])).await, "amelia").await;
        let back = browser.submit(&page, &[], button).await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"), "{button}");
        assert_refused(&browser.open(&address(&app, &pushed, &[])).await);
    }
}

#[tokio::test]
async fn only_what_was_pushed_counts() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes(SCOPE);
    let pushed = push(&app, &wanted).await;
    let more = [
        ("scope", "transactions:read"),
        ("state", "another"),
        ("redirect_uri", "https://evil.example/"),
        ("response_type", "token"),
        ("prompt", "none"),
    ];
    let browser = bank.browser();
    let page = browser.sign_in(&browser.open(&address(&app, &pushed, &more)).await, "amelia").await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    assert!(back.url.starts_with(&app.redirect_uri), "{}", back.url);
    assert_eq!(back.parameter("state").as_deref(), Some(wanted.state.as_str()));
    let answer: Value = app.redeem(&back.parameter("code").unwrap(), &wanted).await.json().await.unwrap();
    assert_eq!(answer["scope"], SCOPE);
}

#[tokio::test]
async fn a_pushed_request_expires() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let pushed = push(&app, &Wanted::scopes(SCOPE)).await;
    bank.clock.advance(Span::seconds(89));
    assert!(bank.browser().open(&address(&app, &pushed, &[])).await.url.ends_with("/login"));
    bank.clock.advance(Span::seconds(1));
    assert_refused(&bank.browser().open(&address(&app, &pushed, &[])).await);
}

#[tokio::test]
async fn a_bad_request_is_refused_when_it_is_pushed() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let wanted = Wanted::scopes(SCOPE);
    let other = App::register(&bank).await;
    for (name, value, expected) in [
        ("request_uri", Some("urn:ietf:params:oauth:request_uri:x"), "400 invalid_request"),
        ("request", Some("e30"), "400 invalid_request_object"),
        ("client_id", Some(other.id.as_str()), "400 invalid_request"),
        ("redirect_uri", None, "400 invalid_request"),
        ("redirect_uri", Some("https://app.example/callback/"), "400 invalid_request"),
        ("response_type", Some("token"), "400 unsupported_response_type"),
        ("code_challenge", None, "400 invalid_request"),
        ("code_challenge_method", Some("plain"), "400 invalid_request"),
        ("scope", Some("admin"), "400 invalid_scope"),
        ("response_mode", Some("fragment"), "400 invalid_request"),
    ] {
        let response = push_with(&app, &wanted.changed(&app, &[(name, value)])).await;
        assert_eq!(refusal(response).await, expected, "{name} {value:?}");
    }
    let mut twice = wanted.parameters(&app);
    twice.push(("scope", SCOPE.to_owned()));
    assert_eq!(refusal(push_with(&app, &twice).await).await, "400 invalid_request");
}

#[tokio::test]
async fn only_the_app_itself_can_push_and_only_by_post() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let parameters = Wanted::scopes(SCOPE).parameters(&app);
    let stranger = App { secret: "wrong".to_owned(), ..app.clone() };
    assert_eq!(refusal(push_with(&stranger, &parameters).await).await, "401 invalid_client");
    let nobody = app.http.post(bank.url("/par")).form(&parameters).send().await.unwrap();
    assert_eq!(refusal(nobody).await, "401 invalid_client");
    let get = app.http.get(bank.url("/par")).basic_auth(&app.id, Some(&app.secret)).send().await.unwrap();
    assert_eq!(refusal(get).await, "405 invalid_request");
    let json =
        app.http.post(bank.url("/par")).basic_auth(&app.id, Some(&app.secret)).json(&json!({})).send().await.unwrap();
    assert_eq!(refusal(json).await, "415 invalid_request");
}

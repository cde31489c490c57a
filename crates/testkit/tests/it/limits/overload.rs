//! Too much at once: reads are refused quickly, and what ends something goes on.

use std::time::Duration;

use lombard_auth::limit::Throttling;
use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{Answer, App, Engine, Form, Page, TestBank, example_folder};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::get;

/// A bank with places for two calls of each class, one of which may wait for a moment.
async fn narrow() -> TestBank {
    TestBank::with(Engine::Sqlite, &example_folder(), |policy| {
        policy.throttling = Some(Throttling { most: 2, waiting: 1, wait: Span::milliseconds(50) });
    })
    .await
}

/// An app whose server with its keys takes connections and never answers, so that a call of the app's does not end.
async fn hanging(bank: &TestBank) -> (FapiApp, TcpListener) {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let uri = format!("https://localhost:{}/jwks.json", silent.local_addr().unwrap().port());
    let app = FapiApp::register_with(bank, FapiSetup::default(), |body: &mut Value| {
        body.as_object_mut().unwrap().remove("jwks");
        body["jwks_uri"] = json!(uri);
    })
    .await;
    (app, silent)
}

#[tokio::test]
async fn while_reads_are_refused_what_ends_something_goes_on() {
    let bank = narrow().await;
    let app = App::register(&bank).await;
    let token = app.connect(&bank, "amelia", "openid accounts:read").await;
    let intent = app.lodge(&json!({})).await;
    let own = super::own_token(&app, "accounts").await;
    let browser = bank.browser();
    let page = browser.open(&bank.url("/my/consents")).await;
    let page = browser.sign_in(&page, "amelia").await;
    assert_eq!(get(&app, "/accounts", &token.access).await.status, 200);

    // Questions what a token is worth are reads, and these hang.
    let mut silent = Vec::new();
    let mut hanging_calls = Vec::new();
    for _ in 0..2 {
        let (slow, socket) = hanging(&bank).await;
        silent.push(socket);
        hanging_calls.push(tokio::spawn(async move { slow.introspect_as("x", "application/json").await }));
    }
    let refused = timeout(PATIENCE, async {
        loop {
            let answer = get(&app, "/accounts", &token.access).await;
            if answer.status != 200 {
                return answer;
            }
        }
    })
    .await
    .expect("both places are taken in time");
    assert_eq!((refused.status, refused.code().as_str(), refused.header("retry-after")), (503, "U000", "1"));
    for (path, code) in [("/userinfo", "temporarily_unavailable"), ("/lombard/v1/x", "")] {
        let answer = get(&app, &bank.url(path), &token.access).await;
        let expected = if code.is_empty() { 404 } else { 503 };
        assert_eq!(answer.status, expected, "{path}: {}", answer.text);
        assert!(code.is_empty() || answer.code() == code, "{}", answer.text);
    }

    assert_eq!(app.post("/revoke", &[("token", &token.access)]).await.status(), 200);
    let url = bank.url(&format!("/open-banking/v4.0/aisp/account-access-consents/{}", intent.consent));
    let deleted = app.http.request(Method::DELETE, url).bearer_auth(&own).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    let form = stop_form(&page);
    let stopped = browser.post(&form.action, &form.hidden).await;
    assert_eq!(stopped.status, 200, "a customer can stop sharing: {}", stopped.html);
    assert_eq!(get(&app, "/accounts", &token.access).await.status, 503, "all the while");

    for call in &hanging_calls {
        call.abort();
    }
    drop(silent);
    let back = timeout(PATIENCE, async { while get(&app, "/accounts", &token.access).await.status == 503 {} }).await;
    assert!(back.is_ok(), "the places of calls that are over are free again");
    assert_eq!(get(&app, "/accounts", &token.access).await.status, 401, "and the token was revoked");
}

/// The form that stops sharing with the only app.
fn stop_form(page: &Page) -> Form {
    let forms = Form::all(&page.html);
    forms.into_iter().find(|form| form.action.ends_with("/revoke")).unwrap_or_else(|| panic!("{}", page.html))
}

#[tokio::test]
async fn a_body_that_comes_slowly_takes_no_place() {
    let bank = narrow().await;
    let app = App::register(&bank).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = bank.tls_stream().await;
        let head = format!(
            "POST /introspect HTTP/1.1\r\nhost: localhost:{}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: 100\r\nexpect: 100-continue\r\n\r\n",
            bank.port()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server says that it reads: the rest of the body never comes.
        let mut said = [0; 21];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 100 Continue");
        slow.push(stream);
    }
    for _ in 0..5 {
        let answer = Answer::of(app.post("/introspect", &[("token", "x")]).await).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

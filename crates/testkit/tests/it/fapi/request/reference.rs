//! The `request_uri`: whose it is, how long it lives, when it is used up, and that nothing beside it counts (RFC 9126 2.2 and 4).

use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup};
use lombard_testkit::{Engine, TestBank, example_folder};
use serde_json::Value;

use super::{SCOPE, assert_page};

const UNKNOWN: &str = "invalid_request_uri";

#[tokio::test]
async fn is_hard_to_guess_and_of_its_own_client_only() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let other = FapiApp::register(&bank, FapiSetup::message_signing()).await;
    let wanted = app.wanted(SCOPE);
    let pushed = app.pushed(&wanted).await;
    let reference = pushed.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert!(reference.len() >= 22 && entropy(&pushed) > 96.0, "FAPI 2.0 Security Profile 5.4.1-4: {pushed}");
    assert_ne!(app.pushed(&wanted).await, pushed);

    assert_page(&bank.browser().open(&other.authorize_url(&pushed)).await, UNKNOWN);
    let shorter = pushed.get(..pushed.len() - 1).unwrap();
    for wrong in [
        "urn:ietf:params:oauth:request_uri:",
        "urn:ietf:params:oauth:request_uri:nothing",
        "urn:ietf:params:oauth:request_uri:%00",
        &format!("{pushed}x"),
        &format!("{pushed} "),
        &pushed.replacen("request_uri:", "request_uri::", 1),
        shorter,
    ] {
        assert_page(&bank.browser().open(&app.authorize_url(wrong)).await, UNKNOWN);
    }
    for wrong in [reference, &pushed.to_uppercase(), "https://app.example/", ""] {
        assert_page(&bank.browser().open(&app.authorize_url(wrong)).await, "invalid_request");
    }
    // Nothing of that has used it up.
    let (browser, page) = app.ask_with(&bank, "amelia", &pushed).await;
    app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
}

#[tokio::test]
async fn is_used_by_whoever_names_the_client() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let pushed = app.pushed(&app.wanted(SCOPE)).await;
    let id = app.id.as_str();
    for parameters in [
        &[("request_uri", pushed.as_str())][..],
        &[("client_id", ""), ("request_uri", &pushed)],
        &[("client_id", "nobody"), ("request_uri", &pushed)],
        &[("client_id", id), ("client_id", id), ("request_uri", &pushed)],
        &[("client_id", id), ("request_uri", &pushed), ("request_uri", &pushed)],
    ] {
        let page = bank.browser().open(&app.authorize_url_of(parameters)).await;
        assert_page(&page, "invalid_request");
    }
    let page = bank.browser().open(&app.authorize_url(&pushed)).await;
    assert!(page.url.ends_with("/login"), "{}", page.url);
}

/// FAPI 2.0 Security Profile 5.3.2.2-11: the life is as it was told. Who came in time may take as long as the pages allow.
#[tokio::test]
async fn lives_as_long_as_was_said() {
    for seconds in [37, 90, 599] {
        let life = Span::seconds(seconds);
        let bank = TestBank::with(Engine::Sqlite, &example_folder(), |policy| policy.request_uri_life = life).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let wanted = app.wanted(SCOPE);
        let answer: Value = app.push(&app.push_form(&wanted), &[]).await.json().await.unwrap();
        assert_eq!(answer["expires_in"], seconds);
        let pushed = answer["request_uri"].as_str().unwrap();
        bank.clock.advance(Span::seconds(seconds - 1));
        let browser = bank.browser();
        let page = browser.open(&app.authorize_url(pushed)).await;
        assert!(page.url.ends_with("/login"), "{seconds}: {}", page.url);
        bank.clock.advance(Span::seconds(1));
        assert_page(&bank.browser().open(&app.authorize_url(pushed)).await, UNKNOWN);

        let page = browser.sign_in(&page, "amelia").await;
        app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
    }
}

/// FAPI 2.0 Security Profile 5.3.2.2, note 3: loading a page uses nothing up, answering does, whatever the answer is.
#[tokio::test]
async fn is_used_up_by_the_answer() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
            let app = FapiApp::register(&bank, setup).await;
            for button in ["consent-allow", "consent-deny", "cancel"] {
                let pushed = app.pushed(&app.wanted(SCOPE)).await;
                let url = app.authorize_url(&pushed);
                assert!(bank.browser().open(&url).await.url.ends_with("/login"));
                let browser = bank.browser();
                let (first, second) = (browser.open(&url).await, browser.open(&url).await);
                assert!(browser.open(&second.url).await.status.is_success(), "a reload of the page itself");
                let page = browser.sign_in(&second, "amelia").await;
                let returned = app.returned(&browser.submit(&page, &[], button).await).await;
                assert_eq!(returned.contains_key("code"), button == "consent-allow", "{button}: {returned:?}");

                assert_page(&browser.open(&url).await, UNKNOWN);
                assert_page(&bank.browser().open(&url).await, UNKNOWN);
                // The other page that was open can go on to the question, but has no second answer.
                let page = browser.sign_in(&first, "amelia").await;
                let late = browser.submit(&page, &[], "consent-allow").await;
                assert_eq!((late.status.as_u16(), late.redirects.len()), (400, 0), "{button}: {}", late.url);
            }
        }
    }
}

/// FAPI 2.0 Security Profile 5.3.3.2: a client sends nothing else, and what somebody adds on the way is not looked at.
#[tokio::test]
async fn is_all_that_counts() {
    let bank = TestBank::new().await;
    let beside = [
        ("scope", "transactions:read"),
        ("scope", "admin"),
        ("state", "another"),
        ("state", "a third"),
        ("redirect_uri", "https://evil.example/"),
        ("response_type", "token"),
        ("response_mode", "fragment"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "plain"),
        ("nonce", "another"),
        ("prompt", "none"),
        ("max_age", "soon"),
        ("login_hint", "priya"),
        ("id_token_hint", "x"),
        ("request", "e30"),
        ("claims", "]"),
        ("authorization_details", "x"),
        ("unknown", "a"),
        ("unknown", "b"),
    ];
    for setup in [FapiSetup::default(), FapiSetup::message_signing()] {
        let app = FapiApp::register(&bank, setup).await;
        let wanted = app.wanted(SCOPE);
        let pushed = app.pushed(&wanted).await;
        let parameters = [&[("client_id", app.id.as_str()), ("request_uri", &pushed)], beside.as_slice()].concat();
        let browser = bank.browser();
        let page = browser.open(&app.authorize_url_of(&parameters)).await;
        assert!(page.url.ends_with("/login") && !page.html.contains("priya"), "{} {}", page.url, page.html);
        let page = browser.sign_in(&page, "amelia").await;
        let code = app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;
        assert_eq!(tokens.answer["scope"], wanted.scope);
        app.id_token(&tokens, &wanted).await;
    }
}

/// The Shannon entropy of a text, in bits, as it is measured from outside: over the characters of this one.
fn entropy(text: &str) -> f64 {
    let length = f64::from(u32::try_from(text.len()).unwrap());
    let mut counts = std::collections::BTreeMap::new();
    for byte in text.bytes() {
        *counts.entry(byte).or_insert(0_u32) += 1;
    }
    let share = |count: &u32| f64::from(*count) / length;
    -counts.values().map(|count| share(count) * share(count).log2()).sum::<f64>() * length
}

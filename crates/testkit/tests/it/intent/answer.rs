//! Yes, no, and who may say it.

use lombard_testkit::{App, Engine, TestBank, Tokens};
use serde_json::json;

use super::error_of;

#[tokio::test]
async fn a_yes_is_for_the_accounts_that_were_ticked() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let intent = app.lodge(&json!({})).await;
        let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
        let boxes = page.form().boxes;
        assert_eq!(boxes.iter().filter(|(.., ticked)| *ticked).count(), 3, "all at first");
        let one: Vec<_> = boxes.iter().take(1).map(|(name, value, _)| (name.clone(), value.clone())).collect();
        let back = browser.submit_ticked(&page, &[], &one, "consent-allow").await;
        let tokens = app.redeem_from(&back, &intent).await;
        assert_eq!(app.accounts(&tokens.access).await, [one[0].1.clone()]);
        assert_eq!(app.standing(&intent).await, "AUTH");
        let recorded = bank.record(100).await;
        let yes: Vec<_> = recorded.iter().filter(|entry| entry.event == "consent.authorised").collect();
        assert_eq!(yes.len(), 1, "{engine:?}");
        assert_eq!(yes[0].consent.clone(), Some(intent.consent.clone()));
        assert!(yes[0].customer.is_some() && yes[0].reason.is_none());
    }
}

#[tokio::test]
async fn without_an_account_nothing_is_allowed() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({})).await;
    let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
    let foreign = vec![("account".to_owned(), "acc_00000000000000000000000001".to_owned())];
    for ticked in [&[][..], &foreign] {
        let again = browser.submit_ticked(&page, &[], ticked, "consent-allow").await;
        assert_eq!(again.status, 400);
        assert!(again.form().boxes.iter().all(|(.., ticked)| !ticked), "nobody ticks them again");
        assert_eq!(app.standing(&intent).await, "AWAU");
    }
    let back = browser.submit(&page, &[], "consent-allow").await;
    app.redeem_from(&back, &intent).await;
}

#[tokio::test]
async fn a_no_is_final() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        for button in ["consent-deny", "cancel"] {
            let intent = app.lodge(&json!({})).await;
            let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
            let back = browser.submit(&page, &[], button).await;
            assert_eq!(error_of(&app, &back).0, "access_denied", "{button}");
            assert_eq!(app.standing(&intent).await, "RJCT", "{engine:?} {button}");
            let recorded = bank.record(20).await;
            let about = |consent: Option<&String>| consent == Some(&intent.consent);
            let no = recorded.iter().filter(|one| one.event == "consent.rejected" && about(one.consent.as_ref()));
            assert_eq!(no.count(), 1, "{button}");
        }
        let intent = app.lodge(&json!({})).await;
        let browser = bank.browser();
        let page = browser.open(&app.authorize_url_with(&intent.parameters(&app))).await;
        let back = browser.submit(&page, &[], "cancel").await;
        assert_eq!(error_of(&app, &back).0, "access_denied", "before anybody signed in");
        assert_eq!(app.standing(&intent).await, "RJCT");
    }
}

/// OpenID Connect Core 3.1.2.2: the app said who it is about.
#[tokio::test]
async fn somebody_else_is_not_asked() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let who = app.connect(&bank, "amelia", "openid").await;
    let who = Tokens::claims(who.id_token())["sub"].clone();
    let intent = app.lodge(&json!({})).await;
    let claims = json!({"id_token": {"openbanking_intent_id": {"value": intent.consent}, "sub": {"value": who}}});
    let url = app.authorize_url_with(&intent.wanted.changed(&app, &[("claims", Some(&claims.to_string()))]));
    let browser = bank.browser();
    let page = browser.open(&url).await;
    let back = browser.sign_in(&page, "jonah").await;
    assert_eq!(error_of(&app, &back).0, "login_required");
    assert_eq!(app.standing(&intent).await, "RJCT");
}

/// A prompt of `none` shows no page, so nobody has answered anything.
#[tokio::test]
async fn without_a_page_it_goes_on_waiting() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge(&json!({})).await;
    let mut parameters = intent.parameters(&app);
    parameters.push(("prompt", "none".to_owned()));
    let back = bank.browser().open(&app.authorize_url_with(&parameters)).await;
    assert_eq!(error_of(&app, &back).0, "login_required");
    assert_eq!(app.standing(&intent).await, "AWAU");
}

//! Consents to confirm funds: the one account that the app named, or none.

use lombard_testkit::{App, Engine, TestBank, Tokens};
use serde_json::json;

use super::error_of;

#[tokio::test]
async fn the_customer_is_asked_about_the_account_that_was_named() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        // An account is known by its IBAN and by the number that the IBAN ends with, a joint one to both who hold it.
        for (who, scheme, number, ending) in [
            ("amelia", "IBAN", "GB87LOMB09012840017231", "ending 7231"),
            ("amelia", "SortCodeAccountNumber", "09012840017231", "ending 7231"),
            ("amelia", "SortCodeAccountNumber", "09012840017249", "ending 7249"),
            ("jonah", "IBAN", "GB13LOMB09012851180062", "ending 0062"),
        ] {
            let intent = app.lodge_funds(scheme, number).await;
            let (browser, page) = app.ask_about(&bank, who, &intent).await;
            assert!(page.html.contains(ending), "{number}: {}", page.html);
            assert!(page.html.contains("never told your balance"), "{}", page.html);
            assert!(page.form().boxes.is_empty(), "there is nothing to choose");
            let other = vec![("account".to_owned(), "acc_00000000000000000000000001".to_owned())];
            assert_eq!(browser.submit_ticked(&page, &[], &other, "consent-allow").await.status, 400);
            let back = browser.submit(&page, &[], "consent-allow").await;
            let tokens = app.redeem_from(&back, &intent).await;
            assert_eq!(app.standing(&intent).await, "AUTH", "{engine:?}");
            assert_eq!(Tokens::claims(tokens.id_token())["openbanking_intent_id"], json!(intent.consent));
            assert_eq!(app.answer("/accounts", &tokens.access).await.status, 403, "it opens nothing else");
        }
    }
}

/// Nobody learns whose account it is, or whether there is one.
#[tokio::test]
async fn an_account_that_is_not_the_customers_is_a_no() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let mut told = Vec::new();
        for (what, scheme, number) in [
            ("another customer's", "IBAN", "GB26LOMB09013160904417"),
            ("at another bank", "IBAN", "GB29NWBK60161331926819"),
            ("nobody's", "SortCodeAccountNumber", "00000000000000"),
        ] {
            let intent = app.lodge_funds(scheme, number).await;
            let (_, back) = app.arrive_with(&bank, "amelia", &intent).await;
            let error = error_of(&app, &back);
            assert_eq!(error.0, "access_denied", "{what}");
            told.push(error);
            assert_eq!(app.standing(&intent).await, "RJCT", "{engine:?} {what}");
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
    }
}

#[tokio::test]
async fn can_be_renewed_while_it_holds_and_not_after() {
    let bank = TestBank::new().await;
    let app = App::register(&bank).await;
    let intent = app.lodge_funds("IBAN", "GB87LOMB09012840017231").await;
    let first = app.authorise(&bank, "amelia", &intent).await;
    let (browser, page) = app.ask_about(&bank, "amelia", &intent).await;
    assert!(page.html.contains("You already allow this"));
    let second = app.redeem_from(&browser.submit(&page, &[], "consent-allow").await, &intent).await;
    assert_eq!(app.introspect(&first.access).await["active"], false);
    assert_eq!(app.introspect(&second.access).await["active"], true);
    bank.revoke_consents("amelia").await;
    assert_eq!(app.standing(&intent).await, "CANC");
    let page = bank.browser().open(&app.authorize_url_with(&intent.parameters(&app))).await;
    assert_eq!(error_of(&app, &page).0, "invalid_request");
}

//! What comes of a customer's yes: codes, refresh tokens, grants; and that whoever holds somebody else's learns nothing from it.

mod chance;
mod codes;
mod details;
mod managed;
mod refresh;

use lombard_testkit::fapi::{FapiApp, changed};
use lombard_testkit::{Answer, TestBank, Tokens, Wanted};
use reqwest::Response;
use serde_json::{Value, json};

/// From a request with these changes to a code.
async fn code_with(bank: &TestBank, app: &FapiApp, wanted: &Wanted, changes: &[(&str, Option<&str>)]) -> String {
    let form = app.push_form_of(&changed(app.parameters(wanted), changes));
    let (browser, page) = app.ask_with(bank, "amelia", &app.pushed_form(&form).await).await;
    app.code(&browser.submit(&page, &[], "consent-allow").await, wanted).await
}

/// From a request with these changes to tokens.
async fn tokens_with(bank: &TestBank, app: &FapiApp, scope: &str, changes: &[(&str, Option<&str>)]) -> Tokens {
    let wanted = app.wanted(scope);
    let code = code_with(bank, app, &wanted, changes).await;
    app.granted(app.redeem(&code, &wanted).await).await
}

/// Details that ask for these actions.
fn details(actions: &[&str]) -> Value {
    json!([{"type": "account_information", "actions": actions}])
}

/// An answer without what differs between two answers to the same call; the same means that nothing can be told apart.
async fn comparable(response: Response) -> Answer {
    Answer::of(response).await.comparable()
}

/// Whether a token reads the accounts that it is for.
async fn status(app: &FapiApp, token: &str) -> u16 {
    app.get("/accounts", token).await.status().as_u16()
}

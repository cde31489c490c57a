//! Phishing: customers see who asks as far as it was checked, are warned where it was not, and no page of the bank's can be made to lie.

mod headers;
mod identity;
mod logos;
mod look_alikes;
mod script;

use lombard_auth::client::AppRules;
use lombard_domain::text::Text;
use lombard_testkit::{App, Engine, Page, TestBank, Wanted, example_folder};
use reqwest::{Method, Response};
use serde_json::{Value, json};

const SCOPE: &str = "accounts:read balances:read";

/// A bank with other rules for apps.
async fn bank_with(engine: Engine, change: impl FnOnce(&mut AppRules)) -> TestBank {
    TestBank::with(engine, &example_folder(), |policy| change(&mut policy.apps)).await
}

/// An app with a name, whose answers go to a host.
pub(crate) async fn app_called(bank: &TestBank, name: &str, host: &str) -> App {
    App::register_as(bank, &body(name, host)).await
}

fn body(name: &str, host: &str) -> Value {
    json!({"client_name": name, "redirect_uris": [format!("https://{host}/callback")]})
}

/// The page on which a customer is asked.
async fn asked(bank: &TestBank, app: &App) -> Page {
    app.ask(bank, "amelia", &Wanted::scopes(SCOPE)).await.1
}

/// An operator vouches for an app.
async fn verify(bank: &TestBank, app: &App) {
    let [organisation, by] = ["Pocket Ltd", "Case 12"];
    let (organisation, by) = (Text::new(organisation).unwrap(), Text::new(by).unwrap());
    let verified = bank.auth.verify_client(TestBank::OPERATOR, app.id.parse().unwrap(), organisation, by).await;
    assert!(verified.unwrap().is_some());
}

/// Replaces what an app is registered with.
async fn change(bank: &TestBank, app: &App, mut body: Value) -> Response {
    body["client_id"] = json!(app.id);
    let request = bank.http().request(Method::PUT, bank.url(&format!("/register/{}", app.id)));
    request.bearer_auth(&app.registration_token).json(&body).send().await.unwrap()
}

/// Reasons and apps of the entries of one kind, newest first.
async fn recorded(bank: &TestBank, event: &str) -> Vec<(Option<String>, Option<String>)> {
    let entries = bank.record(100).await.into_iter().filter(|entry| entry.event == event);
    entries.map(|entry| (entry.reason, entry.client)).collect()
}

const UNCHECKED: &str = "Nobody has confirmed to us who makes this app.";
const NEW: &str = "It is new here: it was registered on 2 March 2026.";
const LIKE_APP: &str = "very much like the name of another app that we know";
const LIKE_BANK: &str = "sounds like Test bank";
const ALPHABETS: &str = "letters of different alphabets";

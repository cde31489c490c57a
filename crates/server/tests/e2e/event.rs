//! Events as an app gets them from the program: sent while it runs, and after it has started again.

use lombard_testkit::{App, Receiver, Tokens, Wanted};
use serde_json::{Value, json};

use crate::command::lombard;
use crate::customer::{Bank, Customer};
use crate::story::{Sandbox, accounts, take_back};

#[tokio::test]
async fn events_are_sent_while_it_runs_and_after_it_has_started_again() {
    let receiver = Receiver::start().await;
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let server = sandbox.start_believing(receiver.certificate_pem()).await;
    let bank = sandbox.bank();
    let app = bank.register().await;
    let alice = sandbox.customer("alice");
    let own = own_token(&app).await;
    let wish = json!({"Data": {"Version": "4.0", "CallbackUrl": receiver.uri()}});
    created(&app, "/event-subscriptions", &own, &wish).await;

    let (kept, tokens) = connected(&bank, &app, &alice, &own).await;
    let held = accounts(&app, &tokens.access).await;
    server.stop().await;

    let close = ["account", "close", &held[1], "--data", &data];
    assert!(lombard(&close).good().contains("is closed"));
    assert!(lombard(&close).good().contains("was closed before"));
    let unknown = ["account", "switch", "nobody's", "--data", &data];
    assert!(lombard(&unknown).refused().contains("no account with this identifier"));
    assert!(receiver.received().is_empty(), "nobody was there to send it");

    let server = sandbox.start_believing(receiver.certificate_pem()).await;
    let claims = Tokens::claims(&receiver.wait_for(1).await[0].token);
    let about = |claims: &Value, name: &str| {
        let event = &claims["events"][format!("urn:uk:org:openbanking:events:{name}")];
        event["subject"]["http://openbanking.org.uk/rid"].as_str().map(str::to_owned)
    };
    assert_eq!(about(&claims, "account-access-consent-linked-account-update"), Some(kept), "{claims}");
    assert!(claims["txn"].as_str().unwrap().starts_with("evt_"), "no call with a name of its own caused it: {claims}");
    assert_eq!(accounts(&app, &tokens.access).await.len(), held.len() - 1);

    take_back(&bank, &alice, &app, &tokens).await;
    let received = receiver.wait_for(2).await;
    let claims = Tokens::claims(&received[1].token);
    assert!(about(&claims, "consent-authorization-revoked").is_some(), "{claims}");
    server.stop().await;
}

/// A token of the app's own.
async fn own_token(app: &App) -> String {
    let answer = app.post("/token", &[("grant_type", "client_credentials"), ("scope", "accounts")]).await;
    Tokens::of(answer.json().await.unwrap()).access
}

/// Makes something of the app's own; the answer.
async fn created(app: &App, path: &str, token: &str, body: &Value) -> Value {
    let url = format!("{}/open-banking/v4.0{path}", app.issuer);
    let answer = app.http.post(url).bearer_auth(token).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

/// Lodges a consent and has a customer allow it; its id, and the tokens.
async fn connected(bank: &Bank, app: &App, customer: &Customer, own: &str) -> (String, Tokens) {
    let body = json!({"Data": {"Permissions": ["ReadAccountsBasic"]}, "Risk": {}});
    let made = created(app, "/aisp/account-access-consents", own, &body).await;
    let consent = made["Data"]["ConsentId"].as_str().unwrap().to_owned();
    let wanted = Wanted::scopes("openid accounts");
    let intent = json!({"id_token": {"openbanking_intent_id": {"value": consent}}}).to_string();
    let browser = bank.browser();
    let page = browser.open(&app.authorize_url_with(&wanted.changed(app, &[("claims", Some(&intent))]))).await;
    let page = browser.sign_in_with(&page, &customer.username, &customer.password, &customer.code).await;
    let back = browser.submit(&page, &[], "consent-allow").await;
    let code = back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html));
    (consent, Tokens::of(app.redeem(&code, &wanted).await.json().await.unwrap()))
}

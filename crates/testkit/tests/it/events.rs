//! Events: who is told what, how it is sent, how it is fetched, and what happens when nobody answers.

mod closing;
mod polling;
mod pushing;
mod raising;
mod schema;
mod subscribing;
mod together;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use lombard_auth::Auth;
use lombard_auth::notification::Courier;
use lombard_testkit::{Answer, App, Receiver, TestBank, Tokens, Wanted};
use reqwest::Method;
use serde_json::{Value, json};

const SUBSCRIPTIONS: &str = "/open-banking/v4.0/event-subscriptions";
const EVENTS: &str = "/open-banking/v4.0/events";
const ACCESS: &str = "/open-banking/v4.0/aisp/account-access-consents";
const FUNDS: &str = "/open-banking/v4.0/cbpii/funds-confirmation-consents";

/// An app that wants to be told, and calls with tokens of its own.
struct Watcher {
    app: App,
}

impl Watcher {
    async fn register(bank: &TestBank) -> Self {
        Self { app: App::register(bank).await }
    }

    /// An app that is sent everything at a receiver, and the identifier of its subscription.
    async fn at(bank: &TestBank, receiver: &Receiver) -> (Self, String) {
        let watcher = Self::register(bank).await;
        let id = watcher.subscribe(&json!({"Version": "4.0", "CallbackUrl": receiver.uri()})).await;
        (watcher, id)
    }

    /// An app that fetches.
    async fn fetching(bank: &TestBank) -> Self {
        let watcher = Self::register(bank).await;
        watcher.subscribe(&json!({"Version": "4.0"})).await;
        watcher
    }

    async fn subscribe(&self, data: &Value) -> String {
        let answer = self.call(Method::POST, SUBSCRIPTIONS, Some(&json!({"Data": data}))).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["Data"]["EventSubscriptionId"].as_str().unwrap().to_owned()
    }

    /// Calls with a fresh token for events, and a body if there is one.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let token = self.token("accounts").await;
        self.call_with(&token, method, path, body).await
    }

    async fn call_with(&self, token: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.app.http.request(method, format!("{}{path}", self.app.issuer)).bearer_auth(token);
        let request = body.into_iter().fold(request, |request, body| request.json(body));
        Answer::of(request.send().await.unwrap()).await
    }

    async fn token(&self, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        Tokens::of(Answer::of(self.app.post("/token", &form).await).await.json()).access
    }

    /// What it gets when it fetches.
    async fn poll(&self, body: &Value) -> Value {
        let answer = self.call(Method::POST, EVENTS, Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// The verified claims of all that it can fetch, oldest first. They stay.
    async fn told(&self) -> Vec<Value> {
        let answer = self.poll(&json!({"maxEvents": 50})).await;
        assert_eq!(answer["moreAvailable"], false);
        let mut told = Vec::new();
        for (id, token) in answer["sets"].as_object().unwrap() {
            let claims = self.verified(token.as_str().unwrap()).await;
            assert_eq!(&claims["jti"], id);
            told.push(claims);
        }
        told
    }

    /// The names of the events that it can fetch, and which consents they are about.
    async fn heard(&self) -> Vec<(String, String)> {
        let mut heard: Vec<_> = self.told().await.iter().map(heard).collect();
        heard.sort();
        heard
    }

    /// The claims of a token, verified with the bank's published keys and another library than the bank's.
    async fn verified(&self, token: &str) -> Value {
        let keys: JwkSet =
            self.app.http.get(format!("{}/jwks", self.app.issuer)).send().await.unwrap().json().await.unwrap();
        let header = decode_header(token).unwrap();
        assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::PS256, Some("secevent+jwt")));
        let mut rules = Validation::new(Algorithm::PS256);
        // RFC 8417 2.2: there is no `exp`.
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["iss", "aud"]);
        rules.set_audience(&[&self.app.id]);
        rules.set_issuer(&[&self.app.issuer]);
        let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).expect("a published key")).unwrap();
        decode(token, &key, &rules).unwrap().claims
    }

    /// Lodges a consent to account information; its id.
    async fn lodge(&self) -> String {
        self.lodge_with(json!({"Permissions": ["ReadAccountsBasic", "ReadBalances"]})).await
    }

    async fn lodge_with(&self, data: Value) -> String {
        let body = json!({"Data": data, "Risk": {}});
        let answer = self.call(Method::POST, ACCESS, Some(&body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["Data"]["ConsentId"].as_str().unwrap().to_owned()
    }

    /// Lodges a consent to confirm funds of the account `a1` of the example bank; its id.
    async fn lodge_funds(&self) -> String {
        let account = json!({"SchemeName": "UK.OBIE.IBAN", "Identification": "GB87LOMB09012840017231"});
        let body = json!({"Data": {"DebtorAccount": account}});
        let token = self.token("fundsconfirmations").await;
        let answer = self.call_with(&token, Method::POST, FUNDS, Some(&body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["Data"]["ConsentId"].as_str().unwrap().to_owned()
    }

    /// A customer allows a lodged consent, on all accounts that are offered; the tokens that the app gets.
    async fn allowed(&self, bank: &TestBank, username: &str, scope: &str, consent: &str) -> Tokens {
        let wanted = Wanted::scopes(&format!("openid {scope}"));
        let intent = json!({"id_token": {"openbanking_intent_id": {"value": consent, "essential": true}}}).to_string();
        let browser = bank.browser();
        let parameters = wanted.changed(&self.app, &[("claims", Some(&intent))]);
        let page = browser.open(&self.app.authorize_url_with(&parameters)).await;
        let page = browser.sign_in(&page, username).await;
        assert!(page.url.ends_with("/consent"), "not asked: {} {} {}", page.status, page.url, page.html);
        let back = browser.submit(&page, &[], "consent-allow").await;
        let code = back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html));
        Tokens::of(self.app.redeem(&code, &wanted).await.json().await.unwrap())
    }

    /// A new consent that amelia has allowed; its id.
    async fn connected(&self, bank: &TestBank) -> String {
        let consent = self.lodge().await;
        self.allowed(bank, "amelia", "accounts", &consent).await;
        consent
    }
}

/// A customer takes a consent back on the bank's page.
async fn revoked_by(bank: &TestBank, username: &str, consent: &str) {
    let browser = bank.browser();
    let page = browser.sign_in(&browser.open("/my/consents").await, username).await;
    let action = format!("/my/consents/{consent}/revoke");
    let forms = lombard_testkit::Form::all(&page.html);
    let form = forms.iter().find(|form| form.action.ends_with(&action)).unwrap_or_else(|| panic!("{}", page.html));
    let after = browser.post(&form.action, &form.hidden).await;
    assert_eq!(after.status, 200, "{}", after.html);
}

/// One round of sending, until everything that was begun has ended; to how many apps was sent.
async fn round(auth: &Auth) -> usize {
    let mut courier = Courier::new(auth.clone());
    let count = courier.round().await.unwrap();
    courier.settle().await;
    count
}

/// The last part of an event's name, and which consent it is about.
fn heard(claims: &Value) -> (String, String) {
    let events = claims["events"].as_object().unwrap();
    assert_eq!(events.len(), 1, "RFC 8417 2.2: the events of a token are of one occurrence");
    let (name, event) = events.iter().next().unwrap();
    let id = event["subject"]["http://openbanking.org.uk/rid"].as_str().unwrap();
    (name.rsplit(':').next().unwrap().to_owned(), id.to_owned())
}

fn event(name: &str, consent: &str) -> (String, String) {
    (name.to_owned(), consent.to_owned())
}

//! Consents that apps lodge: what is taken, how they live, who may see them, and what they are good for.

mod expiry;
mod fields;
mod foreign;
mod funds;
mod funds_consent;
mod life;
mod limit;
mod permissions;
mod race;
mod schema;

use lombard_testkit::{Answer, App, Browser, Page, TestBank, Tokens, Wanted};
use reqwest::Method;
use serde_json::{Value, json};

/// Consents to account information.
const ACCESS: &str = "/open-banking/v4.0/aisp/account-access-consents";
/// Consents to confirm funds.
const FUNDS: &str = "/open-banking/v4.0/cbpii/funds-confirmation-consents";
/// Whether there is enough money.
const CONFIRM: &str = "/open-banking/v4.0/cbpii/funds-confirmations";

/// What most consents here ask for.
const USUAL: &[&str] = &[
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
];

/// A token of the app's own for a scope.
async fn own_token(app: &App, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    Tokens::of(Answer::of(app.post("/token", &form).await).await.json()).access
}

/// Calls a path with a token, and a body if there is one.
async fn call(app: &App, method: Method, path: &str, token: &str, body: Option<&Value>) -> Answer {
    let mut request = app.http.request(method, format!("{}{path}", app.issuer)).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    Answer::of(request.send().await.unwrap()).await
}

async fn post(app: &App, path: &str, token: &str, body: &Value) -> Answer {
    call(app, Method::POST, path, token, Some(body)).await
}

async fn get(app: &App, path: &str, token: &str) -> Answer {
    call(app, Method::GET, path, token, None).await
}

async fn delete(app: &App, path: &str, token: &str) -> Answer {
    call(app, Method::DELETE, path, token, None).await
}

/// A body that asks for permissions.
fn asking_for(permissions: &[&str]) -> Value {
    json!({"Data": {"Permissions": permissions}, "Risk": {}})
}

/// A body that names an account.
fn naming(scheme: &str, number: &str) -> Value {
    json!({"Data": {"DebtorAccount": {"SchemeName": scheme, "Identification": number}}})
}

/// The errors of an answer: codes and paths.
fn errors(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.json();
    let errors = body["Errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    errors.iter().map(|error| (text(error, "ErrorCode"), text(error, "Path"))).collect()
}

/// An app with tokens of its own, at a bank.
struct Lodger {
    bank: TestBank,
    app: App,
    /// For account information.
    accounts: String,
    /// For funds.
    funds: String,
}

impl Lodger {
    async fn at(bank: TestBank) -> Self {
        let app = App::register(&bank).await;
        let (accounts, funds) = (own_token(&app, "accounts").await, own_token(&app, "fundsconfirmations").await);
        Self { bank, app, accounts, funds }
    }

    /// Gets new tokens of its own, as after some time.
    async fn renew(&mut self) {
        self.accounts = own_token(&self.app, "accounts").await;
        self.funds = own_token(&self.app, "fundsconfirmations").await;
    }

    /// Lodges a consent to account information; its id.
    async fn lodged(&self, body: &Value) -> String {
        let answer = post(&self.app, ACCESS, &self.accounts, body).await;
        assert_eq!(answer.status, 201, "{body}: {}", answer.text);
        answer.json()["Data"]["ConsentId"].as_str().unwrap().to_owned()
    }

    /// Lodges a consent to confirm funds; its id.
    async fn lodged_funds(&self, body: &Value) -> String {
        let answer = post(&self.app, FUNDS, &self.funds, body).await;
        assert_eq!(answer.status, 201, "{body}: {}", answer.text);
        answer.json()["Data"]["ConsentId"].as_str().unwrap().to_owned()
    }

    /// A consent to account information as its app sees it.
    async fn shown(&self, id: &str) -> Answer {
        get(&self.app, &format!("{ACCESS}/{id}"), &self.accounts).await
    }

    /// Where a consent stands: its status and the codes of the reasons.
    async fn stands(&self, id: &str) -> (String, Vec<String>) {
        standing(&self.shown(id).await)
    }
}

/// The status and the reasons in an answer.
fn standing(answer: &Answer) -> (String, Vec<String>) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let data = &answer.json()["Data"];
    let reasons = data["StatusReason"].as_array().cloned().unwrap_or_default();
    let codes = reasons.iter().map(|reason| reason["StatusReasonCode"].as_str().unwrap().to_owned()).collect();
    (data["Status"].as_str().unwrap().to_owned(), codes)
}

fn stand(status: &str, reasons: &[&str]) -> (String, Vec<String>) {
    (status.to_owned(), reasons.iter().map(|reason| (*reason).to_owned()).collect())
}

/// Sends a customer to answer a lodged consent; where they arrive after they have signed in.
async fn sent(lodger: &Lodger, username: &str, scope: &str, consent: &str) -> (Browser, Page, Wanted) {
    let wanted = Wanted::scopes(scope);
    let intent = json!({"id_token": {"openbanking_intent_id": {"value": consent, "essential": true}}}).to_string();
    let parameters = wanted.changed(&lodger.app, &[("claims", Some(&intent))]);
    let browser = lodger.bank.browser();
    let mut page = browser.open(&lodger.app.authorize_url_with(&parameters)).await;
    if page.url.ends_with("/login") {
        page = browser.sign_in(&page, username).await;
    }
    (browser, page, wanted)
}

/// A customer allows a lodged consent; the tokens that the app gets.
async fn authorised(lodger: &Lodger, username: &str, scope: &str, consent: &str) -> Tokens {
    let (browser, page, wanted) = sent(lodger, username, scope, consent).await;
    assert!(page.url.ends_with("/consent"), "not asked: {} {} {}", page.status, page.url, page.html);
    let back = browser.submit(&page, &[], "consent-allow").await;
    let code = back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html));
    let response = lodger.app.redeem(&code, &wanted).await;
    assert_eq!(response.status(), 200, "{:?}", response.text().await);
    Tokens::of(response.json().await.unwrap())
}

const FOR_ACCOUNTS: &str = "openid accounts";
const FOR_FUNDS: &str = "openid fundsconfirmations";

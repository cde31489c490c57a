//! Consents that an app lodges before it sends a customer (UK Open Banking), and the requests that name them.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::app::{App, Tokens, Wanted};
use crate::bank::TestBank;
use crate::browser::{Browser, Page};

/// What a lodged consent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentKind {
    /// Account information.
    Accounts,
    /// Whether there is enough money.
    Funds,
}

/// A lodged consent that a customer is to authorise.
#[derive(Clone)]
pub struct Intent {
    /// Its `ConsentId`.
    pub consent: String,
    /// What it is for.
    pub kind: IntentKind,
    /// The request that names it.
    pub wanted: Wanted,
}

impl IntentKind {
    /// The scope that goes with it.
    #[must_use]
    pub fn scope(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Funds => "fundsconfirmations",
        }
    }

    /// Where it is lodged.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Accounts => "/open-banking/v4.0/aisp/account-access-consents",
            Self::Funds => "/open-banking/v4.0/cbpii/funds-confirmation-consents",
        }
    }
}

impl Intent {
    /// A request for a consent, with `openid`.
    #[must_use]
    pub fn new(kind: IntentKind, consent: &str) -> Self {
        let wanted = Wanted::scopes(&format!("openid {}", kind.scope()));
        Self { consent: consent.to_owned(), kind, wanted }
    }

    /// The parameters of the request, with the consent named in `claims`.
    #[must_use]
    pub fn parameters(&self, app: &App) -> Vec<(&'static str, String)> {
        let mut parameters = self.wanted.parameters(app);
        parameters.push(("claims", intent_claims(&self.consent).to_string()));
        parameters
    }
}

/// The parameter `claims` that names a consent, as the UK standard has it.
#[must_use]
pub fn intent_claims(consent: &str) -> Value {
    json!({"id_token": {
        "openbanking_intent_id": {"value": consent, "essential": true},
        "acr": {"essential": true, "values": ["urn:openbanking:psd2:sca"]},
    }})
}

impl App {
    /// Lodges a consent to account information that allows much and has no end; changes replace members of `Data`, `null` leaves one
    /// out.
    ///
    /// # Panics
    /// If the bank does not take it.
    pub async fn lodge(&self, changes: &Value) -> Intent {
        let mut data = json!({"Permissions": [
            "ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits",
        ]});
        let members = data.as_object_mut().expect("an object");
        members.extend(changes.as_object().cloned().unwrap_or_default());
        members.retain(|_, value| !value.is_null());
        self.lodge_as(IntentKind::Accounts, &json!({"Data": data, "Risk": {}})).await
    }

    /// Lodges a consent to ask whether there is enough money in an account.
    ///
    /// # Panics
    /// If the bank does not take it.
    pub async fn lodge_funds(&self, scheme: &str, number: &str) -> Intent {
        let account = json!({"SchemeName": format!("UK.OBIE.{scheme}"), "Identification": number, "Name": "A. Hart"});
        self.lodge_as(IntentKind::Funds, &json!({"Data": {"DebtorAccount": account}})).await
    }

    async fn lodge_as(&self, kind: IntentKind, body: &Value) -> Intent {
        let token = self.own_token().await;
        let request = self.http.post(format!("{}{}", self.issuer, kind.path())).bearer_auth(token).json(body);
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        assert_eq!(answer.pointer("/Data/Status").and_then(Value::as_str), Some("AWAU"), "{answer}");
        let consent = answer.pointer("/Data/ConsentId").and_then(Value::as_str).expect("a ConsentId");
        Intent::new(kind, consent)
    }

    /// Looks at a consent or deletes it.
    pub async fn at_lodged(&self, method: Method, intent: &Intent) -> Response {
        let url = format!("{}{}/{}", self.issuer, intent.kind.path(), intent.consent);
        let token = self.own_token().await;
        self.http.request(method, url).bearer_auth(token).send().await.expect("an answer")
    }

    /// Where a consent stands, such as `AUTH`; the code of the error if it is not there.
    ///
    /// # Panics
    /// If the answer says neither.
    pub async fn standing(&self, intent: &Intent) -> String {
        let answer: Value = self.at_lodged(Method::GET, intent).await.json().await.expect("JSON");
        let told = answer.pointer("/Data/Status").or_else(|| answer.pointer("/Errors/0/ErrorCode"));
        told.and_then(Value::as_str).unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A customer signs in to answer; their browser, and the page that asks them.
    ///
    /// # Panics
    /// If they are not asked.
    pub async fn ask_about(&self, bank: &TestBank, username: &str, intent: &Intent) -> (Browser, Page) {
        let (browser, page) = self.arrive_with(bank, username, intent).await;
        assert!(page.url.ends_with("/consent"), "not asked: {} {} {}", page.status, page.url, page.html);
        (browser, page)
    }

    /// A customer signs in, whether they are asked then or not.
    pub async fn arrive_with(&self, bank: &TestBank, username: &str, intent: &Intent) -> (Browser, Page) {
        let browser = bank.browser();
        let page = browser.open(&self.authorize_url_with(&intent.parameters(self))).await;
        assert!(page.url.ends_with("/login"), "sent away: {} {} {}", page.status, page.url, page.html);
        let page = browser.sign_in(&page, username).await;
        (browser, page)
    }

    /// A customer allows a consent, on the accounts that are ticked at first; what the app gets for the code.
    ///
    /// # Panics
    /// If anything goes wrong on the way.
    pub async fn authorise(&self, bank: &TestBank, username: &str, intent: &Intent) -> Tokens {
        let (browser, page) = self.ask_about(bank, username, intent).await;
        let back = browser.submit(&page, &[], "consent-allow").await;
        self.redeem_from(&back, intent).await
    }

    /// What the app gets for the code with which a customer was sent back.
    ///
    /// # Panics
    /// If there is none, or it is worth nothing.
    pub async fn redeem_from(&self, back: &Page, intent: &Intent) -> Tokens {
        let code = back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html));
        let response = self.redeem(&code, &intent.wanted).await;
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::OK, "{answer}");
        Tokens::of(answer)
    }
}

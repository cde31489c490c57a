//! A third party's app: registers, asks, exchanges, reads. It knows nothing but the bank's address.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::bank::TestBank;
use crate::browser::{Browser, Page};

/// A registered app.
#[derive(Clone)]
pub struct App {
    /// Its `client_id`.
    pub id: String,
    /// Its `client_secret`.
    pub secret: String,
    /// What opens its registration again.
    pub registration_token: String,
    /// Where browsers return to.
    pub redirect_uri: String,
    /// Its HTTPS client.
    pub http: Client,
    /// The bank's address.
    pub issuer: String,
    /// Whether the customer is there when it calls.
    pub customer: Presence,
}

/// Whether the customer is there when an app calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// Nobody is there: the app calls by itself.
    Away,
    /// The customer is there, and the app says so.
    #[default]
    There,
}

impl Presence {
    /// The header by which an app says that the customer is there.
    pub const HEADER: &str = "x-fapi-customer-ip-address";

    /// What an app sends.
    #[must_use]
    pub fn header(self) -> Option<(&'static str, String)> {
        match self {
            Self::Away => None,
            Self::There => Some((Self::HEADER, "192.0.2.7".to_owned())),
        }
    }
}

/// What an app asks a customer for, and what it must remember until the answer.
#[derive(Clone)]
pub struct Wanted {
    /// What for.
    pub scope: String,
    /// Given back with the answer.
    pub state: String,
    /// For the ID token.
    pub nonce: String,
    /// What the code challenge is made from.
    pub verifier: String,
}

/// What an app got for a code.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For the API.
    pub access: String,
    /// For later.
    pub refresh: String,
    /// The whole answer.
    pub answer: Value,
}

impl Wanted {
    /// A request for these scopes.
    #[must_use]
    pub fn scopes(scope: &str) -> Self {
        Self {
            scope: scope.to_owned(),
            state: "the state of things".to_owned(),
            nonce: "n-0S6_WzA2Mj".to_owned(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
        }
    }

    /// The PKCE challenge.
    #[must_use]
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()))
    }

    /// Its parameters for an app.
    #[must_use]
    pub fn parameters(&self, app: &App) -> Vec<(&'static str, String)> {
        vec![
            ("response_type", "code".to_owned()),
            ("client_id", app.id.clone()),
            ("redirect_uri", app.redirect_uri.clone()),
            ("scope", self.scope.clone()),
            ("state", self.state.clone()),
            ("nonce", self.nonce.clone()),
            ("code_challenge", self.challenge()),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// Its parameters for an app, with changes: a value replaces or adds, `None` leaves out.
    #[must_use]
    pub fn changed(&self, app: &App, changes: &[(&'static str, Option<&str>)]) -> Vec<(&'static str, String)> {
        let mut parameters = self.parameters(app);
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.extend(value.map(|value| (*name, value.to_owned())));
        }
        parameters
    }
}

impl App {
    /// Registers an app with everything it can have.
    pub async fn register(bank: &TestBank) -> Self {
        let body = json!({"client_name": "Pocket Ledger", "redirect_uris": ["https://app.example/callback"]});
        Self::register_as(bank, &body).await
    }

    /// Registers an app as described.
    pub async fn register_as(bank: &TestBank, body: &Value) -> Self {
        let http = bank.http();
        let response = http.post(bank.url("/register")).json(body).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::CREATED, "{:?}", response.text().await);
        let answer: Value = response.json().await.expect("JSON");
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            id: text("client_id"),
            secret: text("client_secret"),
            registration_token: text("registration_access_token"),
            redirect_uri: answer.pointer("/redirect_uris/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
            http,
            issuer: bank.issuer.clone(),
            customer: Presence::There,
        }
    }

    /// The same app while nobody is there.
    #[must_use]
    pub fn by_itself(&self) -> Self {
        Self { customer: Presence::Away, ..self.clone() }
    }

    /// The address to which it sends a browser.
    #[must_use]
    pub fn authorize_url(&self, wanted: &Wanted) -> String {
        self.authorize_url_with(&wanted.parameters(self))
    }

    /// The address of the authorization endpoint with these parameters.
    #[must_use]
    pub fn authorize_url_with(&self, parameters: &[(&str, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in parameters {
            query.append_pair(name, value);
        }
        format!("{}/authorize?{}", self.issuer, query.finish())
    }

    /// Sends a form to an endpoint, proving who it is in the header.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.http.post(format!("{}{path}", self.issuer)).basic_auth(&self.id, Some(&self.secret));
        request.form(form).send().await.expect("an answer")
    }

    /// Exchanges a code.
    pub async fn redeem(&self, code: &str, wanted: &Wanted) -> Response {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &wanted.verifier),
        ];
        self.post("/token", &form).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, token: &str) -> Response {
        self.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Calls the API; the path is below `/open-banking/v4.0/aisp`, or a whole address such as a link to the next page.
    pub async fn get(&self, path: &str, token: &str) -> Response {
        let url = if path.starts_with("https:") {
            path.to_owned()
        } else {
            format!("{}/open-banking/v4.0/aisp{path}", self.issuer)
        };
        let request = self.http.get(url).bearer_auth(token);
        let customer = self.customer.header();
        let request = customer.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.expect("an answer")
    }

    /// Calls the API and expects an answer.
    pub async fn read(&self, path: &str, token: &str) -> Value {
        let response = self.get(path, token).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect("JSON")
    }

    /// A customer signs in to answer; their browser, and the page that asks them.
    pub async fn ask(&self, bank: &TestBank, username: &str, wanted: &Wanted) -> (Browser, Page) {
        let browser = bank.browser();
        let page = browser.open(&self.authorize_url(wanted)).await;
        let page = browser.sign_in(&page, username).await;
        assert!(page.url.ends_with("/consent"), "not asked: {} {}", page.status, page.html);
        (browser, page)
    }

    /// A customer allows everything that is asked for, on all accounts; the address to which their browser is sent back.
    pub async fn consent(&self, bank: &TestBank, username: &str, wanted: &Wanted) -> Page {
        let (browser, page) = self.ask(bank, username, wanted).await;
        browser.submit(&page, &[], "consent-allow").await
    }

    /// A customer allows everything; the code that the app gets.
    pub async fn code(&self, bank: &TestBank, username: &str, wanted: &Wanted) -> String {
        let back = self.consent(bank, username, wanted).await;
        back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html))
    }

    /// Asks what a token is worth.
    pub async fn introspect(&self, token: &str) -> Value {
        let response = self.post("/introspect", &[("token", token)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get("cache-control").map(AsRef::as_ref), Some(b"no-store".as_slice()));
        response.json().await.expect("JSON")
    }

    /// From consent to tokens in one call.
    pub async fn connect(&self, bank: &TestBank, username: &str, scope: &str) -> Tokens {
        let wanted = Wanted::scopes(scope);
        let code = self.code(bank, username, &wanted).await;
        let response = self.redeem(&code, &wanted).await;
        assert_eq!(response.status(), StatusCode::OK);
        Tokens::of(response.json().await.expect("JSON"))
    }
}

impl Tokens {
    /// What the ID token or another signed token claims; its signature is not looked at.
    ///
    /// # Panics
    /// If it is not a signed token.
    #[must_use]
    pub fn claims(token: &str) -> Value {
        let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).expect("a signed token")
    }

    /// The ID token.
    #[must_use]
    pub fn id_token(&self) -> &str {
        self.answer.get("id_token").and_then(Value::as_str).unwrap_or_default()
    }

    /// The tokens in an answer of the token endpoint.
    #[must_use]
    pub fn of(answer: Value) -> Self {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token"), answer }
    }
}

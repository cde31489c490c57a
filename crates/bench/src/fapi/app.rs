//! The app itself: registration, and the way from a pushed request to data.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use lombard_testkit::fapi::FapiSetup;
use lombard_testkit::{Wanted, random_text};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Response};
use serde_json::json;

use super::credentials::Credentials;
use crate::browser::Browser;
use crate::case::API;
use crate::https::{self, json_of, text};
use crate::sandbox::{Customer, Facts};
use crate::story::REDIRECT_URI;

/// A registered app with a connection that it keeps.
pub(crate) struct App {
    /// What it proves who it is with.
    pub(crate) credentials: Arc<Credentials>,
    /// The bank.
    pub(crate) facts: Arc<Facts>,
    http: Client,
}

/// What came of a customer's yes.
pub(crate) struct Connected {
    /// A DPoP-bound access token.
    pub(crate) token: String,
    /// Requests that it took, those of the browser among them.
    pub(crate) requests: u32,
}

impl App {
    /// Registers a new app.
    ///
    /// # Errors
    /// The bank does not want it.
    pub(crate) async fn register(facts: &Arc<Facts>) -> anyhow::Result<Arc<Self>> {
        let setup = FapiSetup::default();
        let mut credentials = Credentials::new(&facts.issuer);
        let http = https::client(facts)?;
        let body = json!({
            "client_name": "FAPI benchmark",
            "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
            "response_types": ["code"],
            "scope": SCOPE,
            "security_profile": setup.profile,
            "token_endpoint_auth_method": setup.auth.name(),
            "token_endpoint_auth_signing_alg": setup.alg.name(),
            "jwks": credentials.jwks(),
            "dpop_bound_access_tokens": true,
            "require_pushed_authorization_requests": true,
            "id_token_signed_response_alg": setup.alg.name(),
        });
        let answer = json_of(http.post(format!("{}/register", facts.issuer)).json(&body).send().await?).await?;
        credentials.id = text(&answer, "/client_id")?;
        Ok(Arc::new(Self { credentials: Arc::new(credentials), facts: Arc::clone(facts), http }))
    }

    /// From a pushed request to tokens, with a customer at a browser that has never been at the bank.
    ///
    /// # Errors
    /// The story took another turn.
    pub(crate) async fn connect(&self, customer: &Customer) -> anyhow::Result<Connected> {
        let wanted =
            Wanted { scope: SCOPE.to_owned(), state: random_text(), nonce: random_text(), verifier: random_text() };
        let request_uri = self.push(&wanted).await.context("the pushed request")?;
        let mut browser = Browser::new(&self.facts)?;
        let code = browser.allow(&self.authorize(&request_uri), customer).await?;
        let token = self.redeem(&code, &wanted).await.context("the code")?;
        Ok(Connected { token, requests: browser.requests.saturating_add(2) })
    }

    /// Reads the customer's accounts.
    ///
    /// # Errors
    /// It may not.
    pub(crate) async fn read(&self, token: &str) -> anyhow::Result<()> {
        let path = format!("{API}/accounts");
        let proof = self.credentials.proof("GET", &path, Some(token));
        let request = self.http.get(self.url(&path)).header(AUTHORIZATION, format!("DPoP {token}"));
        let accounts = json_of(request.header(PROOF, proof).send().await?).await?;
        ensure!(accounts.pointer("/Data/Account/0").is_some(), "the customer has no account: {accounts}");
        Ok(())
    }

    async fn push(&self, wanted: &Wanted) -> anyhow::Result<String> {
        let form = [
            ("response_type", "code"),
            ("client_id", &self.credentials.id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", &wanted.scope),
            ("state", &wanted.state),
            ("nonce", &wanted.nonce),
            ("code_challenge", &wanted.challenge()),
            ("code_challenge_method", "S256"),
        ];
        text(&json_of(self.post("/par", &form).await?).await?, "/request_uri")
    }

    async fn redeem(&self, code: &str, wanted: &Wanted) -> anyhow::Result<String> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &wanted.verifier),
        ];
        let answer = json_of(self.post("/token", &form).await?).await?;
        // Otherwise the run would not do the work that it is said to do.
        ensure!(text(&answer, "/token_type")?.eq_ignore_ascii_case("DPoP"), "the token is not bound");
        text(&answer, "/id_token")?;
        text(&answer, "/access_token")
    }

    /// The address to which the app sends the customer's browser.
    fn authorize(&self, request_uri: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", self.credentials.id.as_str()), ("request_uri", request_uri)])
            .finish();
        self.url(&format!("/authorize?{query}"))
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Response> {
        let request = self.http.post(self.url(path)).header(PROOF, self.credentials.proof("POST", path, None));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(request.body(self.credentials.form(fields)).send().await?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.facts.issuer)
    }
}

/// The header with a proof (RFC 9449 4.1).
const PROOF: &str = "dpop";
/// What the app asks for.
const SCOPE: &str = "openid accounts:read balances:read transactions:read";

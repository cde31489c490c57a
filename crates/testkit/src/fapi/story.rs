//! The whole story of an app, from registration to account data, in one call.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::app::FapiApp;
use super::setup::{BindingKind, FapiSetup, OpenId, Requests};
use crate::app::{Tokens, Wanted};
use crate::bank::TestBank;
use crate::browser::{Browser, Page};

impl FapiApp {
    /// Pushes a request and lets a customer sign in; their browser, and the page that asks them.
    ///
    /// # Panics
    /// If they are not asked.
    pub async fn ask(&self, bank: &TestBank, username: &str, wanted: &Wanted) -> (Browser, Page) {
        self.ask_with(bank, username, &self.pushed(wanted).await).await
    }

    /// Lets a customer sign in for a request that has been pushed; their browser, and the page that asks them.
    ///
    /// # Panics
    /// If they are not asked.
    pub async fn ask_with(&self, bank: &TestBank, username: &str, request_uri: &str) -> (Browser, Page) {
        let browser = bank.browser();
        let page = browser.open(&self.authorize_url(request_uri)).await;
        let page = browser.sign_in(&page, username).await;
        assert!(page.url.ends_with("/consent"), "not asked: {} {} {}", page.status, page.url, page.html);
        (browser, page)
    }

    /// A customer allows everything that is asked for, on all accounts; the code, verified.
    ///
    /// # Panics
    /// If no code comes back.
    pub async fn consent(&self, bank: &TestBank, username: &str, wanted: &Wanted) -> String {
        let (browser, page) = self.ask(bank, username, wanted).await;
        self.code(&browser.submit(&page, &[], "consent-allow").await, wanted).await
    }

    /// From a request for scopes to tokens in one call.
    ///
    /// # Panics
    /// If it fails.
    pub async fn connect(&self, bank: &TestBank, username: &str, scope: &str) -> Tokens {
        let wanted = self.wanted(scope);
        let code = self.consent(bank, username, &wanted).await;
        self.granted(self.redeem(&code, &wanted).await).await
    }

    /// Everything that an app does, with everything checked that it can check: registration, pushed request, consent, code,
    /// tokens, data, refresh, introspection.
    ///
    /// # Panics
    /// If anything is not as the standards say.
    pub async fn story(bank: &TestBank, setup: FapiSetup, username: &str) -> (Self, Tokens) {
        let app = Self::register(bank, setup).await;
        let wanted = app.wanted(SCOPE);
        let code = app.consent(bank, username, &wanted).await;
        let tokens = app.granted(app.redeem(&code, &wanted).await).await;
        app.check_identity(&tokens, &wanted).await;
        app.read_everything(bank, &tokens.access).await;

        let refreshed = app.granted(app.refresh(&tokens.refresh).await).await;
        assert_ne!(refreshed.access, tokens.access);
        // FAPI 2.0 Security Profile 5.3.2.1-9: no rotation.
        assert!(refreshed.refresh.is_empty() || refreshed.refresh == tokens.refresh, "{}", refreshed.answer);
        app.read_everything(bank, &refreshed.access).await;
        app.check_introspection(&refreshed.access).await;
        (app, tokens)
    }

    /// Whether it is told who the customer is, and only if it asked.
    async fn check_identity(&self, tokens: &Tokens, wanted: &Wanted) {
        match self.setup.openid {
            OpenId::No => assert_eq!(tokens.id_token(), "", "{:?}", self.setup),
            OpenId::Yes => {
                let claims = self.id_token(tokens, wanted).await;
                let response = self.call(Method::GET, &self.endpoint("userinfo_endpoint"), &tokens.access).await;
                assert_eq!(response.status(), StatusCode::OK, "{:?}", self.setup);
                let info: Value = response.json().await.expect("JSON");
                assert_eq!(info.get("sub"), claims.get("sub"), "OpenID Connect Core 5.3.4");
            }
        }
    }

    /// Reads accounts and balances, and finds that the token alone opens nothing.
    async fn read_everything(&self, bank: &TestBank, token: &str) {
        let accounts = self.read("/accounts", token).await;
        let accounts = accounts.pointer("/Data/Account").and_then(Value::as_array).cloned().unwrap_or_default();
        assert!(!accounts.is_empty(), "{:?}", self.setup);
        for account in &accounts {
            let id = account.get("AccountId").and_then(Value::as_str).expect("an id");
            let balances = self.read(&format!("/accounts/{id}/balances"), token).await;
            assert!(balances.pointer("/Data/Balance/0").is_some(), "{balances}");
        }
        if self.setup.binding != BindingKind::None {
            for address in [format!("{}/open-banking/v4.0/aisp/accounts", bank.issuer), self.api("/accounts")] {
                let response = bank.http().get(&address).bearer_auth(token).send().await.expect("an answer");
                assert_eq!(
                    response.status(),
                    StatusCode::UNAUTHORIZED,
                    "{:?}: a stolen token at {address}",
                    self.setup
                );
            }
        }
    }

    /// Whether the bank says of a token what it is bound to.
    async fn check_introspection(&self, token: &str) {
        let plain = self.introspect(token).await;
        assert_eq!(plain.get("active"), Some(&Value::Bool(true)), "{plain}");
        assert_eq!(plain.get("client_id").and_then(Value::as_str), Some(self.id.as_str()), "{plain}");
        assert_eq!(plain.get("cnf"), self.confirmation().as_ref(), "{plain}");
        if self.setup.requests == Requests::Signed {
            assert_eq!(self.introspect_signed(token).await, plain);
        }
    }

    /// What its tokens are bound to (RFC 7800 3.1).
    #[must_use]
    pub fn confirmation(&self) -> Option<Value> {
        match (self.setup.binding, &self.certificate) {
            (BindingKind::Certificate, Some(certificate)) => Some(json!({"x5t#S256": certificate.thumbprint()})),
            (BindingKind::Dpop, _) => Some(json!({"jkt": self.possession.thumbprint()})),
            (BindingKind::Certificate | BindingKind::None, _) => None,
        }
    }
}

/// What the app of the story asks for.
const SCOPE: &str = "accounts:read balances:read";

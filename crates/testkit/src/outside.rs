//! Apps and browsers at a bank that somebody else runs: known only by its address and its authority's certificate.

use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, redirect};
use serde_json::{Value, json};

use crate::app::{App, Presence};
use crate::browser::{Browser, Page};

/// An HTTPS client that trusts the certificates in this PEM and no others, keeps no cookies and follows no redirects.
///
/// # Panics
/// If there is no certificate in the text.
pub fn https_client(ca_pem: &str) -> ClientBuilder {
    // Libraries ask for the process's provider; an error means that one is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let certificate = Certificate::from_pem(ca_pem.as_bytes()).expect("a certificate");
    Client::builder().tls_certs_only([certificate]).redirect(redirect::Policy::none()).timeout(ANSWER_MAX)
}

impl Browser {
    /// A browser at the bank with this address, whose certificate this authority signed.
    #[must_use]
    pub fn at(issuer: &str, ca_pem: &str) -> Self {
        Self::new(https_client(ca_pem).cookie_store(true).build().expect("an HTTPS client"), issuer)
    }

    /// Signs in with this password and, if it is taken, with this second factor; the page that comes then.
    pub async fn sign_in_with(&self, page: &Page, username: &str, password: &str, code: &str) -> Page {
        let page = self.submit(page, &[("username", username), ("password", password)], "login-submit").await;
        if !page.url.ends_with("/sca") {
            return page;
        }
        self.submit(&page, &[("code", code)], "sca-submit").await
    }
}

impl App {
    /// An app that the bank with this address knows already.
    #[must_use]
    pub fn at(issuer: &str, ca_pem: &str, id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            registration_token: String::new(),
            redirect_uri: CALLBACK.to_owned(),
            http: https_client(ca_pem).build().expect("an HTTPS client"),
            issuer: issuer.to_owned(),
            customer: Presence::There,
        }
    }

    /// Registers an app with everything it can have at the bank with this address.
    ///
    /// # Panics
    /// If the bank does not register it.
    pub async fn register_at(issuer: &str, ca_pem: &str) -> Self {
        let mut app = Self::at(issuer, ca_pem, "", "");
        let body = json!({"client_name": "Pocket Ledger", "redirect_uris": [CALLBACK]});
        let response = app.http.post(format!("{issuer}/register")).json(&body).send().await.expect("an answer");
        assert_eq!(response.status(), reqwest::StatusCode::CREATED, "{:?}", response.text().await);
        let answer: Value = response.json().await.expect("JSON");
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        app.id = text("client_id");
        app.secret = text("client_secret");
        app.registration_token = text("registration_access_token");
        app
    }
}

/// Where browsers return to an app that these functions make.
const CALLBACK: &str = "https://app.example/callback";
/// How long a test waits for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

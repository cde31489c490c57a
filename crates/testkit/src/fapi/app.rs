//! A FAPI app and how it becomes known to the bank: metadata (RFC 8414) and registration (RFC 7591).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lombard_domain::time::Clock;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::setup::{BindingKind, ClientAuth, FapiSetup, Nonces, OpenId, Requests, Responses};
use crate::app::Presence;
use crate::bank::TestBank;
use crate::keys::{Purpose, TestKey};
use crate::outside::https_client;
use crate::pki::{ClientCertificate, Life, Subject};

/// A FAPI app.
#[derive(Clone)]
pub struct FapiApp {
    /// What kind of client it is.
    pub setup: FapiSetup,
    /// Its `client_id`; empty until it is registered.
    pub id: String,
    /// Its `client_secret`, if it has one.
    pub secret: String,
    /// What opens its registration again.
    pub registration_token: String,
    /// Where browsers return to.
    pub redirect_uri: String,
    /// What its assertions and its requests are signed with.
    pub key: Arc<TestKey>,
    /// What its proofs are signed with, and what its certificate is for.
    pub possession: Arc<TestKey>,
    /// Its certificate, if it needs one.
    pub certificate: Option<ClientCertificate>,
    /// The name in its certificate.
    pub subject: Subject,
    /// What the bank says of itself.
    pub metadata: Value,
    /// The bank's issuer.
    pub issuer: String,
    /// What it does when it is asked for a nonce.
    pub nonces: Nonces,
    /// Its HTTPS client.
    pub http: Client,
    /// Whether the customer is there when it calls.
    pub customer: Presence,
    pub(super) clock: Arc<dyn Clock>,
    /// The newest nonce of each server (RFC 9449 8.2), by the server's origin.
    pub(super) remembered: Arc<Mutex<BTreeMap<String, String>>>,
    trusts: String,
}

impl FapiApp {
    /// An app that has read the bank's metadata and has its keys, but is not registered.
    ///
    /// # Panics
    /// If the metadata is not that of the bank, or has no aliases for an app that needs them.
    pub async fn new(bank: &TestBank, setup: FapiSetup) -> Self {
        let http = bank.http();
        let address = format!("{}/.well-known/openid-configuration", bank.issuer);
        let response = http.get(address).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        let metadata: Value = response.json().await.expect("JSON");
        // RFC 8414 3.3: otherwise nothing in it may be used.
        assert_eq!(metadata.get("issuer").and_then(Value::as_str), Some(bank.issuer.as_str()));
        let possession = TestKey::new(setup.alg, Purpose::Possession);
        let subject = Subject::named("pocket-ledger");
        let certificate = setup.by_certificate().then(|| match setup.auth {
            ClientAuth::SelfSigned => subject.self_signed(&possession, Life::Current),
            ClientAuth::PrivateKeyJwt | ClientAuth::Secret | ClientAuth::TlsClientAuth => {
                bank.authority.issue(&subject, &possession)
            }
        });
        let app = Self {
            setup,
            id: String::new(),
            secret: String::new(),
            registration_token: String::new(),
            redirect_uri: "https://app.example/callback".to_owned(),
            key: TestKey::new(setup.alg, Purpose::App),
            possession,
            certificate: certificate.clone(),
            subject,
            metadata,
            issuer: bank.issuer.clone(),
            nonces: Nonces::Follow,
            http,
            customer: Presence::There,
            clock: Arc::new(bank.clock.clone()),
            remembered: Arc::default(),
            trusts: bank.certificate_pem().to_owned(),
        };
        if app.setup.by_certificate() {
            assert_ne!(app.endpoint("token_endpoint"), app.plain_endpoint("token_endpoint"), "no aliases: RFC 8705 5");
        }
        match certificate {
            Some(certificate) => app.with_certificate(&certificate),
            None => app,
        }
    }

    /// A registered app.
    ///
    /// # Panics
    /// If the bank does not register it.
    pub async fn register(bank: &TestBank, setup: FapiSetup) -> Self {
        Self::register_with(bank, setup, |_| {}).await
    }

    /// An app that is registered with changes to what it usually says of itself.
    ///
    /// # Panics
    /// If the bank does not register it.
    pub async fn register_with(bank: &TestBank, setup: FapiSetup, change: impl FnOnce(&mut Value)) -> Self {
        let app = Self::new(bank, setup).await;
        let mut body = app.registration();
        change(&mut body);
        app.registered(app.post_registration(&body).await).await
    }

    /// The same app with what an answer to its registration says.
    ///
    /// # Panics
    /// If the answer is a refusal.
    pub async fn registered(&self, response: Response) -> Self {
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{:?}: {answer}", self.setup);
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            id: text("client_id"),
            secret: text("client_secret"),
            registration_token: text("registration_access_token"),
            redirect_uri: answer.pointer("/redirect_uris/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
            ..self.clone()
        }
    }

    /// Sends a registration.
    pub async fn post_registration(&self, body: &Value) -> Response {
        self.http.post(self.plain_endpoint("registration_endpoint")).json(body).send().await.expect("an answer")
    }

    /// What it says of itself to be registered.
    #[must_use]
    pub fn registration(&self) -> Value {
        let setup = self.setup;
        let scope = match setup.openid {
            OpenId::No => SCOPE.to_owned(),
            OpenId::Yes => format!("openid {SCOPE}"),
        };
        let mut body = json!({
            "client_name": "Pocket Ledger",
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
            "response_types": ["code"],
            "scope": scope,
            "security_profile": setup.profile,
            "token_endpoint_auth_method": setup.auth.name(),
            "jwks": self.jwks(),
            "dpop_bound_access_tokens": setup.binding == BindingKind::Dpop,
            "tls_client_certificate_bound_access_tokens": setup.binding == BindingKind::Certificate,
            "use_mtls_endpoint_aliases": setup.by_certificate(),
            "require_pushed_authorization_requests": true,
            "require_signed_request_object": setup.requests == Requests::Signed,
            "response_modes": match setup.response {
                Responses::Jarm => ["jwt", "query.jwt"].as_slice(),
                Responses::Plain => &["query"],
            },
            "authorization_signed_response_alg": setup.alg.name(),
            "id_token_signed_response_alg": setup.alg.name(),
            "introspection_signed_response_alg": setup.alg.name(),
        });
        let mut more = Vec::new();
        match setup.auth {
            ClientAuth::PrivateKeyJwt => more.push(("token_endpoint_auth_signing_alg", setup.alg.name().to_owned())),
            ClientAuth::TlsClientAuth => more.push(("tls_client_auth_subject_dn", self.subject.dn())),
            ClientAuth::Secret | ClientAuth::SelfSigned => {}
        }
        if setup.requests == Requests::Signed {
            more.push(("request_object_signing_alg", setup.alg.name().to_owned()));
        }
        if let Some(body) = body.as_object_mut() {
            body.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        }
        body
    }

    /// Its public keys, and its certificate if it has no other proof of it (RFC 8705 2.2.2).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let mut keys = vec![self.key.jwk()];
        if let (ClientAuth::SelfSigned, Some(certificate)) = (self.setup.auth, &self.certificate) {
            let mut jwk = self.possession.jwk();
            if let Some(members) = jwk.as_object_mut() {
                members.insert("x5c".to_owned(), json!([certificate.x5c()]));
            }
            keys.push(jwk);
        }
        json!({"keys": keys})
    }

    /// The same app with another certificate on its connections, whatever it registered.
    #[must_use]
    pub fn with_certificate(&self, certificate: &ClientCertificate) -> Self {
        let http = https_client(&self.trusts).identity(certificate.identity());
        let http = http.build().expect("an HTTPS client");
        Self { certificate: Some(certificate.clone()), http, ..self.clone() }
    }

    /// The same app without a certificate on its connections.
    #[must_use]
    pub fn without_certificate(&self) -> Self {
        let http = https_client(&self.trusts).build().expect("an HTTPS client");
        Self { certificate: None, http, ..self.clone() }
    }

    /// Where it calls an endpoint: at its alias if it needs a certificate (RFC 8705 5). `name` is that in the metadata.
    ///
    /// # Panics
    /// If the bank has no such endpoint.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> String {
        let alias = self.metadata.pointer(&format!("/mtls_endpoint_aliases/{name}")).and_then(Value::as_str);
        match alias.filter(|_| self.setup.by_certificate()) {
            Some(alias) => alias.to_owned(),
            None => self.plain_endpoint(name),
        }
    }

    /// Where everybody calls an endpoint.
    ///
    /// # Panics
    /// If the bank has no such endpoint.
    #[must_use]
    pub fn plain_endpoint(&self, name: &str) -> String {
        let known = self.metadata.get(name).and_then(Value::as_str);
        known.unwrap_or_else(|| panic!("the metadata has no {name}: {}", self.metadata)).to_owned()
    }

    /// The address of a path of the API: behind the door that asks for certificates if tokens are bound to one.
    #[must_use]
    pub fn api(&self, path: &str) -> String {
        let base = match self.setup.binding {
            BindingKind::Certificate => origin(&self.endpoint("token_endpoint")),
            BindingKind::Dpop | BindingKind::None => self.issuer.clone(),
        };
        format!("{base}/open-banking/v4.0/aisp{path}")
    }

    /// What time it is for the app, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now().seconds()
    }
}

/// Scheme, host and port of an address.
pub(super) fn origin(url: &str) -> String {
    url::Url::parse(url).expect("an address").origin().ascii_serialization()
}

/// What an app registers for.
const SCOPE: &str = "accounts:read balances:read standing-orders:read transactions:read \
                     grant_management_query grant_management_revoke";

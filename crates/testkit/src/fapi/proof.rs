//! What an app proves, and with what: assertions (RFC 7523, OpenID Connect Core 9) and proofs of possession (RFC 9449).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::app::FapiApp;
use super::ask::Fields;
use super::setup::ClientAuth;
use crate::forge::{Draft, random_text};

impl FapiApp {
    /// What proves who it is, as fields of a form.
    #[must_use]
    pub fn credentials(&self) -> Fields {
        match self.setup.auth {
            ClientAuth::PrivateKeyJwt => self.credentials_by(&self.assertion()),
            ClientAuth::Secret => {
                vec![("client_id".to_owned(), self.id.clone()), ("client_secret".to_owned(), self.secret.clone())]
            }
            // RFC 8705 2: the certificate does not say which client it is.
            ClientAuth::SelfSigned | ClientAuth::TlsClientAuth => vec![("client_id".to_owned(), self.id.clone())],
        }
    }

    /// What proves who it is by this assertion, as fields of a form.
    #[must_use]
    pub fn credentials_by(&self, assertion: &str) -> Fields {
        vec![
            ("client_assertion_type".to_owned(), JWT_BEARER.to_owned()),
            ("client_assertion".to_owned(), assertion.to_owned()),
        ]
    }

    /// A good assertion.
    #[must_use]
    pub fn assertion(&self) -> String {
        self.assertion_draft().sign()
    }

    /// An assertion with changes to its header and its claims.
    #[must_use]
    pub fn assertion_with(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        self.assertion_draft().changed(change).sign()
    }

    /// An assertion that is still to be signed.
    #[must_use]
    pub fn assertion_draft(&self) -> Draft<'_> {
        let now = self.now();
        let claims = json!({
            "iss": self.id,
            "sub": self.id,
            // FAPI 2.0 Security Profile 5.3.3.1: the issuer, as a string.
            "aud": self.issuer,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "jti": random_text(),
        });
        self.key.draft("JWT", claims)
    }

    /// A good proof for a request; with a token if the request carries one, with a nonce if the server gave one.
    #[must_use]
    pub fn proof(&self, method: &str, url: &str, token: Option<&str>, nonce: Option<&str>) -> String {
        let mut draft = self.proof_draft(method, url);
        if let Some(claims) = draft.claims.as_object_mut() {
            claims.extend(token.map(|token| ("ath".to_owned(), token_hash(token).into())));
            claims.extend(nonce.map(|nonce| ("nonce".to_owned(), nonce.into())));
        }
        draft.sign()
    }

    /// A proof with changes to its header and its claims.
    #[must_use]
    pub fn proof_with(&self, method: &str, url: &str, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        self.proof_draft(method, url).changed(change).sign()
    }

    /// A proof that is still to be signed, without `ath` and `nonce`.
    #[must_use]
    pub fn proof_draft(&self, method: &str, url: &str) -> Draft<'_> {
        // RFC 9449 4.2: the address without query and fragment.
        let htu = url.split(['?', '#']).next().unwrap_or_default();
        let claims = json!({"htm": method, "htu": htu, "iat": self.now(), "jti": random_text()});
        self.possession.draft_with_jwk("dpop+jwt", claims)
    }
}

/// The hash of a token in a proof (RFC 9449 4.2, `ath`).
#[must_use]
pub fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Life of an assertion, in seconds.
const ASSERTION_SECONDS: i64 = 60;

//! What an app proves, and with what: assertions (RFC 7523) and proofs of possession (RFC 9449), each with a name of its own.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lombard_testkit::fapi::{FapiSetup, token_hash};
use lombard_testkit::{Purpose, TestKey, random_text};
use serde_json::{Value, json};

/// An app's name and its keys.
pub(crate) struct Credentials {
    /// Its `client_id`.
    pub(crate) id: String,
    /// The bank.
    pub(crate) issuer: String,
    key: Arc<TestKey>,
    possession: Arc<TestKey>,
}

impl Credentials {
    /// New keys for ES256, and no name yet.
    pub(crate) fn new(issuer: &str) -> Self {
        let key = |purpose| TestKey::new(FapiSetup::default().alg, purpose);
        Self {
            id: String::new(),
            issuer: issuer.to_owned(),
            key: key(Purpose::App),
            possession: key(Purpose::Possession),
        }
    }

    /// The keys that the bank must know.
    pub(crate) fn jwks(&self) -> Value {
        self.key.jwks()
    }

    /// A form with a new assertion.
    pub(crate) fn form(&self, fields: &[(&str, &str)]) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        form.append_pair("client_assertion_type", JWT_BEARER);
        form.append_pair("client_assertion", &self.assertion());
        form.finish()
    }

    /// A new proof for a request below the issuer; with the token that the request carries, if it carries one.
    pub(crate) fn proof(&self, method: &str, path: &str, token: Option<&str>) -> String {
        let htu = format!("{}{path}", self.issuer);
        let mut claims = json!({"htm": method, "htu": htu, "iat": now(), "jti": random_text()});
        if let (Some(token), Some(claims)) = (token, claims.as_object_mut()) {
            claims.insert("ath".to_owned(), token_hash(token).into());
        }
        self.possession.draft_with_jwk("dpop+jwt", claims).sign()
    }

    fn assertion(&self) -> String {
        let now = now();
        let claims = json!({
            "iss": self.id,
            "sub": self.id,
            "aud": self.issuer,
            "iat": now,
            "exp": now.saturating_add(ASSERTION_SECONDS),
            "jti": random_text(),
        });
        self.key.sign("JWT", &claims)
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "an app outside the bank has the machine's clock, as the server has")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Life of an assertion, in seconds: that of a proof, which the bank sets (RFC 9449 11.1).
const ASSERTION_SECONDS: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_twice() {
        let app = Credentials::new("https://bank.example");
        assert_ne!(app.form(&[("a", "b")]), app.form(&[("a", "b")]));
        assert_ne!(app.proof("GET", "/a", None), app.proof("GET", "/a", None));
        assert_ne!(app.proof("GET", "/a", Some("t")).len(), app.proof("GET", "/a", None).len(), "ath");
    }

    #[test]
    fn a_form_carries_its_fields_and_one_assertion() {
        let app = Credentials { id: "me".to_owned(), ..Credentials::new("https://bank.example") };
        let form = app.form(&[("scope", "accounts:read")]);
        let fields: Vec<_> = form_urlencoded::parse(form.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        assert_eq!(fields, ["scope", "client_assertion_type", "client_assertion"]);
    }
}

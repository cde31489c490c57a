//! A set of public keys (RFC 7517 5) and the choice of the one that a token was signed with.

use std::sync::Arc;

use serde_json::Value;

use super::public_key::PublicKey;
use super::{Alg, JoseError, KeySource, PublicJwk, json};

/// A bounded set of public signature keys.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    keys: Vec<PublicJwk>,
}

impl Jwks {
    /// A set of these keys, for publication or for tests.
    #[must_use]
    pub fn new(keys: Vec<PublicJwk>) -> Self {
        Self { keys }
    }

    /// Reads a set from JSON.
    ///
    /// Keys of other types, sizes or uses, and broken ones, are left out, as RFC 7517 5 advises; so the set may be empty.
    ///
    /// # Errors
    /// [`JoseError::TooLarge`] beyond 64 KiB or 32 keys, [`JoseError::PrivateKey`] if any key carries a secret,
    /// [`JoseError::Key`] if the text is not a key set.
    pub fn parse(bytes: &[u8]) -> Result<Self, JoseError> {
        if bytes.len() > MAX_JWKS_BYTES {
            return Err(JoseError::TooLarge);
        }
        let object = json::object(bytes).ok_or(JoseError::Key("not a json object"))?;
        let Some(Value::Array(items)) = object.get("keys") else {
            return Err(JoseError::Key("keys is not an array"));
        };
        if items.len() > MAX_JWKS_KEYS {
            return Err(JoseError::TooLarge);
        }
        let mut keys = Vec::with_capacity(items.len());
        for item in items {
            let members = item.as_object().ok_or(JoseError::Key("a key is not an object"))?;
            match PublicJwk::from_object(members) {
                Ok(key) => keys.push(key),
                Err(JoseError::PrivateKey) => return Err(JoseError::PrivateKey),
                Err(_) => {}
            }
        }
        Ok(Self { keys })
    }

    /// The keys that can be used, in the order of the set.
    #[must_use]
    pub fn keys(&self) -> &[PublicJwk] {
        &self.keys
    }

    /// The one key that fits a token's `kid` and `alg`.
    ///
    /// A repeated `kid` is resolved by the key's type, which follows from `alg` (FAPI 2.0 Security Profile 5.4.3); without a
    /// `kid` the algorithm alone must decide. `None` if no key fits or the choice would be a guess.
    #[must_use]
    pub fn find(&self, kid: Option<&str>, alg: Alg) -> Option<&PublicJwk> {
        let mut fitting = self.keys.iter().filter(|key| key.alg() == alg && (kid.is_none() || key.kid() == kid));
        let first = fitting.next();
        if fitting.next().is_some() { None } else { first }
    }

    /// The set as JSON for publication.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().map(PublicJwk::to_json).collect();
        Value::from_iter([("keys", keys)])
    }
}

impl KeySource for Jwks {
    fn key(&self, kid: Option<&str>, alg: Alg) -> Option<Arc<PublicKey>> {
        self.find(kid, alg).map(|key| Arc::clone(key.public_key()))
    }
}

/// The longest JSON text of a key set, in bytes.
const MAX_JWKS_BYTES: usize = 64 * 1024;
/// The most keys in a set; each costs a check that its point lies on the curve.
const MAX_JWKS_KEYS: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::SigningKey;
    use super::*;

    fn key(alg: Alg, kid: &str) -> Value {
        let mut json = SigningKey::generate(alg).unwrap().public().to_json();
        json.as_object_mut().unwrap().insert("kid".to_owned(), kid.into());
        json
    }

    fn set(keys: &[Value]) -> Jwks {
        Jwks::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn finds_a_key_by_name_and_type() {
        let set = set(&[key(Alg::Es256, "a"), key(Alg::EdDsa, "a"), key(Alg::Es256, "b")]);
        assert_eq!(set.find(Some("a"), Alg::Es256).unwrap().alg(), Alg::Es256);
        assert_eq!(set.find(Some("a"), Alg::EdDsa).unwrap().alg(), Alg::EdDsa);
        assert_eq!(set.find(Some("b"), Alg::Es256).unwrap().kid(), Some("b"));
        assert!(set.find(Some("b"), Alg::EdDsa).is_none());
        assert!(set.find(Some("c"), Alg::Es256).is_none());
        assert!(set.find(None, Alg::EdDsa).is_some());
        assert!(set.find(None, Alg::Es256).is_none(), "two fit: no guess");
        assert!(set.find(None, Alg::Ps256).is_none());
    }

    #[test]
    fn does_not_guess_between_two_keys_of_one_name_and_type() {
        let set = set(&[key(Alg::EdDsa, "a"), key(Alg::EdDsa, "a")]);
        assert!(set.find(Some("a"), Alg::EdDsa).is_none());
    }

    #[test]
    fn leaves_out_what_it_cannot_use() {
        let set = set(&[
            json!({ "kty": "oct" }),
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" }),
            json!({ "kty": "EC", "crv": "P-384", "x": "", "y": "" }),
            json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
            key(Alg::Es256, "good"),
        ]);
        assert_eq!(set.keys().len(), 1);
        assert_eq!(Jwks::parse(set.to_json().to_string().as_bytes()).unwrap().keys().len(), 1);
    }

    #[test]
    fn refuses_secrets_excess_and_other_json() {
        let leaked = br#"{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}]}"#;
        assert_eq!(Jwks::parse(leaked).err(), Some(JoseError::PrivateKey));
        let many = json!({ "keys": vec![json!({ "kty": "x" }); MAX_JWKS_KEYS + 1] }).to_string();
        assert_eq!(Jwks::parse(many.as_bytes()).err(), Some(JoseError::TooLarge));
        let long = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(MAX_JWKS_BYTES));
        assert_eq!(Jwks::parse(long.as_bytes()).err(), Some(JoseError::TooLarge));
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(matches!(Jwks::parse(bad.as_bytes()), Err(JoseError::Key(_))), "{bad}");
        }
    }
}

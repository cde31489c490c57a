//! One public key as JSON (RFC 7517, 7518 6, 8037 2), checked once when it is read.
//!
//! Owns what a key may look like and its thumbprint. It must never accept a private or symmetric key: a client that
//! sends one has given its secret away, and must hear so instead of being served.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::json::{self, Object};
use super::public_key::PublicKey;
use super::{Alg, JoseError, base64url};

/// A public signature key: P-256, RSA of 2048 to 8192 bits, or Ed25519.
#[derive(Clone, Debug)]
pub struct PublicJwk {
    members: Members,
    kid: Option<String>,
    key: Arc<PublicKey>,
}

/// The members that make the key, as base64url; decoding is strict, so each number has one text only.
#[derive(Clone, Debug)]
enum Members {
    P256 { x: String, y: String },
    Rsa { n: String, e: String },
    Ed25519 { x: String },
}

impl PublicJwk {
    /// Reads a key from JSON.
    ///
    /// # Errors
    /// [`JoseError::PrivateKey`] if it carries a secret, [`JoseError::UnsupportedKey`] if it is sound but not of our kinds or
    /// not for signatures, [`JoseError::Key`] or [`JoseError::TooLarge`] if it is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, JoseError> {
        if bytes.len() > MAX_JWK_BYTES {
            return Err(JoseError::TooLarge);
        }
        let object = json::object(bytes).ok_or(JoseError::Key("not a json object"))?;
        Self::from_object(&object)
    }

    /// The same from an object that has been read already.
    pub(super) fn from_object(object: &Object) -> Result<Self, JoseError> {
        if PRIVATE_MEMBERS.iter().any(|name| object.contains_key(*name)) {
            return Err(JoseError::PrivateKey);
        }
        let kid = match object.get("kid") {
            None => None,
            Some(value) => {
                Some(json::bounded(value, MAX_KID_BYTES).ok_or(JoseError::Key("kid is not a short string"))?.to_owned())
            }
        };
        let key = match text(object, "kty")? {
            "EC" if text(object, "crv")? == "P-256" => Self::from_p256(&fixed(object, "x")?, &fixed(object, "y")?),
            "OKP" if text(object, "crv")? == "Ed25519" => Self::from_ed25519(&fixed(object, "x")?),
            "RSA" => Self::from_rsa(&octets(object, "n")?, &octets(object, "e")?),
            "EC" | "OKP" => Err(JoseError::UnsupportedKey("another curve")),
            _ => Err(JoseError::UnsupportedKey("another key type")),
        }?;
        key.check_purpose(object)?;
        Ok(Self { kid, ..key })
    }

    pub(crate) fn from_p256(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, JoseError> {
        let key = PublicKey::p256(x, y)?;
        Ok(Self::new(Members::P256 { x: base64url::encode(x), y: base64url::encode(y) }, key))
    }

    pub(crate) fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, JoseError> {
        let key = PublicKey::rsa(n, e)?;
        Ok(Self::new(Members::Rsa { n: base64url::encode(n), e: base64url::encode(e) }, key))
    }

    pub(crate) fn from_ed25519(x: &[u8; 32]) -> Result<Self, JoseError> {
        let key = PublicKey::ed25519(x)?;
        Ok(Self::new(Members::Ed25519 { x: base64url::encode(x) }, key))
    }

    /// The same key under the name of its thumbprint.
    #[must_use]
    pub fn named_by_thumbprint(self) -> Self {
        Self { kid: Some(self.thumbprint()), ..self }
    }

    /// The key's name, if it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that the key is for; it follows from the key's type.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.key.alg()
    }

    /// The key itself, ready to verify.
    #[must_use]
    pub fn public_key(&self) -> &Arc<PublicKey> {
        &self.key
    }

    /// The SHA-256 thumbprint of RFC 7638, as base64url; equal for equal keys, whatever their names.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // Members in lexical order, no white space (RFC 7638 3.3, RFC 8037 2); base64url needs no escaping.
        let canonical = match &self.members {
            Members::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Members::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Members::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
        };
        base64url::encode(digest(&SHA256, canonical.as_bytes()))
    }

    /// The key as JSON for publication, with `kid`, `use` and `alg`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let own: &[(&str, &str)] = match &self.members {
            Members::P256 { x, y } => &[("kty", "EC"), ("crv", "P-256"), ("x", x), ("y", y)],
            Members::Rsa { n, e } => &[("kty", "RSA"), ("n", n), ("e", e)],
            Members::Ed25519 { x } => &[("kty", "OKP"), ("crv", "Ed25519"), ("x", x)],
        };
        let purpose = [("use", "sig"), ("alg", self.alg().name())];
        let kid = self.kid.as_deref().map(|kid| ("kid", kid));
        own.iter().chain(&purpose).chain(&kid).map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
    }

    fn new(members: Members, key: PublicKey) -> Self {
        Self { members, kid: None, key: Arc::new(key) }
    }

    /// Refuses a key that says it is for something else (RFC 7517 4.2 to 4.4).
    fn check_purpose(&self, object: &Object) -> Result<(), JoseError> {
        if object.get("use").is_some_and(|value| value != "sig") {
            return Err(JoseError::UnsupportedKey("use is not sig"));
        }
        if object.get("alg").is_some_and(|value| value.as_str().and_then(Alg::from_name) != Some(self.alg())) {
            return Err(JoseError::UnsupportedKey("alg does not fit the key"));
        }
        match object.get("key_ops") {
            None => Ok(()),
            Some(Value::Array(uses)) if uses.iter().any(|value| value == "verify") => Ok(()),
            Some(_) => Err(JoseError::UnsupportedKey("key_ops does not name verify")),
        }
    }
}

impl Serialize for PublicJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

fn text<'a>(object: &'a Object, name: &'static str) -> Result<&'a str, JoseError> {
    object.get(name).and_then(Value::as_str).ok_or(JoseError::Key(name))
}

fn octets(object: &Object, name: &'static str) -> Result<Vec<u8>, JoseError> {
    base64url::decode(text(object, name)?).ok_or(JoseError::Key(name))
}

/// A coordinate of exactly 32 bytes, leading zeros included (RFC 7518 6.2.1.2).
fn fixed(object: &Object, name: &'static str) -> Result<[u8; 32], JoseError> {
    octets(object, name)?.try_into().map_err(|_| JoseError::Key(name))
}

/// The longest JSON text of one key, in bytes; a certificate chain beside the key (`x5c`) may make it long.
const MAX_JWK_BYTES: usize = 16 * 1024;
/// The longest key name, in bytes.
pub(super) const MAX_KID_BYTES: usize = 256;
/// The members of private and symmetric keys (RFC 7518 6.2.2, 6.3.2, 6.4.1; RFC 8037 2; `priv` of newer key types).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    const OKP: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const RSA_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    fn with(key: &str, more: &str) -> Result<PublicJwk, JoseError> {
        PublicJwk::parse(key.replacen('{', &format!("{{{more},"), 1).as_bytes())
    }

    #[test]
    fn thumbprints_match_the_standards() {
        let rsa = format!(r#"{{"kty":"RSA","n":"{RSA_N}","e":"AQAB","kid":"2011-04-29"}}"#);
        let rsa = PublicJwk::parse(rsa.as_bytes()).unwrap();
        assert_eq!(rsa.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RFC 7638 3.1");
        assert_eq!(rsa.kid(), Some("2011-04-29"));
        let okp = PublicJwk::parse(OKP.as_bytes()).unwrap();
        assert_eq!(okp.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "RFC 8037 A.3");
    }

    #[test]
    fn comes_back_from_its_own_json() {
        for text in [EC, OKP] {
            let key = PublicJwk::parse(text.as_bytes()).unwrap().named_by_thumbprint();
            let json = key.to_json();
            assert_eq!(json["use"], "sig");
            assert_eq!(json["alg"], key.alg().name());
            let again = PublicJwk::parse(json.to_string().as_bytes()).unwrap();
            assert_eq!(again.kid(), Some(key.thumbprint().as_str()));
            assert_eq!(serde_json::to_value(&again).unwrap(), json);
        }
    }

    #[test]
    fn refuses_a_key_with_a_private_part() {
        for name in PRIVATE_MEMBERS {
            let refused = with(EC, &format!(r#""{name}":"AQAB""#));
            assert_eq!(refused.err(), Some(JoseError::PrivateKey), "{name}");
        }
        let secret = br#"{"kty":"oct","k":"AQAB"}"#;
        assert_eq!(PublicJwk::parse(secret).err(), Some(JoseError::PrivateKey));
    }

    #[test]
    fn refuses_a_key_for_another_purpose() {
        for good in [r#""use":"sig""#, r#""alg":"ES256""#, r#""key_ops":["verify"]"#, r#""x5c":[]"#] {
            assert!(with(EC, good).is_ok(), "{good}");
        }
        assert!(with(OKP, r#""alg":"Ed25519""#).is_ok());
        for bad in [
            r#""use":"enc""#,
            r#""use":null"#,
            r#""alg":"RS256""#,
            r#""alg":"EdDSA""#,
            r#""alg":7"#,
            r#""key_ops":["encrypt"]"#,
            r#""key_ops":"verify""#,
        ] {
            assert!(matches!(with(EC, bad), Err(JoseError::UnsupportedKey(_))), "{bad}");
        }
    }

    #[test]
    fn refuses_broken_and_foreign_keys() {
        let rsa_1024 = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, base64url::encode([0xff; 128]));
        let zero_led = [&[0][..], &[0xff; 256]].concat();
        let rsa_zero = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, base64url::encode(zero_led));
        let huge = format!(r#"{{"kty":"EC","x":"{}"}}"#, "A".repeat(MAX_JWK_BYTES));
        for bad in [
            rsa_1024.as_str(),
            &rsa_zero,
            &huge,
            "",
            "[]",
            "{}",
            r#"{"kty":"EC"}"#,
            r#"{"kty":7}"#,
            &EC.replace("P-256", "P-384"),
            &EC.replace("P-256", "secp256k1"),
            &EC.replace("\"EC\"", "\"OKP\""),
            &EC.replace("x_FE", "x_FF"),
            &EC.replace("f83O", "AAAAf83O"),
            &EC.replace("5a0\"", "5a0=\""),
            &EC.replace("5a0\"", "5a1\""),
            &EC.replace("\"y\":\"x_", "\"y\":\"x/"),
            &OKP.replace("Ed25519", "Ed448"),
            &OKP.replace("Ed25519", "X25519"),
            &OKP.replace("Ro\"", "\""),
            &EC.replacen('{', r#"{"kty":"EC","#, 1),
            &EC.replacen('{', r#"{"kid":"","#, 1),
            &EC.replacen('{', r#"{"kid":"a\n","#, 1),
            &EC.replacen('{', r#"{"kid":5,"#, 1),
        ] {
            assert!(PublicJwk::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

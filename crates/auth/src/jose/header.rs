//! The protected header of a token: what it claims to be, before anything is believed.
//!
//! Owns the split into three parts and every check that needs no key. `jku`, `x5u` and `x5c` are never looked at
//! (RFC 8725 3.10); an embedded `jwk` is read only by [`peek_header`], for DPoP, whose proofs carry their key.

use serde_json::Value;

use super::json::{self, Object};
use super::jwk::MAX_KID_BYTES;
use super::{Alg, JoseError, PublicJwk, base64url};

/// The members of a header that this server understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedHeader {
    alg: Alg,
    typ: Option<String>,
    kid: Option<String>,
}

impl ProtectedHeader {
    /// The algorithm.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The type of the token, as it was written.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The name of the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    fn from_object(object: &Object) -> Result<Self, JoseError> {
        // RFC 7515 4.1.11: an extension named here must be understood, and we understand none. RFC 7797 7 forbids
        // an unencoded payload in a JWT.
        if object.contains_key("crit") || object.contains_key("b64") {
            return Err(JoseError::Critical);
        }
        let name = object.get("alg").and_then(Value::as_str).ok_or(JoseError::Header)?;
        Ok(Self {
            alg: Alg::from_name(name).ok_or(JoseError::Algorithm)?,
            typ: optional(object, "typ", MAX_TYP_BYTES)?,
            kid: optional(object, "kid", MAX_KID_BYTES)?,
        })
    }
}

/// A header that has been read, but not verified.
#[derive(Clone, Debug)]
pub struct Peeked {
    /// What the header says.
    pub header: ProtectedHeader,
    /// The public key that it carries, if any (RFC 9449 4.2); sound, and without a private part.
    pub jwk: Option<PublicJwk>,
}

/// Reads the header of a token without verifying it, to find out whose key is needed.
///
/// Nothing in the result may be trusted until [`super::verify`] has accepted the same token.
///
/// # Errors
/// As [`super::verify`] for the shape of the token and its header; for an embedded `jwk` as [`PublicJwk::parse`].
pub fn peek_header(token: &str) -> Result<Peeked, JoseError> {
    let parts = Parts::split(token)?;
    let object = parts.header_object()?;
    let header = ProtectedHeader::from_object(&object)?;
    let jwk = match object.get("jwk") {
        None => None,
        Some(Value::Object(members)) => Some(PublicJwk::from_object(members)?),
        Some(_) => return Err(JoseError::Header),
    };
    Ok(Peeked { header, jwk })
}

/// Reads a string claim of a token without verifying it, to find out whose keys are needed.
///
/// The result must not be trusted until [`super::verify`] has accepted the same token with that party's keys.
#[must_use]
pub fn peek_claim(token: &str, name: &str) -> Option<String> {
    let parts = Parts::split(token).ok()?;
    let claims = json::object(&base64url::decode(parts.payload)?)?;
    json::bounded(claims.get(name)?, MAX_PEEKED_BYTES).map(str::to_owned)
}

/// The three parts of a compact token, none of them empty.
pub(super) struct Parts<'a> {
    pub(super) signed: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
    header: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, JoseError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JoseError::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JoseError::Malformed)?;
        let whole = [header, payload, signature].iter().all(|part| !part.is_empty());
        if !whole || payload.contains('.') {
            return Err(JoseError::Malformed);
        }
        Ok(Self { signed, payload, signature, header })
    }

    pub(super) fn header(&self) -> Result<ProtectedHeader, JoseError> {
        ProtectedHeader::from_object(&self.header_object()?)
    }

    fn header_object(&self) -> Result<Object, JoseError> {
        if self.header.len() > MAX_HEADER_CHARACTERS {
            return Err(JoseError::TooLarge);
        }
        let bytes = base64url::decode(self.header).ok_or(JoseError::Malformed)?;
        json::object(&bytes).ok_or(JoseError::Header)
    }
}

fn optional(object: &Object, name: &str, max: usize) -> Result<Option<String>, JoseError> {
    match object.get(name) {
        None => Ok(None),
        Some(value) => json::bounded(value, max).map(|text| Some(text.to_owned())).ok_or(JoseError::Header),
    }
}

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// The longest header, in base64url characters; an RSA key of 8192 bits takes 1,400, a certificate chain the rest.
const MAX_HEADER_CHARACTERS: usize = 12 * 1024;
/// The longest claim that is looked at before the signature has held, in bytes.
const MAX_PEEKED_BYTES: usize = 256;
/// The longest `typ`, in bytes.
const MAX_TYP_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::super::SigningKey;
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.AA", base64url::encode(header))
    }

    #[test]
    fn reads_what_a_header_says() {
        let peeked = peek_header(&token(r#"{"alg":"Ed25519","typ":"JWT","kid":"k","x":1}"#)).unwrap();
        assert_eq!(peeked.header.alg(), Alg::EdDsa);
        assert_eq!(peeked.header.typ(), Some("JWT"));
        assert_eq!(peeked.header.kid(), Some("k"));
        assert!(peeked.jwk.is_none());
    }

    #[test]
    fn hands_out_an_embedded_public_key_only() {
        let key = SigningKey::generate(Alg::Es256).unwrap();
        let jwk = key.public().to_json().to_string();
        let peeked = peek_header(&token(&format!(r#"{{"alg":"ES256","jwk":{jwk}}}"#))).unwrap();
        assert_eq!(peeked.jwk.unwrap().thumbprint(), key.kid());

        let private = jwk.replacen('{', r#"{"d":"AA","#, 1);
        let refused = peek_header(&token(&format!(r#"{{"alg":"ES256","jwk":{private}}}"#)));
        assert_eq!(refused.err(), Some(JoseError::PrivateKey));
        let refused = peek_header(&token(r#"{"alg":"ES256","jwk":"x"}"#));
        assert_eq!(refused.err(), Some(JoseError::Header));
    }

    #[test]
    fn refuses_headers_that_are_not_sound() {
        let table = [
            (r#"{"typ":"JWT"}"#, JoseError::Header),
            (r#"{"alg":1}"#, JoseError::Header),
            (r#"{"alg":"none"}"#, JoseError::Algorithm),
            (r#"{"alg":"HS256"}"#, JoseError::Algorithm),
            (r#"{"alg":"RS256"}"#, JoseError::Algorithm),
            (r#"{"alg":"ES256","crit":["x"],"x":1}"#, JoseError::Critical),
            (r#"{"alg":"ES256","crit":[]}"#, JoseError::Critical),
            (r#"{"alg":"ES256","b64":false}"#, JoseError::Critical),
            (r#"{"alg":"ES256","alg":"ES256"}"#, JoseError::Header),
            (r#"{"alg":"ES256","typ":null}"#, JoseError::Header),
            (r#"{"alg":"ES256","kid":["a"]}"#, JoseError::Header),
            (r#"{"alg":"ES256","kid":"a\u0000"}"#, JoseError::Header),
            ("[]", JoseError::Header),
            ("x", JoseError::Header),
        ];
        for (header, error) in table {
            assert_eq!(peek_header(&token(header)).err(), Some(error), "{header}");
        }
    }

    #[test]
    fn refuses_what_is_not_three_parts() {
        let good = token(r#"{"alg":"ES256"}"#);
        assert!(peek_header(&good).is_ok());
        let [long, padded] = [format!("{good}{}", "A".repeat(MAX_TOKEN_BYTES)), good.replacen('.', "=.", 1)];
        assert_eq!(peek_header(&long).err(), Some(JoseError::TooLarge));
        for bad in ["", ".", "..", "...", "a", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c.", &padded] {
            assert_eq!(peek_header(bad).err(), Some(JoseError::Malformed), "{bad}");
        }
        let wide = token(&format!(r#"{{"alg":"ES256","x5c":"{}"}}"#, "A".repeat(10_000)));
        assert_eq!(peek_header(&wide).err(), Some(JoseError::TooLarge));
    }
}

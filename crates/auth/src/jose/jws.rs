//! Making and checking compact signed tokens (RFC 7515 3.1, 7519 7).
//!
//! The order of [`verify`] is its safety: size, shape, header, algorithm and type first, which are cheap and need no key;
//! then the key and the signature; the payload last. A caller gets bytes only from a signature that held.

use std::sync::Arc;

use serde::Serialize;

use super::header::{Parts, ProtectedHeader};
use super::{Alg, Claims, JoseError, PublicJwk, PublicKey, SigningKey, base64url};

/// What a new token says about itself, apart from its algorithm, which is the key's.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    typ: &'a str,
    kid: Option<&'a str>,
    jwk: Option<&'a PublicJwk>,
}

impl<'a> Header<'a> {
    /// A token whose key the reader looks up by name.
    #[must_use]
    pub fn with_kid(typ: &'a str, kid: &'a str) -> Self {
        Self { typ, kid: Some(kid), jwk: None }
    }

    /// A token that carries its key, such as a DPoP proof (RFC 9449 4.2).
    #[must_use]
    pub fn with_jwk(typ: &'a str, jwk: &'a PublicJwk) -> Self {
        Self { typ, kid: None, jwk: Some(jwk) }
    }
}

/// Signs claims into a compact token.
///
/// # Errors
/// [`JoseError::Payload`] if the claims cannot be written as JSON, [`JoseError::Crypto`] if the library fails.
pub fn sign<C>(key: &SigningKey, header: Header<'_>, claims: &C) -> Result<String, JoseError>
where
    C: Serialize + ?Sized,
{
    let written = WrittenHeader { typ: header.typ, alg: key.alg().name(), kid: header.kid, jwk: header.jwk };
    let header = serde_json::to_vec(&written).map_err(|_| JoseError::Header)?;
    let payload = serde_json::to_vec(claims).map_err(|_| JoseError::Payload)?;
    let mut token = base64url::encode(header);
    token.push('.');
    token.push_str(&base64url::encode(payload));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url::encode(signature));
    Ok(token)
}

#[derive(Serialize)]
struct WrittenHeader<'a> {
    typ: &'a str,
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<&'a PublicJwk>,
}

/// Finds the key that a token names.
///
/// Implemented by a [`super::Jwks`], by a single [`PublicJwk`], and by closures. It must not fetch: whoever needs a key from
/// elsewhere reads [`super::peek_header`], fetches, and then verifies.
pub trait KeySource {
    /// The key for this name and algorithm; `None` if there is none, or more than one.
    fn key(&self, kid: Option<&str>, alg: Alg) -> Option<Arc<PublicKey>>;
}

impl<F: Fn(Option<&str>, Alg) -> Option<Arc<PublicKey>>> KeySource for F {
    fn key(&self, kid: Option<&str>, alg: Alg) -> Option<Arc<PublicKey>> {
        self(kid, alg)
    }
}

/// One known key, whatever the token calls it; for keys that came from the token's own context.
impl KeySource for PublicJwk {
    fn key(&self, _kid: Option<&str>, alg: Alg) -> Option<Arc<PublicKey>> {
        (self.alg() == alg).then(|| Arc::clone(self.public_key()))
    }
}

/// Which types of token are accepted (RFC 8725 3.11: one kind of token must not pass for another).
///
/// Names are compared without regard to case and to a prefix `application/` (RFC 7515 4.1.9).
#[derive(Clone, Copy, Debug)]
pub enum Typ<'a> {
    /// The header must say one of these.
    OneOf(&'a [&'a str]),
    /// The header may say nothing, or one of these; for assertions whose standard never asked for `typ` (RFC 7523).
    AbsentOrOneOf(&'a [&'a str]),
}

impl Typ<'_> {
    fn accepts(self, typ: Option<&str>) -> bool {
        let (Self::OneOf(names) | Self::AbsentOrOneOf(names)) = self;
        match typ {
            None => matches!(self, Self::AbsentOrOneOf(_)),
            Some(typ) => names.iter().any(|name| bare(name).eq_ignore_ascii_case(bare(typ))),
        }
    }
}

/// A media type without its prefix `application/`.
fn bare(typ: &str) -> &str {
    match typ.split_at_checked(APPLICATION.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) => rest,
        _ => typ,
    }
}

/// What a token must be, to be accepted.
#[derive(Clone, Copy)]
pub struct VerifyRules<'a> {
    /// Its type.
    pub typ: Typ<'a>,
    /// Its algorithm: one of these.
    pub algs: &'a [Alg],
    /// Where its key is found.
    pub keys: &'a dyn KeySource,
}

/// A token whose signature held.
#[derive(Clone, Debug)]
pub struct Verified {
    header: ProtectedHeader,
    payload: Vec<u8>,
}

impl Verified {
    /// The header, which the signature covers.
    #[must_use]
    pub fn header(&self) -> &ProtectedHeader {
        &self.header
    }

    /// The payload as it was signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as claims.
    ///
    /// # Errors
    /// As [`Claims::parse`].
    pub fn claims(&self) -> Result<Claims, JoseError> {
        Claims::parse(&self.payload)
    }
}

/// Checks a compact token and opens it.
///
/// One message can have several good signatures (anybody can turn an ES256 signature into its twin by negating S): what must
/// be used once is remembered by its `jti`, never by its text.
///
/// # Errors
/// One variant of [`JoseError`] for each reason; the sender should hear the same for all of them.
pub fn verify(token: &str, rules: VerifyRules<'_>) -> Result<Verified, JoseError> {
    let parts = Parts::split(token)?;
    let header = parts.header()?;
    if !rules.algs.contains(&header.alg()) {
        return Err(JoseError::Algorithm);
    }
    if !rules.typ.accepts(header.typ()) {
        return Err(JoseError::Type);
    }
    let key = rules.keys.key(header.kid(), header.alg()).ok_or(JoseError::UnknownKey)?;
    // A source that hands out a key of another kind must not be able to change what the key is used for.
    if key.alg() != header.alg() {
        return Err(JoseError::Algorithm);
    }
    let signature = base64url::decode(parts.signature).ok_or(JoseError::Malformed)?;
    key.verify(parts.signed.as_bytes(), &signature)?;
    let payload = base64url::decode(parts.payload).ok_or(JoseError::Malformed)?;
    Ok(Verified { header, payload })
}

/// The prefix that `typ` may leave out.
const APPLICATION: &str = "application/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_types_as_media_types() {
        let rule = Typ::OneOf(&["at+jwt"]);
        for good in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
            assert!(rule.accepts(Some(good)), "{good}");
        }
        for bad in ["JWT", "at+jwt ", "application/", "application/application/at+jwt", "x/at+jwt", "", "applicatiön"]
        {
            assert!(!rule.accepts(Some(bad)), "{bad}");
        }
        assert!(!rule.accepts(None));
        assert!(Typ::AbsentOrOneOf(&["JWT"]).accepts(None));
        assert!(Typ::AbsentOrOneOf(&["JWT"]).accepts(Some("jwt")));
        assert!(!Typ::AbsentOrOneOf(&["JWT"]).accepts(Some("at+jwt")));
    }
}

//! DPoP proofs: a token that an app signs for one request, by which it shows that it holds a key (RFC 9449 4).
//!
//! Owns every check of RFC 9449 4.3 that needs nothing but the proof, the request and the time. It must never say whether a
//! proof has come before or whether its nonce is one of ours: the caller remembers [`Proof::id`] together with
//! [`Proof::thumbprint`] until [`Proof::expires_at`], and compares thumbprint and nonce with what it bound or handed out.

use lombard_domain::oauth::Thumbprint;
use lombard_domain::time::{Instant, Span};
use serde_json::Value;

use super::uri::Resource;
use crate::digest;
use crate::jose::{self, Alg, Claims, Expiry, JoseError, Typ, VerifyRules};

/// A proof of possession that holds. Says nothing yet about whether it has come before.
#[derive(Clone, Debug)]
pub struct Proof {
    thumbprint: Thumbprint,
    id: String,
    nonce: Option<String>,
    issued_at: Instant,
}

/// What a proof must be for.
///
/// The token in it is a secret, so it cannot be printed.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The address of the request: scheme, host and port from our own configuration, then the path on the wire, which must
    /// begin with a slash. A query is ignored.
    pub uri: &'a str,
    /// The access token that comes with the proof; `None` where tokens are asked for, and then `ath` is ignored.
    pub access_token: Option<&'a str>,
    /// The present.
    pub now: Instant,
}

/// Why a proof was refused; for the record, the app hears the same for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// Longer than its limit.
    #[error("the proof is larger than its limit")]
    TooLarge,
    /// Not one compact token with a sound header.
    #[error("the proof is not one compact token with a sound header")]
    Malformed,
    /// Its header asks for an extension, which we do not have.
    #[error("the proof asks for an extension that is not supported")]
    Extension,
    /// Signed by an algorithm that is not ours, such as a symmetric one or none.
    #[error("the algorithm of the proof is not allowed")]
    Algorithm,
    /// Its `typ` is not `dpop+jwt`.
    #[error("the token is not a proof by its type")]
    Type,
    /// It carries no key.
    #[error("the proof carries no key")]
    NoKey,
    /// It carries a private key: its owner must replace it.
    #[error("the proof carries a private key")]
    PrivateKey,
    /// Its key is broken, of a kind that is not ours, for something else, or not for the algorithm of the proof.
    #[error("the key of the proof is not acceptable")]
    Key(#[source] JoseError),
    /// It was not signed by the key that it carries.
    #[error("the proof is not signed by its key")]
    Signature,
    /// What was signed is not a JSON object with distinct members.
    #[error("the payload of the proof is not a json object with distinct members")]
    Payload,
    /// A claim is missing, of the wrong type or beyond its limit.
    #[error("claim {0} of the proof is missing or not acceptable")]
    Claim(&'static str),
    /// It is for another method.
    #[error("the proof is for another method")]
    Method,
    /// It is for another resource.
    #[error("the proof is for another resource")]
    Resource,
    /// It was made too long ago.
    #[error("the proof is too old")]
    Stale,
    /// The end that it names itself has passed.
    #[error("the proof has expired")]
    Expired,
    /// It is made out for the future.
    #[error("the proof is not valid yet")]
    NotYetValid,
    /// It is for another access token.
    #[error("the proof is for another access token")]
    AccessToken,
}

impl Proof {
    /// Checks a `DPoP` header against the request with which it came (RFC 9449 4.3).
    ///
    /// No claim is looked at before the signature holds. Of several faults the first in this order is told:
    /// size; form; extensions; algorithm; the key, if there is one, by itself; its absence; type; whether key and algorithm fit;
    /// signature; payload; the types of registered claims; `jti`; `htm`; `htu`; `iat`; age; `exp`; `nbf` and `iat` ahead;
    /// `nonce`; `ath`.
    ///
    /// # Errors
    /// The first reason of [`BadProof`].
    pub fn verify(header: &[u8], expected: &Expected<'_>) -> Result<Self, BadProof> {
        let (thumbprint, claims) = open(header)?;
        let id = claims.id().filter(|id| id.len() <= MAX_ID_BYTES).ok_or(BadProof::Claim("jti"))?;
        if claims.text("htm")?.ok_or(BadProof::Claim("htm"))? != expected.method {
            return Err(BadProof::Method);
        }
        let uri =
            claims.value("htu").and_then(Value::as_str).and_then(Resource::parse).ok_or(BadProof::Claim("htu"))?;
        if Resource::parse(expected.uri) != Some(uri) {
            return Err(BadProof::Resource);
        }
        let issued_at = claims.issued_at().ok_or(BadProof::Claim("iat"))?;
        if expected.now >= end_of(issued_at) {
            return Err(BadProof::Stale);
        }
        claims.check_times(expected.now, Expiry::Optional { leeway: Span::seconds(0) })?;
        let nonce = claims.text("nonce")?;
        if nonce.is_some_and(|nonce| nonce.len() > MAX_NONCE_BYTES) {
            return Err(BadProof::Claim("nonce"));
        }
        if let Some(token) = expected.access_token {
            check_token(&claims, token)?;
        }
        Ok(Self { thumbprint, id: id.to_owned(), nonce: nonce.map(str::to_owned), issued_at })
    }

    /// The key that its sender holds.
    #[must_use]
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// Its name among all proofs by this key (`jti`).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The nonce that its sender was given.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// When it was made (`iat`).
    #[must_use]
    pub fn issued_at(&self) -> Instant {
        self.issued_at
    }

    /// From when on it would be refused for its age, and so need not be remembered any more.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        end_of(self.issued_at)
    }
}

impl BadProof {
    /// A fixed word for the record.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge => "size",
            Self::Malformed => "form",
            Self::Extension => "extension",
            Self::Algorithm => "algorithm",
            Self::Type => "type",
            Self::NoKey => "no-key",
            Self::PrivateKey => "private-key",
            Self::Key(_) => "key",
            Self::Signature => "signature",
            Self::Payload => "payload",
            Self::Claim(name) => name,
            Self::Method => "method",
            Self::Resource => "resource",
            Self::Stale => "stale",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::AccessToken => "access-token",
        }
    }
}

impl From<JoseError> for BadProof {
    fn from(error: JoseError) -> Self {
        match error {
            JoseError::TooLarge => Self::TooLarge,
            JoseError::Malformed | JoseError::Header => Self::Malformed,
            JoseError::Critical => Self::Extension,
            JoseError::Algorithm => Self::Algorithm,
            JoseError::Type => Self::Type,
            JoseError::PrivateKey => Self::PrivateKey,
            JoseError::UnknownKey | JoseError::Key(_) | JoseError::UnsupportedKey(_) => Self::Key(error),
            JoseError::Signature | JoseError::Crypto => Self::Signature,
            JoseError::Payload => Self::Payload,
            JoseError::Claim(name) => Self::Claim(name),
            JoseError::Expired => Self::Expired,
            JoseError::NotYetValid => Self::NotYetValid,
        }
    }
}

/// Opens a proof by the key that it carries; `kid` has no meaning here.
#[expect(clippy::expect_used, reason = "Cannot fail: a thumbprint is always 32 bytes in base64url")]
fn open(header: &[u8]) -> Result<(Thumbprint, Claims), BadProof> {
    if header.len() > MAX_PROOF_BYTES {
        return Err(BadProof::TooLarge);
    }
    let token = str::from_utf8(header).map_err(|_| BadProof::Malformed)?;
    let jwk = jose::peek_header(token)?.jwk.ok_or(BadProof::NoKey)?;
    let rules = VerifyRules { typ: Typ::OneOf(&[TYPE]), algs: &Alg::ALL, keys: &jwk };
    let claims = jose::verify(token, rules)?.claims()?;
    Ok((Thumbprint::new(&jwk.thumbprint()).expect("a thumbprint"), claims))
}

/// `ath` is the digest of the token beside which the proof came (RFC 9449 4.3, check 12).
fn check_token(claims: &Claims, token: &str) -> Result<(), BadProof> {
    let named = claims.text("ath")?.ok_or(BadProof::Claim("ath"))?;
    let same = digest::same(named.as_bytes(), digest::base64url_of(token).as_bytes());
    same.then_some(()).ok_or(BadProof::AccessToken)
}

/// The first moment at which a proof made then is too old.
fn end_of(issued_at: Instant) -> Instant {
    issued_at.plus(PAST_TOLERANCE)
}

/// The type of a proof (RFC 9449 4.2).
const TYPE: &str = "dpop+jwt";
/// How old a proof may be; how far ahead it may be is [`jose::FUTURE_TOLERANCE_SECONDS`].
const PAST_TOLERANCE: Span = Span::seconds(60);
/// The longest proof, in bytes.
const MAX_PROOF_BYTES: usize = 8 * 1024;
/// The longest `jti`, in bytes.
const MAX_ID_BYTES: usize = 256;
/// The longest `nonce`, in bytes; ours are shorter.
const MAX_NONCE_BYTES: usize = 256;

#[cfg(test)]
mod tests;

//! What an app presents to prove who it is, as it came with the call; unchecked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lombard_domain::id::ClientId;
use lombard_domain::oauth::{AuthMethod, ErrorCode, OauthError};
use lombard_domain::secret::Secret;

use super::assertion::Reason;
use crate::jose;
use crate::oauth::Params;
use crate::possession::Evidence;

/// What an app presented, unchecked.
pub struct Credentials {
    client: Option<ClientId>,
    shown: Shown,
}

/// The kind of proof.
pub(super) enum Shown {
    /// A signed assertion (RFC 7523 2.2).
    Assertion(Secret<String>),
    /// The certificate of the connection (RFC 8705 2).
    Certificate,
    /// Nothing that could be checked, and why. It proves nothing, but its refusal is on record like every other.
    Nothing(Reason),
    /// A secret that both sides know (RFC 6749 2.3.1).
    Secret(Secret<String>, AuthMethod),
}

impl Credentials {
    /// Reads them from the `Authorization` headers, the body and the connection of a call.
    ///
    /// Without any, or with malformed ones, they are credentials that [`crate::Auth::authenticate`] refuses.
    ///
    /// # Errors
    /// `invalid_request` if there is more than one (RFC 6749 2.3: never more than one method).
    pub fn read<'a>(
        mut headers: impl Iterator<Item = &'a [u8]>,
        params: &Params,
        evidence: &Evidence<'_>,
    ) -> Result<Self, OauthError> {
        let header = headers.next();
        if headers.next().is_some() {
            return Err(invalid("there is more than one Authorization header"));
        }
        let id = params.get("client_id")?;
        let secret = params.get("client_secret")?;
        let assertion = assertion(params)?;
        match (header, secret, assertion) {
            (Some(header), None, None) => {
                let Some((client, secret)) = basic(header) else { return Ok(Self::nothing(id, "basic-malformed")) };
                if id.is_some_and(|id| id != client) {
                    return Err(invalid("client_id is not the client that authenticates"));
                }
                Ok(Self { client: client.parse().ok(), shown: Shown::Secret(secret, AuthMethod::ClientSecretBasic) })
            }
            (None, Some(secret), None) => {
                let Some(id) = id else { return Ok(Self::nothing(id, "client-missing")) };
                let shown = Shown::Secret(Secret::new(secret.to_owned()), AuthMethod::ClientSecretPost);
                Ok(Self { client: id.parse().ok(), shown })
            }
            (None, None, Some(Asserted::Jwt(assertion))) => Ok(Self::asserted(id, assertion)),
            (None, None, Some(Asserted::Other)) => Ok(Self::nothing(id, "assertion-kind")),
            (None, None, None) => match id {
                // RFC 8705 2: the parameter is what says whose certificate it should be.
                Some(id) if !evidence.certificates.is_empty() => {
                    Ok(Self { client: id.parse().ok(), shown: Shown::Certificate })
                }
                _ => Ok(Self::nothing(id, "missing")),
            },
            _ => Err(invalid("use one way of client authentication, not two")),
        }
    }

    /// RFC 7521 4.2: `client_id` is not needed, but must be the assertion's if it is there.
    fn asserted(id: Option<&str>, assertion: &str) -> Self {
        let Some(subject) = jose::peek_claim(assertion, "sub") else { return Self::nothing(id, "assertion-malformed") };
        if id.is_some_and(|id| id != subject) {
            return Self::nothing(id, "assertion-client");
        }
        Self { client: subject.parse().ok(), shown: Shown::Assertion(Secret::new(assertion.to_owned())) }
    }

    fn nothing(id: Option<&str>, reason: Reason) -> Self {
        Self { client: id.and_then(|id| id.parse().ok()), shown: Shown::Nothing(reason) }
    }

    /// Whose they would be.
    pub(super) fn client(&self) -> Option<ClientId> {
        self.client
    }

    /// Of what kind they are.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }
}

/// What came in the place of an assertion.
enum Asserted<'a> {
    /// A signed token.
    Jwt(&'a str),
    /// Something of a type that is not taken here, or half of what belongs together.
    Other,
}

/// RFC 7521 4.2: an assertion comes with its type.
fn assertion(params: &Params) -> Result<Option<Asserted<'_>>, OauthError> {
    Ok(match (params.get("client_assertion")?, params.get("client_assertion_type")?) {
        (None, None) => None,
        (Some(assertion), Some(JWT_BEARER)) => Some(Asserted::Jwt(assertion)),
        (None | Some(_), Some(_)) | (Some(_), None) => Some(Asserted::Other),
    })
}

/// RFC 6749 2.3.1: id and secret are form-encoded before they are joined.
fn basic(header: &[u8]) -> Option<(String, Secret<String>)> {
    let header = std::str::from_utf8(header).ok().filter(|header| header.len() <= BASIC_MAX)?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = Secret::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let (id, secret) = decoded.expose().split_once(':')?;
    Some((form_decode(id)?, Secret::new(form_decode(secret)?)))
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn invalid(description: &'static str) -> OauthError {
    OauthError::new(ErrorCode::InvalidRequest, description)
}

/// The same for every reason.
pub(super) fn failed() -> OauthError {
    OauthError::new(ErrorCode::InvalidClient, "client authentication failed")
}

/// RFC 7523 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Bytes of a `Basic` header.
const BASIC_MAX: usize = 1024;

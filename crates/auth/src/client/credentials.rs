//! What an app presents to prove who it is, as it came with the call; unchecked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lombard_domain::id::ClientId;
use lombard_domain::oauth::{AuthMethod, ErrorCode, OauthError};
use lombard_domain::secret::Secret;

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
    /// A secret that both sides know (RFC 6749 2.3.1).
    Secret(Secret<String>, AuthMethod),
}

impl Credentials {
    /// Reads them from the `Authorization` headers, the body and the connection of a call.
    ///
    /// # Errors
    /// `invalid_request` if there is more than one (RFC 6749 2.3: never more than one method), `invalid_client` if there is none or it is malformed.
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
                let (client, secret) = basic(header).ok_or_else(failed)?;
                if id.is_some_and(|id| id != client) {
                    return Err(invalid("client_id is not the client that authenticates"));
                }
                Ok(Self { client: client.parse().ok(), shown: Shown::Secret(secret, AuthMethod::ClientSecretBasic) })
            }
            (None, Some(secret), None) => {
                let secret = Secret::new(secret.to_owned());
                let client = id.ok_or_else(failed)?.parse().ok();
                Ok(Self { client, shown: Shown::Secret(secret, AuthMethod::ClientSecretPost) })
            }
            (None, None, Some(assertion)) => Self::asserted(id, assertion),
            (None, None, None) => match id {
                // RFC 8705 2: the parameter is what says whose certificate it should be.
                Some(id) if !evidence.certificates.is_empty() => {
                    Ok(Self { client: id.parse().ok(), shown: Shown::Certificate })
                }
                _ => Err(OauthError::new(ErrorCode::InvalidClient, "client authentication is missing")),
            },
            _ => Err(invalid("use one way of client authentication, not two")),
        }
    }

    /// RFC 7521 4.2: `client_id` is not needed, but must be the assertion's if it is there.
    fn asserted(id: Option<&str>, assertion: &str) -> Result<Self, OauthError> {
        let subject = jose::peek_claim(assertion, "sub").ok_or_else(failed)?;
        if id.is_some_and(|id| id != subject) {
            return Err(failed());
        }
        Ok(Self { client: subject.parse().ok(), shown: Shown::Assertion(Secret::new(assertion.to_owned())) })
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

/// RFC 7521 4.2: an assertion comes with its type.
fn assertion(params: &Params) -> Result<Option<&str>, OauthError> {
    match (params.get("client_assertion")?, params.get("client_assertion_type")?) {
        (None, None) => Ok(None),
        (Some(assertion), Some(JWT_BEARER)) => Ok(Some(assertion)),
        (None | Some(_), Some(_)) | (Some(_), None) => Err(failed()),
    }
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

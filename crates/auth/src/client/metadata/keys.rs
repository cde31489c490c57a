//! The public keys of a client: brought along, or at an address of its own, never both (RFC 7591 2).

use lombard_domain::oauth::{Alg, AuthMethod, WebUri};
use serde_json::Value;

use super::fields::{BadMetadata, Fields, invalid};
use crate::jose::{JoseError, Jwks};

/// Where the keys are.
pub(super) struct Keys {
    pub(super) jwks: Option<Value>,
    pub(super) jwks_uri: Option<WebUri>,
    held: Option<Jwks>,
}

impl Keys {
    pub(super) fn read(fields: &Fields) -> Result<Self, BadMetadata> {
        let jwks_uri = fields.web_uri("jwks_uri")?;
        let jwks = fields.value("jwks").cloned();
        if jwks.is_some() && jwks_uri.is_some() {
            return Err(invalid("jwks and jwks_uri: there can be one of them, not both"));
        }
        let held = jwks.as_ref().map(parse).transpose()?;
        Ok(Self { jwks, jwks_uri, held })
    }

    /// Whoever proves itself with a key, or signs requests, must say which.
    pub(super) fn must_serve(&self, method: AuthMethod, signs_requests: bool) -> Result<(), BadMetadata> {
        let why = match method {
            AuthMethod::PrivateKeyJwt | AuthMethod::SelfSignedTlsClientAuth => method.name(),
            _ if signs_requests => "signed request objects",
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::TlsClientAuth => return Ok(()),
        };
        if self.jwks.is_some() || self.jwks_uri.is_some() {
            return Ok(());
        }
        Err(invalid(format!("jwks or jwks_uri is needed for {why}")))
    }

    /// A client that binds itself to one algorithm must have a key for it, as far as its keys are known.
    pub(super) fn must_have(&self, name: &'static str, alg: Option<Alg>) -> Result<(), BadMetadata> {
        let (Some(alg), Some(held)) = (alg, &self.held) else { return Ok(()) };
        if held.keys().iter().any(|key| key.alg() == alg) {
            return Ok(());
        }
        Err(invalid(format!("{name} is {alg}, but jwks has no key for it")))
    }
}

/// Checks a key set as it will be used later; it is kept as it came, with members that others may need (`x5c`).
fn parse(jwks: &Value) -> Result<Jwks, BadMetadata> {
    let bytes = serde_json::to_vec(jwks).map_err(|_| invalid("jwks must be a JSON object"))?;
    let held = Jwks::parse(&bytes).map_err(|why| match why {
        JoseError::PrivateKey => invalid(
            "jwks holds a private key, which is a secret no longer: make a new one and send its public half only",
        ),
        JoseError::TooLarge => invalid("jwks can have at most 32 keys and 64 KiB"),
        _ => invalid("jwks must be a key set (RFC 7517 5)"),
    })?;
    if held.keys().is_empty() {
        return Err(invalid("jwks has no key for ES256, PS256 or EdDSA signatures"));
    }
    Ok(held)
}

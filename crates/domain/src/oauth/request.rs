//! An authorization request that has been checked, as it is kept from the push or the redirect until the customer has answered.

use super::pkce::Challenge;
use super::redirect_uri::RedirectUri;
use super::scope::ScopeSet;
use crate::id::ClientId;

/// What a client asks a customer for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes: one of the client's registered URIs.
    pub redirect_uri: RedirectUri,
    /// What for.
    pub scope: ScopeSet,
    /// Given back with the answer, byte for byte.
    pub state: Option<Opaque>,
    /// Put into the ID token.
    pub nonce: Option<Opaque>,
    /// Who redeems the code must know what this was made from.
    pub code_challenge: Challenge,
    /// Whether pages may or must be shown.
    pub prompt: Option<Prompt>,
}

/// OpenID Connect Core 3.1.2.1, `prompt`. Sign-in and consent happen anew for every request, so only `none` makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// No page may be shown.
    None,
    /// Pages are welcome.
    Interactive,
}

/// A value that only the client understands: 1 to 2,048 visible ASCII characters or spaces.
///
/// FAPI 2.0 Security Profile 5.3.2.2, note 4: states of 1,000 characters and more are legitimate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Opaque(String);

impl Opaque {
    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Opaque {
    type Error = BadOpaque;

    /// RFC 6749 A.5: `state` is made of `%x20-7E`.
    fn try_from(text: String) -> Result<Self, BadOpaque> {
        let fits = (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b));
        if fits { Ok(Self(text)) } else { Err(BadOpaque) }
    }
}

impl From<Opaque> for String {
    fn from(opaque: Opaque) -> Self {
        opaque.0
    }
}

/// The value is empty, too long, or not visible ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 2048 visible ASCII characters")]
pub struct BadOpaque;

/// Characters of a `state` or `nonce`.
const LENGTH_MAX: usize = 2048;

//! An authorization request that has been checked, as it is kept from the push or the redirect until the customer has answered.

use super::binding::Thumbprint;
use super::detail::Details;
use super::pkce::Challenge;
use super::profile::ResponseMode;
use super::redirect_uri::RedirectUri;
use super::response_type::ResponseType;
use super::scope::{Scope, ScopeSet};
use crate::consent::Kind;
use crate::id::{ClientId, ConsentId};
use crate::permission::PermissionSet;

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
    /// Who redeems the code must know what this was made from; `None` only where an ID token comes with the code.
    pub code_challenge: Option<Challenge>,
    /// Whether pages may or must be shown.
    pub prompt: Option<Prompt>,
    /// What the answer is.
    #[serde(default)]
    pub response_type: ResponseType,
    /// How the answer goes back.
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// What for, in detail (RFC 9396).
    pub details: Option<Details>,
    /// The key that must redeem the code (RFC 9449 10).
    pub dpop_jkt: Option<Thumbprint>,
    /// The lodged consent that the customer is to authorise (UK Open Banking, `openbanking_intent_id`).
    #[serde(default)]
    pub intent: Option<ConsentId>,
    /// Who will probably sign in (OpenID Connect Core 3.1.2.1).
    pub login_hint: Option<Opaque>,
    /// The name under which the app knows who must sign in, from `claims` or an ID token that it showed (OpenID Connect Core 3.1.2.2).
    pub expected_subject: Option<Opaque>,
    /// Whether the app wants to look after the grant itself (Grant Management 5).
    #[serde(default)]
    pub grant_management: GrantManagement,
}

impl AuthorizationRequest {
    /// What the customer would allow; where a lodged consent is named, the most that it can be.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        let detailed = self.details.as_ref().map(Details::permissions).unwrap_or_default();
        self.scope.permissions().union(detailed)
    }

    /// Of which kind the lodged consent must be from which its rights come; `None` if it says itself what is asked for.
    #[must_use]
    pub fn lodged_kind(&self) -> Option<Kind> {
        let detailed = self.details.as_ref().and_then(Details::lodged).map(|lodged| lodged.kind);
        detailed.or_else(|| self.scope.iter().find_map(Scope::lodged))
    }
}

/// Whether an app is told the name of the grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantManagement {
    /// It did not ask.
    #[default]
    None,
    /// It asked for a new grant of its own (`grant_management_action=create`).
    Create,
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

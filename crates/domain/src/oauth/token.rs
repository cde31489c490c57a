//! What a customer's yes turns into: a grant, the code that brings it to the client, and the tokens made from it.

use super::binding::{Binding, Thumbprint};
use super::detail::Details;
use super::pkce::Challenge;
use super::redirect_uri::RedirectUri;
use super::request::{GrantManagement, Opaque};
use super::scope::ScopeSet;
use crate::id::{ClientId, ConsentId, CustomerId, GrantId, TokenId};
use crate::permission::PermissionSet;
use crate::time::Instant;

/// One answer of a customer to one authorization request. All tokens made from it die with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its identifier.
    pub id: GrantId,
    /// The consent that carries the rights.
    pub consent: ConsentId,
    /// To whom it was given.
    pub client: ClientId,
    /// By whom.
    pub customer: CustomerId,
    /// What for.
    pub scope: ScopeSet,
    /// What for, in detail.
    pub details: Option<Details>,
    /// For the ID token.
    pub nonce: Option<Opaque>,
    /// Whether the client is told its identifier.
    pub management: GrantManagement,
    /// When the customer signed in.
    pub signed_in_at: Instant,
    /// When the answer was given.
    pub created_at: Instant,
}

/// An authorization code; only a digest of its text is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The grant that it brings.
    pub grant: GrantId,
    /// The client that may redeem it.
    pub client: ClientId,
    /// The redirect URI of the request, which the client must repeat (RFC 6749 4.1.3).
    pub redirect_uri: RedirectUri,
    /// PKCE; `None` where an ID token came with the code (OpenID Connect Core 3.3).
    pub code_challenge: Option<Challenge>,
    /// The key that must redeem it (RFC 9449 10).
    pub dpop_jkt: Option<Thumbprint>,
    /// Until when.
    pub expires_at: Instant,
    /// Whether it has been redeemed.
    pub used: bool,
}

/// An access token as it stands in the database; its text is a signed JWT that is stored nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Its `jti`.
    pub id: TokenId,
    /// The client that holds it.
    pub client: ClientId,
    /// The grant from which it was made; `None` for `client_credentials`.
    pub grant: Option<GrantId>,
    /// Its scope.
    pub scope: ScopeSet,
    /// What it is for in detail.
    pub details: Option<Details>,
    /// What its bearer must prove to hold.
    pub binding: Option<Binding>,
    /// When it was made.
    pub issued_at: Instant,
    /// Until when.
    pub expires_at: Instant,
}

impl AccessToken {
    /// What it can open, if the consent opens it too.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        let detailed = self.details.as_ref().map(Details::permissions).unwrap_or_default();
        self.scope.permissions().union(detailed)
    }
}

/// A refresh token; only a digest of its text is stored. It is not rotated (FAPI 2.0 Security Profile 5.3.2.1-9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The client that may use it.
    pub client: ClientId,
    /// The grant from which it was made.
    pub grant: GrantId,
    /// When it was made.
    pub issued_at: Instant,
    /// Until when; `None` as long as the consent.
    pub expires_at: Option<Instant>,
}

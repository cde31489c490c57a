//! A client: a third party's app, as it registered itself.

use std::str::FromStr;

use serde_json::Value;

use super::alg::Alg;
use super::auth_method::AuthMethod;
use super::profile::{Need, Profile, ResponseMode};
use super::redirect_uri::RedirectUri;
use super::response_type::ResponseType;
use super::scope::ScopeSet;
use super::software::Software;
use super::verification::Verification;
use crate::id::ClientId;
use crate::text::Text;
use crate::time::Instant;

/// A registered app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What it said of itself.
    pub metadata: Metadata,
    /// Whether it may act.
    pub status: ClientStatus,
    /// Customers have one name (`sub`) per sector (OpenID Connect Core 8.1). Fixed at registration, so that it never changes.
    pub sector: String,
    /// When it registered.
    pub created_at: Instant,
    /// What an operator of the bank has checked of it, if what was checked still stands.
    pub verification: Option<Verification>,
}

/// Client metadata, RFC 7591 2, under the names of that standard and of those that extend it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// What it must do (a field of our own).
    #[serde(default)]
    pub security_profile: Profile,
    /// What customers see.
    pub client_name: Text<80>,
    /// Where it runs (OpenID Connect Registration 2).
    #[serde(default)]
    pub application_type: ApplicationType,
    /// Where customers may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// The one algorithm of its assertions; `None`: any (OpenID Connect Registration 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Alg>,
    /// Its public keys (RFC 7591 2), if it brought them along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are (RFC 7591 2), if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<WebUri>,
    /// Its certificate's subject, for `tls_client_auth` (RFC 8705 2.1.2); one of these five.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<Text<512>>,
    /// A DNS name in its certificate (RFC 8705 2.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<Text<512>>,
    /// A URI in its certificate (RFC 8705 2.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<Text<512>>,
    /// An address in its certificate (RFC 8705 2.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<Text<512>>,
    /// An e-mail address in its certificate (RFC 8705 2.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<Text<512>>,
    /// Whether its tokens are bound to its certificate (RFC 8705 3.4).
    #[serde(default)]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Whether its tokens are bound to a key by proofs (RFC 9449 5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Whether it calls the endpoints at their aliases (FAPI 2.0 Security Profile 5.2.2.1).
    #[serde(default)]
    pub use_mtls_endpoint_aliases: bool,
    /// Whether its requests are always pushed (RFC 9126 6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// Whether its requests are always signed objects (RFC 9101 10.5).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// The one algorithm of its request objects; `None`: any (OpenID Connect Registration 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Alg>,
    /// What it may ask to get from the authorization endpoint (RFC 7591 2).
    #[serde(default = "code_only")]
    pub response_types: Vec<ResponseType>,
    /// How answers may come back; `None`: in any way that its profile has (FAPI 2.0 Message Signing).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_modes: Option<Vec<ResponseMode>>,
    /// What signed answers are signed with (JARM 3).
    #[serde(default)]
    pub authorization_signed_response_alg: Alg,
    /// What its ID tokens are signed with (OpenID Connect Registration 2).
    #[serde(default)]
    pub id_token_signed_response_alg: Alg,
    /// What signed answers of introspection are signed with (RFC 9701 6).
    #[serde(default)]
    pub introspection_signed_response_alg: Alg,
    /// Which types of rich authorization requests it makes (RFC 9396 10); `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details_types: Option<Vec<Text<80>>>,
    /// Whether it is a resource server, which may ask about any token, and not an app (a field of our own).
    #[serde(default)]
    pub resource_server: bool,
    /// What a directory says of it: the statement as it came (RFC 7591 3.2.1), and what was read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// What the statement says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<Software>,
    /// What it may use at the token endpoint.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for.
    pub scope: ScopeSet,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<WebUri>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<WebUri>,
    /// How it treats data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<WebUri>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<WebUri>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Text<254>>,
    /// Which software it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<Text<100>>,
    /// Which version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<Text<100>>,
}

impl Metadata {
    /// Whether it may use a grant type.
    #[must_use]
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether a customer is shown the same app and sent to the same places: what an operator checks when they vouch for it.
    #[must_use]
    pub fn shows_the_same_as(&self, other: &Self) -> bool {
        self.client_name == other.client_name
            && self.client_uri == other.client_uri
            && self.logo_uri == other.logo_uri
            && self.policy_uri == other.policy_uri
            && self.tos_uri == other.tos_uri
            && self.redirect_uris == other.redirect_uris
    }

    /// Whether every request must be pushed.
    #[must_use]
    pub fn must_push(&self) -> bool {
        self.require_pushed_authorization_requests || self.security_profile.rules().pushed_request == Need::Required
    }

    /// Whether every request must be a signed object.
    #[must_use]
    pub fn must_sign(&self) -> bool {
        self.require_signed_request_object || self.security_profile.rules().signed_request == Need::Required
    }

    /// Whether every token must be bound to a key.
    #[must_use]
    pub fn must_bind(&self) -> bool {
        self.dpop_bound_access_tokens
            || self.tls_client_certificate_bound_access_tokens
            || self.security_profile.rules().sender_constraint == Need::Required
    }

    /// Whether it may ask for this at the authorization endpoint.
    #[must_use]
    pub fn may_ask_for(&self, response_type: ResponseType) -> bool {
        self.security_profile.rules().response_types.contains(&response_type)
            && self.response_types.contains(&response_type)
    }

    /// Whether an answer may come back in this way.
    #[must_use]
    pub fn may_be_answered(&self, mode: ResponseMode) -> bool {
        self.security_profile.rules().response_modes.contains(&mode)
            && self.response_modes.as_ref().is_none_or(|modes| modes.contains(&mode))
    }
}

/// What a client gets that does not say what it wants (RFC 7591 2).
fn code_only() -> Vec<ResponseType> {
    vec![ResponseType::Code]
}

/// Where an app runs; only one on the customer's own machine may be answered there without TLS (RFC 8252 7.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    /// On the customer's own machine.
    Native,
    /// On a server.
    #[default]
    Web,
}

/// What can be used at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A customer's yes, brought as a code (RFC 6749 4.1).
    AuthorizationCode,
    /// The client itself (RFC 6749 4.4).
    ClientCredentials,
    /// An earlier yes (RFC 6749 6).
    RefreshToken,
}

impl GrantType {
    /// Every grant type.
    pub const ALL: &[Self] = &[Self::AuthorizationCode, Self::ClientCredentials, Self::RefreshToken];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// Whether a client may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientStatus {
    /// It may.
    Active,
    /// An operator stopped it; it may be started again.
    Suspended,
}

impl ClientStatus {
    /// The word for it, in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for ClientStatus {
    type Err = crate::account::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            _ => Err(crate::account::UnknownWord),
        }
    }
}

/// An `https` address of a page or picture that a client names; shown or fetched, never trusted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebUri(String);

impl WebUri {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host name.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        url::Url::parse(&self.0).ok()?.host_str().map(str::to_owned)
    }
}

impl TryFrom<String> for WebUri {
    type Error = BadWebUri;

    fn try_from(text: String) -> Result<Self, BadWebUri> {
        let plain = text.len() <= 2000 && text.bytes().all(|b| (0x21..0x7f).contains(&b));
        let url = url::Url::parse(&text).map_err(|_| BadWebUri)?;
        let secure = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        if plain && secure { Ok(Self(text)) } else { Err(BadWebUri) }
    }
}

impl From<WebUri> for String {
    fn from(uri: WebUri) -> Self {
        uri.0
    }
}

/// The text is not an `https` address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an https address of at most 2000 characters")]
pub struct BadWebUri;

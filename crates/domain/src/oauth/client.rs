//! A client: a third party's app, as it registered itself.

use std::str::FromStr;

use super::redirect_uri::RedirectUri;
use super::scope::ScopeSet;
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
}

/// Client metadata, RFC 7591 2, under the names of that standard.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// What customers see.
    pub client_name: Text<80>,
    /// Where customers may be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
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
}

/// How a client proves who it is at the token endpoint and its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Id and secret in the `Authorization` header (RFC 6749 2.3.1).
    ClientSecretBasic,
    /// Id and secret in the body (RFC 6749 2.3.1).
    ClientSecretPost,
}

impl AuthMethod {
    /// Every method.
    pub const ALL: &[Self] = &[Self::ClientSecretBasic, Self::ClientSecretPost];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
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

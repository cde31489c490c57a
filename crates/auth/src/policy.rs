//! Names, lifetimes and limits that the operator sets.

use lombard_domain::time::Span;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The issuer: the public address of this server, without a slash at its end (RFC 8414 2).
    pub issuer: String,
    /// The API's identifier, which is the audience of access tokens (RFC 8707, RFC 9068 2.2).
    pub resource: String,
    /// Life of an access token.
    pub access_token_life: Span,
    /// Life of an authorization code; at most a minute (FAPI 2.0 Security Profile 5.3.2.1-11).
    pub code_life: Span,
    /// Life of a pushed request; below ten minutes (FAPI 2.0 Security Profile 5.3.2.2-11).
    pub request_uri_life: Span,
    /// How long a customer may take from the first page to the answer.
    pub interaction_life: Span,
    /// How long a consent made from scopes holds.
    pub consent_life: Span,
    /// How far back the data of a consent made from scopes reaches; `None` as far as there is any.
    pub history: Option<Span>,
    /// A session ends after so long without a request (RTS (EU) 2018/389 Art. 4(3)(d): at most five minutes).
    pub session_idle: Span,
    /// A session ends after so long in any case.
    pub session_life: Span,
    /// So many failed sign-ins in a row lock (RTS (EU) 2018/389 Art. 4(3)(b): at most five).
    pub sign_in_failures: i64,
    /// How long the first lock lasts; each further one twice as long, up to [`Policy::lock_life_max`].
    pub lock_life: Span,
    /// How long a lock lasts at most.
    pub lock_life_max: Span,
    /// Who may register apps.
    pub registration: Registration,
    /// How long a new signing key is published before it signs.
    pub key_lead: Span,
}

/// Who may register apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Only an operator.
    Closed,
    /// Anybody, as in a sandbox.
    Open,
    /// Who has the initial access token (RFC 7591 3) with this SHA-256 digest.
    Token(Vec<u8>),
}

impl Registration {
    /// Only who has this token may register.
    #[must_use]
    pub fn with_token(token: &str) -> Self {
        Self::Token(crate::digest::of(token))
    }
}

impl Policy {
    /// The usual policy of a server with this public address.
    #[must_use]
    pub fn for_issuer(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            resource: issuer.to_owned(),
            access_token_life: Span::minutes(5),
            code_life: Span::seconds(60),
            request_uri_life: Span::seconds(90),
            interaction_life: Span::minutes(15),
            consent_life: Span::days(90),
            history: None,
            session_idle: Span::minutes(5),
            session_life: Span::hours(8),
            sign_in_failures: 5,
            lock_life: Span::minutes(5),
            lock_life_max: Span::hours(4),
            registration: Registration::Closed,
            key_lead: Span::hours(1),
        }
    }

    /// The address of an endpoint.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Where the protected-resource metadata is (RFC 9728 3.1).
    #[must_use]
    pub fn resource_metadata(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource", self.resource)
    }
}

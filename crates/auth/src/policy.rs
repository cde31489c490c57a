//! Names, lifetimes and limits that the operator sets.

use lombard_domain::oauth::{Need, Profile};
use lombard_domain::time::Span;

use crate::access::{OldData, UnattendedCalls};
use crate::client::AppRules;
use crate::jose::Jwks;
use crate::limit::{Limits, Throttling};
use crate::watch::Response;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The issuer: the public address of this server, without a slash at its end (RFC 8414 2).
    pub issuer: String,
    /// The public address of the listener that asks for client certificates, without a slash at its end (RFC 8705 5).
    pub mtls_base: Option<String>,
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
    /// The least that an app's security profile may be.
    pub minimum_profile: Profile,
    /// What customers are told of apps, and which names apps may have.
    pub apps: AppRules,
    /// Who vouches for apps (RFC 7591 2.3).
    pub directories: Vec<Directory>,
    /// Whether apps need a software statement to register.
    pub software_statement: Need,
    /// How old a software statement may be.
    pub software_statement_age: Span,
    /// How long a nonce for proofs of possession is good (RFC 9449 8); `None`: proofs need none.
    pub dpop_nonce_life: Option<Span>,
    /// How long customers find a consent in their list after its end, and apps when they ask for it.
    pub ended_consent_life: Span,
    /// How long apps can fetch what they were to be told.
    pub event_life: Span,
    /// How many receipts a customer gets in an hour.
    pub receipts_per_hour: i64,
    /// How long a new signing key is published before it signs.
    pub key_lead: Span,
    /// How often apps may read without the customer (RTS (EU) 2018/389 Art. 36(5)(b)).
    pub unattended: UnattendedCalls,
    /// What of the past is open without a fresh sign-in (RTS (EU) 2018/389 Art. 10 and 10a).
    pub old_data: OldData,
    /// How often who may call what.
    pub limits: Limits,
    /// How many calls run at once and wait; `None`: as many as come.
    pub throttling: Option<Throttling>,
    /// What the record is watched for, and what follows from it; `None`: nobody watches.
    pub watching: Option<Response>,
}

/// Somebody who vouches for apps by software statements.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Its name, the `iss` of its statements.
    pub issuer: String,
    /// What it signs them with.
    pub keys: DirectoryKeys,
}

/// Where the keys of a directory are.
#[derive(Clone, Debug)]
pub enum DirectoryKeys {
    /// At an address that the operator names.
    At(String),
    /// Here.
    Here(Jwks),
}

/// By which listener a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The one that asks for client certificates.
    Mutual,
    /// The one for everybody.
    Public,
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
            mtls_base: None,
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
            minimum_profile: Profile::Baseline,
            apps: AppRules::usual(),
            directories: Vec::new(),
            software_statement: Need::Optional,
            software_statement_age: Span::hours(24),
            dpop_nonce_life: None,
            ended_consent_life: Span::days(730),
            event_life: Span::days(7),
            receipts_per_hour: 12,
            key_lead: Span::hours(1),
            unattended: UnattendedCalls::usual(),
            old_data: OldData::UK,
            limits: Limits::usual(),
            throttling: Some(Throttling::usual()),
            watching: Some(Response::usual()),
        }
    }

    /// The address that callers of a listener see before the path.
    #[must_use]
    pub fn base(&self, door: Door) -> &str {
        match (door, &self.mtls_base) {
            (Door::Mutual, Some(base)) => base,
            (Door::Mutual, None) | (Door::Public, _) => &self.issuer,
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

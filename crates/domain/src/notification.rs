//! What apps are told without asking: that something became of a consent of theirs (UK Open Banking, event notifications).

use std::str::FromStr;

use crate::consent::Kind;
use crate::id::{ClientId, ConsentId, NotificationId, SubscriptionId};
use crate::oauth::WebUri;
use crate::text::Text;
use crate::time::Instant;

/// Something that an app is told. It carries no personal data: the app looks the thing up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its identifier, the `jti` of the security event token; later ones sort later.
    pub id: NotificationId,
    /// The app.
    pub client: ClientId,
    /// What happened.
    pub topic: Topic,
    /// To what.
    pub about: About,
    /// Why, where the standard has a word for it.
    pub reason: Option<Reason>,
    /// When.
    pub at: Instant,
    /// The interaction id of the call that caused it, or an identifier of ours; the same for all that one change caused (`txn`).
    pub transaction: Text<128>,
}

/// The thing that a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A consent to account information.
    AccountAccessConsent(ConsentId),
    /// A consent to confirm funds.
    FundsConfirmationConsent(ConsentId),
}

impl About {
    /// A consent as something to tell of; `None` for one that no app lodged, which it would not know.
    #[must_use]
    pub fn consent(kind: Kind, id: ConsentId) -> Option<Self> {
        match kind {
            Kind::AccountAccess => Some(Self::AccountAccessConsent(id)),
            Kind::FundsConfirmation => Some(Self::FundsConfirmationConsent(id)),
            Kind::Request => None,
        }
    }

    /// The kind of the consent.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::AccountAccessConsent(_) => Kind::AccountAccess,
            Self::FundsConfirmationConsent(_) => Kind::FundsConfirmation,
        }
    }

    /// Which consent.
    #[must_use]
    pub fn consent_id(self) -> ConsentId {
        match self {
            Self::AccountAccessConsent(id) | Self::FundsConfirmationConsent(id) => id,
        }
    }
}

/// What an app can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// An account of a consent was closed or went to another bank.
    LinkedAccountUpdate,
    /// What a consent to confirm funds gave access to is not accessible any more, whether or not the consent itself ended.
    ConsentAccessRevoked,
    /// The customer, or the bank itself, took a consent back at the bank.
    ConsentAuthorizationRevoked,
    /// A consent expired, or was authorised anew.
    ResourceUpdate,
}

impl Topic {
    /// Every topic.
    pub const ALL: &[Self] = &[
        Self::LinkedAccountUpdate,
        Self::ConsentAccessRevoked,
        Self::ConsentAuthorizationRevoked,
        Self::ResourceUpdate,
    ];

    /// The name of the event in a security event token.
    #[must_use]
    pub fn urn(self) -> &'static str {
        match self {
            Self::LinkedAccountUpdate => "urn:uk:org:openbanking:events:account-access-consent-linked-account-update",
            Self::ConsentAccessRevoked => "urn:uk:org:openbanking:events:consent-access-revoked",
            Self::ConsentAuthorizationRevoked => "urn:uk:org:openbanking:events:consent-authorization-revoked",
            Self::ResourceUpdate => "urn:uk:org:openbanking:events:resource-update",
        }
    }

    /// The word for it in a subscription, and in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::LinkedAccountUpdate => "UK.OBIE.Account-Access-Consent-Linked-Account-Update",
            Self::ConsentAccessRevoked => "UK.OBIE.Consent-Access-Revoked",
            Self::ConsentAuthorizationRevoked => "UK.OBIE.Consent-Authorization-Revoked",
            Self::ResourceUpdate => "UK.OBIE.Resource-Update",
        }
    }
}

/// Why an account is not linked any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It was closed.
    AccountClosure,
    /// It went to another bank (Current Account Switch Service).
    Switched,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Self] = &[Self::AccountClosure, Self::Switched];

    /// The word for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AccountClosure => "UK.OBIE.AccountClosure",
            Self::Switched => "UK.OBIE.CASS",
        }
    }
}

/// What an app wants to be told, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its identifier.
    pub id: SubscriptionId,
    /// The app; each has one subscription at most.
    pub client: ClientId,
    /// Where notifications are sent; `None` if the app only fetches them.
    pub callback: Option<WebUri>,
    /// The version of the standard that the app speaks, such as `4.0`.
    pub version: Text<10>,
    /// What it wants to be told; empty for everything.
    pub topics: Vec<Topic>,
    /// Since when.
    pub created_at: Instant,
}

impl Subscription {
    /// Whether it asks for a topic.
    #[must_use]
    pub fn wants(&self, topic: Topic) -> bool {
        self.topics.is_empty() || self.topics.contains(&topic)
    }
}

impl FromStr for Topic {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.iter().copied().find(|topic| topic.code() == text).ok_or(Unknown)
    }
}

impl FromStr for Reason {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.iter().copied().find(|reason| reason.code() == text).ok_or(Unknown)
    }
}

/// A text names no topic or reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a word of notifications")]
pub struct Unknown;

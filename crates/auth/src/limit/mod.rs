//! How often who may call what: classes of endpoints, who is counted, how often, and where the counts are kept.
//!
//! A call is asked about at most three times: by its address before anything else, by its app once the app is known by a signature or
//! its own proof (never by a name that anybody can write), and by its customer or consent once the token was judged. What is asked at
//! once is admitted as a whole or not at all. The sums are `lombard_domain::limit`; the counts are kept in memory, or in a counter
//! that all nodes share, behind the port [`SharedCounter`].

mod ask;
mod limiter;
mod memory;
mod meter;
mod subject;
mod table;
mod throttling;

pub use limiter::{Counting, SharedCounter, Unreachable};
pub use meter::{Limited, Meter, Told};
pub use subject::{Key, Subject};
pub use table::Limits;
pub use throttling::Throttling;

pub(crate) use limiter::Limiter;

/// Endpoints that are alike in what they cost and in what their abuse gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What an app lodges, looks at and subscribes to for itself.
    Consent,
    /// Polling for events, each signed.
    Events,
    /// Whether there is enough money.
    Funds,
    /// Pages of customers, but for what they sign in with.
    Page,
    /// What everybody may see.
    Public,
    /// Customers' data.
    Read,
    /// Registrations of apps.
    Registration,
    /// What ends something: a token, a consent, a session.
    Revocation,
    /// Passwords and codes.
    SignIn,
    /// Where apps prove who they are.
    Token,
}

/// What is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A network address.
    Address,
    /// An app.
    Client,
    /// A consent.
    Consent,
    /// A customer, and where an app reads, that app's calls for this customer.
    Customer,
}

impl Class {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::Consent,
        Self::Events,
        Self::Funds,
        Self::Page,
        Self::Public,
        Self::Read,
        Self::Registration,
        Self::Revocation,
        Self::SignIn,
        Self::Token,
    ];

    /// Its name in answers, metrics and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Events => "events",
            Self::Funds => "funds",
            Self::Page => "page",
            Self::Public => "public",
            Self::Read => "read",
            Self::Registration => "registration",
            Self::Revocation => "revocation",
            Self::SignIn => "sign-in",
            Self::Token => "token",
        }
    }
}

impl Kind {
    /// All.
    pub const ALL: [Self; 4] = [Self::Address, Self::Client, Self::Consent, Self::Customer];

    /// Its name in answers, metrics and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Client => "client",
            Self::Consent => "consent",
            Self::Customer => "customer",
        }
    }
}

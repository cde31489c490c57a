//! The closed list of events that are put on record, and what an entry says.
//!
//! An entry refers to people and things by their identifiers only: no names, no amounts, no tokens, no addresses of accounts. The one
//! personal thing in it, the network address of the caller, is stored sealed.

mod line;

use std::net::IpAddr;

pub use line::{Chained, Line};

use crate::id::{AccountId, AuditId, ClientId, ConsentId, CustomerId};
use crate::time::Instant;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Something that is put on record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Event { $($(#[$doc])* $name,)* }

        impl Event {
            /// Every event.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name under which it is recorded.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

events! {
    /// An account was closed, blocked, or went to another bank.
    AccountChanged = "account.changed",
    /// A rule that watches the record found what it looks for.
    AlarmRaised = "alarm.raised",
    /// An app asked for an authorization that was refused on the spot.
    AuthorizationRefused = "authorization.refused",
    /// Somebody failed to prove to be a client.
    ClientAuthenticationFailed = "client.authentication-failed",
    /// A client was deleted.
    ClientDeleted = "client.deleted",
    /// A client has a name like another's, or like the bank's.
    ClientLookAlike = "client.look-alike",
    /// A client was registered.
    ClientRegistered = "client.registered",
    /// A client may act again.
    ClientResumed = "client.resumed",
    /// A client was suspended.
    ClientSuspended = "client.suspended",
    /// Nobody of the bank vouches for a client any more.
    ClientUnverified = "client.unverified",
    /// A client changed what it says of itself.
    ClientUpdated = "client.updated",
    /// An operator has checked whose a client is, and vouches for it.
    ClientVerified = "client.verified",
    /// A code was presented a second time, and what it had given was revoked.
    CodeReplayed = "code.replayed",
    /// A customer allowed a consent.
    ConsentAuthorised = "consent.authorised",
    /// An app deleted a consent.
    ConsentDeleted = "consent.deleted",
    /// A consent's time was over.
    ConsentExpired = "consent.expired",
    /// An app lodged a consent.
    ConsentLodged = "consent.lodged",
    /// A customer refused a consent, or went away.
    ConsentRejected = "consent.rejected",
    /// A consent was taken back.
    ConsentRevoked = "consent.revoked",
    /// A customer's password or second factor was set.
    CredentialsSet = "customer.credentials-set",
    /// Everything personal of a customer was erased.
    CustomerErased = "customer.erased",
    /// An app read data.
    DataRead = "data.read",
    /// An app was refused data.
    DataRefused = "data.refused",
    /// Bank data was imported.
    Imported = "bank.imported",
    /// Another master key was put to use.
    MasterKeyChanged = "key.master-changed",
    /// An operator ended a measure.
    MeasureLifted = "measure.lifted",
    /// A measure was taken against somebody of whom alarms were raised.
    MeasureTaken = "measure.taken",
    /// A signing key was made and published.
    KeyPublished = "key.published",
    /// The database was restored from a backup.
    Restored = "bank.restored",
    /// A customer's sign-in failed.
    SignInFailed = "sign-in.failed",
    /// A customer signed in.
    SignedIn = "sign-in.succeeded",
    /// A customer signed out.
    SignedOut = "sign-in.ended",
    /// An app said what it wants to be told, changed it, or took it back.
    SubscriptionChanged = "subscription.changed",
    /// Tokens were issued.
    TokenIssued = "token.issued",
    /// Tokens were refused.
    TokenRefused = "token.refused",
    /// A code or refresh token came that has ended, or that was made for another app.
    TokenReplayed = "token.replayed",
    /// Tokens were revoked.
    TokenRevoked = "token.revoked",
}

impl Event {
    /// The event that is recorded under a name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        // By far the most frequent one first.
        if code == Self::DataRead.code() {
            return Some(Self::DataRead);
        }
        Self::ALL.iter().copied().find(|event| event.code() == code)
    }

    /// Whether somebody was refused something: what the makers of an app look for when a call fails.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::AuthorizationRefused | Self::ClientAuthenticationFailed | Self::DataRefused | Self::TokenRefused
        )
    }

    /// Whether the customer was at the other end of the connection, and not an app. Who was there when a sign-in failed nobody knows;
    /// and to put it on record must not take a different time for a name that is somebody's.
    #[must_use]
    pub fn comes_from_customer(self) -> bool {
        matches!(
            self,
            Self::ConsentAuthorised | Self::ConsentRejected | Self::ConsentRevoked | Self::SignedIn | Self::SignedOut
        )
    }

    /// How it ended for whoever asked.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::CodeReplayed | Self::SignInFailed | Self::TokenReplayed => Outcome::Refused,
            refusal if refusal.is_refusal() => Outcome::Refused,
            _ => Outcome::Done,
        }
    }
}

/// How something ended for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The name under which it is recorded.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its identifier; entries made later sort later.
    pub id: AuditId,
    /// When.
    pub at: Instant,
    /// What happened.
    pub event: Event,
    /// To whom and what.
    pub subject: Subject,
    /// Why or how, in a fixed word of ours; never a text from outside.
    pub reason: Option<&'static str>,
    /// The interaction id of the call that caused it.
    pub interaction: Option<String>,
    /// The network address from which it was called, if it came over the network.
    pub address: Option<IpAddr>,
}

/// Whom and what an entry is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The app.
    pub client: Option<ClientId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The consent under which it happened.
    pub consent: Option<ConsentId>,
    /// The account.
    pub account: Option<AccountId>,
}

//! Why a call gets no data, and the word for it on record.

use lombard_domain::consent::Ended;

use super::Budget;
use crate::error::Error;
use crate::limit::Limited;

/// What is wrong with a proof of possession; whoever sent it is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is missing, or does not hold.
    Unsound,
    /// It is of another key than the token is bound to.
    OtherKey,
    /// It has come before.
    Replayed,
}

/// Why a call gets no data.
#[derive(Debug)]
pub enum Denied {
    /// Not one of the accounts that the consent is for: somebody else's, not chosen, or not there at all, which nobody can tell apart.
    Account,
    /// Too much is going on.
    Busy,
    /// The consent is over.
    ConsentEnded(Ended),
    /// The token's time is over.
    Expired,
    /// Something of ours is broken.
    Internal(Error),
    /// The token is not one of ours, was revoked, belongs to a client that may not act, or is not presented as it must be.
    InvalidToken,
    /// Too many calls.
    Limited(Limited),
    /// A proof with a nonce of this server is needed (RFC 9449 9).
    Nonce,
    /// There is no token.
    NoToken,
    /// The consent does not give this right, whose name follows.
    Permission(&'static str),
    /// It is said where the customer is, but that is no address.
    Presence,
    /// The proof of possession is not good (RFC 9449 7.1).
    Proof(Flaw),
    /// The token is bound to another certificate than the one that was shown.
    OtherCertificate,
    /// All accesses without the customer are used up.
    Unattended(Box<Budget>),
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        match error {
            Error::Busy => Self::Busy,
            Error::Limited(limited) => Self::Limited(limited),
            other => Self::Internal(other),
        }
    }
}

impl From<lombard_store::Error> for Denied {
    fn from(error: lombard_store::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<Limited> for Denied {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

impl Denied {
    /// The word for it on record.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Busy => "busy",
            Self::ConsentEnded(Ended::AuthenticationDue) => "authentication-due",
            Self::ConsentEnded(Ended::Expired) => "consent-expired",
            Self::ConsentEnded(Ended::NeverGiven) => "consent-not-given",
            Self::ConsentEnded(Ended::Revoked) => "consent-revoked",
            Self::Expired => "token-expired",
            Self::Internal(_) => "internal",
            Self::InvalidToken => "token-invalid",
            Self::Limited(_) => "limited",
            Self::Nonce => "nonce",
            Self::NoToken => "no-token",
            Self::Permission(right) => right,
            Self::Presence => "customer-address",
            Self::Proof(Flaw::Unsound) => "proof",
            Self::Proof(Flaw::OtherKey) | Self::OtherCertificate => "other-key",
            Self::Proof(Flaw::Replayed) => "proof-replayed",
            Self::Unattended(_) => UNATTENDED,
        }
    }
}

/// The word on record for [`Denied::Unattended`], which is written before it is known whether there is a place.
pub(super) const UNATTENDED: &str = "unattended";

//! Where a consent stands, without what belongs to it: as it is stored, shown and compared.

use std::fmt;
use std::str::FromStr;

use super::{Authorisation, Ended, Rejection, Revoker, State};
use crate::time::Instant;

/// A state without its data, as it is stored and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// See [`Rejection::Abandoned`].
    Abandoned,
    /// See [`Revoker::BankForAuthentication`].
    AuthenticationDue,
    /// See [`State::Authorised`].
    Authorised,
    /// See [`State::Awaiting`].
    Awaiting,
    /// See [`Rejection::Declined`].
    Declined,
    /// See [`State::Deleted`].
    Deleted,
    /// See [`State::Expired`].
    Expired,
    /// See [`Revoker::Bank`].
    RevokedByBank,
    /// See [`Revoker::Client`].
    RevokedByClient,
    /// See [`Revoker::Customer`].
    RevokedByCustomer,
    /// See [`Revoker::BankForFraud`].
    SuspendedForFraud,
}

impl Status {
    /// Every status.
    pub const ALL: &[Self] = &[
        Self::Abandoned,
        Self::AuthenticationDue,
        Self::Authorised,
        Self::Awaiting,
        Self::Declined,
        Self::Deleted,
        Self::Expired,
        Self::RevokedByBank,
        Self::RevokedByClient,
        Self::RevokedByCustomer,
        Self::SuspendedForFraud,
    ];

    /// The word for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::AuthenticationDue => "authentication-due",
            Self::Authorised => "authorised",
            Self::Awaiting => "awaiting",
            Self::Declined => "rejected",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
            Self::RevokedByBank => "revoked-by-bank",
            Self::RevokedByClient => "revoked-by-client",
            Self::RevokedByCustomer => "revoked-by-customer",
            Self::SuspendedForFraud => "suspended-for-fraud",
        }
    }

    /// Whether a consent with this status and this expiry gives its rights at this moment.
    ///
    /// # Errors
    /// [`Ended`] says why it does not.
    pub fn standing(self, expires_at: Option<Instant>, now: Instant) -> Result<(), Ended> {
        match self {
            Self::Authorised if expires_at.is_some_and(|end| end <= now) => Err(Ended::Expired),
            Self::Authorised => Ok(()),
            Self::Abandoned | Self::Awaiting | Self::Declined => Err(Ended::NeverGiven),
            Self::AuthenticationDue => Err(Ended::AuthenticationDue),
            Self::Expired => Err(Ended::Expired),
            Self::Deleted
            | Self::RevokedByBank
            | Self::RevokedByClient
            | Self::RevokedByCustomer
            | Self::SuspendedForFraud => Err(Ended::Revoked),
        }
    }

    /// The state with this status and the customer's answer; `None` if the two do not fit.
    #[must_use]
    pub fn with(self, authorisation: Option<Authorisation>) -> Option<State> {
        let revoked = |by| move |yes| State::Revoked(yes, by);
        match (self, authorisation) {
            (Self::Abandoned, None) => Some(State::Rejected(Rejection::Abandoned)),
            (Self::Awaiting, None) => Some(State::Awaiting),
            (Self::Declined, None) => Some(State::Rejected(Rejection::Declined)),
            (Self::Deleted, any) => Some(State::Deleted(any)),
            (Self::Expired, any) => Some(State::Expired(any)),
            (Self::Authorised, yes) => yes.map(State::Authorised),
            (Self::AuthenticationDue, yes) => yes.map(revoked(Revoker::BankForAuthentication)),
            (Self::RevokedByBank, yes) => yes.map(revoked(Revoker::Bank)),
            (Self::RevokedByClient, yes) => yes.map(revoked(Revoker::Client)),
            (Self::RevokedByCustomer, yes) => yes.map(revoked(Revoker::Customer)),
            (Self::SuspendedForFraud, yes) => yes.map(revoked(Revoker::BankForFraud)),
            (Self::Abandoned | Self::Awaiting | Self::Declined, Some(_)) => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.iter().copied().find(|status| status.code() == text).ok_or(UnknownStatus)
    }
}

/// A stored text is not a consent's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the status of a consent")]
pub struct UnknownStatus;

/// One state of a consent: where it stands, and since when. Whoever saw one state changes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Where it stands.
    pub status: Status,
    /// Since when.
    pub since: Instant,
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.status, self.since.micros())
    }
}

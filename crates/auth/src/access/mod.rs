//! The capabilities without which no data can be read, and the only code that makes them.
//!
//! A capability is the proof that a call was checked: token, client, consent, permission, account. It has no public constructor;
//! the bank's functions demand one, so a handler cannot forget the check and cannot use the check of another right.

mod gate;
mod possession;
mod presented;

use std::marker::PhantomData;

use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId};
use lombard_domain::permission::Right;

pub use gate::{Denied, Gate};
pub use presented::{Presented, Scheme};

/// The right to read something of all accounts of a consent.
pub struct ConsentAccess<R: Right> {
    client: ClientId,
    consent: ConsentId,
    customer: CustomerId,
    shade: R::Shade,
    right: PhantomData<fn() -> R>,
}

/// The right to read something of one account.
pub struct AccountAccess<R: Right> {
    consent: ConsentAccess<R>,
    account: AccountId,
}

impl<R: Right> ConsentAccess<R> {
    /// The app that reads.
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// The consent under which it reads.
    #[must_use]
    pub fn consent(&self) -> ConsentId {
        self.consent
    }

    /// The customer who gave it.
    #[must_use]
    pub fn customer(&self) -> CustomerId {
        self.customer
    }

    /// How much may be seen.
    #[must_use]
    pub fn shade(&self) -> R::Shade {
        self.shade
    }
}

impl<R: Right> AccountAccess<R> {
    /// The account that may be read.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// How much may be seen.
    #[must_use]
    pub fn shade(&self) -> R::Shade {
        self.consent.shade
    }

    /// The consent under which it is read.
    #[must_use]
    pub fn consent(&self) -> &ConsentAccess<R> {
        &self.consent
    }
}

/// An app that calls with a token of its own, for something that is its own.
pub struct ClientAccess {
    pub(crate) client: ClientId,
}

impl ClientAccess {
    /// The app.
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.client
    }
}

/// A customer's name for an app, and what the app may know of them (OpenID Connect Core 5.3).
pub struct IdentityAccess {
    pub(crate) subject: String,
}

impl IdentityAccess {
    /// The customer's name for this app (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

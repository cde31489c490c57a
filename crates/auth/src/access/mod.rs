//! The capabilities without which no data can be read, and the only code that makes them.
//!
//! A capability is the proof that a call was checked: token, client, consent, permission, account. It has no public constructor;
//! the bank's functions demand one, so a handler cannot forget the check and cannot use the check of another right. Where a call has a
//! [`Pledge`], its read is put on record while the handler works, and the answer waits for it.

mod denied;
mod gate;
mod link;
mod old_data;
mod pledge;
mod possession;
mod presented;
mod unattended;

use std::marker::PhantomData;

use lombard_domain::id::{AccountId, ClientId, ConsentId, CustomerId};
use lombard_domain::permission::{Right, Window};
use lombard_domain::time::Instant;

pub use denied::{Denied, Flaw};
pub use gate::Gate;
pub use link::{Link, LinkStamps};
pub use old_data::OldData;
pub use pledge::Pledge;
pub use presented::{Presented, Scheme};
pub use unattended::{Budget, Calls, Presence, UnattendedCalls};
pub(crate) use unattended::{Claim, give_back_alone, take};

/// The right to read something of all accounts of a consent.
pub struct ConsentAccess<R: Right> {
    client: ClientId,
    consent: ConsentId,
    customer: CustomerId,
    granted: Window,
    history: Option<Instant>,
    budget: Option<Budget>,
    stamps: Option<LinkStamps>,
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

    /// The span of time that the consent gives, were the customer's sign-in fresh.
    #[must_use]
    pub fn granted(&self) -> Window {
        self.granted
    }

    /// Since when data is open, where the customer's sign-in is too old for all that the consent gives; the shade is narrowed by it.
    #[must_use]
    pub fn history(&self) -> Option<Instant> {
        self.history
    }

    /// What is left of the accesses without the customer; `None` if this is none of those, or they are not counted.
    #[must_use]
    pub fn budget(&self) -> Option<&Budget> {
        self.budget.as_ref()
    }

    /// What links of this answer must carry, each its own, so that following them is no further access; never one that begins anew.
    #[must_use]
    pub fn link_stamps(&self) -> Option<&LinkStamps> {
        self.stamps.as_ref()
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

    /// See [`ConsentAccess::history`].
    #[must_use]
    pub fn history(&self) -> Option<Instant> {
        self.consent.history
    }

    /// See [`ConsentAccess::link_stamps`].
    #[must_use]
    pub fn link_stamps(&self) -> Option<&LinkStamps> {
        self.consent.link_stamps()
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
    pub(crate) intent: Option<ConsentId>,
}

impl IdentityAccess {
    /// The customer's name for this app (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The consent that the app had lodged for this (`openbanking_intent_id`, UK Open Banking).
    #[must_use]
    pub fn intent(&self) -> Option<ConsentId> {
        self.intent
    }
}

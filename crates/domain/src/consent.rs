//! A consent: what a customer allows an app, on which accounts, until when. The one thing from which all rights follow.
//!
//! ```text
//!  awaiting --authorise--> authorised --revoke--> revoked
//!      |                       |                     |
//!      +--reject--> rejected   +--expire--> expired <+   (an expiry also ends a revoked consent)
//! ```
//!
//! The customer, the app or the bank revokes. Rejected and expired are final; a revoked consent may be authorised again by the
//! same customer while it has not expired.

use std::fmt;
use std::str::FromStr;

use crate::id::{AccountId, ClientId, ConsentId, CustomerId};
use crate::permission::{PermissionSet, Window};
use crate::time::Instant;

/// What an app asks for, or has been given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    id: ConsentId,
    client: ClientId,
    terms: Terms,
    created_at: Instant,
    changed_at: Instant,
    state: State,
}

/// What a consent allows, as asked for; a customer accepts or refuses it whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What may be read.
    pub permissions: PermissionSet,
    /// Of which time.
    pub window: Window,
    /// Until when the consent holds; `None` until it is taken back.
    pub expires_at: Option<Instant>,
}

/// Where a consent stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Lodged by an app; no customer has answered yet.
    Awaiting,
    /// A customer allowed it, for these accounts.
    Authorised(Authorisation),
    /// Its time is over.
    Expired(Option<Authorisation>),
    /// A customer refused it, or never finished.
    Rejected,
    /// It was taken back.
    Revoked(Authorisation, Revoker),
}

/// A customer's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorisation {
    /// Who said it.
    pub customer: CustomerId,
    /// To which accounts, in id order, without repeats.
    pub accounts: Vec<AccountId>,
}

/// Who took a consent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoker {
    /// The bank: fraud, a closed customer, an operator.
    Bank,
    /// The app.
    Client,
    /// The customer.
    Customer,
}

impl Consent {
    /// A consent that waits for a customer's answer.
    #[must_use]
    pub fn lodge(id: ConsentId, client: ClientId, terms: Terms, now: Instant) -> Self {
        Self { id, client, terms, created_at: now, changed_at: now, state: State::Awaiting }
    }

    /// A consent as it was stored.
    #[must_use]
    pub fn restore(
        id: ConsentId,
        client: ClientId,
        terms: Terms,
        created_at: Instant,
        state: (State, Instant),
    ) -> Self {
        Self { id, client, terms, created_at, changed_at: state.1, state: state.0 }
    }

    /// The customer allows it for these accounts.
    ///
    /// # Errors
    /// [`NotPossible`] unless it waits for an answer or was revoked, is not over, and, if it was answered before, it was by the same customer.
    pub fn authorise(
        self,
        customer: CustomerId,
        mut accounts: Vec<AccountId>,
        now: Instant,
    ) -> Result<Self, NotPossible> {
        if self.is_over(now) {
            return Err(NotPossible);
        }
        match &self.state {
            State::Awaiting => {}
            State::Authorised(before) | State::Revoked(before, _) if before.customer == customer => {}
            State::Authorised(_) | State::Revoked(..) | State::Expired(_) | State::Rejected => {
                return Err(NotPossible);
            }
        }
        accounts.sort_unstable();
        accounts.dedup();
        Ok(self.moved(State::Authorised(Authorisation { customer, accounts }), now))
    }

    /// The customer refuses it.
    ///
    /// # Errors
    /// [`NotPossible`] unless it waits for an answer.
    pub fn reject(self, now: Instant) -> Result<Self, NotPossible> {
        match self.state {
            State::Awaiting => Ok(self.moved(State::Rejected, now)),
            State::Authorised(_) | State::Expired(_) | State::Rejected | State::Revoked(..) => Err(NotPossible),
        }
    }

    /// Somebody takes it back.
    ///
    /// # Errors
    /// [`NotPossible`] unless it is authorised.
    pub fn revoke(self, by: Revoker, now: Instant) -> Result<Self, NotPossible> {
        match self.state.clone() {
            State::Authorised(authorisation) => Ok(self.moved(State::Revoked(authorisation, by), now)),
            State::Awaiting | State::Expired(_) | State::Rejected | State::Revoked(..) => Err(NotPossible),
        }
    }

    /// Records that its time is over.
    ///
    /// # Errors
    /// [`NotPossible`] if its time is not over, or it is in a final state.
    pub fn expire(self, now: Instant) -> Result<Self, NotPossible> {
        if !self.is_over(now) {
            return Err(NotPossible);
        }
        match self.state.clone() {
            State::Authorised(authorisation) | State::Revoked(authorisation, _) => {
                Ok(self.moved(State::Expired(Some(authorisation)), now))
            }
            State::Awaiting => Ok(self.moved(State::Expired(None), now)),
            State::Expired(_) | State::Rejected => Err(NotPossible),
        }
    }

    /// What may be done with it at this moment, whatever was recorded before.
    ///
    /// # Errors
    /// [`Ended`] says why nothing may be done.
    pub fn standing(&self, now: Instant) -> Result<&Authorisation, Ended> {
        self.state.status().standing(self.terms.expires_at, now)?;
        self.state.authorisation().ok_or(Ended::NeverGiven)
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> ConsentId {
        self.id
    }

    /// The app that asked for it.
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// What it allows.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// When it was made.
    #[must_use]
    pub fn created_at(&self) -> Instant {
        self.created_at
    }

    /// When it came to stand where it stands.
    #[must_use]
    pub fn changed_at(&self) -> Instant {
        self.changed_at
    }

    fn is_over(&self, now: Instant) -> bool {
        self.terms.expires_at.is_some_and(|end| end <= now)
    }

    fn moved(self, state: State, now: Instant) -> Self {
        Self { state, changed_at: now, ..self }
    }
}

impl State {
    /// The name under which it is stored.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Awaiting => Status::Awaiting,
            Self::Authorised(_) => Status::Authorised,
            Self::Expired(_) => Status::Expired,
            Self::Rejected => Status::Rejected,
            Self::Revoked(_, Revoker::Bank) => Status::RevokedByBank,
            Self::Revoked(_, Revoker::Client) => Status::RevokedByClient,
            Self::Revoked(_, Revoker::Customer) => Status::RevokedByCustomer,
        }
    }

    /// The customer's yes, if one was ever given.
    #[must_use]
    pub fn authorisation(&self) -> Option<&Authorisation> {
        match self {
            Self::Authorised(authorisation) | Self::Revoked(authorisation, _) => Some(authorisation),
            Self::Expired(authorisation) => authorisation.as_ref(),
            Self::Awaiting | Self::Rejected => None,
        }
    }
}

/// A state without its data, as it is stored and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// See [`State::Awaiting`].
    Awaiting,
    /// See [`State::Authorised`].
    Authorised,
    /// See [`State::Expired`].
    Expired,
    /// See [`State::Rejected`].
    Rejected,
    /// See [`Revoker::Bank`].
    RevokedByBank,
    /// See [`Revoker::Client`].
    RevokedByClient,
    /// See [`Revoker::Customer`].
    RevokedByCustomer,
}

impl Status {
    /// Every status.
    pub const ALL: &[Self] = &[
        Self::Awaiting,
        Self::Authorised,
        Self::Expired,
        Self::Rejected,
        Self::RevokedByBank,
        Self::RevokedByClient,
        Self::RevokedByCustomer,
    ];

    /// The word for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Awaiting => "awaiting",
            Self::Authorised => "authorised",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::RevokedByBank => "revoked-by-bank",
            Self::RevokedByClient => "revoked-by-client",
            Self::RevokedByCustomer => "revoked-by-customer",
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
            Self::Awaiting | Self::Rejected => Err(Ended::NeverGiven),
            Self::Expired => Err(Ended::Expired),
            Self::RevokedByBank | Self::RevokedByClient | Self::RevokedByCustomer => Err(Ended::Revoked),
        }
    }

    /// The state with this status and the customer's answer; `None` if the two do not fit.
    #[must_use]
    pub fn with(self, authorisation: Option<Authorisation>) -> Option<State> {
        match (self, authorisation) {
            (Self::Awaiting, None) => Some(State::Awaiting),
            (Self::Authorised, Some(yes)) => Some(State::Authorised(yes)),
            (Self::Expired, any) => Some(State::Expired(any)),
            (Self::Rejected, None) => Some(State::Rejected),
            (Self::RevokedByBank, Some(yes)) => Some(State::Revoked(yes, Revoker::Bank)),
            (Self::RevokedByClient, Some(yes)) => Some(State::Revoked(yes, Revoker::Client)),
            (Self::RevokedByCustomer, Some(yes)) => Some(State::Revoked(yes, Revoker::Customer)),
            _ => None,
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

/// The consent is not in a state from which this can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the consent's state does not allow this")]
pub struct NotPossible;

/// Why a consent gives no right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its time is over.
    Expired,
    /// No customer has allowed it.
    NeverGiven,
    /// It was taken back.
    Revoked,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::permission::Permission;

    const END: i64 = 1000;

    fn lodged() -> Consent {
        let terms = Terms {
            permissions: PermissionSet::of(&[Permission::Balances]),
            window: Window::default(),
            expires_at: Some(Instant::from_seconds(END)),
        };
        Consent::lodge(ConsentId::from_bits(1), ClientId::from_bits(2), terms, Instant::from_seconds(0))
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    fn ann() -> CustomerId {
        CustomerId::from_bits(3)
    }

    #[test]
    fn gives_rights_only_while_authorised() {
        let consent = lodged();
        assert_eq!(consent.standing(at(1)), Err(Ended::NeverGiven));
        let consent = consent
            .authorise(ann(), vec![AccountId::from_bits(9), AccountId::from_bits(8), AccountId::from_bits(9)], at(2))
            .unwrap();
        assert_eq!(consent.standing(at(3)).unwrap().accounts, [AccountId::from_bits(8), AccountId::from_bits(9)]);
        assert_eq!(consent.standing(at(END - 1)).map(|yes| yes.customer), Ok(ann()));
        assert_eq!(consent.standing(at(END)), Err(Ended::Expired), "the last moment is the one before the expiry");
        let revoked = consent.revoke(Revoker::Customer, at(4)).unwrap();
        assert_eq!(revoked.standing(at(5)), Err(Ended::Revoked));
    }

    #[test]
    fn only_the_same_customer_gives_a_revoked_consent_again() {
        let revoked = lodged().authorise(ann(), vec![], at(1)).unwrap().revoke(Revoker::Bank, at(2)).unwrap();
        assert_eq!(revoked.clone().authorise(CustomerId::from_bits(4), vec![], at(3)), Err(NotPossible));
        assert!(revoked.clone().authorise(ann(), vec![], at(3)).is_ok());
        assert_eq!(revoked.authorise(ann(), vec![], at(END)), Err(NotPossible));
    }

    #[test]
    fn rejected_and_expired_are_final() {
        let rejected = lodged().reject(at(1)).unwrap();
        let expired = lodged().authorise(ann(), vec![], at(1)).unwrap().expire(at(END)).unwrap();
        for consent in [rejected, expired] {
            assert_eq!(consent.clone().authorise(ann(), vec![], at(1)), Err(NotPossible));
            assert_eq!(consent.clone().revoke(Revoker::Client, at(1)), Err(NotPossible));
            assert_eq!(consent.clone().reject(at(1)), Err(NotPossible));
            assert_eq!(consent.expire(at(END + 1)), Err(NotPossible));
        }
        assert_eq!(lodged().expire(at(END - 1)), Err(NotPossible));
    }

    proptest! {
        /// Whatever happens in whatever order: rights exist only if the last answer was a yes that nobody took back, before the expiry.
        #[test]
        fn no_sequence_of_events_revives_a_right(events in proptest::collection::vec((0..4_u8, 0..2000_i64), 0..12), when in 0..2000_i64) {
            let mut consent = lodged();
            let mut given = false;
            for (event, seconds) in events {
                let next = match event {
                    0 => consent.clone().authorise(ann(), vec![], at(seconds)).inspect(|_| given = true),
                    1 => consent.clone().reject(at(seconds)),
                    2 => consent.clone().revoke(Revoker::Customer, at(seconds)).inspect(|_| given = false),
                    _ => consent.clone().expire(at(seconds)).inspect(|_| given = false),
                };
                consent = next.unwrap_or(consent);
                let status = consent.state().status();
                prop_assert_eq!(status.code().parse::<Status>().unwrap(), status);
                prop_assert_eq!(status.with(consent.state().authorisation().cloned()), Some(consent.state().clone()));
            }
            prop_assert_eq!(consent.standing(at(when)).is_ok(), given && when < END);
        }
    }
}

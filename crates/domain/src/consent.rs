//! A consent: what a customer allows an app, on which accounts, until when. The one thing from which all rights follow.
//!
//! ```text
//!  awaiting --authorise--> authorised <--authorise--+
//!      |                     |     |                |
//!      +--reject--> rejected |     +--revoke--> revoked --revoke, for fraud--> revoked
//!      +--expire--> expired <+--------expire--------+
//!
//!  any of them --delete--> deleted
//! ```
//!
//! The customer, the app or the bank revokes. Rejected, expired and deleted are final, but for the deletion; a consent that is
//! authorised or revoked may be authorised again, by the same customer, while it has not expired; but not one that the bank took back
//! because it suspects fraud: whoever could sign in then may be the thief. The bank may come to suspect it after somebody else has taken
//! the consent back, so it can be revoked for fraud then, too.

mod status;
mod wording;

use std::fmt;
use std::str::FromStr;

use crate::account::Identification;
use crate::id::{AccountId, ClientId, ConsentId, CustomerId};
use crate::permission::{PermissionSet, Window};
use crate::text::Text;
use crate::time::Instant;

pub use status::{Stamp, Status, UnknownStatus};
pub use wording::{Times, Wording, Written};

/// What an app asks for, or has been given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    id: ConsentId,
    client: ClientId,
    kind: Kind,
    terms: Terms,
    wording: Wording,
    created_at: Instant,
    changed_at: Instant,
    state: State,
}

/// How a consent came to be, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An app lodged it, to read account information.
    AccountAccess,
    /// An app lodged it, to ask whether there is enough money in one account.
    FundsConfirmation,
    /// It was made when a customer said yes to a request that said itself what was asked for.
    Request,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::AccountAccess, Self::FundsConfirmation, Self::Request];

    /// The word for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AccountAccess => "account-access",
            Self::FundsConfirmation => "funds-confirmation",
            Self::Request => "request",
        }
    }
}

impl FromStr for Kind {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.iter().copied().find(|kind| kind.code() == text).ok_or(UnknownStatus)
    }
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
    /// The one account that the app named itself, in a consent to confirm funds.
    pub debtor: Option<Debtor>,
}

/// An account that an app names by its number.
#[derive(Clone, PartialEq, Eq)]
pub struct Debtor {
    /// The number.
    pub account: Identification,
    /// The name of its holder, as the app knows it.
    pub name: Option<Text<350>>,
    /// A second number, such as a roll number.
    pub secondary: Option<Text<34>>,
}

impl fmt::Debug for Debtor {
    /// Nothing of it: it names a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Debtor(…)")
    }
}

/// Where a consent stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Lodged by an app; no customer has answered yet.
    Awaiting,
    /// A customer allowed it, for these accounts.
    Authorised(Authorisation),
    /// The app deleted it.
    Deleted(Option<Authorisation>),
    /// Its time is over.
    Expired(Option<Authorisation>),
    /// No customer allowed it.
    Rejected(Rejection),
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

/// Why no customer allowed a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The customer began and never finished.
    Abandoned,
    /// The customer said no, or the account that the app named is not theirs.
    Declined,
}

/// Who took a consent back, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoker {
    /// The bank: a closed customer, an operator.
    Bank,
    /// The bank, because the customer must sign in anew before it goes on.
    BankForAuthentication,
    /// The bank, because it suspects fraud.
    BankForFraud,
    /// The app.
    Client,
    /// The customer.
    Customer,
}

impl Consent {
    /// A consent that waits for a customer's answer.
    #[must_use]
    pub fn lodge(id: ConsentId, client: ClientId, kind: Kind, terms: Terms, now: Instant) -> Self {
        let wording = Wording::default();
        Self { id, client, kind, terms, wording, created_at: now, changed_at: now, state: State::Awaiting }
    }

    /// The same in the app's own words, as far as these say what the terms say.
    #[must_use]
    pub fn worded(self, wording: Wording) -> Self {
        Self { wording: wording.of(&self.terms), ..self }
    }

    /// A consent as it was stored.
    #[must_use]
    pub fn restore(lodged: Self, state: State, changed_at: Instant) -> Self {
        Self { state, changed_at, ..lodged }
    }

    /// The customer allows it for these accounts.
    ///
    /// # Errors
    /// [`NotPossible`] unless it waits for an answer or was revoked (not for fraud), is not over, and, if it was answered before, it was by
    /// the same customer.
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
            State::Revoked(_, Revoker::BankForFraud) => return Err(NotPossible),
            State::Authorised(before) | State::Revoked(before, _) if before.customer == customer => {}
            State::Authorised(_) | State::Revoked(..) | State::Deleted(_) | State::Expired(_) | State::Rejected(_) => {
                return Err(NotPossible);
            }
        }
        accounts.sort_unstable();
        accounts.dedup();
        Ok(self.moved(State::Authorised(Authorisation { customer, accounts }), now))
    }

    /// The customer refuses it, or never finishes.
    ///
    /// # Errors
    /// [`NotPossible`] unless it waits for an answer.
    pub fn reject(self, why: Rejection, now: Instant) -> Result<Self, NotPossible> {
        match self.state {
            State::Awaiting => Ok(self.moved(State::Rejected(why), now)),
            State::Authorised(_) | State::Deleted(_) | State::Expired(_) | State::Rejected(_) | State::Revoked(..) => {
                Err(NotPossible)
            }
        }
    }

    /// The app deletes it.
    ///
    /// # Errors
    /// [`NotPossible`] if it is deleted already.
    pub fn delete(self, now: Instant) -> Result<Self, NotPossible> {
        match self.state.clone() {
            State::Deleted(_) => Err(NotPossible),
            other => Ok(self.moved(State::Deleted(other.authorisation().cloned()), now)),
        }
    }

    /// Somebody takes it back.
    ///
    /// # Errors
    /// [`NotPossible`] unless it is authorised, or was taken back before and now fraud is suspected.
    pub fn revoke(self, by: Revoker, now: Instant) -> Result<Self, NotPossible> {
        match self.state.clone() {
            State::Authorised(authorisation) => Ok(self.moved(State::Revoked(authorisation, by), now)),
            State::Revoked(authorisation, before) if by == Revoker::BankForFraud && before != by => {
                Ok(self.moved(State::Revoked(authorisation, by), now))
            }
            State::Awaiting | State::Deleted(_) | State::Expired(_) | State::Rejected(_) | State::Revoked(..) => {
                Err(NotPossible)
            }
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
            State::Deleted(_) | State::Expired(_) | State::Rejected(_) => Err(NotPossible),
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

    /// How it came to be, and what for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it allows.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How the app wrote its times.
    #[must_use]
    pub fn wording(&self) -> &Wording {
        &self.wording
    }

    /// Its times as they are told to the app.
    #[must_use]
    pub fn times(&self) -> Times {
        self.wording.times(&self.terms)
    }

    /// Names the state in which it is.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { status: self.state.status(), since: self.changed_at }
    }

    /// Where it stands at this moment, also if nobody has recorded yet that its time is over.
    #[must_use]
    pub fn status(&self, now: Instant) -> Status {
        match self.clone().expire(now) {
            Ok(_) => Status::Expired,
            Err(NotPossible) => self.state.status(),
        }
    }

    /// Where it was recorded to stand.
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
            Self::Deleted(_) => Status::Deleted,
            Self::Expired(_) => Status::Expired,
            Self::Rejected(Rejection::Abandoned) => Status::Abandoned,
            Self::Rejected(Rejection::Declined) => Status::Declined,
            Self::Revoked(_, Revoker::Bank) => Status::RevokedByBank,
            Self::Revoked(_, Revoker::BankForAuthentication) => Status::AuthenticationDue,
            Self::Revoked(_, Revoker::BankForFraud) => Status::SuspendedForFraud,
            Self::Revoked(_, Revoker::Client) => Status::RevokedByClient,
            Self::Revoked(_, Revoker::Customer) => Status::RevokedByCustomer,
        }
    }

    /// The customer's yes, if one was ever given.
    #[must_use]
    pub fn authorisation(&self) -> Option<&Authorisation> {
        match self {
            Self::Authorised(authorisation) | Self::Revoked(authorisation, _) => Some(authorisation),
            Self::Deleted(authorisation) | Self::Expired(authorisation) => authorisation.as_ref(),
            Self::Awaiting | Self::Rejected(_) => None,
        }
    }
}

/// The consent is not in a state from which this can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the consent's state does not allow this")]
pub struct NotPossible;

/// Why a consent gives no right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The customer must sign in anew before it goes on.
    AuthenticationDue,
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
            debtor: None,
        };
        Consent::lodge(
            ConsentId::from_bits(1),
            ClientId::from_bits(2),
            Kind::AccountAccess,
            terms,
            Instant::from_seconds(0),
        )
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
        let suspended = lodged().authorise(ann(), vec![], at(1)).unwrap().revoke(Revoker::BankForFraud, at(2)).unwrap();
        assert_eq!(suspended.authorise(ann(), vec![], at(3)), Err(NotPossible), "nobody gives it again");
        assert_eq!(revoked.clone().authorise(CustomerId::from_bits(4), vec![], at(3)), Err(NotPossible));
        assert!(revoked.clone().authorise(ann(), vec![], at(3)).is_ok());
        assert_eq!(revoked.authorise(ann(), vec![], at(END)), Err(NotPossible));
    }

    #[test]
    fn whoever_took_it_back_the_bank_may_come_to_suspect_fraud() {
        for before in [Revoker::Bank, Revoker::BankForAuthentication, Revoker::Client, Revoker::Customer] {
            let revoked = lodged().authorise(ann(), vec![], at(1)).unwrap().revoke(before, at(2)).unwrap();
            for by in [Revoker::Bank, Revoker::BankForAuthentication, Revoker::Client, Revoker::Customer] {
                assert_eq!(revoked.clone().revoke(by, at(3)), Err(NotPossible), "{before:?}, then {by:?}");
            }
            let suspended = revoked.revoke(Revoker::BankForFraud, at(3)).unwrap();
            assert_eq!(suspended.stamp(), Stamp { status: Status::SuspendedForFraud, since: at(3) }, "{before:?}");
            assert_eq!(suspended.state().authorisation().map(|yes| yes.customer), Some(ann()));
            assert_eq!(suspended.clone().revoke(Revoker::BankForFraud, at(4)), Err(NotPossible), "once");
            assert_eq!(suspended.authorise(ann(), vec![], at(4)), Err(NotPossible), "{before:?}");
        }
        assert_eq!(lodged().revoke(Revoker::BankForFraud, at(1)), Err(NotPossible), "nobody has given it yet");
    }

    #[test]
    fn rejected_and_expired_are_final() {
        let rejected = lodged().reject(Rejection::Declined, at(1)).unwrap();
        let expired = lodged().authorise(ann(), vec![], at(1)).unwrap().expire(at(END)).unwrap();
        for consent in [rejected, expired] {
            assert_eq!(consent.clone().authorise(ann(), vec![], at(1)), Err(NotPossible));
            assert_eq!(consent.clone().revoke(Revoker::Client, at(1)), Err(NotPossible));
            assert_eq!(consent.clone().revoke(Revoker::BankForFraud, at(1)), Err(NotPossible));
            assert_eq!(consent.clone().reject(Rejection::Abandoned, at(1)), Err(NotPossible));
            assert_eq!(consent.expire(at(END + 1)), Err(NotPossible));
        }
        assert_eq!(lodged().expire(at(END - 1)), Err(NotPossible));
    }

    proptest! {
        /// Whatever happens in whatever order: rights exist only if the last answer was a yes that nobody took back, before the expiry;
        /// and after fraud was suspected there is no other answer.
        #[test]
        fn no_sequence_of_events_revives_a_right(events in proptest::collection::vec((0..7_u8, 0..2000_i64), 0..12), when in 0..2000_i64) {
            let mut consent = lodged();
            let (mut given, mut suspected) = (false, false);
            for (event, seconds) in events {
                let before = consent.state().status();
                let next = match event {
                    0 => consent.clone().authorise(ann(), vec![], at(seconds)).inspect(|_| given = true),
                    1 => consent.clone().reject(Rejection::Declined, at(seconds)),
                    2 => consent.clone().revoke(Revoker::Customer, at(seconds)).inspect(|_| given = false),
                    3 => consent.clone().delete(at(seconds)).inspect(|_| given = false),
                    4 => consent.clone().expire(at(seconds)).inspect(|_| given = false),
                    5 => consent.clone().revoke(Revoker::BankForAuthentication, at(seconds)).inspect(|_| given = false),
                    _ => {
                        let next = consent.clone().revoke(Revoker::BankForFraud, at(seconds));
                        let could_be_given = matches!(before,
                            Status::Authorised | Status::AuthenticationDue | Status::RevokedByCustomer);
                        prop_assert_eq!(next.is_ok(), could_be_given, "{}", before);
                        next.inspect(|_| (given, suspected) = (false, true))
                    }
                };
                prop_assert!(!(suspected && given));
                consent = next.unwrap_or(consent);
                let status = consent.state().status();
                prop_assert_eq!(status.code().parse::<Status>().unwrap(), status);
                prop_assert_eq!(status.with(consent.state().authorisation().cloned()), Some(consent.state().clone()));
            }
            prop_assert_eq!(consent.standing(at(when)).is_ok(), given && when < END);
        }
    }
}

//! Identifiers that know what they identify: a prefix and 128 bits, so that a consent's id can never be taken for an account's.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use crate::random::{self, Random};

/// A kind of thing that has identifiers.
pub trait Kind {
    /// What every identifier of this kind starts with, such as `acc`.
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $prefix:literal as $alias:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// Identifies an account.
    AccountKind = "acc" as AccountId;
    /// Identifies an alarm: what a rule that watches the record found.
    AlarmKind = "alm" as AlarmId;
    /// Identifies an entry of the audit trail.
    AuditKind = "aud" as AuditId;
    /// Identifies somebody whom a customer saved to pay again.
    BeneficiaryKind = "ben" as BeneficiaryId;
    /// Identifies a client: a third party's app.
    ClientKind = "cli" as ClientId;
    /// Identifies a consent.
    ConsentKind = "con" as ConsentId;
    /// Identifies a customer of the bank.
    CustomerKind = "cus" as CustomerId;
    /// Identifies a direct debit: somebody who may take money from an account.
    DirectDebitKind = "ddb" as DirectDebitId;
    /// Identifies an answer to the question whether there is enough money.
    FundsConfirmationKind = "fcf" as FundsConfirmationId;
    /// Identifies a grant: one answer of a customer to one authorization request.
    GrantKind = "gra" as GrantId;
    /// Identifies a measure: what was done against somebody of whom alarms were raised.
    MeasureKind = "mea" as MeasureId;
    /// Identifies a notification: something that an app is told (its `jti`).
    NotificationKind = "evt" as NotificationId;
    /// Identifies an offer of the bank.
    OfferKind = "off" as OfferId;
    /// Identifies a receipt: something that a customer is told.
    ReceiptKind = "rcp" as ReceiptId;
    /// Identifies a payment that is to be made on a later day.
    ScheduledPaymentKind = "sch" as ScheduledPaymentId;
    /// Identifies a standing order.
    StandingOrderKind = "sto" as StandingOrderId;
    /// Identifies a statement of an account.
    StatementKind = "stm" as StatementId;
    /// Identifies what an app wants to be told.
    SubscriptionKind = "sub" as SubscriptionId;
    /// Identifies an access token (its `jti`).
    TokenKind = "tok" as TokenId;
    /// Identifies a transaction on an account.
    TransactionKind = "txn" as TransactionId;
}

/// An identifier of one kind: its prefix, an underscore and 26 characters of lower-case Crockford base 32.
///
/// 30 characters in all, within the 40 that UK Open Banking allows for a resource's id.
pub struct Id<K> {
    bits: u128,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Id<K> {
    /// A new identifier that nobody can guess.
    pub fn random(random: &dyn Random) -> Self {
        Self::from_bits(u128::from_be_bytes(random::bytes(random)))
    }

    /// The identifier with these 128 bits.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self { bits, kind: PhantomData }
    }

    /// Its 128 bits.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.bits
    }

    /// A new identifier that sorts after those made in earlier milliseconds: 48 bits of time, 80 random ones.
    pub fn ordered(random: &dyn Random, now: crate::time::Instant) -> Self {
        let tail: [u8; 10] = random::bytes(random);
        let tail = tail.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        Self::from_bits(Self::first_of(now).bits | tail)
    }

    /// The first of all identifiers that [`Id::ordered`] can make in a millisecond.
    #[must_use]
    pub fn first_of(now: crate::time::Instant) -> Self {
        let millis = u128::from(now.micros().max(0).unsigned_abs() / 1000) & 0xffff_ffff_ffff;
        Self::from_bits(millis << 80)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0_u8; DIGITS];
        let mut rest = self.bits;
        for digit in digits.iter_mut().rev() {
            let low = usize::try_from(rest & 31).unwrap_or(0);
            *digit = ALPHABET.get(low).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        write!(f, "{}_{}", K::PREFIX, std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let digits = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(BadId)?;
        if digits.len() != DIGITS {
            return Err(BadId);
        }
        let mut bits = 0_u128;
        for byte in digits.bytes() {
            let digit = ALPHABET.iter().position(|known| *known == byte).ok_or(BadId)?;
            // The first of 26 digits carries three bits only: 26 * 5 = 130.
            if bits >> 123 != 0 {
                return Err(BadId);
            }
            bits = bits << 5 | u128::try_from(digit).map_err(|_| BadId)?;
        }
        Ok(Self::from_bits(bits))
    }
}

/// The text is not an identifier of the kind that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct BadId;

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bits.cmp(&other.bits)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

const DIGITS: usize = 26;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(bits: u128) {
            let id = AccountId::from_bits(bits);
            prop_assert_eq!(id.to_string().len(), 30);
            prop_assert_eq!(id.to_string().parse::<AccountId>().unwrap(), id);
        }

        #[test]
        fn has_one_spelling_only(text in "acc_[0-9a-z]{26}") {
            if let Ok(id) = text.parse::<AccountId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = text.parse::<ConsentId>();
        }
    }

    #[test]
    fn is_not_taken_for_another_kind() {
        let account = AccountId::from_bits(7).to_string();
        assert!(account.parse::<ConsentId>().is_err());
        assert!("acc_80000000000000000000000000".parse::<AccountId>().is_err(), "more than 128 bits");
    }
}

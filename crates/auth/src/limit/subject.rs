//! Who is counted, in one spelling each.

use std::fmt;
use std::net::IpAddr;

use lombard_domain::id::{ClientId, ConsentId, CustomerId};

use super::{Class, Kind};

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An address of version 4, or the network of one household (/64) of version 6: whoever has one of its addresses has all.
    Address(IpAddr),
    /// An app that is known by a signature.
    Client(ClientId),
    /// A consent.
    Consent(ConsentId),
    /// A customer.
    Customer(CustomerId),
    /// A customer under one app: no app can use up what another may ask of the same customer.
    CustomerOf(ClientId, CustomerId),
    /// A customer by the name that was typed in, as the beginning of a keyed digest. Whoever types it can hinder its owner no more
    /// than by failing to sign in, which locks much sooner.
    Named([u8; 16]),
}

/// What is counted: somebody's calls of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Of which class.
    pub class: Class,
    /// Whose.
    pub subject: Subject,
}

impl Subject {
    /// Whoever has this address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self::Address(IpAddr::from((address.to_bits() & HOUSEHOLD).to_be_bytes())),
            short @ IpAddr::V4(_) => Self::Address(short),
        }
    }

    /// What is counted by.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Address(_) => Kind::Address,
            Self::Client(_) => Kind::Client,
            Self::Consent(_) => Kind::Consent,
            Self::Customer(_) | Self::CustomerOf(..) | Self::Named(_) => Kind::Customer,
        }
    }
}

impl fmt::Display for Key {
    /// For a counter elsewhere: never a name that a person has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.class.name(), self.subject.kind().name())?;
        match self.subject {
            Subject::Address(address) => write!(f, "{address}"),
            Subject::Client(id) => write!(f, "{id}"),
            Subject::Consent(id) => write!(f, "{id}"),
            Subject::Customer(id) => write!(f, "{id}"),
            Subject::CustomerOf(client, customer) => write!(f, "{client}:{customer}"),
            Subject::Named(digest) => write!(f, "{:032x}", u128::from_be_bytes(digest)),
        }
    }
}

/// The first 64 bits of an address of version 6.
const HOUSEHOLD: u128 = !0 << 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Subject {
        Subject::at(text.parse().unwrap())
    }

    #[test]
    fn an_address_has_one_spelling_and_a_household_is_one() {
        assert_eq!(at("192.0.2.7"), at("::ffff:192.0.2.7"));
        assert_ne!(at("192.0.2.7"), at("192.0.2.8"));
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
    }

    #[test]
    fn every_key_has_its_own_text() {
        let (client, customer) = (ClientId::from_bits(1), CustomerId::from_bits(1));
        let subjects = [
            at("192.0.2.7"),
            at("2001:db8::1"),
            Subject::Client(client),
            Subject::Consent(ConsentId::from_bits(1)),
            Subject::Customer(customer),
            Subject::CustomerOf(client, customer),
            Subject::Named([0; 16]),
        ];
        let texts: std::collections::BTreeSet<String> = Class::ALL
            .into_iter()
            .flat_map(|class| subjects.map(|subject| Key { class, subject }.to_string()))
            .collect();
        assert_eq!(texts.len(), Class::ALL.len() * subjects.len());
    }
}

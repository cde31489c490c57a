//! How often who may call what.

use std::collections::BTreeMap;

use lombard_domain::limit::{Per, Rate};

use super::{Class, Kind};

/// How often who may call what; what is not there is not limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    rates: BTreeMap<(Class, Kind), Rate>,
    /// Among how many nodes the rates are divided while the counter that they share does not answer.
    pub nodes: u32,
}

impl Limits {
    /// Nothing is limited.
    #[must_use]
    pub fn off() -> Self {
        Self { rates: BTreeMap::new(), nodes: NODES }
    }

    /// What no honest app, customer or developer comes near.
    #[must_use]
    pub fn usual() -> Self {
        Self { rates: USUAL.iter().map(|(class, kind, rate)| ((*class, *kind), *rate)).collect(), nodes: NODES }
    }

    /// Changes one of them; `None`: it is not limited.
    pub fn set(&mut self, class: Class, kind: Kind, rate: Option<Rate>) {
        match rate {
            Some(rate) => self.rates.insert((class, kind), rate),
            None => self.rates.remove(&(class, kind)),
        };
    }

    /// How often somebody of a kind may call something of a class.
    #[must_use]
    pub fn rate(&self, class: Class, kind: Kind) -> Option<Rate> {
        self.rates.get(&(class, kind)).copied()
    }
}

const fn per_second(count: u32, burst: u32) -> Rate {
    Rate::new(count, Per::Second, burst)
}

const fn per_minute(count: u32, burst: u32) -> Rate {
    Rate::new(count, Per::Minute, burst)
}

const fn per_hour(count: u32, burst: u32) -> Rate {
    Rate::new(count, Per::Hour, burst)
}

/// An app may serve thousands of customers from one address, and thousands of customers may share the one of their network; so what
/// counts by address only stops floods, and an app is counted by what it has proved to be. A browser needs two forms for a sign-in;
/// an app needs a token every five minutes for each customer whom it serves at that time, and may fetch dozens of things at once.
#[rustfmt::skip]
const USUAL: &[(Class, Kind, Rate)] = &[
    // A crowd behind one address signs in once a second for as long as it likes; a sprayer of passwords is as slow.
    (Class::SignIn, Kind::Address, per_second(2, 120)),
    // Wrong passwords lock after five; this bounds what right ones cost.
    (Class::SignIn, Kind::Customer, per_minute(6, 30)),
    // Each call costs signatures and a transaction.
    (Class::Token, Kind::Address, per_second(100, 1_000)),
    (Class::Token, Kind::Client, per_second(50, 500)),
    // Nobody registers many apps, but who tries software out registers one for each test.
    (Class::Registration, Kind::Address, per_minute(30, 60)),
    // Lodged for each customer who is about to come, and looked at.
    (Class::Consent, Kind::Address, per_second(100, 1_000)),
    (Class::Consent, Kind::Client, per_second(50, 500)),
    // The most of what apps do.
    (Class::Read, Kind::Address, per_second(400, 4_000)),
    (Class::Read, Kind::Client, per_second(200, 2_000)),
    // A person with twenty accounts and ten things to read of each, at once; then ten reads a second.
    (Class::Read, Kind::Customer, per_second(10, 200)),
    (Class::Funds, Kind::Address, per_second(100, 1_000)),
    (Class::Funds, Kind::Client, per_second(50, 500)),
    // A balance is found by halving in some twenty questions: that takes half an hour, in which it may change. A person shops less.
    (Class::Funds, Kind::Consent, per_hour(30, 10)),
    // A poll costs up to fifty signatures: two of them a second are as dear as two hundred reads.
    (Class::Events, Kind::Address, per_second(10, 100)),
    (Class::Events, Kind::Client, per_second(2, 30)),
    // A page and its style, opened by a crowd behind one address.
    (Class::Page, Kind::Address, per_second(20, 400)),
    (Class::Public, Kind::Address, per_second(50, 1_000)),
    // What ends something must not be hindered, only not flooded.
    (Class::Revocation, Kind::Address, per_second(100, 1_000)),
    (Class::Revocation, Kind::Client, per_second(50, 500)),
];

/// Whoever shares a counter has two nodes at least.
const NODES: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_limited_by_address_and_no_pair_is_there_twice() {
        let limits = Limits::usual();
        assert_eq!(limits.rates.len(), USUAL.len());
        for class in Class::ALL {
            assert!(limits.rate(class, Kind::Address).is_some(), "{}", class.name());
        }
        for (_, _, rate) in USUAL {
            assert_eq!(rate.to_string().parse(), Ok(*rate), "it can stand in a file of settings");
        }
    }

    #[test]
    fn sign_in_and_tokens_are_stricter_than_reads() {
        let limits = Limits::usual();
        for kind in [Kind::Address, Kind::Client, Kind::Customer] {
            let reads = limits.rate(Class::Read, kind).unwrap();
            for class in [Class::SignIn, Class::Token] {
                let Some(rate) = limits.rate(class, kind) else { continue };
                assert!(
                    rate.interval() > reads.interval() && rate.burst() < reads.burst(),
                    "{} {kind:?}",
                    class.name()
                );
            }
        }
    }

    #[test]
    fn an_address_may_do_what_one_app_may() {
        let limits = Limits::usual();
        for class in Class::ALL {
            let Some(client) = limits.rate(class, Kind::Client) else { continue };
            let address = limits.rate(class, Kind::Address).unwrap();
            assert!(address.interval() <= client.interval() && address.burst() >= client.burst(), "{}", class.name());
        }
    }
}

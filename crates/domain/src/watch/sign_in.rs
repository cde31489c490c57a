//! Rules about sign-ins: guessing for one customer, trying many, and getting through in the middle of it.
//!
//! Of a failed sign-in the record names the customer, if the name that was typed is one's; never the name. So a name that nobody has
//! counts as another one each time. Who mistypes their own name again and again is bounded by the lock of that name.

use super::window::{Case, Count, Few, Subjects};
use super::{Accused, Network, Rule, Turn};
use crate::audit::Event;
use crate::id::CustomerId;

/// What is remembered of sign-ins.
#[derive(Debug, Default)]
pub(super) struct SignIn {
    customers: Subjects<CustomerId, OfCustomer>,
    networks: Subjects<Network, OfNetwork>,
    bank: OfBank,
}

#[derive(Debug, Default)]
struct OfCustomer {
    wrong: Case,
    codes: Case,
    taken: Case,
}

#[derive(Debug, Default)]
struct OfNetwork {
    failures: Case,
    failing: Few,
    arriving: Few,
}

#[derive(Debug, Default)]
struct OfBank {
    unknown: Case,
    networks: Few,
    arriving: Count,
}

impl SignIn {
    pub(super) fn len(&self) -> usize {
        self.customers.len() + self.networks.len()
    }

    pub(super) fn see(&mut self, turn: &mut Turn<'_, '_>) {
        let fact = turn.fact;
        match (fact.event, fact.reason, fact.customer) {
            (Event::SignedIn, _, Some(customer)) => {
                self.got_through(turn, customer);
                let of = self.customers.of(customer, fact.at);
                of.wrong.clear();
                of.codes.clear();
                self.bank.arriving.add(turn.half(Rule::CredentialStuffing));
                if let Some(network) = fact.network {
                    let half = turn.half(Rule::PasswordSpraying);
                    self.networks.of(network, fact.at).arriving.add(half, short(customer));
                }
            }
            (Event::SignInFailed, Some("password"), customer) => self.wrong_password(turn, customer),
            (Event::SignInFailed, Some("second-factor" | "second-factor-reused"), Some(customer)) => {
                self.got_through(turn, customer);
                let of = self.customers.of(customer, fact.at);
                let count = turn.count(Rule::CodeGuessing, &mut of.codes);
                turn.raise(Rule::CodeGuessing, Accused::Customer(customer), &mut of.codes, count);
                self.wrong(turn, customer);
            }
            _ => {}
        }
    }

    fn wrong(&mut self, turn: &mut Turn<'_, '_>, customer: CustomerId) {
        let of = self.customers.of(customer, turn.fact.at);
        let count = turn.count(Rule::PasswordGuessing, &mut of.wrong);
        turn.raise(Rule::PasswordGuessing, Accused::Customer(customer), &mut of.wrong, count);
    }

    fn wrong_password(&mut self, turn: &mut Turn<'_, '_>, customer: Option<CustomerId>) {
        let fact = turn.fact;
        // A name that nobody has is another one each time.
        let name = customer.map_or_else(|| fact.position.unsigned_abs() | UNKNOWN, short);
        if let Some(customer) = customer {
            self.wrong(turn, customer);
        } else {
            let half = turn.half(Rule::CredentialStuffing);
            let bank = &mut self.bank;
            let count = turn.count(Rule::CredentialStuffing, &mut bank.unknown);
            let networks = bank.networks.add(half, fact.network.map_or(0, Network::number));
            if networks >= NETWORKS && count >= bank.arriving.at(half).saturating_mul(MORE) {
                turn.raise(Rule::CredentialStuffing, Accused::Bank, &mut bank.unknown, count);
            }
        }
        let Some(network) = fact.network else { return };
        let half = turn.half(Rule::PasswordSpraying);
        let of = self.networks.of(network, fact.at);
        turn.count(Rule::PasswordSpraying, &mut of.failures);
        let failing = of.failing.add(half, name);
        if failing >= of.arriving.at(half).saturating_mul(MORE) {
            turn.raise(Rule::PasswordSpraying, Accused::Network(network), &mut of.failures, failing);
        }
    }

    /// A password was right. If it came from where passwords are tried out, it was found.
    fn got_through(&mut self, turn: &mut Turn<'_, '_>, customer: CustomerId) {
        let fact = turn.fact;
        let half = turn.half(Rule::PasswordSpraying);
        let Some(of) = fact.network.and_then(|network| self.networks.get_mut(network)) else { return };
        let failing = of.failing.at(half);
        let many = turn.rules.of(Rule::PasswordSpraying).threshold;
        if failing < many || failing < of.arriving.at(half).saturating_mul(MORE) {
            return;
        }
        let of = self.customers.of(customer, fact.at);
        let count = turn.count(Rule::AccountTakeover, &mut of.taken);
        turn.raise(Rule::AccountTakeover, Accused::Customer(customer), &mut of.taken, count);
    }
}

/// Enough of an identifier to tell customers of one network apart.
fn short(customer: CustomerId) -> u64 {
    u64::try_from(customer.bits() & u128::from(u64::MAX >> 1)).unwrap_or(0)
}

/// Marks names that nobody has.
const UNKNOWN: u64 = 1 << 63;
/// So many times more must fail than succeed: an office signs in, and some mistype.
const MORE: u32 = 3;
/// From so many networks an attack on the whole bank comes, at least.
const NETWORKS: u32 = 20;

//! Watching: rules that read the record as it grows and say who behaves as an attacker does.
//!
//! Every rule is a small state machine over facts, which are entries of the record as far as a rule needs them. It has a window, a
//! threshold, a score and one whom it accuses; [`Rule`] is the table of all. What a rule remembers is bounded: by its window in time,
//! by a number of subjects in space, of whom those go first who were heard of least recently. The rules decide nothing: what follows
//! from a score is in [`Response`].

mod breadth;
mod network;
mod place;
mod probing;
mod response;
mod rule;
mod sign_in;
mod sketch;
mod theft;
mod window;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::audit::Event;
use crate::id::{AccountId, ClientId, ConsentId, CustomerId};
use crate::time::Instant;

pub use breadth::{Day, History};
pub use network::{BadNetwork, Network};
pub use place::Place;
pub use response::{Measure, Past, Response, Standing, Steps};
pub use rule::{Rule, Rules, Setting};
pub use sketch::Sketch;

use window::Case;

/// An entry of the record, as far as a rule needs it.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// Its place in the record.
    pub position: i64,
    /// When.
    pub at: Instant,
    /// What happened.
    pub event: Event,
    /// The app.
    pub client: Option<ClientId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The consent.
    pub consent: Option<ConsentId>,
    /// The account.
    pub account: Option<AccountId>,
    /// Why or how.
    pub reason: Option<&'a str>,
    /// From which network.
    pub network: Option<Network>,
}

/// Whom an alarm accuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Accused {
    /// Nobody in particular: the bank as a whole is under attack.
    Bank,
    /// An app.
    Client(ClientId),
    /// A customer, or rather whoever acts in their name.
    Customer(CustomerId),
    /// A network.
    Network(Network),
}

impl Accused {
    /// The word for what it is.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Client(_) => "client",
            Self::Customer(_) => "customer",
            Self::Network(_) => "network",
        }
    }
}

impl fmt::Display for Accused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bank => f.write_str("the bank"),
            Self::Client(id) => id.fmt(f),
            Self::Customer(id) => id.fmt(f),
            Self::Network(network) => network.fmt(f),
        }
    }
}

/// A rule has found what it looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Which rule.
    pub rule: Rule,
    /// Whom it accuses.
    pub accused: Accused,
    /// When the fact happened that was one too many.
    pub at: Instant,
    /// When the window began; with rule and accused, this names the alarm.
    pub window: Instant,
    /// How much it weighs.
    pub score: u32,
    /// How often what was counted had come.
    pub count: u32,
    /// The place of the first entry that was counted.
    pub first: i64,
    /// The place of the last.
    pub last: i64,
}

/// All rules, with what they remember.
#[derive(Debug)]
pub struct Watcher {
    rules: Rules,
    sign_in: sign_in::SignIn,
    theft: theft::Theft,
    probing: probing::Probing,
    breadth: breadth::Breadth,
    place: place::Places,
}

impl Watcher {
    /// Rules that remember nothing yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            sign_in: sign_in::SignIn::default(),
            theft: theft::Theft::default(),
            probing: probing::Probing::default(),
            breadth: breadth::Breadth::default(),
            place: place::Places::default(),
        }
    }

    /// Takes in a fact; alarms are added to `raised`.
    pub fn see(&mut self, fact: &Fact<'_>, raised: &mut Vec<Alarm>) {
        let mut turn = Turn { fact, rules: &self.rules, raised };
        self.sign_in.see(&mut turn);
        self.theft.see(&mut turn);
        self.probing.see(&mut turn);
        self.breadth.see(&mut turn);
        self.place.see(&mut turn);
    }

    /// What is known of an app from the days before, to be kept where it survives a restart.
    #[must_use]
    pub fn history(&self, client: ClientId) -> Option<History> {
        let mut history = self.breadth.history(client)?;
        history.places = self.place.places(client);
        Some(history)
    }

    /// The apps of which more is known than at the last call of this.
    pub fn changed(&mut self) -> Vec<ClientId> {
        let mut changed = self.breadth.changed();
        changed.extend(self.place.changed());
        changed.into_iter().collect()
    }

    /// Puts back what was kept of an app.
    pub fn remember(&mut self, client: ClientId, history: History) {
        self.place.remember(client, &history.places);
        self.breadth.remember(client, history);
    }

    /// How many subjects are remembered, of all rules together.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.sign_in.len() + self.theft.len() + self.probing.len() + self.breadth.len() + self.place.len()
    }
}

/// One fact on its way through the rules.
struct Turn<'a, 'f> {
    fact: &'a Fact<'f>,
    rules: &'a Rules,
    raised: &'a mut Vec<Alarm>,
}

impl Turn<'_, '_> {
    /// In which half of a rule's windows the fact is.
    fn half(&self, rule: Rule) -> i64 {
        rule.half(self.fact.at)
    }

    /// Counts the fact, if it weighs anything, for somebody; how often it has come in the window.
    fn count(&self, rule: Rule, case: &mut Case) -> u32 {
        case.add(self.half(rule), self.fact.position)
    }

    /// Raises an alarm, unless one was raised for the same window. `count` must have reached the threshold.
    fn raise(&mut self, rule: Rule, accused: Accused, case: &mut Case, count: u32) {
        let Setting { threshold, score } = self.rules.of(rule);
        let half = self.half(rule);
        if score == 0 || count < threshold || !case.may_raise(half) {
            return;
        }
        let (first, begins) = case.raise(half);
        self.raised.push(Alarm {
            rule,
            accused,
            at: self.fact.at,
            window: rule.begin(begins),
            score,
            count,
            first: if first == 0 { self.fact.position } else { first },
            last: self.fact.position,
        });
    }
}

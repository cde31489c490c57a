//! Rules about how many: an app's customers and accounts in a day, and customers who allow it something, against its own history.

use std::collections::BTreeSet;

use super::window::{Case, Count, Few, Subjects};
use super::{Accused, Place, Rule, Sketch, Turn};
use crate::audit::Event;
use crate::id::ClientId;
use crate::time::{Instant, Span};

/// What is kept of an app from the days before.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct History {
    /// Days on which it did something, the newest last.
    pub days: Vec<Day>,
    /// The day that is not over yet, counted from the epoch.
    pub today: i64,
    /// Whose data it read on that day.
    pub customers: Sketch,
    /// Of which accounts.
    pub accounts: Sketch,
    /// Who allowed it something.
    pub allowed: Sketch,
    /// From where it calls.
    #[serde(default)]
    pub places: Vec<Place>,
}

/// How much an app did on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Day {
    /// The day, counted from the epoch.
    pub day: i64,
    /// Customers whose data it read.
    pub customers: u32,
    /// Accounts that it read.
    pub accounts: u32,
    /// Customers who allowed it something.
    pub allowed: u32,
}

/// What is remembered of how much apps do.
#[derive(Debug, Default)]
pub(super) struct Breadth {
    clients: Subjects<ClientId, OfClient>,
    changed: BTreeSet<ClientId>,
}

#[derive(Debug, Default)]
struct OfClient {
    history: History,
    customers: Case,
    accounts: Case,
    flood: Case,
    allowing: Few,
    refused: Case,
    refusing: Few,
    allowed: Count,
}

impl Breadth {
    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn history(&self, client: ClientId) -> Option<History> {
        self.clients.get(client).map(|of| of.history.clone())
    }

    pub(super) fn changed(&mut self) -> BTreeSet<ClientId> {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn remember(&mut self, client: ClientId, history: History) {
        let at = Instant::from_micros(history.today.saturating_mul(Span::days(1).micros()));
        self.clients.of(client, at).history = history;
    }

    pub(super) fn see(&mut self, turn: &mut Turn<'_, '_>) {
        let fact = turn.fact;
        let Some(client) = fact.client else { return };
        let changed = match fact.event {
            Event::DataRead => self.read(turn, client),
            Event::ConsentAuthorised => self.allowed(turn, client),
            // Nobody is there who says no to a consent that its app gave up, or that was forgotten.
            Event::ConsentRejected if fact.customer.is_some() => {
                self.refused(turn, client);
                false
            }
            _ => false,
        };
        if changed {
            self.changed.insert(client);
        }
    }

    fn read(&mut self, turn: &mut Turn<'_, '_>, client: ClientId) -> bool {
        let fact = turn.fact;
        let of = self.clients.of(client, fact.at);
        let turned = of.history.turn(fact.at);
        let more_customers = fact.customer.is_some_and(|customer| of.history.customers.add(customer.bits()));
        let more_accounts = fact.account.is_some_and(|account| of.history.accounts.add(account.bits()));
        if more_customers {
            turn.count(Rule::SuddenCustomers, &mut of.customers);
            let now = of.history.customers.estimate();
            if of.history.is_sudden(now, |day| day.customers) {
                turn.raise(Rule::SuddenCustomers, Accused::Client(client), &mut of.customers, now);
            }
        }
        if more_accounts {
            turn.count(Rule::SuddenAccounts, &mut of.accounts);
            let now = of.history.accounts.estimate();
            if of.history.is_sudden(now, |day| day.accounts) {
                turn.raise(Rule::SuddenAccounts, Accused::Client(client), &mut of.accounts, now);
            }
        }
        turned || more_customers || more_accounts
    }

    fn allowed(&mut self, turn: &mut Turn<'_, '_>, client: ClientId) -> bool {
        let fact = turn.fact;
        let Some(customer) = fact.customer else { return false };
        let of = self.clients.of(client, fact.at);
        let turned = of.history.turn(fact.at);
        let half = turn.half(Rule::ConsentFlood);
        of.allowed.add(half);
        let count = turn.count(Rule::ConsentFlood, &mut of.flood);
        let different = of.allowing.add(half, low(customer.bits()));
        let best = of.history.days.iter().map(|day| day.allowed).max().unwrap_or(0);
        if different >= turn.rules.of(Rule::ConsentFlood).threshold && count > best {
            turn.raise(Rule::ConsentFlood, Accused::Client(client), &mut of.flood, count);
        }
        of.history.allowed.add(customer.bits()) || turned
    }

    fn refused(&mut self, turn: &mut Turn<'_, '_>, client: ClientId) {
        let fact = turn.fact;
        let of = self.clients.of(client, fact.at);
        let half = turn.half(Rule::ConsentRefused);
        turn.count(Rule::ConsentRefused, &mut of.refused);
        let different = of.refusing.add(half, fact.customer.map_or(0, |customer| low(customer.bits())));
        if different > of.allowed.at(half) {
            turn.raise(Rule::ConsentRefused, Accused::Client(client), &mut of.refused, different);
        }
    }
}

impl History {
    /// Ends the day if another has begun; whether it has.
    fn turn(&mut self, at: Instant) -> bool {
        let today = at.micros().div_euclid(Span::days(1).micros());
        if today <= self.today {
            return false;
        }
        let over = Day {
            day: self.today,
            customers: self.customers.estimate(),
            accounts: self.accounts.estimate(),
            allowed: self.allowed.estimate(),
        };
        if over.customers > 0 || over.allowed > 0 {
            if self.days.len() >= DAYS_MAX {
                self.days.remove(0);
            }
            self.days.push(over);
        }
        self.today = today;
        (self.customers, self.accounts, self.allowed) = (Sketch::new(), Sketch::new(), Sketch::new());
        true
    }

    /// Whether a number of this day is many times that of any day before. Of an app that has no history yet nobody can say.
    fn is_sudden(&self, now: u32, of: impl Fn(&Day) -> u32) -> bool {
        let best = self.days.iter().map(of).max().unwrap_or(0);
        self.days.len() >= DAYS_KNOWN && now >= best.saturating_mul(TIMES)
    }
}

/// The lower half of an identifier.
fn low(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0)
}

/// Days of an app that are kept.
const DAYS_MAX: usize = 14;
/// So many days an app must have been active before it can do something suddenly.
const DAYS_KNOWN: usize = 3;
/// So many times more than on the best day before is sudden; an app that grows does not grow like that in a day.
const TIMES: u32 = 4;

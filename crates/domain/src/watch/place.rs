//! The rule about where tokens are used: an app that has called from few networks for a week does not move unnoticed.

use std::collections::BTreeSet;

use super::window::{Case, Subjects};
use super::{Accused, Network, Rule, Turn};
use crate::audit::Event;
use crate::id::ClientId;
use crate::time::{Instant, Span};

/// A network from which an app calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Which.
    pub network: Network,
    /// Since when, in microseconds since the epoch.
    pub since: i64,
}

/// From where apps call.
#[derive(Debug, Default)]
pub(super) struct Places {
    clients: Subjects<ClientId, OfClient>,
    changed: BTreeSet<ClientId>,
}

#[derive(Debug, Default)]
struct OfClient {
    known: Vec<Place>,
    /// Networks of which it is not clear yet whether the app is there.
    new: Vec<(Network, Case)>,
}

impl Places {
    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn places(&self, client: ClientId) -> Vec<Place> {
        self.clients.get(client).map(|of| of.known.clone()).unwrap_or_default()
    }

    pub(super) fn changed(&mut self) -> BTreeSet<ClientId> {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn remember(&mut self, client: ClientId, places: &[Place]) {
        let newest = places.iter().map(|place| place.since).max().unwrap_or(0);
        self.clients.of(client, Instant::from_micros(newest)).known = places.iter().take(KNOWN_MAX).copied().collect();
    }

    pub(super) fn see(&mut self, turn: &mut Turn<'_, '_>) {
        let fact = turn.fact;
        let (Event::DataRead, Some(client), Some(network)) = (fact.event, fact.client, fact.network) else { return };
        let of = self.clients.of(client, fact.at);
        if of.known.iter().any(|place| place.network == network) || of.known.len() >= KNOWN_MAX {
            return;
        }
        let Some(at) = of.new.iter().position(|(new, _)| *new == network).or_else(|| {
            if of.new.len() >= NEW_MAX {
                of.new.remove(0);
            }
            of.new.push((network, Case::default()));
            of.new.len().checked_sub(1)
        }) else {
            return;
        };
        let Some((_, case)) = of.new.get_mut(at) else { return };
        let count = turn.count(Rule::TokenOtherNetwork, case);
        if count < turn.rules.of(Rule::TokenOtherNetwork).threshold {
            return;
        }
        let oldest = of.known.iter().map(|place| place.since).min();
        let settled = oldest.is_some_and(|since| fact.at.since(Instant::from_micros(since)) >= SETTLED);
        if settled && of.known.len() <= FEW_PLACES {
            turn.raise(Rule::TokenOtherNetwork, Accused::Client(client), case, count);
        }
        of.known.push(Place { network, since: fact.at.micros() });
        of.new.remove(at);
        self.changed.insert(client);
    }
}

/// After so long an app is settled where it is.
const SETTLED: Span = Span::days(7);
/// An app that calls from more networks than these is not settled anywhere.
const FEW_PLACES: usize = 4;
/// Networks of one app that are remembered; one that has more, as one on customers' own machines, is not watched by this rule.
const KNOWN_MAX: usize = 8;
/// Networks of one app of which it is not clear yet.
const NEW_MAX: usize = 8;

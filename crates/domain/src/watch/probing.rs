//! Rules about trying what is not allowed: rights, identifiers, names of apps, and anything that is refused in masses.

use super::window::{Case, Count, Few, Subjects};
use super::{Accused, Network, Rule, Turn};
use crate::audit::Event;
use crate::id::ClientId;

/// What is remembered of refusals.
#[derive(Debug, Default)]
pub(super) struct Probing {
    clients: Subjects<ClientId, OfClient>,
    networks: Subjects<Network, OfNetwork>,
}

/// What is remembered of those who could not prove to be an app.
#[derive(Debug, Default)]
struct OfNetwork {
    failed: Case,
    apps: Few,
}

#[derive(Debug, Default)]
struct OfClient {
    reads: Count,
    reads_in_short: Count,
    scope: Case,
    rights: Few,
    ids: Case,
    refused: Case,
    names: Case,
}

impl Probing {
    pub(super) fn len(&self) -> usize {
        self.clients.len() + self.networks.len()
    }

    pub(super) fn see(&mut self, turn: &mut Turn<'_, '_>) {
        let fact = turn.fact;
        match fact.event {
            Event::DataRead | Event::TokenIssued => {
                let Some(client) = fact.client else { return };
                let of = self.clients.of(client, fact.at);
                of.reads.add(turn.half(Rule::IdEnumeration));
                of.reads_in_short.add(turn.half(Rule::ErrorBurst));
            }
            Event::ClientLookAlike => {
                let Some(client) = fact.client else { return };
                let case = &mut self.clients.of(client, fact.at).names;
                let count = turn.count(Rule::LookAlike, case);
                turn.raise(Rule::LookAlike, Accused::Client(client), case, count);
            }
            Event::ClientAuthenticationFailed => self.not_proved(turn),
            Event::AuthorizationRefused | Event::DataRefused | Event::TokenRefused => self.refused(turn),
            _ => {}
        }
    }

    /// Who fails to be an app is not the app: whoever knows a name can write it. So the network is accused. One app that fails again and
    /// again has an old secret or was deleted; ours cannot be guessed. Names that cannot be an app's are one name.
    fn not_proved(&mut self, turn: &mut Turn<'_, '_>) {
        let fact = turn.fact;
        let (Some(network), Some("unknown" | "secret")) = (fact.network, fact.reason) else { return };
        let of = self.networks.of(network, fact.at);
        turn.count(Rule::ClientGuessing, &mut of.failed);
        let name = fact.client.map_or(0, |client| number(&client.to_string()));
        let different = of.apps.add(turn.half(Rule::ClientGuessing), name);
        turn.raise(Rule::ClientGuessing, Accused::Network(network), &mut of.failed, different);
    }

    fn refused(&mut self, turn: &mut Turn<'_, '_>) {
        let fact = turn.fact;
        let (Some(client), Some(reason)) = (fact.client, fact.reason) else { return };
        if INNOCENT.contains(&reason) {
            return;
        }
        let accused = Accused::Client(client);
        let of = self.clients.of(client, fact.at);
        let refused = turn.count(Rule::ErrorBurst, &mut of.refused);
        if refused > of.reads_in_short.at(turn.half(Rule::ErrorBurst)) {
            turn.raise(Rule::ErrorBurst, accused, &mut of.refused, refused);
        }
        let half = turn.half(Rule::IdEnumeration);
        let reads = of.reads.at(half);
        if reason == "account" {
            let count = turn.count(Rule::IdEnumeration, &mut of.ids);
            if count.saturating_mul(SHARE) > reads {
                turn.raise(Rule::IdEnumeration, accused, &mut of.ids, count);
            }
        }
        if is_right(reason) {
            let count = turn.count(Rule::ScopeProbing, &mut of.scope);
            let different = of.rights.add(half, number(reason));
            if different >= RIGHTS && count > reads {
                turn.raise(Rule::ScopeProbing, accused, &mut of.scope, count);
            }
        }
    }
}

/// Whether a right was missing: rights and scopes are named like `accounts:read`, and no other word on record is.
fn is_right(reason: &str) -> bool {
    reason.contains(':') || reason == "openid" || reason == "invalid_scope"
}

/// A number for a word, the same for the same word (FNV-1a).
fn number(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What happens to every app: tokens and consents come to their end, and limits are there to be reached.
const INNOCENT: [&str; 9] = [
    "authentication-due",
    "busy",
    "consent-expired",
    "consent-revoked",
    "internal",
    "limited",
    "nonce",
    "token-expired",
    "unattended",
];
/// Kinds of things that an app tries in vain before it is taken for a prober; an app that lacks one right asks for that again and again.
const RIGHTS: u32 = 4;
/// An app whose list of accounts is old asks in vain for less than one in so many.
const SHARE: u32 = 4;

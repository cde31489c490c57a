//! Rules about what was stolen: codes, refresh tokens, proofs and access tokens in the wrong hands.

use super::window::{Case, Count, Few, Subjects};
use super::{Accused, Rule, Turn};
use crate::audit::Event;
use crate::id::ClientId;

/// What is remembered of codes, tokens and proofs.
#[derive(Debug, Default)]
pub(super) struct Theft {
    clients: Subjects<ClientId, OfClient>,
}

#[derive(Debug, Default)]
struct OfClient {
    codes: Case,
    foreign: Case,
    ended: Case,
    ended_consents: Few,
    issued: Count,
    proofs: Case,
    keys: Case,
}

impl Theft {
    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn see(&mut self, turn: &mut Turn<'_, '_>) {
        let fact = turn.fact;
        let Some(client) = fact.client else { return };
        let rule = match (fact.event, fact.reason) {
            (Event::TokenIssued, _) => {
                self.clients.of(client, fact.at).issued.add(turn.half(Rule::RefreshReplay));
                return;
            }
            (Event::CodeReplayed, _) => Rule::CodeReplay,
            (Event::TokenReplayed, Some("foreign")) => Rule::ForeignToken,
            (Event::TokenReplayed, _) => Rule::RefreshReplay,
            (Event::ClientAuthenticationFailed, Some("replayed")) | (Event::DataRefused, Some("proof-replayed")) => {
                Rule::ProofReplay
            }
            (Event::DataRefused, Some("other-key")) => Rule::TokenOtherKey,
            _ => return,
        };
        let of = self.clients.of(client, fact.at);
        let half = turn.half(rule);
        let case = match rule {
            Rule::CodeReplay => &mut of.codes,
            Rule::ForeignToken => &mut of.foreign,
            Rule::RefreshReplay => &mut of.ended,
            Rule::ProofReplay => &mut of.proofs,
            _ => &mut of.keys,
        };
        let mut count = turn.count(rule, case);
        if rule == Rule::RefreshReplay {
            // An app tries a token again whose consent was taken back; it does not do so with dozens, and little else.
            count = of.ended_consents.add(half, fact.consent.map_or(0, |consent| low(consent.bits())));
            if count <= of.issued.at(half) {
                return;
            }
        }
        turn.raise(rule, Accused::Client(client), case, count);
    }
}

/// The lower half of an identifier.
fn low(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0)
}

//! What follows from alarms: scores that add up and fade, and the measures that they lead to.
//!
//! A measure is never taken for ever without a person: it ends by itself, but for the suspension of an app, which only an operator
//! ends, and which needs two different rules, so that no rule alone can shut an app out.

use std::collections::BTreeSet;

use super::{Accused, Rule, Rules};
use crate::time::{Instant, Span};

/// What is done against somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Customers must sign in once more before they allow an app something: this customer, or whoever is sent by this app.
    StepUp,
    /// The customer's sessions are ended.
    SignOut,
    /// Calls are admitted at a part of the usual rates.
    Throttle,
    /// The app may do nothing.
    Suspend,
}

impl Measure {
    /// All.
    pub const ALL: [Self; 4] = [Self::StepUp, Self::SignOut, Self::Throttle, Self::Suspend];

    /// Its name in commands, metrics and on record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StepUp => "step-up",
            Self::SignOut => "sign-out",
            Self::Throttle => "throttle",
            Self::Suspend => "suspend",
        }
    }

    /// The measure with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }
}

/// An alarm that counts against somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// Which rule.
    pub rule: Rule,
    /// How much it weighed at first.
    pub score: u32,
    /// When.
    pub at: Instant,
}

/// How much speaks against somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The sum of what is left of all scores.
    pub score: u32,
    /// How many different rules it comes from.
    pub rules: usize,
}

/// At which scores what is done; 0: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// A customer must sign in once more before a consent.
    pub customer_step_up: u32,
    /// A customer's sessions are ended.
    pub customer_sign_out: u32,
    /// Who is sent by an app must sign in once more before a consent.
    pub client_step_up: u32,
    /// An app is throttled.
    pub client_throttle: u32,
    /// An app is suspended.
    pub client_suspend: u32,
    /// A network is throttled where people and apps prove who they are.
    pub network_throttle: u32,
}

/// What the operator decides about watching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The rules' settings.
    pub rules: Rules,
    /// At which scores what is done.
    pub steps: Steps,
    /// In which time a score fades to nothing, evenly.
    pub fading: Span,
    /// How long a customer must step up.
    pub step_up: Span,
    /// How long somebody is throttled.
    pub throttle: Span,
    /// By what the rates of somebody are divided who is throttled.
    pub divisor: u32,
}

impl Response {
    /// What fits most banks.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            rules: Rules::usual(),
            steps: Steps {
                customer_step_up: 30,
                customer_sign_out: 60,
                client_step_up: 30,
                client_throttle: 40,
                client_suspend: 100,
                network_throttle: 40,
            },
            fading: Span::days(1),
            step_up: Span::days(1),
            throttle: Span::hours(1),
            divisor: 10,
        }
    }

    /// How much speaks against somebody at a moment.
    #[must_use]
    pub fn standing(&self, past: &[Past], now: Instant) -> Standing {
        let mut rules = BTreeSet::new();
        let mut score = 0_u32;
        for alarm in past {
            let left = self.fading.micros().saturating_sub(now.since(alarm.at).micros().max(0)).max(0);
            // The first moment counts in full, the last not at all; in between evenly, and rounded up: an alarm is looked at a moment
            // after it happened, and must not fall short of a step by that.
            let whole = self.fading.micros().max(1);
            let share = i64::from(alarm.score).saturating_mul(left).saturating_add(whole - 1).div_euclid(whole);
            if share > 0 {
                rules.insert(alarm.rule);
                score = score.saturating_add(u32::try_from(share).unwrap_or(u32::MAX));
            }
        }
        Standing { score, rules: rules.len() }
    }

    /// What is to be done about somebody, the mildest first.
    #[must_use]
    pub fn due(&self, accused: Accused, standing: Standing) -> Vec<Measure> {
        let steps = &self.steps;
        let asked: &[(Measure, u32, usize)] = match accused {
            Accused::Bank => &[],
            Accused::Client(_) => &[
                (Measure::StepUp, steps.client_step_up, 1),
                (Measure::Throttle, steps.client_throttle, 1),
                (Measure::Suspend, steps.client_suspend, RULES_TO_SUSPEND),
            ],
            Accused::Customer(_) => {
                &[(Measure::StepUp, steps.customer_step_up, 1), (Measure::SignOut, steps.customer_sign_out, 1)]
            }
            Accused::Network(_) => &[(Measure::Throttle, steps.network_throttle, 1)],
        };
        let due =
            asked.iter().filter(|(_, from, rules)| *from > 0 && standing.score >= *from && standing.rules >= *rules);
        due.map(|(measure, ..)| *measure).collect()
    }

    /// When a measure ends by itself; `None`: not before somebody lifts it.
    #[must_use]
    pub fn until(&self, measure: Measure, now: Instant) -> Option<Instant> {
        match measure {
            Measure::StepUp => Some(now.plus(self.step_up)),
            // Done at once, and over.
            Measure::SignOut => Some(now),
            Measure::Throttle => Some(now.plus(self.throttle)),
            Measure::Suspend => None,
        }
    }
}

/// So many different rules must speak against an app before it is suspended.
const RULES_TO_SUSPEND: usize = 2;

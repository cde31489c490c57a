//! The table of all rules: what each is called, its window, threshold and score, and what it means.

use std::collections::BTreeMap;

use super::window::FEW;
use crate::time::{Instant, Span};

macro_rules! rules {
    ($($name:ident = $code:literal, $window:expr, $threshold:literal, $score:literal, $meaning:literal;)*) => {
        /// A rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $(#[doc = $meaning] $name,)* }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in settings, metrics and on record.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// In which time it counts.
            #[must_use]
            pub fn window(self) -> Span {
                match self { $(Self::$name => $window,)* }
            }

            /// Its threshold and score, if nobody has set others.
            #[must_use]
            pub fn usual(self) -> Setting {
                match self { $(Self::$name => Setting { threshold: $threshold, score: $score },)* }
            }

            /// What has happened when it raises an alarm, in one sentence for an operator.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

rules! {
    PasswordGuessing = "password-guessing", Span::hours(1), 10, 20,
        "Many wrong passwords or codes for one customer, and none that was right.";
    CodeGuessing = "code-guessing", Span::hours(1), 5, 30,
        "Somebody knows a customer's password and guesses their second factor.";
    PasswordSpraying = "password-spraying", Span::hours(1), 15, 40,
        "Sign-ins by many different names fail from one network, many more than succeed there.";
    CredentialStuffing = "credential-stuffing", Span::hours(1), 100, 30,
        "Sign-ins by names that nobody here has come from many networks, many more than succeed.";
    AccountTakeover = "account-takeover", Span::hours(1), 1, 40,
        "A customer's password was right from a network that was trying out passwords of many.";
    CodeReplay = "code-replay", Span::hours(1), 3, 30,
        "An app brings authorization codes that were redeemed before.";
    ForeignToken = "foreign-token", Span::hours(1), 1, 50,
        "An app brings a code or refresh token that was made for another app.";
    RefreshReplay = "refresh-replay", Span::hours(1), 20, 20,
        "An app brings ended refresh tokens of many consents, more than it gets new tokens for.";
    ProofReplay = "proof-replay", Span::hours(1), 5, 30,
        "Proofs of possession or assertions of an app come a second time.";
    // Without the key they are worth nothing, and an app that changed its key looks the same: once leads to nothing.
    TokenOtherKey = "token-other-key", Span::hours(1), 3, 20,
        "Tokens of an app are presented with another key or certificate than they are bound to.";
    TokenOtherNetwork = "token-other-network", Span::hours(1), 5, 20,
        "Tokens of an app that has always called from the same few networks are used from a new one.";
    SuddenCustomers = "sudden-customers", Span::days(1), 100, 30,
        "An app reads data of many times more customers in a day than on any day before.";
    SuddenAccounts = "sudden-accounts", Span::days(1), 200, 20,
        "An app reads many times more accounts in a day than on any day before.";
    ConsentFlood = "consent-flood", Span::hours(1), 20, 30,
        "As many customers allow an app something within an hour as on no whole day before.";
    ConsentRefused = "consent-refused", Span::hours(1), 10, 30,
        "Many customers say no to an app, more than say yes.";
    ScopeProbing = "scope-probing", Span::hours(1), 20, 20,
        "An app tries many kinds of data and rights that it was not given.";
    IdEnumeration = "id-enumeration", Span::hours(1), 30, 30,
        "An app asks for many accounts that are not there for it.";
    ClientGuessing = "client-guessing", Span::hours(1), 20, 30,
        "Somebody in one network tries to be many different apps, and cannot prove to be any.";
    ErrorBurst = "error-burst", Span::minutes(10), 100, 10,
        "An app is refused more than it is given, and often.";
    LookAlike = "look-alike", Span::hours(1), 1, 30,
        "An app registered under a name that imitates a known app or the bank.";
}

/// When a rule raises an alarm, and how much that weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// How often in the window.
    pub threshold: u32,
    /// How much an alarm weighs; 0: the rule is off.
    pub score: u32,
}

/// The settings of all rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules(BTreeMap<Rule, Setting>);

impl Rules {
    /// What fits most banks: nothing that honest apps and customers do raises an alarm.
    #[must_use]
    pub fn usual() -> Self {
        Self(Rule::ALL.iter().map(|rule| (*rule, rule.usual())).collect())
    }

    /// Changes one; a threshold is at least one, and at most what the rule can reach.
    pub fn set(&mut self, rule: Rule, setting: Setting) {
        let threshold = setting.threshold.clamp(1, rule.threshold_max());
        self.0.insert(rule, Setting { threshold, ..setting });
    }

    /// The setting of a rule.
    #[must_use]
    pub fn of(&self, rule: Rule) -> Setting {
        self.0.get(&rule).copied().unwrap_or_else(|| rule.usual())
    }
}

impl Rule {
    /// The rule with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }

    /// The highest threshold that it can reach: those that count different things tell only so many apart.
    #[must_use]
    pub fn threshold_max(self) -> u32 {
        match self {
            Self::PasswordSpraying
            | Self::RefreshReplay
            | Self::ConsentFlood
            | Self::ConsentRefused
            | Self::ClientGuessing => u32::try_from(FEW).unwrap_or(THRESHOLD_MAX),
            _ => THRESHOLD_MAX,
        }
    }

    /// The longest window of those that count in memory alone.
    pub const MEMORY: Span = Span::hours(1);

    /// In which half window a moment is.
    pub(super) fn half(self, at: Instant) -> i64 {
        at.micros().div_euclid(self.half_window())
    }

    /// When a half window began.
    pub(super) fn begin(self, half: i64) -> Instant {
        Instant::from_micros(half.saturating_mul(self.half_window()))
    }

    fn half_window(self) -> i64 {
        (self.window().micros() / 2).max(1)
    }
}

/// The highest threshold.
const THRESHOLD_MAX: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_name_and_a_sentence() {
        let names: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(Rule::from_name(rule.name()), Some(*rule));
            assert!(rule.meaning().ends_with('.') && rule.meaning().matches('.').count() == 1, "{}", rule.name());
            let Setting { threshold, score } = rule.usual();
            assert!((1..=rule.threshold_max()).contains(&threshold) && (1..100).contains(&score), "{}", rule.name());
        }
    }

    #[test]
    fn memory_is_as_long_as_the_longest_window_but_for_days() {
        let longest = Rule::ALL.iter().map(|rule| rule.window()).filter(|window| *window < Span::days(1)).max();
        assert_eq!(longest, Some(Rule::MEMORY));
    }
}

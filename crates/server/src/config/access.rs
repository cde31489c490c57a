//! `[access]` and `[[agreements]]`: how often apps read without the customer, and what of the past is open to them.
//!
//! Settings only; the rules are in `lombard_auth::access`. Fewer calls than the law gives every app cannot be written.

use std::fmt;

use lombard_auth::access::{Calls, OldData, UnattendedCalls};
use lombard_domain::id::ClientId;
use lombard_domain::time::Span;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::Config;

/// `[access]`: what the law leaves to the bank.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Access {
    /// How often one resource is read under one consent without the customer.
    pub(crate) unattended_calls_per_day: CallsPerDay,
    /// Whose rule for old data applies.
    pub(crate) old_data: OldDataRule,
    /// Instead of the rule's days that are always open.
    pub(crate) open_days: Option<u32>,
    /// Instead of the rule's time for which older data is open after a sign-in.
    pub(crate) fresh_minutes: Option<u32>,
    /// Instead of the rule's time after which a consent needs a new sign-in.
    pub(crate) renewal_days: Option<u32>,
}

/// `[[agreements]]`: what the bank has agreed with one app.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(crate) struct Agreement {
    /// The app.
    pub(crate) client_id: ClientId,
    /// How often it reads one resource under one consent without the customer.
    pub(crate) unattended_calls_per_day: CallsPerDay,
}

/// A number of calls, or `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallsPerDay(pub(crate) Calls);

/// Whose rule for old data applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum OldDataRule {
    /// See [`OldData::UK`].
    #[default]
    Uk,
    /// See [`OldData::EU`].
    Eu,
    /// See [`OldData::OFF`].
    Off,
}

impl Config {
    /// How often apps may read without the customer.
    pub(super) fn unattended(&self) -> UnattendedCalls {
        let agreed = self.agreements.iter().map(|one| (one.client_id, one.unattended_calls_per_day.0));
        UnattendedCalls { usual: self.access.unattended_calls_per_day.0, agreed: agreed.collect() }
    }

    /// What of the past is open.
    pub(super) fn old_data(&self) -> OldData {
        let access = &self.access;
        let rule = match access.old_data {
            OldDataRule::Uk => OldData::UK,
            OldDataRule::Eu => OldData::EU,
            OldDataRule::Off => OldData::OFF,
        };
        OldData {
            open_days: access.open_days.map(|days| u16::try_from(days).unwrap_or(u16::MAX)).or(rule.open_days),
            fresh: access.fresh_minutes.map_or(rule.fresh, |minutes| Span::minutes(i64::from(minutes))),
            renewal: access.renewal_days.map(|days| Span::days(i64::from(days))).or(rule.renewal),
        }
    }
}

impl Default for CallsPerDay {
    fn default() -> Self {
        Self(UnattendedCalls::usual().usual)
    }
}

impl<'de> Deserialize<'de> for CallsPerDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrWord)
    }
}

struct NumberOrWord;

impl Visitor<'_> for NumberOrWord {
    type Value = CallsPerDay;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number between {CALLS_MIN} and {CALLS_MAX}, or \"{UNLIMITED}\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<CallsPerDay, E> {
        let calls = u16::try_from(number).ok().filter(|calls| (CALLS_MIN..=CALLS_MAX).contains(calls));
        calls.map(|calls| CallsPerDay(Calls::PerDay(calls))).ok_or_else(|| {
            E::custom(format_args!(
                "{number} is not between {CALLS_MIN} and {CALLS_MAX}; there is also \"{UNLIMITED}\""
            ))
        })
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<CallsPerDay, E> {
        if word == UNLIMITED {
            return Ok(CallsPerDay(Calls::Unlimited));
        }
        Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
    }
}

#[cfg(test)]
impl serde::Serialize for CallsPerDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Calls::PerDay(calls) => serializer.serialize_u16(calls),
            Calls::Unlimited => serializer.serialize_str(UNLIMITED),
        }
    }
}

/// Fewer calls in a day than the law gives every app are not for a bank to set (RTS (EU) 2018/389 Art. 36(5)(b)).
const CALLS_MIN: u16 = 4;
/// Calls in a day that are counted one by one; who wants more wants no limit.
const CALLS_MAX: u16 = 1_000;
const UNLIMITED: &str = "unlimited";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Weight;
    use crate::config::testing::production;
    use crate::system::SystemClock;

    fn config(text: &str) -> Result<Config, toml::de::Error> {
        toml::from_str(&format!(
            "[server]\npublic_url = \"https://bank.example\"\ncertificate_file = \"c\"\nkey_file = \"k\"\n\
             [database]\nurl = \"sqlite:///bank.db\"\n{text}"
        ))
    }

    #[test]
    fn the_presets_are_the_rules_of_the_law_and_single_values_replace_theirs() {
        let rule = |text: &str| config(&format!("[access]\n{text}")).unwrap().old_data();
        assert_eq!(rule(""), OldData::UK);
        assert_eq!(rule("old_data = \"uk\""), OldData::UK);
        assert_eq!(rule("old_data = \"eu\""), OldData::EU);
        assert_eq!(rule("old_data = \"off\""), OldData::OFF);
        let changed = rule("old_data = \"eu\"\nopen_days = 30\nfresh_minutes = 15\nrenewal_days = 90");
        let expected = OldData { open_days: Some(30), fresh: Span::minutes(15), renewal: Some(Span::days(90)) };
        assert_eq!(changed, expected);
        assert_eq!(rule("old_data = \"off\"\nopen_days = 7").open_days, Some(7));
    }

    #[test]
    fn calls_are_the_laws_number_at_least_or_unlimited() {
        let calls = |value: &str| config(&format!("[access]\nunattended_calls_per_day = {value}"));
        for (value, expected) in [
            ("4", Calls::PerDay(4)),
            ("24", Calls::PerDay(24)),
            ("1000", Calls::PerDay(1000)),
            ("\"unlimited\"", Calls::Unlimited),
        ] {
            assert_eq!(calls(value).unwrap().unattended().usual, expected);
        }
        for bad in ["3", "0", "-1", "1001", "65540", "\"many\"", "4.5", "true"] {
            let error = calls(bad).unwrap_err().to_string();
            assert!(error.contains("between 4 and 1000"), "{bad}: {error}");
        }
    }

    #[test]
    fn the_settings_reach_the_rules_and_no_rule_at_all_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = production(folder.path());
        config.access.unattended_calls_per_day = CallsPerDay(Calls::PerDay(9));
        config.access.old_data = OldDataRule::Off;
        let policy = config.policy().unwrap();
        assert_eq!((policy.unattended.usual, policy.old_data), (Calls::PerDay(9), OldData::OFF));
        let found = config.findings(&SystemClock, &|_| None);
        let [finding] = found.as_slice() else { unreachable!("{found:?}") };
        assert_eq!((finding.weight, finding.key), (Weight::Warning, "access.old_data"));
        config.access.open_days = Some(30);
        assert_eq!(config.findings(&SystemClock, &|_| None), []);
    }

    #[test]
    fn an_agreement_is_for_one_app() {
        let client = ClientId::from_bits(7);
        let text = format!("[[agreements]]\nclient_id = \"{client}\"\nunattended_calls_per_day = 24\n");
        let calls = config(&text).unwrap().unattended();
        assert_eq!(calls.usual, Calls::PerDay(4));
        assert_eq!(calls.agreed.get(&client), Some(&Calls::PerDay(24)));
        assert!(config("[[agreements]]\nclient_id = \"app\"\nunattended_calls_per_day = 24\n").is_err());
        assert!(config(&format!("[[agreements]]\nclient_id = \"{client}\"\n")).is_err(), "it agrees on something");
    }
}

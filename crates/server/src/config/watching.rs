//! `[watching]` and `[[watching_rules]]`: what the record is watched for, and what follows.
//!
//! Settings only; the rules are in `lombard_domain::watch`.

use lombard_auth::watch::{Response, Rule, Setting, Steps};
use lombard_domain::time::Span;
use serde::Deserialize;

use super::Config;

/// `[watching]`: what follows from alarms.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Watching {
    /// Whether anybody watches.
    pub(crate) enabled: bool,
    /// In which time a score fades to nothing.
    pub(crate) fading_hours: u32,
    /// See [`Steps`]; 0: never.
    pub(crate) customer_step_up_score: u32,
    pub(crate) customer_sign_out_score: u32,
    pub(crate) client_step_up_score: u32,
    pub(crate) client_throttle_score: u32,
    pub(crate) client_suspend_score: u32,
    pub(crate) network_throttle_score: u32,
    /// How long somebody must step up.
    pub(crate) step_up_hours: u32,
    /// How long somebody is throttled.
    pub(crate) throttle_minutes: u32,
    /// By what their rates are divided.
    pub(crate) throttle_divisor: u32,
}

/// `[[watching_rules]]`: another threshold or score of one rule.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchingRule {
    /// Which rule.
    pub(crate) rule: RuleName,
    /// How often in its window.
    #[serde(default)]
    pub(crate) threshold: Option<u32>,
    /// How much an alarm weighs; 0: the rule is off.
    #[serde(default)]
    pub(crate) score: Option<u32>,
}

/// The name of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct RuleName(pub(crate) Rule);

impl TryFrom<String> for RuleName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Rule::from_name(&text).map(Self).ok_or_else(|| {
            let names: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
            format!("there is no such rule; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
impl serde::Serialize for RuleName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl Default for Watching {
    fn default() -> Self {
        let Response { steps, fading, step_up, throttle, divisor, .. } = Response::usual();
        let in_units = |span: Span, unit: Span| u32::try_from(span.micros() / unit.micros().max(1)).unwrap_or(u32::MAX);
        Self {
            enabled: true,
            fading_hours: in_units(fading, Span::hours(1)),
            customer_step_up_score: steps.customer_step_up,
            customer_sign_out_score: steps.customer_sign_out,
            client_step_up_score: steps.client_step_up,
            client_throttle_score: steps.client_throttle,
            client_suspend_score: steps.client_suspend,
            network_throttle_score: steps.network_throttle,
            step_up_hours: in_units(step_up, Span::hours(1)),
            throttle_minutes: in_units(throttle, Span::minutes(1)),
            throttle_divisor: divisor,
        }
    }
}

impl Config {
    /// What the record is watched for, if it is.
    pub(super) fn response(&self) -> Option<Response> {
        let watching = &self.watching;
        let mut response = Response {
            steps: Steps {
                customer_step_up: watching.customer_step_up_score,
                customer_sign_out: watching.customer_sign_out_score,
                client_step_up: watching.client_step_up_score,
                client_throttle: watching.client_throttle_score,
                client_suspend: watching.client_suspend_score,
                network_throttle: watching.network_throttle_score,
            },
            fading: Span::hours(i64::from(watching.fading_hours)),
            step_up: Span::hours(i64::from(watching.step_up_hours)),
            throttle: Span::minutes(i64::from(watching.throttle_minutes)),
            divisor: watching.throttle_divisor,
            ..Response::usual()
        };
        for WatchingRule { rule: RuleName(rule), threshold, score } in &self.watching_rules {
            let usual = rule.usual();
            let setting =
                Setting { threshold: threshold.unwrap_or(usual.threshold), score: score.unwrap_or(usual.score) };
            response.rules.set(*rule, setting);
        }
        watching.enabled.then_some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::production;
    use super::*;

    #[test]
    fn the_settings_mean_what_is_usual_unless_they_say_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = production(folder.path());
        assert_eq!(config.response(), Some(Response::usual()));
        config.watching_rules = toml::from_str::<std::collections::BTreeMap<String, Vec<WatchingRule>>>(
            "[[r]]\nrule = \"code-replay\"\nthreshold = 9\n[[r]]\nrule = \"look-alike\"\nscore = 0",
        )
        .unwrap()
        .remove("r")
        .unwrap();
        let response = config.response().unwrap();
        assert_eq!(response.rules.of(Rule::CodeReplay), Setting { threshold: 9, ..Rule::CodeReplay.usual() });
        assert_eq!(response.rules.of(Rule::LookAlike).score, 0);
        config.watching.enabled = false;
        assert_eq!(config.response(), None);
        let error = toml::from_str::<WatchingRule>("rule = \"no-such\"").unwrap_err().to_string();
        assert!(error.contains("there is no such rule; there are password-guessing"), "{error}");
    }
}

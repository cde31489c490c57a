//! `[apps]`: what customers are told of apps, and which names apps may have.
//!
//! Settings only; the rules are in `lombard_auth::client`.

use lombard_auth::client::{AppRules, LookAlikes};
use lombard_domain::text::Text;
use lombard_domain::time::Span;
use serde::Deserialize;

/// `[apps]`: who is shown to customers as whom.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Apps {
    /// Further names of the bank, and of its brands.
    pub(crate) bank_names: Vec<Text<80>>,
    /// What becomes of an app that registers itself with a name like another's.
    pub(crate) look_alikes: LookAlikeRule,
    /// How long an app is new here.
    pub(crate) new_days: u32,
    /// Whether logos of apps that somebody vouches for are fetched and shown.
    pub(crate) logos: bool,
}

/// What becomes of names like another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub(crate) enum LookAlikeRule {
    /// See [`LookAlikes::Refuse`].
    Refuse,
    /// See [`LookAlikes::Warn`].
    #[default]
    Warn,
}

impl Default for Apps {
    fn default() -> Self {
        Self { bank_names: Vec::new(), look_alikes: LookAlikeRule::default(), new_days: 30, logos: true }
    }
}

impl Apps {
    /// The rules that these settings mean, at a bank of this name.
    pub(super) fn rules(&self, bank_name: &str) -> AppRules {
        let own = std::iter::once(bank_name.to_owned());
        AppRules {
            bank_names: own.chain(self.bank_names.iter().map(ToString::to_string)).collect(),
            look_alikes: match self.look_alikes {
                LookAlikeRule::Refuse => LookAlikes::Refuse,
                LookAlikeRule::Warn => LookAlikes::Warn,
            },
            new_life: Span::days(i64::from(self.new_days)),
            logos: self.logos,
        }
    }
}

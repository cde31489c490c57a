//! A customer's order to pay again and again.

use std::str::FromStr;

use super::identification::Identification;
use crate::id::{AccountId, StandingOrderId};
use crate::money::Money;
use crate::text::Text;

/// An order to pay a creditor at regular times.
#[derive(Clone, PartialEq, Eq)]
pub struct StandingOrder {
    /// Lombard's identifier.
    pub id: StandingOrderId,
    /// The account that pays.
    pub account: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// How much each time.
    pub amount: Money,
    /// How often.
    pub frequency: Frequency,
    /// What for.
    pub purpose: Option<Text<140>>,
    /// Whom to pay.
    pub creditor: Identification,
}

/// How often a standing order pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Frequency {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every two weeks.
    Fortnightly,
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every six months.
    HalfYearly,
    /// Every year.
    Yearly,
}

impl Frequency {
    /// Every frequency.
    pub const ALL: &[Self] =
        &[Self::Daily, Self::Weekly, Self::Fortnightly, Self::Monthly, Self::Quarterly, Self::HalfYearly, Self::Yearly];

    /// The word for it, in import files and in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Daily => "Daily",
            Self::Weekly => "Weekly",
            Self::Fortnightly => "Fortnightly",
            Self::Monthly => "Monthly",
            Self::Quarterly => "Quarterly",
            Self::HalfYearly => "HalfYearly",
            Self::Yearly => "Yearly",
        }
    }
}

impl FromStr for Frequency {
    type Err = BadFrequency;

    fn from_str(text: &str) -> Result<Self, BadFrequency> {
        Self::ALL.iter().copied().find(|frequency| frequency.code() == text).ok_or(BadFrequency)
    }
}

/// The text is not a frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not Daily, Weekly, Fortnightly, Monthly, Quarterly, HalfYearly or Yearly")]
pub struct BadFrequency;

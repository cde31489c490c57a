//! A statement of an account: what happened between two days, once and for all.

use super::word::words;
use crate::id::{AccountId, StatementId};
use crate::money::Money;
use crate::permission::Window;
use crate::text::Text;
use crate::time::{Date, Instant, Span};

/// A statement of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// Lombard's identifier.
    pub id: StatementId,
    /// The account.
    pub account: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// What sort of statement.
    pub kind: StatementKind,
    /// How the bank refers to it.
    pub reference: Option<Text<35>>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// When it was made.
    pub made_on: Date,
}

impl Statement {
    /// The first moment that belongs to it.
    #[must_use]
    pub fn starts_at(&self) -> Instant {
        self.from.start()
    }

    /// The last second that belongs to it. To the second, because those who ask for what ends by a day write 23:59:59.
    #[must_use]
    pub fn ends_at(&self) -> Instant {
        self.to.plus_days(1).start().minus(Span::seconds(1))
    }

    /// All moments that belong to it.
    #[must_use]
    pub fn moments(&self) -> Window {
        let last = self.to.plus_days(1).start().micros() - 1;
        Window { from: Some(self.starts_at()), to: Some(Instant::from_micros(last)) }
    }

    /// Whether it lies wholly in a window.
    #[must_use]
    pub fn lies_in(&self, window: Window) -> bool {
        window.contains(self.starts_at()) && window.contains(self.ends_at())
    }
}

/// What a statement sums up, as it was when the statement was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// What was booked before the first day.
    pub opening: Money,
    /// What was booked at the end of the last day.
    pub closing: Money,
    /// The sum of what came in.
    pub money_in: Money,
    /// The sum of what went out; never positive.
    pub money_out: Money,
}

words! {
    /// What sort of statement.
    StatementKind {
        /// The last one.
        AccountClosure = "AccountClosure",
        /// The first one.
        AccountOpening = "AccountOpening",
        /// Of a year.
        Annual = "Annual",
        /// Asked for in between.
        Interim = "Interim",
        /// One of those that come regularly.
        RegularPeriodic = "RegularPeriodic",
    }
}

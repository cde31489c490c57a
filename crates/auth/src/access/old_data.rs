//! Old data, and how fresh a customer's sign-in must be for it (RTS (EU) 2018/389 Art. 10 and 10a).
//!
//! Data of the last days is open at any time, older data only for a while after the customer has signed in to give the consent. In
//! the European Union the consent itself needs a new sign-in from time to time.

use lombard_domain::permission::{Permission, PermissionSet, Window};
use lombard_domain::time::{Instant, Span};

/// What of the past is open, and since when a customer must have signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldData {
    /// Data of today and of so many days before it is open at any time; `None`: all of it is.
    pub open_days: Option<u16>,
    /// Older data is open for so long after the customer signed in.
    pub fresh: Span,
    /// So long after the customer signed in the consent needs a new sign-in; `None`: it never does.
    pub renewal: Option<Span>,
}

impl OldData {
    /// The United Kingdom: 90 days, older data for an hour; that customers still agree is asked by the app, not by the bank (FCA
    /// PS21/19, Art. 10A).
    pub const UK: Self = Self { open_days: Some(90), fresh: Span::hours(1), renewal: None };
    /// The European Union: the same, and a new sign-in every 180 days (Regulation (EU) 2022/2360).
    pub const EU: Self = Self { renewal: Some(Span::days(180)), ..Self::UK };
    /// No rule.
    pub const OFF: Self = Self { open_days: None, ..Self::UK };

    /// Since when data is open to a consent; `None`: all that its own window gives is.
    pub(crate) fn open_since(&self, signed_in_at: Instant, granted: Window, now: Instant) -> Option<Instant> {
        let days = self.open_days?;
        if now.since(signed_in_at) < self.fresh {
            return None;
        }
        // Whole days, so that the border does not move while somebody walks along the pages of a list.
        let since = now.date().plus_days(-i32::from(days)).start();
        granted.from.is_none_or(|from| from < since).then_some(since)
    }

    /// Whether a consent to these permissions needs a new sign-in. One that only confirms funds never does: it gives no account
    /// information.
    pub(crate) fn is_due(&self, permissions: PermissionSet, signed_in_at: Instant, now: Instant) -> bool {
        let about_accounts = Permission::ACCOUNT_INFORMATION.iter().any(|one| permissions.has(*one));
        about_accounts && self.renewal.is_some_and(|span| now.since(signed_in_at) >= span)
    }
}

#[cfg(test)]
mod tests {
    use lombard_domain::time::Date;
    use proptest::prelude::*;

    use super::*;

    fn all() -> Window {
        Window::default()
    }

    fn noon() -> Instant {
        Date::new(2026, 11, 21).unwrap().start().plus(Span::hours(12))
    }

    #[test]
    fn everything_is_open_for_an_hour_and_ninety_days_ever_after() {
        let since = |ago| OldData::UK.open_since(noon().minus(ago), all(), noon()).map(Instant::rfc3339);
        assert_eq!(since(Span::seconds(0)), None);
        assert_eq!(since(Span::seconds(3599)), None);
        for later in [Span::hours(1), Span::days(400)] {
            assert_eq!(since(later).as_deref(), Some("2026-08-23T00:00:00Z"));
        }
        assert_eq!(OldData::OFF.open_since(noon().minus(Span::days(400)), all(), noon()), None);
    }

    #[test]
    fn a_consent_that_reaches_no_further_back_is_not_narrowed() {
        let since = |from| {
            OldData::UK.open_since(noon().minus(Span::days(2)), Window { from: Some(from), to: None }, noon()).is_some()
        };
        let border = Date::new(2026, 8, 23).unwrap().start();
        assert!(since(border.minus(Span::seconds(1))));
        assert!(!since(border));
    }

    proptest! {
        #[test]
        fn ninety_days_are_always_open_and_ninety_one_never_without_a_fresh_sign_in(
            now in 0..4_000_000_000_i64,
            signed_in in 0..40_000_000_i64,
            age in 0..10_000_000_i64,
            from in proptest::option::of(0..10_000_000_i64),
        ) {
            let now = Instant::from_seconds(now);
            let (signed_in, age) = (Span::seconds(signed_in), Span::seconds(age));
            let granted = Window { from: from.map(|from| now.minus(Span::seconds(from))), to: None };
            let since = OldData::UK.open_since(now.minus(signed_in), granted, now);
            let seen = granted.intersect(Window { from: since, to: None });
            let at = now.minus(age);
            let open = seen.contains(at);
            prop_assert_eq!(since.is_some() && signed_in < OldData::UK.fresh, false);
            if !granted.contains(at) {
                prop_assert!(!open);
            } else if age <= Span::days(90) || signed_in < OldData::UK.fresh {
                prop_assert!(open);
            } else if age >= Span::days(91) {
                prop_assert!(!open);
            }
        }
    }
}

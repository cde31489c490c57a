//! The times of a consent in the words of the app that lodged it: they are told back unchanged (UK Open Banking, account access consents).
//!
//! The words decide nothing. What counts is the moment that they name, in the consent's terms.

use super::Terms;
use crate::time::Instant;

/// How an app wrote the times of a consent that it lodged; `None` where it wrote nothing, or in a form that is not told back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// Until when the consent holds.
    pub expires_at: Option<Written>,
    /// Where its window begins.
    pub from: Option<Written>,
    /// Where its window ends.
    pub to: Option<Written>,
}

/// A date and time of RFC 3339, as somebody wrote it. It names its zone, so that an answer may say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    text: String,
    at: Instant,
}

/// The times of a consent as they are told to its app, each of RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// Until when it holds.
    pub expires_at: Option<String>,
    /// Where its window begins.
    pub from: Option<String>,
    /// Where its window ends.
    pub to: Option<String>,
}

impl Wording {
    /// What is left of it for these terms: nobody is told a time that is not the consent's.
    pub(super) fn of(self, terms: &Terms) -> Self {
        let says = |own: Option<Written>, at: Option<Instant>| own.filter(|own| Some(own.at) == at);
        Self {
            expires_at: says(self.expires_at, terms.expires_at),
            from: says(self.from, terms.window.from),
            to: says(self.to, terms.window.to),
        }
    }

    /// The times of terms: in the app's own words where there are any, otherwise in UTC.
    pub(super) fn times(&self, terms: &Terms) -> Times {
        let told = |own: &Option<Written>, at: Option<Instant>| {
            own.as_ref().map(|own| own.text.clone()).or_else(|| at.map(Instant::rfc3339))
        };
        Times {
            expires_at: told(&self.expires_at, terms.expires_at),
            from: told(&self.from, terms.window.from),
            to: told(&self.to, terms.window.to),
        }
    }
}

impl Written {
    /// Reads a text; `None` if it is no date and time of RFC 3339, or longer than [`Instant::from_zoned_iso_8601`] reads.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let at = Instant::from_zoned_iso_8601(text)?;
        is_rfc3339(text).then(|| Self { text: text.to_owned(), at })
    }

    /// The text, unchanged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The moment that it names.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.at
    }
}

/// Whether a date and time of ISO 8601 has the one form that RFC 3339 5.6 lets it have. A 24th hour and a 60th second, which only few
/// readers understand, do not have it.
fn is_rfc3339(text: &str) -> bool {
    let Some((whole, rest)) = text.split_at_checked(SHAPE.len()) else { return false };
    let shaped = whole.bytes().zip(SHAPE.bytes()).all(|(b, shape)| match shape {
        b'0' => b.is_ascii_digit(),
        b'T' => matches!(b, b'T' | b't'),
        mark => b == mark,
    });
    let plain = whole.get(11..13) != Some("24") && whole.get(17..19) != Some("60");
    let zone = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
    };
    // What stands in an offset was looked at when the moment was read.
    let zoned = matches!(zone, "Z" | "z") || (zone.len() == OFFSET_LENGTH && zone.get(3..4) == Some(":"));
    shaped && plain && zoned
}

/// A date and time to the second; `0` is any digit.
const SHAPE: &str = "0000-00-00T00:00:00";
/// Characters of `+00:00`.
const OFFSET_LENGTH: usize = 6;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::permission::{PermissionSet, Window};

    #[test]
    fn keeps_what_is_rfc_3339_and_nothing_else() {
        for good in [
            "2027-01-01T10:40:00Z",
            "2027-01-01T10:40:00z",
            "2027-01-01t10:40:00Z",
            "2027-01-01T10:40:00+01:00",
            "2027-01-01T10:40:00-05:30",
            "2027-01-01T10:40:00-00:00",
            "2027-01-01T10:40:00.0Z",
            "2027-01-01T10:40:00.1234567890123456789Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.9999999+14:00",
        ] {
            let written = Written::read(good).unwrap_or_else(|| panic!("{good}"));
            assert_eq!((written.as_str(), Some(written.at())), (good, Instant::from_zoned_iso_8601(good)), "{good}");
        }
        for bad in [
            "",
            "2027-01-01",
            "2027-01-01T10:40:00",
            "2027-01-01T10:40:00+01",
            "2027-01-01T10:40:00+0100",
            "2027-01-01T10:40Z",
            "2027-01-01T10:40:00,5Z",
            "2027-01-01T10:40:00.Z",
            "2027-01-01 10:40:00Z",
            "20270101T104000Z",
            "2027-01-01T24:00:00Z",
            "2026-12-31T23:59:60Z",
            "2027-02-30T10:40:00Z",
            "2027-01-01T10:40:00+24:00",
            "2027-01-01T10:40:00.12345678901234567890Z",
            "２027-01-01T10:40:00Z",
        ] {
            assert_eq!(Written::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_that_say_something_else_are_not_told() {
        let at = |text: &str| Instant::from_zoned_iso_8601(text);
        let terms = Terms {
            permissions: PermissionSet::default(),
            window: Window { from: at("2026-01-01T00:00:00Z"), to: None },
            expires_at: at("2027-01-01T00:00:00Z"),
            debtor: None,
        };
        let own = Wording {
            expires_at: Written::read("2027-01-01T01:00:00.000+01:00"),
            from: Written::read("2026-01-02T00:00:00Z"),
            to: Written::read("2026-01-01T00:00:00Z"),
        };
        let times = own.of(&terms).times(&terms);
        assert_eq!(times.expires_at.as_deref(), Some("2027-01-01T01:00:00.000+01:00"), "as it was written");
        assert_eq!(times.from.as_deref(), Some("2026-01-01T00:00:00Z"), "as the terms have it");
        assert_eq!(times.to, None);
    }

    proptest! {
        #[test]
        fn survives_any_text(text: String) {
            let _ = Written::read(&text);
        }
    }
}

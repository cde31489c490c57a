//! Bounded text: a string with a largest length and without characters that no name or description needs.

use std::fmt;

/// A text of 1 to `MAX` characters, without control characters or direction overrides, and not starting or ending with a space.
///
/// Direction overrides (U+202A..U+202E, U+2066..U+2069) are refused because they make a name look like another one, and the separators of
/// lines and paragraphs (U+2028, U+2029) because they are line breaks to those who read a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Checks a text.
    ///
    /// # Errors
    /// [`BadText`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, BadText> {
        if text.trim().is_empty() {
            return Err(BadText::Empty);
        }
        if text.chars().count() > MAX {
            return Err(BadText::TooLong { max: MAX });
        }
        if text.trim() != text {
            return Err(BadText::Padded);
        }
        if text.chars().any(is_harmful) {
            return Err(BadText::Forbidden);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, as an owned string.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> serde::Serialize for Text<MAX> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> serde::Deserialize<'de> for Text<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing, or only spaces.
    #[error("must not be empty")]
    Empty,
    /// A control character or a direction override.
    #[error("must not hold control characters or direction overrides")]
    Forbidden,
    /// A space at its start or end.
    #[error("must not start or end with a space")]
    Padded,
    /// More characters than allowed.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The largest length, in characters.
        max: usize,
    },
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_people_write() {
        for good in ["Zoë O'Neill", "株式会社", "<b>&amp;\"", "a", "'; DROP TABLE client; --"] {
            assert_eq!(Text::<40>::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn refuses_what_nobody_needs() {
        assert_eq!(Text::<5>::new(""), Err(BadText::Empty));
        assert_eq!(Text::<5>::new("  "), Err(BadText::Empty));
        assert_eq!(Text::<5>::new("abcdef"), Err(BadText::TooLong { max: 5 }));
        assert_eq!(Text::<5>::new("ééééé").map(Text::into_string), Ok("ééééé".to_owned()), "characters, not bytes");
        assert_eq!(Text::<9>::new("a\0b"), Err(BadText::Forbidden));
        assert_eq!(Text::<9>::new("a\u{202e}b"), Err(BadText::Forbidden));
        assert_eq!(Text::<9>::new(" a"), Err(BadText::Padded));
    }
}

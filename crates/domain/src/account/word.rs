//! Closed lists of words, as import files and the database write them.

/// Makes an enumeration whose every value has one word.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word for it, in import files and in the database.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::account::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::account::UnknownWord> {
                Self::ALL.iter().copied().find(|value| value.code() == text).ok_or($crate::account::UnknownWord)
            }
        }
    };
}

pub(crate) use words;

/// The text is none of the words that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known word")]
pub struct UnknownWord;

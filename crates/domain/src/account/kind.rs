//! What sort of account it is, in the words of the import format.

use std::str::FromStr;

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

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|value| value.code() == text).ok_or(UnknownWord)
            }
        }
    };
}

words! {
    /// Whose kind of account.
    Category {
        /// A firm's.
        Business = "Business",
        /// A person's.
        Personal = "Personal",
    }
}

words! {
    /// What kind of account.
    AccountKind {
        /// A card whose balance is paid off at once.
        ChargeCard = "ChargeCard",
        /// A card with credit.
        CreditCard = "CreditCard",
        /// An account for payments.
        Current = "CurrentAccount",
        /// Electronic money.
        EMoney = "EMoney",
        /// A loan.
        Loan = "Loan",
        /// A loan on a house.
        Mortgage = "Mortgage",
        /// A card paid beforehand.
        PrePaidCard = "PrePaidCard",
        /// An account for saving.
        Savings = "Savings",
    }
}

words! {
    /// Whether an account can be used.
    AccountStatus {
        /// Closed.
        Deleted = "Deleted",
        /// Blocked.
        Disabled = "Disabled",
        /// In use.
        Enabled = "Enabled",
    }
}

/// The text is none of the words that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known word")]
pub struct UnknownWord;

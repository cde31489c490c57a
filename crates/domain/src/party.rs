//! Who acts: customers of the bank and how they hold accounts.

use std::str::FromStr;

use crate::id::{AccountId, CustomerId};
use crate::text::Text;
use crate::time::Date;

/// A customer, as the bank knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Customer {
    /// Lombard's identifier.
    pub id: CustomerId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// The name with which they sign in.
    pub username: Username,
    /// Their name.
    pub full_name: Text<140>,
    /// When they were born.
    pub birth_date: Option<Date>,
    /// Where they are written to.
    pub email: Option<Text<254>>,
}

/// The name with which a customer signs in: 1 to 64 characters, compared without regard to the case of letters.
#[derive(Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Checks a user name and folds its case.
    ///
    /// # Errors
    /// [`crate::text::BadText`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, crate::text::BadText> {
        Text::<64>::new(text.trim()).map(|text| Self(text.as_str().to_lowercase()))
    }

    /// The folded name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One customer's part in one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The account.
    pub account: AccountId,
    /// The customer.
    pub customer: CustomerId,
    /// In what role.
    pub role: HolderRole,
}

/// How a customer holds an account. Two owners make it a joint account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HolderRole {
    /// It is theirs.
    Owner,
    /// They may use it for its owner.
    Authorised,
}

impl HolderRole {
    /// The word for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Authorised => "authorised",
        }
    }
}

impl FromStr for HolderRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        match text {
            "owner" => Ok(Self::Owner),
            "authorised" => Ok(Self::Authorised),
            _ => Err(UnknownRole),
        }
    }
}

/// The text is not a role of an account holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `owner` or `authorised`")]
pub struct UnknownRole;

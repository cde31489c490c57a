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

/// Where a customer can be reached, beside their e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// The customer.
    pub customer: CustomerId,
    /// A telephone.
    pub phone: Option<Phone>,
    /// A telephone that they carry.
    pub mobile: Option<Phone>,
    /// Where they live.
    pub address: Option<Address>,
}

/// Where somebody lives.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// House and street.
    pub lines: Vec<Text<70>>,
    /// The post code.
    pub post_code: Option<Text<16>>,
    /// The town.
    pub town: Option<Text<140>>,
    /// The country, ISO 3166-1: two capital letters.
    pub country: Option<Text<2>>,
}

/// A telephone number: `+`, the country's code, `-`, and 1 to 30 digits, brackets or hyphens, as in `+44-2079460000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Checks a number.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (country, rest) = text.strip_prefix('+')?.split_once('-')?;
        let shaped = (1..=3).contains(&country.len())
            && country.bytes().all(|b| b.is_ascii_digit())
            && (1..=30).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'(' | b')' | b'+' | b'-'));
        shaped.then(|| Self(text.to_owned()))
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

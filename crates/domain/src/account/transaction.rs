//! A movement of money on an account.

use super::identification::Identification;
use crate::id::{AccountId, TransactionId};
use crate::money::Money;
use crate::text::Text;
use crate::time::Instant;

/// One movement of money on one account.
#[derive(Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Lombard's identifier; it never changes, pending or booked.
    pub id: TransactionId,
    /// The account.
    pub account: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// Whether it is final.
    pub status: BookingStatus,
    /// When it was booked, or is expected to be.
    pub booked_at: Instant,
    /// When it counts for interest.
    pub value_at: Option<Instant>,
    /// How much; negative flows out.
    pub amount: Money,
    /// What sort of transaction, in ISO 20022's words.
    pub code: Option<BankCode>,
    /// What the statement says.
    pub description: Option<Text<500>>,
    /// Who was on the other side.
    pub counterparty: Option<Counterparty>,
}

/// Who was on the other side of a transaction.
#[derive(Clone, PartialEq, Eq)]
pub struct Counterparty {
    /// Their name, if known.
    pub name: Option<Text<140>>,
    /// Their account, if known.
    pub account: Option<Identification>,
}

/// An ISO 20022 bank transaction code: family and sub-family, such as `RCDT` and `SALA`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankCode {
    /// The family, four capital letters or digits.
    pub family: Text<4>,
    /// The sub-family, four capital letters or digits.
    pub sub_family: Text<4>,
}

impl BankCode {
    /// Checks a code.
    #[must_use]
    pub fn new(family: &str, sub_family: &str) -> Option<Self> {
        let shaped = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !shaped(family) || !shaped(sub_family) {
            return None;
        }
        Some(Self { family: Text::new(family).ok()?, sub_family: Text::new(sub_family).ok()? })
    }
}

/// Whether a transaction is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BookingStatus {
    /// It is, and it counts in the booked balance.
    Booked,
    /// It may still change or vanish, and counts in the available balance only.
    Pending,
}

impl BookingStatus {
    /// The word for it, in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Pending => "pending",
        }
    }
}

/// A place in a list of transactions, which are in order of account, of booking and, within one moment, of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The account.
    pub account: AccountId,
    /// When the transaction was booked.
    pub booked_at: Instant,
    /// Its number on the account.
    pub sequence: i64,
}

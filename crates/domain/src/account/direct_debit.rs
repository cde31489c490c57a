//! A customer's leave to take money from an account.

use super::standing_order::Frequency;
use super::word::words;
use crate::id::{AccountId, DirectDebitId};
use crate::money::Money;
use crate::text::Text;
use crate::time::Date;

/// Somebody who may take money from an account.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectDebit {
    /// Lombard's identifier.
    pub id: DirectDebitId,
    /// The account that pays.
    pub account: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// Whether money may be taken now.
    pub status: MandateStatus,
    /// Who takes it.
    pub name: Text<70>,
    /// How the mandate is known to who takes it.
    pub mandate: Option<Text<35>>,
    /// How often it is taken.
    pub frequency: Frequency,
    /// When it was taken last, and how much.
    pub previous: Option<PreviousPayment>,
}

/// The last time that money was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviousPayment {
    /// The day.
    pub on: Date,
    /// How much.
    pub amount: Money,
}

words! {
    /// Whether money may be taken under a mandate.
    MandateStatus {
        /// It may.
        Active = "Active",
        /// The customer or the creditor ended it.
        Cancelled = "Cancelled",
        /// Its time is over.
        Expired = "Expired",
        /// Not for the time being.
        Suspended = "Suspended",
    }
}

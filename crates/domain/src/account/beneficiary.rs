//! Somebody whom a customer saved to pay again.

use super::identification::Identification;
use super::word::words;
use crate::id::{AccountId, BeneficiaryId};
use crate::text::Text;

/// Somebody whom a customer saved to pay again from an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Beneficiary {
    /// Lombard's identifier.
    pub id: BeneficiaryId,
    /// The account that would pay.
    pub account: AccountId,
    /// The core-banking system's identifier.
    pub source: Text<64>,
    /// Whether payments to them need a second factor.
    pub trust: Trust,
    /// What payments to them say.
    pub reference: Option<Text<35>>,
    /// Their name.
    pub name: Option<Text<140>>,
    /// Their account.
    pub creditor: Identification,
}

words! {
    /// Whether payments to a beneficiary need a second factor.
    Trust {
        /// They do.
        Ordinary = "Ordinary",
        /// The customer trusts them (RTS (EU) 2018/389 Art. 13).
        Trusted = "Trusted",
    }
}
